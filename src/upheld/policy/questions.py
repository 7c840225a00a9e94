"""The questions that a statement could make a difference to: of rules, all up to likeness, the plainest first; of the rest, all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from typing import Final

from upheld.policy import behaviour
from upheld.policy.asking import Case
from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.decide import truth
from upheld.policy.statements import (
    AnyStatement,
    AskAge,
    Changes,
    Condition,
    Contact,
    Keep,
    NoticeOnLeaving,
    Right,
    Staff,
    Stop,
)
from upheld.policy.terms import REGION_PARENTS, within
from upheld.policy.uses import Choice, Standing, Use
from upheld.policy.voice import duration

_CHOICES: Final[tuple[Choice, ...]] = ("unset", "in", "out", "unknown")
_FACTS: Final = {"vetted": "vetted", "under contract": "under_contract", "legal process": "legal_process"}
MOST: Final = 4_096
"""Standings tried for one kind of use; a policy whose rules meet in more conditions than that at one place is not searched to the end."""


def questions(policy: Policy, rule: CompiledRule) -> Iterator[tuple[Use, Standing]]:
    """Uses and standings that `rule` speaks of, one for each way in which the rules of `policy` can meet there."""
    for purpose, recipient, item, near in _classes(policy, rule):
        worlds = list(_worlds(near, rule, item))
        for shown, totals, people, chosen in dict.fromkeys(_shapes(rule, near, item, policy)):
            for facts, standing in worlds if _may_pass(near, (*shown, *totals), chosen) else worlds[:1]:
                yield (
                    Use(
                        purpose,
                        items=shown,
                        to=recipient,
                        totals=totals,
                        people=people,
                        chosen_by=chosen,
                        vetted=facts.get("vetted"),
                        under_contract=facts.get("under_contract"),
                        legal_process=facts.get("legal_process"),
                    ),
                    standing,
                )


Class = tuple[str, str, str, Sequence[CompiledRule]]
"""A purpose, a recipient, an item, and the rules that speak of the first two."""


def _classes(policy: Policy, rule: CompiledRule) -> Iterator[Class]:
    """One purpose, recipient and item of the rule for each set of rules that speaks of them."""
    seen = set[tuple[object, ...]]()
    for purpose, recipient in product(_purposes(policy, rule), _in(policy.vocabulary.recipients, rule.recipients)):
        leaves = frozenset(policy.vocabulary.expand_purpose(purpose))
        near = [each for each in policy.rules if recipient in each.recipients and _speaks_for(each, leaves)]
        if rule not in near:
            continue
        numbers = tuple(each.number for each in near)
        for item in _in(policy.vocabulary.items, rule.items | rule.chosen_by):
            parts = [(item in each.items, item in each.chosen_by, [item in side for side in each.together or ()]) for each in near]
            key = (numbers, repr(parts))
            if key not in seen:
                seen.add(key)
                yield purpose, recipient, item, near


def _speaks_for(rule: CompiledRule, purposes: frozenset[str]) -> bool:
    """Whether a rule can decide a use for `purposes`: a permit must cover all of them, a forbid bites if it touches one."""
    return purposes <= rule.purposes if rule.effect == "allow" else bool(purposes & rule.purposes)


def _may_pass(near: Sequence[CompiledRule], shown: Sequence[str], chosen: Sequence[str]) -> bool:
    """Whether some permit speaks of such a use at all; if none does, it is refused in every world."""
    return any(
        each.effect == "allow" and (not shown or not each.items.isdisjoint(shown)) and each.chosen_by | each.items >= set(chosen)
        for each in near
    )


def _purposes(policy: Policy, rule: CompiledRule) -> list[str]:
    """The rule's leaves, then the branches above them: a use for a branch needs one permit for all of it."""
    leaves = _in(policy.vocabulary.purposes, rule.purposes)
    above = [".".join(parts[:depth]) for leaf in leaves for parts in [leaf.split(".")] for depth in range(len(parts) - 1, 0, -1)]
    return list(dict.fromkeys([*leaves, *above, "any"]))


def _in(ordered: Iterable[str], members: frozenset[str]) -> list[str]:
    return [each for each in ordered if each in members]


Shape = tuple[tuple[str, ...], tuple[str, ...], int | None, tuple[str, ...]]
"""Items shown, items shown as totals, of how many people, items by which people are chosen."""


def _shapes(rule: CompiledRule, near: Sequence[CompiledRule], item: str, policy: Policy) -> Iterator[Shape]:
    ordered = policy.vocabulary.items
    sizes = sorted({each.totals for each in near if each.totals})
    allowed = _in(ordered, frozenset().union(*(each.items for each in near if each.effect == "allow")))
    if item in rule.items:
        for beside in _beside(rule, item, ordered):
            yield (item, *beside), (), None, ()
            for size in (None, *sizes):
                yield beside, (item,), size, ()
        for chosen in _choosing(rule, near, ordered):
            yield (item,), (), None, chosen
            for size in sizes:
                yield (), (item,), size, chosen
    # A forbid binds the items people are chosen by as well; an allow may be the only one that lets people be chosen by one.
    yield (), (), None, (item,)
    for shown in allowed:
        yield (shown,), (), None, (item,)
        for size in sizes:
            yield (), (shown,), size, (item,)


def _beside(rule: CompiledRule, item: str, ordered: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """What must be in the use beside an item for a forbid on items together to bite."""
    if rule.together is None:
        yield ()
        return
    for one, other in product(_in(ordered, rule.together[0]), _in(ordered, rule.together[1])):
        yield tuple(each for each in dict.fromkeys((one, other)) if each != item)


def _choosing(rule: CompiledRule, near: Sequence[CompiledRule], ordered: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Single items to choose by, and as many together as the rule lets, with and without what some forbid binds."""
    free = (rule.chosen_by | rule.items) - frozenset().union(*(each.items for each in near if each.effect == "forbid"))
    yield from ((each,) for each in _in(ordered, rule.chosen_by))
    for many in (rule.chosen_by, rule.chosen_by | rule.items, free):
        if len(many) > 1:
            yield tuple(_in(ordered, many))


def _worlds(near: Sequence[CompiledRule], rule: CompiledRule, item: str) -> Iterator[tuple[dict[str, bool | None], Standing]]:
    """Every way the facts that the rules ask about can be for `rule` to apply, the likeliest to tell first.

    Where the rule does not apply it makes no difference. Each of its conditions speaks of one fact, so the facts are cut one by one.
    """
    touching = [each for each in near if item in each.items | each.chosen_by or each.together or each.items & (rule.chosen_by | rule.items)]
    asked = [condition for each in touching for condition in (*each.when, *each.unless)]
    topics = list(dict.fromkeys(str(each.value) for each in asked if each.kind in {"opted in", "opted out"}))
    facts = list(dict.fromkeys(_FACTS[each.kind] for each in asked if each.kind in _FACTS))
    served: Sequence[bool | None] = (True, False, None) if any(each.kind == "serves" for each in asked) else (None,)
    axes = [
        _let(rule, [({}, Standing(age=age)) for age in _ages(asked)]),
        _let(rule, [({}, Standing(region=region)) for region in _regions(asked)]),
        _let(rule, [({}, Standing(served=serves)) for serves in served]),
        *(_let(rule, [({fact: value}, Standing()) for value in (True, False, None)]) for fact in facts),
        *(_let(rule, [({}, Standing({topic: choice})) for choice in _CHOICES]) for topic in topics),
    ]
    for worlds in islice(product(*axes), MOST):
        age, region, serves, *others = [standing for _, standing in worlds]
        choices = {topic: choice for standing in others for topic, choice in standing.choices.items()}
        yield {name: fact for one, _ in worlds for name, fact in one.items()}, Standing(choices, region.region, age.age, serves.served)


World = tuple[dict[str, bool | None], Standing]
"""What is known about the recipient, and about the person."""


def _let(rule: CompiledRule, worlds: Iterable[World]) -> list[World]:
    """The worlds whose one fact lets `rule` apply: no condition on that fact says otherwise."""
    return [(facts, standing) for facts, standing in worlds if all(_lets(rule, at, facts, standing) for at in range(_count(rule)))]


def _count(rule: CompiledRule) -> int:
    return len(rule.when) + len(rule.unless)


def _lets(rule: CompiledRule, at: int, facts: dict[str, bool | None], standing: Standing) -> bool:
    condition, wanted = (*rule.when, *rule.unless)[at], at < len(rule.when)
    if not _speaks_of(condition, facts, standing):
        return True
    none = frozenset[str]()
    found = truth(condition, Case(Use("", **facts), standing, none, None, totals=False, chosen=none, touched=none))  # type: ignore[arg-type]
    return found is wanted if rule.effect == "allow" else found is not (not wanted)


def _speaks_of(condition: Condition, facts: dict[str, bool | None], standing: Standing) -> bool:
    """Whether a condition asks about the one fact of a world; a fact that is unknown there is left to the decision."""
    match condition.kind:
        case "opted in" | "opted out":
            return condition.value in standing.choices
        case "under" | "known under":
            return standing.age is not None
        case "in":
            return standing.region is not None
        case "serves":
            return standing.served is not None
        case "as totals":
            return False
    return _FACTS[condition.kind] in facts


def _ages(asked: Sequence[Condition]) -> list[int | None]:
    """A grown person, one of each age that a rule asks about and one just below, and not knowing."""
    limits = sorted({int(each.value or 0) for each in asked if each.kind in {"under", "known under"}}, reverse=True)
    ages = [age for limit in limits for age in (limit, limit - 1)]
    return [max(40, *limits), *ages, None] if limits else [None]


def _regions(asked: Sequence[Condition]) -> list[str | None]:
    """The regions that rules ask about, those around them, one place that is in none of them, and not knowing."""
    named = list(dict.fromkeys(str(each.value) for each in asked if each.kind == "in"))
    around = [REGION_PARENTS[each] for each in named if REGION_PARENTS.get(each, "anywhere") != "anywhere"]
    outside = next((region for region in REGION_PARENTS if not any(within(region, each) for each in named)), None)
    return list(dict.fromkeys([*named, outside, *around, None])) if named else [None]


# What the statements that are no rules answer

NOTHING: Final = "nothing says so"


def behaviours(policy: Policy, statement: AnyStatement) -> Iterator[tuple[str, str]]:
    """Every question that `behaviour` can be asked and `statement` speaks of, and its answer, both in words.

    Regions: each that the document names, one that it does not, and not knowing.
    """
    match statement:
        case Keep(items=items):
            for item in _in(policy.vocabulary.items, policy.vocabulary.expand_items(items)):
                yield f"How long is `{item}` kept?", _kept(behaviour.retention(policy, item))
        case Stop(topics=topics):
            for region, topic in product(_regions_named(policy), topics):
                yield f"How does a person {_where(region)} opt out of `{topic}`?", _said(behaviour.stops(policy, topic, region))
        case Right():
            for region in _regions_named(policy):
                yield f"Which rights has a person {_where(region)}?", _said(behaviour.rights(policy, region))
        case Contact():
            for region in _regions_named(policy):
                desk = behaviour.desk(policy, region)
                yield f"Whom does a person {_where(region)} turn to?", _said([desk] if desk else [])
        case AskAge(sources=sources):
            for source in sources:
                yield f"Is the age asked before `{source}`?", _clause(behaviour.asks_age_before(policy, source))
        case Staff(role=role):
            known = any(name == role for name, _, _ in policy.staff)
            may = ", ".join(sorted(behaviour.staff_purposes(policy, role))) if known else NOTHING
            yield f"For which purposes may `{role}` staff ask?", may
        case NoticeOnLeaving():
            yield "Are people told when a link leads away?", _clause(behaviour.notice_on_leaving(policy))
        case Changes():
            yield "Does anything say from when changes apply, and to what?", _clause(behaviour.changes(policy))


def _kept(limits: Iterable[behaviour.Retention]) -> str:
    said = (f"{duration(each.duration)}{' after the last contact' if each.after_last_contact else ''}" for each in limits)
    return " and ".join(dict.fromkeys(said)) or NOTHING


def _where(region: str | None) -> str:
    return f"in `{region}`" if region else "of unknown region"


def _regions_named(policy: Policy) -> list[str | None]:
    named = [name for each in policy.document.statements if isinstance(each, Stop | Right | Contact) for name in each.regions]
    return [*dict.fromkeys(name for name in named if name != behaviour.ANYONE), "elsewhere", None]


def _said(found: Iterable[Stop | Right | Contact]) -> str:
    return "; ".join(dict.fromkeys(each.text for each in found)) or NOTHING


def _clause(clause: str | None) -> str:
    return f"yes, `{clause}`" if clause else NOTHING
