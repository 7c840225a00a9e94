"""Opting in, in two steps: somebody asks for it, and confirms what was shown. Nobody is asked to within a year of opting out.

The first step keeps nothing: whom it is about, the words and the time lie sealed in the token that goes to the person alone and runs out.
The second step records the choice, once, with the words that were shown. Who opts out in between has answered already.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, select

from upheld.choices.actions import How, Said, demand, record_many, record_of
from upheld.choices.models import CHOICE
from upheld.errors import Conflict, Invalid, Refused
from upheld.home import Home
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, WORD, declare, list_of
from upheld.messages import links
from upheld.people.actions import Keeper
from upheld.people.codes import tight_codes
from upheld.people.comparing import NAMES
from upheld.people.identifiers import Identifier, as_given, from_given
from upheld.people.queries import find
from upheld.postings.queries import Posted
from upheld.record import Actor, micros
from upheld.requests.models import REQUEST, REQUEST_PERSON, REQUEST_RECORD

HOLDS: Final = timedelta(days=7)
"""How long a token can be used."""
OUT: Final = 2

CONFIRMED = declare(
    "opt-in.confirmed",
    "the second of two steps to opt in: the person confirmed what was shown",
    topic=WORD,
    asked_at=NUMBER,
    people=list_of(NUMBER),
)


@dataclass(frozen=True, slots=True)
class MayAsk:
    """Whether somebody may be asked to opt in to a topic again. `from_on`: the day (UTC) from which on, if not yet."""

    topic: str
    may: bool
    from_on: date | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """A first step. `ours`: we ask, by whatever means; else the person came to us of their own accord. `words` are those shown."""

    identifiers: tuple[Identifier, ...] = field(repr=False)
    topic: str
    channel: How
    words: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """A first step taken: what the person must bring back, and until when. Nothing of it is kept here."""

    token: str
    until: datetime


def may_ask(conn: Connection, keeper: Keeper, identifiers: Sequence[Identifier], topics: Sequence[str], at: datetime) -> tuple[MayAsk, ...]:
    """For each topic whether anybody meant by these identifiers may be asked: not within twelve months of the latest time they opted out.

    A day counts as the latest that it was anywhere on earth; the day named is the one after the same day of the next year.
    """
    people = find(conn, keeper.keys, identifiers)
    query = (
        select(CHOICE.c.topic, func.max(CHOICE.c.at)).where(CHOICE.c.person.in_(people), CHOICE.c.choice == OUT).group_by(CHOICE.c.topic)
    )
    last = {topic: moment for topic, moment in conn.execute(query) if moment is not None}
    answers = []
    for topic in topics:
        day = _year_after(last[topic]) if topic in last else None
        may = day is None or at >= datetime(day.year, day.month, day.day, tzinfo=UTC)
        answers.append(MayAsk(topic, may, None if may else day))
    return tuple(answers)


def ask(conn: Connection, keeper: Keeper, home: Home, asking: Asking, posted: Posted, *, at: datetime) -> Pending:
    """The first step: nothing holds by it, and nothing is kept. `Refused` if we may not ask yet, with the day when we may.

    `Invalid` for an unknown topic, for words that are missing or too long, and for somebody who cannot be found by what was given.
    """
    identifiers = _own(asking.identifiers)
    demand(Said(identifiers, asking.topic, "in", at, asking.channel, asking.words), posted.policy.vocabulary.topics, at)
    if not asking.words.strip():
        raise Invalid("an opt-in needs the words that were shown: what the person agrees to")
    if not any(tight_codes(one, keeper.keys) for one in identifiers):
        raise Invalid("no identifier can be read: give an e-mail address, or name, address and zip")
    (answer,) = may_ask(conn, keeper, identifiers, [asking.topic], at)
    if asking.ours and not answer.may:
        raise Refused(f"they opted out of `{asking.topic}` less than twelve months ago: they may be asked again from {answer.from_on} on")
    said = {"topic": asking.topic, "channel": asking.channel, "words": asking.words, "version": posted.version}
    return Pending(links.seal(home, links.CONFIRM, said | {"who": _written(identifiers)}, at), at + HOLDS)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a token asks for: to be shown once more before it is confirmed."""

    asked_at: datetime
    said: Said = field(repr=False)


def shown(home: Home, token: str, at: datetime) -> Shown:
    """What waits for a token. `NotFound` for one that is not ours, `Conflict` if it ran out."""
    asked_at, said = links.opened(home, links.CONFIRM, token, at)
    how: How = said["channel"]  # type: ignore[assignment]
    return Shown(asked_at, Said(_read(said["who"]), said["topic"], "in", at, how, said["words"], said["version"]))


def confirm(tx: Connection, keeper: Keeper, home: Home, token: str, posted: Posted, *, at: datetime, actor: Actor) -> str:
    """The second step: the choice is recorded, of now, with the words shown at the first; the topic. Confirmed again it changes nothing.

    `NotFound` for a token that is not ours, `Conflict` if it ran out, or if the person opted out since they asked.
    """
    waits = shown(home, token, at)
    said, people = waits.said, find(tx, keeper.keys, waits.said.identifiers)
    since = (CHOICE.c.person.in_(people), CHOICE.c.topic == said.topic, CHOICE.c.recorded_at >= waits.asked_at)
    chosen = set(tx.execute(select(CHOICE.c.choice).where(*since)).scalars())
    if OUT in chosen:
        raise Conflict("this was stopped after it was asked for: ask anew, if they wish")
    if not chosen:
        (recorded,) = record_many(tx, keeper, [said], posted.policy.vocabulary.topics, at=at, actor=actor)
        more = tuple(sorted(_borne_out(tx, recorded.people) - {*recorded.people}))
        if more:
            record_of(tx, [said], [more], at=at, actor=actor)
        entry = {"topic": said.topic, "asked_at": micros(waits.asked_at), "people": sorted((*recorded.people, *more))}
        append(tx, CONFIRMED, entry, at, actor)
    return said.topic


def _borne_out(tx: Connection, people: Sequence[int]) -> set[int]:
    """Whom a removal named together with one of these, where a record bears both e-mail address and name and no record was in doubt."""
    mine = select(REQUEST_PERSON.c.request).where(REQUEST_PERSON.c.person.in_(people))
    requests = tx.execute(select(REQUEST.c.id).where(REQUEST.c.id.in_(mine), REQUEST.c.state == "complete")).scalars().all()
    found: set[int] = set()
    for request in requests:
        rows = tx.execute(select(REQUEST_RECORD.c.verdict, REQUEST_RECORD.c.evidence).where(REQUEST_RECORD.c.request == request)).all()
        if any(map(_bears_both, rows)) and all(row.verdict == "same" for row in rows):
            found.update(tx.execute(select(REQUEST_PERSON.c.person).where(REQUEST_PERSON.c.request == request)).scalars())
    return found


def _bears_both(row: Any) -> bool:  # noqa: ANN401 - a row
    of = {what for what, _, bits in row.evidence if bits > 0}
    return {NAMES["email"], NAMES["last"]} <= of


def _year_after(moment: datetime) -> date:
    there = (moment.astimezone(UTC) + timedelta(hours=14)).date()
    year = there.year + 1
    same = date(year, 3, 1) if (there.month, there.day) == (2, 29) else there.replace(year=year)
    return same + timedelta(days=1)


def _written(identifiers: Sequence[Identifier]) -> str:
    return json.dumps([[one.kind, as_given(one).decode("utf-8", "surrogatepass")] for one in identifiers], ensure_ascii=False)


def _read(written: str) -> tuple[Identifier, ...]:
    return tuple(from_given(kind, given.encode("utf-8", "surrogatepass")) for kind, given in json.loads(written))


def _own(identifiers: Sequence[Identifier]) -> tuple[Identifier, ...]:
    """Those by which nobody else is meant: a household shares its telephone, and one who opts in does not for the others."""
    return tuple(one for one in identifiers if one.kind != "phone") or tuple(identifiers)
