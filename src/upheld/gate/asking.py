"""One person, one use: the decision with everything it rests on. Named by identifiers, never by what the house knows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from upheld.choices import queries as choices
from upheld.errors import Invalid
from upheld.gate import caps
from upheld.gate.asked import Asked
from upheld.people import queries as people
from upheld.people.codes import Keys, tight_codes
from upheld.people.identifiers import Identifier
from upheld.policy.asking import ask
from upheld.policy.compiled import Policy
from upheld.policy.table import Table
from upheld.policy.terms import RECIPIENTS
from upheld.policy.uses import Decision, Obligations, Reason, Standing, Use
from upheld.recipients import queries as recipients


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to do with one person's items. Empty `items`: all that some permit of the purpose speaks of.

    `since`: per source, the version that the person's items of it stand under, as whoever asks says.
    """

    purpose: str
    to: str = "ourselves"
    items: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    people: int | None = None
    chosen_by: tuple[str, ...] = ()
    region: str | None = None
    age: int | None = None
    served: bool | None = None
    asked_by: str | None = None
    since: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision. Where several people are met, each was decided (`decisions`, `standings`); `decision` is what all of them permit.

    `sentences`: the text of every clause named. `at`: the moment that was asked about.
    """

    use: Use
    decision: Decision
    decisions: tuple[Decision, ...]
    standings: tuple[Standing, ...]
    known: bool
    sentences: Mapping[str, str]
    at: datetime
    policy: Policy
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where a purpose is allowed to that no clause allows to whom it was asked about: the kinds of recipient, and the names to ask with."""

    kinds: tuple[str, ...]
    recipients: tuple[str, ...]


def answer(
    conn: Connection, keys: Keys, identifiers: Sequence[Identifier], question: Question, asked: Asked, at: datetime, *, now: bool
) -> Answer:
    """Decide as a release would, caps included. `now`: everything written down counts; else only what was so, and was known, at `at`.

    `Invalid` if no identifier can be read, or a word of the question is not declared.
    """
    demand_readable(identifiers, keys)
    history = asked.history
    use, elsewhere = use_of(question, asked), _elsewhere(conn, question, asked, at)
    topics = tuple(dict.fromkeys(topic for policy in reversed(history) for topic in policy.vocabulary.topics))
    as_of = choices.AsOf(today=at, at=None if now else at, known_at=None if now else at)
    found = sorted(people.find(conn, keys, identifiers))
    standings = [choices.standing(conn, person, topics, as_of) for person in found] or [Standing(dict.fromkeys(topics, "unset"))]
    told = [told_of(standing, question) for standing in standings]
    table = Table(history)
    decisions = [table.decide(use, standing) for some in told for standing in some]
    person = caps.Person(found, {code.code for identifier in identifiers for code in tight_codes(identifier, keys)})
    spent = caps.spent(conn, decisions, history, use, person, at, now=now)
    if spent:
        decisions = [without_more(one, use, asked.policy, spent) for one in decisions]
    sentences = {clause.id: clause.text for policy in history for clause in policy.document.clauses}
    named = {clause for one in decisions for clause in (*one.clauses, *(reason.clause for reason in one.reasons))}
    return Answer(
        use=use,
        decision=joined(decisions),
        decisions=tuple(decisions),
        standings=tuple(standing for some in told for standing in some),
        known=bool(found),
        sentences={clause: text for clause, text in sentences.items() if clause in named},
        at=at,
        policy=asked.policy,
        elsewhere=elsewhere,
    )


def without_more(decision: Decision, use: Use, policy: Policy, spent: Mapping[str, date]) -> Decision:
    """Nothing, as a release would give out nothing: the person was given out as often as a clause lets, until a day."""
    if not decision.permitted:
        return decision
    reasons = (
        Reason(decision.permitted, "forbid", clause, caps.AS_OFTEN, f"waiting until {day:%Y-%m-%d}", decision.version)
        for clause, day in spent.items()
    )
    bit = {reason.clause for reason in decision.reasons if reason.effect == "forbid"} | set(spent)
    return replace(
        decision,
        permitted=(),
        refused=ask(policy, use).asked,
        clauses=tuple(clause for clause in decision.clauses if clause in bit),
        obligations=Obligations(),
        reasons=(*decision.reasons, *reasons),
    )


def joined(decisions: Sequence[Decision]) -> Decision:
    """What all of them permit; what is refused besides keeps its reasons."""
    if len(decisions) == 1:
        return decisions[0]
    strictest = min(decisions, key=lambda one: len(one.permitted))
    also = tuple(item for item in strictest.permitted if any(item in one.refused for one in decisions))
    if not also:
        return strictest
    reasons = (reason for one in decisions for reason in one.reasons if one is strictest or set(also) & set(reason.items))
    return replace(
        strictest,
        permitted=tuple(item for item in strictest.permitted if item not in also),
        refused=(*strictest.refused, *also),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def demand_readable(identifiers: Sequence[Identifier], keys: Keys) -> None:
    """`Invalid` if nothing of what was given can be read; the message does not repeat it."""
    if not any(tight_codes(identifier, keys) for identifier in identifiers):
        raise Invalid("nobody can be meant by this: give an e-mail address, or first and last name, address and zip")


def told_of(standing: Standing, question: Question) -> list[Standing]:
    """The standing with what the asker says of region, age and versions; where that differs from the record, both count."""
    told = [standing if standing.served == question.served else replace(standing, served=question.served)]
    if question.region is not None and question.region != standing.region:
        said = [replace(one, region=question.region) for one in told]
        told = said if standing.region is None else told + said
    if question.age is not None and question.age != standing.age:
        said = [replace(one, age=question.age) for one in told]
        told = said if standing.age is None else told + said
    stands = dict(question.since)
    if any(standing.since.get(source) != version for source, version in stands.items()):
        said = [replace(one, since={**one.since, **stands}) for one in told]
        told = said if not stands.keys() & standing.since.keys() else told + said
    return told


def _elsewhere(conn: Connection, question: Question, asked: Asked, at: datetime) -> Elsewhere | None:
    """Where else the purpose is allowed to, if no clause allows it there at all and no items were named to ask about."""
    purposes = set(asked.policy.vocabulary.expand_purpose(question.purpose))
    allowed = {kind for rule in asked.policy.allows if purposes & rule.purposes for kind in rule.recipients}
    if question.items or question.totals or not purposes or asked.kind in allowed:
        return None
    kinds = tuple(kind for kind in RECIPIENTS if kind in allowed)
    registered = tuple(entry.recipient.name for entry in recipients.register(conn, at) if entry.recipient.kind in allowed)
    return Elsewhere(kinds, (*(kind for kind in kinds if kind in recipients.UNREGISTERED), *registered))


def use_of(question: Question, asked: Asked) -> Use:
    """The use that a question means; without items, all that some permit of its purpose speaks of."""
    items = question.items
    if not items and not question.totals:
        words = asked.policy.vocabulary
        purposes = set(words.expand_purpose(question.purpose))
        named = {item for rule in asked.policy.allows if purposes & rule.purposes and asked.kind in rule.recipients for item in rule.items}
        items = tuple(item for item in words.items if item in named) or words.items
    return Use(
        purpose=question.purpose,
        items=items,
        to=asked.kind,
        totals=question.totals,
        people=question.people,
        chosen_by=question.chosen_by,
        vetted=asked.vetted,
        under_contract=asked.under_contract,
        asked_by=question.asked_by,
    )
