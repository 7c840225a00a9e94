"""Random policies, histories, uses and people: what the differential tests of every form of a policy draw from.

`histories()`, `policies()`, `uses(history)`, `standings(history)`. They are rich on purpose: nested purposes, excepts, items together,
chosen by, totals, `when`, `unless` and `not`, caps, regions above and below each other, ages known and unknown, staff.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from upheld.policy.compiled import Policy
from upheld.policy.document import Document, Front
from upheld.policy.statements import AnyStatement, Collect, Condition, Expectation, Place, Purpose, Rule, Staff, Topic
from upheld.policy.terms import RECIPIENTS
from upheld.policy.uses import CHOICES, Standing, Use

COLLECTED = {"order": ("name", "email", "purchases"), "web": ("pages", "cookie"), "profile": ("interests",), "survey": ("answers", "email")}
LATER = {"order": ("name", "email", "purchases", "phone"), "chat": ("words",)}
DECLARED = ("marketing.phone", "research", "marketing.partner.local")
PURPOSES = (
    "marketing",
    "marketing.email",
    "marketing.post",
    "marketing.partner",
    "measurement",
    "service",
    "rights",
    "security",
    "any",
    *DECLARED,
)
TOPICS = ("newsletter", "sharing", "calls")
REGIONS = ("us", "us-ca", "eu", "de", "gb", "elsewhere", "anywhere")
AGES = (13, 16)
FACTS = ("under contract", "vetted", "serves", "legal process")


def one_or_more(words: Sequence[str], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(sorted(words)), min_size=1, max_size=most, unique=True).map(tuple)


def none_or_more(words: Sequence[str], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    return st.one_of(st.just(()), one_or_more(words, most))


@st.composite
def conditions(draw: st.DrawFn, topics: Sequence[str]) -> Condition:
    kinds = ["under", "known under", "in", "in", "as totals", *FACTS, *FACTS, *(["opted in", "opted out"] * 2 if topics else [])]
    kind: Any = draw(st.sampled_from(kinds))
    value: str | int | None = None
    if kind in {"opted in", "opted out"}:
        value = draw(st.sampled_from(sorted(topics)))
    elif kind in {"under", "known under"}:
        value = draw(st.sampled_from(AGES))
    elif kind == "in":
        value = draw(st.sampled_from(REGIONS))
    return Condition(kind, value, draw(st.booleans()))


@st.composite
def rules(draw: st.DrawFn, number: int, collected: dict[str, tuple[str, ...]], purposes: Sequence[str], topics: Sequence[str]) -> Rule:
    effect: Any = draw(st.sampled_from(["allow", "allow", "forbid"]))
    items = [*collected, *(f"{source}.{kind}" for source, kinds in collected.items() for kind in kinds), "any"]
    some = st.lists(conditions(topics), max_size=2).map(tuple)
    together = draw(st.one_of(st.none(), st.tuples(one_or_more(items, 2), one_or_more(items, 2)))) if effect == "forbid" else None
    allow = effect == "allow"
    return Rule(
        clause=f"c{number // 2}",
        place=Place(number + 1, 1),
        text=f"statement {number}",
        effect=effect,
        purposes=draw(one_or_more(purposes)),
        purposes_except=draw(none_or_more([each for each in purposes if each != "any"])),
        recipients=draw(none_or_more(["any", *RECIPIENTS])),
        items=() if together else draw(st.one_of(one_or_more(items), st.just(("any",)))),
        items_except=() if together else draw(none_or_more([each for each in items if each != "any"], 1)),
        together=together,
        chosen_by=draw(none_or_more(items)) if allow else (),
        totals=draw(st.sampled_from([None, None, 5, 10])) if allow else None,
        when=draw(some),
        unless=draw(some),
        at_most=draw(st.sampled_from([None, None, None, (4, "year"), (2, "year"), (1, "month")])) if allow else None,
    )


@st.composite
def policies(draw: st.DrawFn, version: str = "1", *, most: int = 8) -> Policy:
    """A policy of up to `most` rules."""
    collected = COLLECTED | LATER if version != "1" and draw(st.booleans()) else COLLECTED
    topics = draw(st.lists(st.sampled_from(TOPICS), unique=True, max_size=3))
    purposes = PURPOSES
    statements: list[AnyStatement] = [Purpose("p", Place(1, 1), name, name, "words") for name in DECLARED]
    statements += [Collect("c", Place(1, 1), source, source, kinds) for source, kinds in collected.items()]
    branches = [each for each in purposes if each != "any"]
    statements += [Topic(f"t.{topic}", Place(1, 1), topic, topic, draw(one_or_more(branches, 2))) for topic in topics]
    if draw(st.booleans()):
        statements.append(Staff("staff", Place(1, 1), "staff", "support", draw(one_or_more(branches))))
    count = draw(st.integers(1, most))
    statements += [draw(rules(number, collected, purposes, topics)) for number in range(count)]
    return policy_of(statements, version)


def policy_of(statements: Sequence[AnyStatement], version: str = "1") -> Policy:
    """The policy of these statements."""
    placed = tuple(replace(each, place=Place(at + 1, 1)) for at, each in enumerate(statements))
    digest = hashlib.sha256(repr((version, placed)).encode()).hexdigest()
    return Policy(Document("world", "", digest, Front("Northgate", "Privacy", version), (), placed, ()))


@st.composite
def histories(draw: st.DrawFn, *, versions: int = 3, most: int = 6) -> tuple[Policy, ...]:
    """One to `versions` policies, the later ones often close to the earlier."""
    history = [draw(policies("1", most=most))]
    for number in range(2, draw(st.integers(1, versions)) + 1):
        if draw(st.booleans()):
            history.append(draw(policies(str(number), most=most)))
        else:
            kept = [each for each in history[-1].document.statements if not isinstance(each, Rule) or draw(st.integers(0, 3))]
            topics = [each.name for each in kept if isinstance(each, Topic)]
            collected = {each.source: each.kinds for each in kept if isinstance(each, Collect)}
            history.append(policy_of([*kept, draw(rules(len(kept), collected, PURPOSES, topics))], str(number)))
    return tuple(history)


_KNOWN = st.sampled_from([True, True, False, None])


@st.composite
def uses(draw: st.DrawFn, history: Sequence[Policy]) -> Use:
    """A use in the words of the last policy: most often near one of its rules."""
    policy = history[-1]
    items, purposes = list(policy.vocabulary.items), [*policy.vocabulary.purposes, "marketing", "any"]
    to = list(RECIPIENTS)
    chosen = items
    if draw(st.integers(0, 9)):
        near = draw(
            st.sampled_from(
                [rule for rule in history[draw(st.integers(0, len(history) - 1))].rules if rule.purposes and rule.items] or policy.rules[:1]
            )
        )
        leaves = sorted(near.purposes & set(purposes))
        above = sorted({leaf.partition(".")[0] for leaf in leaves if "." in leaf})
        purposes = [*leaves, *leaves, *above] or purposes
        to = sorted(near.recipients)
        if near.effect == "allow":
            items = sorted(near.items & set(items)) or items
            chosen = sorted((near.items | near.chosen_by) & set(chosen)) or chosen
        if near.together is not None:
            items = sorted(near.together[0] & set(items)) or items
            chosen = sorted(near.together[1] & set(chosen)) or chosen
    some = st.lists(st.sampled_from(items), unique=True, max_size=3)
    shown, totals, chosen_by = draw(some), draw(some), draw(st.lists(st.sampled_from(chosen), unique=True, max_size=2))
    totals = [each for each in totals if each not in shown]
    if not shown and not totals and not chosen_by:
        shown = items[:1]
    return Use(
        purpose=draw(st.sampled_from(purposes)),
        items=tuple(shown),
        to=draw(st.sampled_from(to)),
        totals=tuple(totals),
        people=draw(st.sampled_from([None, 3, 5, 9, 10, 50])),
        chosen_by=tuple(chosen_by),
        vetted=draw(_KNOWN),
        under_contract=draw(_KNOWN),
        legal_process=draw(_KNOWN),
        asked_by="support" if policy.staff and not draw(st.integers(0, 2)) else None,
    )


@st.composite
def standings(draw: st.DrawFn, history: Sequence[Policy]) -> Standing:
    """A person, with facts unknown or missing as often as known."""
    topics = dict.fromkeys(topic for policy in history for topic in policy.vocabulary.topics)
    versions = [policy.version for policy in history]
    sources = history[-1].vocabulary.sources
    return Standing(
        choices={topic: draw(st.sampled_from(CHOICES)) for topic in topics if draw(st.integers(0, 5))},
        region=draw(st.sampled_from([None, "us", "us-ca", "us-ny", "eu", "de", "fr", "gb", "jp", "elsewhere", "anywhere"])),
        age=draw(st.sampled_from([None, 0, 12, 13, 15, 16, 17, 40])),
        served=draw(_KNOWN),
        since={source: draw(st.sampled_from(versions)) for source in sources if draw(st.integers(0, 5))} if len(versions) > 1 else {},
    )


@st.composite
def questions(draw: st.DrawFn, *, versions: int = 3, most: int = 6) -> tuple[tuple[Policy, ...], tuple[Use, ...], tuple[Standing, ...]]:
    """A history, some uses and some people."""
    history = draw(histories(versions=versions, most=most))
    return (
        history,
        tuple(draw(st.lists(uses(history), min_size=1, max_size=4))),
        tuple(draw(st.lists(standings(history), min_size=1, max_size=4))),
    )


@st.composite
def expectations(draw: st.DrawFn, policy: Policy) -> Expectation:
    """A `never` or `always` in the words of a policy, most often near one of its rules."""
    mood: Any = draw(st.sampled_from(["never", "never", "always"]))
    topics, items = policy.vocabulary.topics, [*policy.vocabulary.items, *policy.vocabulary.sources, "any"]
    near = draw(st.sampled_from(policy.rules))
    return Expectation(
        clause="promise",
        place=Place(1, 1),
        text=mood,
        mood=mood,
        purposes=draw(st.one_of(one_or_more(sorted(near.purposes) or PURPOSES), one_or_more(PURPOSES))),
        purposes_except=draw(none_or_more([each for each in PURPOSES if each != "any"])),
        recipients=draw(st.one_of(none_or_more(sorted(near.recipients)), none_or_more(["any", *RECIPIENTS]))),
        items=draw(st.one_of(none_or_more(sorted(near.items) or items), none_or_more(items))),
        items_except=draw(none_or_more([each for each in items if each != "any"], 1)),
        totals=draw(st.sampled_from([None, None, 5])),
        when=draw(st.lists(conditions(topics), max_size=2).map(tuple)),
    )
