"""Opting in again, in two steps: somebody asks for it, and confirms what was shown. Nobody is asked to within a year of opting out.

The first step changes nothing. Its token goes to the person alone, is kept only as a keyed hash, and runs out; the second step records the
choice with the words that were shown. Who opts out in between has answered already.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from upheld.choices.actions import How, Said, demand, record_many
from upheld.choices.models import CHOICE
from upheld.errors import Conflict, Invalid, NotFound, Refused
from upheld.gate import searching
from upheld.home import Home
from upheld.ledger.actions import append
from upheld.ledger.kinds import FLAG, NUMBER, WORD, declare, list_of
from upheld.people.actions import Keeper, enrol
from upheld.people.identifiers import Identifier, as_given, from_given
from upheld.people.queries import find
from upheld.postings.queries import Posted
from upheld.record import Actor, micros
from upheld.requests.models import OPT_IN

HOLDS: Final = timedelta(days=7)
"""How long a token can be used."""
SEALED: Final = "opt-in"
OUT: Final = 2

ASKED = declare("opt-in.asked", "the first of two steps to opt in: nothing holds yet", opt_in=NUMBER, topic=WORD, ours=FLAG, until=NUMBER)
CONFIRMED = declare(
    "opt-in.confirmed", "the second of two steps: the person confirmed what was shown", opt_in=NUMBER, people=list_of(NUMBER)
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
    """A first step taken: what the person must bring back, and until when. The token is shown once."""

    opt_in: int
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


def ask(tx: Connection, keeper: Keeper, home: Home, asking: Asking, posted: Posted, *, at: datetime, actor: Actor) -> Pending:
    """The first step, in the caller's transaction: nothing holds by it. `Refused` if we may not ask yet, with the day when we may.

    `Invalid` for an unknown topic, for words that are missing or too long, and for somebody who cannot be found by what was given.
    """
    topics, identifiers = posted.policy.vocabulary.topics, _own(asking.identifiers)
    demand(Said(identifiers, asking.topic, "in", at, asking.channel, asking.words), topics, at)
    if not asking.words.strip():
        raise Invalid("an opt-in needs the words that were shown: what the person agrees to")
    (answer,) = may_ask(tx, keeper, identifiers, [asking.topic], at)
    if asking.ours and not answer.may:
        raise Refused(f"they opted out of `{asking.topic}` less than twelve months ago: they may be asked again from {answer.from_on} on")
    person = enrol(tx, keeper, identifiers, at, actor)[0]
    number = int(tx.execute(select(func.coalesce(func.max(OPT_IN.c.id), 0))).scalar_one()) + 1
    token, until = secrets.token_urlsafe(24), at + HOLDS
    row: dict[str, Any] = {"id": number, "topic": asking.topic, "channel": asking.channel, "words": asking.words, "person": person}
    row |= {"given": keeper.vault.seal(tx, person, SEALED, _sealed(identifiers)), "asked_at": at, "until": until}
    tx.execute(insert(OPT_IN).values(**row, token=_code(home, token)))
    append(tx, ASKED, {"opt_in": number, "topic": asking.topic, "ours": asking.ours, "until": micros(until)}, at, actor)
    return Pending(number, token, until)


def confirm(tx: Connection, keeper: Keeper, home: Home, token: str, posted: Posted, *, at: datetime, actor: Actor) -> str:
    """The second step: the choice is recorded, of now, with the words shown at the first; the topic.

    `NotFound` for a token that is wrong or was used, `Refused` if it ran out, `Conflict` if the person opted out since they asked.
    """
    row = tx.execute(select(OPT_IN).where(OPT_IN.c.token == _code(home, token))).first()
    if row is None or row.confirmed_at is not None:
        raise NotFound("no opt-in waits for this token: look whether all of it was given, or ask anew")
    if at > row.until:
        raise Refused("this token has run out: ask anew")
    identifiers = _opened(searching.opened(tx, keeper, row.person, SEALED, bytes(row.given)))
    people = find(tx, keeper.keys, identifiers) | {row.person}
    since = select(CHOICE.c.id).where(
        CHOICE.c.person.in_(people), CHOICE.c.topic == row.topic, CHOICE.c.choice == OUT, CHOICE.c.recorded_at >= row.asked_at
    )
    if tx.execute(since.limit(1)).first() is not None:
        raise Conflict("the person has opted out since this was asked: ask anew, if they wish")
    said = Said(identifiers, row.topic, "in", at, row.channel, row.words, posted.version)
    (recorded,) = record_many(tx, keeper, [said], posted.policy.vocabulary.topics, at=at, actor=actor)
    tx.execute(update(OPT_IN).where(OPT_IN.c.id == row.id).values(confirmed_at=at))
    append(tx, CONFIRMED, {"opt_in": row.id, "people": sorted(recorded.people)}, at, actor)
    return str(row.topic)


def _year_after(moment: datetime) -> date:
    there = (moment.astimezone(UTC) + timedelta(hours=14)).date()
    year = there.year + 1
    same = date(year, 3, 1) if (there.month, there.day) == (2, 29) else there.replace(year=year)
    return same + timedelta(days=1)


def _sealed(identifiers: Sequence[Identifier]) -> bytes:
    return json.dumps([[one.kind, as_given(one).decode("utf-8", "surrogatepass")] for one in identifiers]).encode()


def _opened(sealed: bytes) -> tuple[Identifier, ...]:
    return tuple(from_given(kind, given.encode("utf-8", "surrogatepass")) for kind, given in json.loads(sealed))


def _own(identifiers: Sequence[Identifier]) -> tuple[Identifier, ...]:
    """Those by which nobody else is meant: a household shares its telephone, and one who opts in does not for the others."""
    return tuple(one for one in identifiers if one.kind != "phone") or tuple(identifiers)


def _code(home: Home, token: str) -> str:
    return hmac.digest(home.key("opt-in/token/v1"), token.encode("utf-8", "surrogatepass"), "sha256").hex()
