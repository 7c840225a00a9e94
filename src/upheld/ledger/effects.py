"""Effects on the world outside, remembered until they are done: planned in the transaction that wants them, done afterwards by a worker.

A worker *leases* an effect that is due, does it outside, and ends it in the transaction that writes down the result. Killed in between, it
never comes back: the lease runs out, another worker does it again with the same token, and the first one's fence keeps it from ending what
is no longer its own. What fails is tried again after 1 s, 2 s, 4 s … 1 h; why it failed can be seen. Nothing personal lies here.
"""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from upheld.errors import Conflict, Invalid
from upheld.ledger.actions import append
from upheld.ledger.kinds import JSON, NUMBER, WORD, declare, one_of, optional
from upheld.ledger.models import EFFECT, EFFECT_TRY
from upheld.record import Actor, Record

State = Literal["due", "at work", "done", "given up"]
STATES: Final[tuple[State, ...]] = ("due", "at work", "done", "given up")
"""`given up`: a person must mend something first, and then ask for it again (`retry`)."""

LEASE: Final = timedelta(seconds=60)
LONGEST_WAIT: Final = timedelta(hours=1)
_MOST_DOUBLINGS = 12
_LOST = "effect {} took longer than its lease, and another worker has it: nothing was written down"
_LEASE_DOUBLINGS = 2

ENDED = declare(
    "effect.ended",
    "an effect outside was done, or given up until somebody mends what stands against it",
    effect=NUMBER,
    kind=WORD,
    subject=NUMBER,
    place=optional(WORD),
    outcome=one_of("done", "given up"),
    tries=NUMBER,
)


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect as it stands. `token` is what systems outside are told, so that they can tell a repetition."""

    id: int
    kind: str
    subject: int
    place: str
    body: Mapping[str, JSON]
    token: str
    state: State
    planned_at: datetime
    due_at: datetime
    tries: int
    fence: int
    reason: str | None
    ended_at: datetime | None


Leased = Effect
"""An effect in the hands of one worker, until its lease runs out. Its `fence` is the proof of that."""

_COLUMNS = [EFFECT.c[name] for name in Effect.__slots__]


class Lost(Conflict):
    """The lease ran out and somebody else took the effect: what was being written down is theirs to write."""


def plan(
    tx: Connection, kind: str, subject: int, place: str, body: Mapping[str, JSON], at: datetime, *, due_at: datetime | None = None
) -> int:
    """Plan an effect, in the caller's transaction; its number. It is due at once, or at a time."""
    for word in (kind, *([place] if place else [])):
        if not WORD.holds(word):
            raise Invalid("the kind and the place of an effect must be words of a policy or register")
    number = int(tx.execute(select(func.coalesce(func.max(EFFECT.c.id), 0))).scalar_one()) + 1
    row: dict[str, Any] = {"id": number, "kind": kind, "subject": subject, "place": place, "body": dict(body)}
    row |= {"token": secrets.token_hex(16), "state": "due", "planned_at": at, "due_at": due_at or at, "tries": 0, "fence": 0}
    tx.execute(insert(EFFECT), row)
    return number


def plan_many(tx: Connection, kind: str, subjects: Sequence[int], at: datetime) -> None:
    """Plan the same effect for many subjects, due at once, in the caller's transaction; without place or body."""
    if not WORD.holds(kind):
        raise Invalid("the kind of an effect must be a word")
    number = int(tx.execute(select(func.coalesce(func.max(EFFECT.c.id), 0))).scalar_one())
    same: dict[str, Any] = {"kind": kind, "place": "", "body": {}, "state": "due", "planned_at": at, "due_at": at, "tries": 0, "fence": 0}
    rows = [same | {"id": number + ahead, "subject": one, "token": secrets.token_hex(16)} for ahead, one in enumerate(subjects, 1)]
    if rows:
        tx.execute(insert(EFFECT), rows)


def lease(record: Record, now: datetime, worker: str, kinds: Collection[str], *, hold: timedelta = LEASE) -> Leased | None:
    """Take the effect of these kinds that is due the longest; None if none is. Nobody else gets it before its lease runs out.

    Whoever works longer than `hold` keeps it (`keep`), so that what merely takes long is not begun anew. A try after one that was lost
    holds twice as long, and the next ones four times, in case the machine was merely too busy to renew: never longer, so that workers
    killed again and again delay nothing by more than that.
    """
    ready = _ready(now, kinds)
    with record.reading() as conn:  # most of the time there is nothing to do, and asking must not keep a writer waiting
        if conn.execute(select(EFFECT.c.id).where(ready).limit(1)).first() is None:
            return None
    with record.transaction() as tx:
        row = tx.execute(select(*_COLUMNS).where(ready).order_by(EFFECT.c.due_at, EFFECT.c.id).limit(1)).first()
        if row is None:
            return None
        if row.state == "at work":
            _end_try(tx, row.id, row.fence, now, "lost", "the worker did not come back")
        until = now + hold * 2 ** min(row.tries, _LEASE_DOUBLINGS)
        taken = {"state": "at work", "fence": row.fence + 1, "tries": row.tries + 1}
        tx.execute(update(EFFECT).where(EFFECT.c.id == row.id).values(**taken, leased_until=until))
        tx.execute(insert(EFFECT_TRY).values(effect=row.id, fence=row.fence + 1, worker=worker, began_at=now))
        return _effect({**row._mapping, **taken})  # noqa: SLF001 - SQLAlchemy's own name for a row as a mapping


def held(conn: Connection, number: int, fence: int) -> Leased:
    """An effect that was leased under this fence, for a process that does it on somebody's behalf. Raises `Lost`."""
    own = (EFFECT.c.id == number, EFFECT.c.fence == fence, EFFECT.c.state == "at work")
    row = conn.execute(select(*_COLUMNS).where(*own)).first()
    if row is None:
        raise Lost(_LOST.format(number))
    return _effect(dict(row._mapping))  # noqa: SLF001 - as above


def keep(tx: Connection, leased: Leased, until: datetime) -> None:
    """Hold the lease longer, as it is still being worked at. Raises `Lost`."""
    own = (EFFECT.c.id == leased.id, EFFECT.c.fence == leased.fence, EFFECT.c.state == "at work")
    if tx.execute(update(EFFECT).where(*own).values(leased_until=until)).rowcount != 1:
        raise Lost(_LOST.format(leased.id))


def done(tx: Connection, leased: Leased, at: datetime, actor: Actor) -> None:
    """It is done: in the transaction that writes down its result. Raises `Lost` if it is no longer ours to end."""
    _end(tx, leased, "done", at, None, ended_at=at)
    append(tx, ENDED, _said(leased, "done"), at, actor)


def again(tx: Connection, leased: Leased, reason: str, at: datetime) -> datetime:
    """It could not be done, and may be later: when it is due again (1 s, doubling up to 1 h). Raises `Lost`."""
    due_at = at + min(timedelta(seconds=2 ** min(leased.tries - 1, _MOST_DOUBLINGS)), LONGEST_WAIT)
    _end(tx, leased, "due", at, reason, due_at=due_at)
    return due_at


def give_up(tx: Connection, leased: Leased, reason: str, at: datetime, actor: Actor) -> None:
    """It cannot be done before a person mends something; `reason` says what. Raises `Lost`."""
    _end(tx, leased, "given up", at, reason, ended_at=at)
    append(tx, ENDED, _said(leased, "given up"), at, actor)


def fault_in_words(fault: BaseException) -> str:
    """Why an effect was not done that met a fault of the program: its place and kind. Its message may hold a value, and is not kept."""
    last = traceback.extract_tb(fault.__traceback__)[-1]
    return f"met a fault of the program at {Path(last.filename).name}:{last.lineno} ({type(fault).__name__})"


def retry(tx: Connection, numbers: Sequence[int], at: datetime) -> int:
    """Make these effects due now, tried anew: those that were given up, and those that wait to be tried again. How many."""
    anew = update(EFFECT).where(EFFECT.c.id.in_(numbers), or_(EFFECT.c.state == "given up", EFFECT.c.state == "due"))
    return int(tx.execute(anew.values(state="due", due_at=at, tries=0, ended_at=None)).rowcount)


def of(conn: Connection, subject: int, prefix: str = "") -> tuple[Effect, ...]:
    """All effects of a subject whose kind begins so, in the order they were planned."""
    query = select(*_COLUMNS).where(EFFECT.c.subject == subject, EFFECT.c.kind.startswith(prefix, autoescape=True))
    return tuple(_effect(dict(row._mapping)) for row in conn.execute(query.order_by(EFFECT.c.id)))  # noqa: SLF001 - as above


def places(conn: Connection, kind: str) -> frozenset[str]:
    """The places at which an effect of a kind is left to do."""
    query = select(EFFECT.c.place).where(EFFECT.c.kind == kind, EFFECT.c.state.in_(("due", "at work")))
    return frozenset(conn.execute(query).scalars())


def waiting_for(conn: Connection, kind: str, now: datetime) -> frozenset[datetime]:
    """The times to come for which effects of a kind are planned that were not tried yet."""
    return frozenset(conn.execute(select(EFFECT.c.due_at).where(_untried(kind, now))).scalars())


def put_off(tx: Connection, kind: str, due_at: datetime, now: datetime) -> None:
    """Let the effects of a kind that wait for a time to come, and were not tried yet, be due at this one instead."""
    tx.execute(update(EFFECT).where(_untried(kind, now)).values(due_at=due_at))


def call_off(record: Record, kind: str) -> None:
    """Nothing of a kind is wanted any more: what is due and was not tried yet is not planned any more."""
    planned = (EFFECT.c.kind == kind, EFFECT.c.state == "due", EFFECT.c.tries == 0)
    with record.reading() as conn:
        if conn.execute(select(EFFECT.c.id).where(*planned).limit(1)).first() is None:
            return
    with record.transaction() as tx:
        tx.execute(delete(EFFECT).where(*planned))


def next_due(conn: Connection, kinds: Collection[str]) -> datetime | None:
    """When the next effect of these kinds will be due, or its lease run out; None if none is left to do."""
    outstanding = (EFFECT.c.kind.in_(sorted(kinds)), EFFECT.c.state.in_(("due", "at work")))
    return conn.execute(select(func.min(func.coalesce(EFFECT.c.leased_until, EFFECT.c.due_at))).where(*outstanding)).scalar()


def _untried(kind: str, now: datetime) -> ColumnElement[bool]:
    return and_(EFFECT.c.kind == kind, EFFECT.c.state == "due", EFFECT.c.tries == 0, EFFECT.c.due_at > now)


def _ready(now: datetime, kinds: Collection[str]) -> ColumnElement[bool]:
    is_due = and_(EFFECT.c.state == "due", EFFECT.c.due_at <= now)
    is_lost = and_(EFFECT.c.state == "at work", EFFECT.c.leased_until <= now)
    return and_(EFFECT.c.kind.in_(sorted(kinds)), or_(is_due, is_lost))


def _end(tx: Connection, leased: Leased, state: State, at: datetime, reason: str | None, **more: datetime) -> None:
    own = (EFFECT.c.id == leased.id, EFFECT.c.fence == leased.fence, EFFECT.c.state == "at work")
    ended = tx.execute(update(EFFECT).where(*own).values(state=state, reason=reason, leased_until=None, **more)).rowcount
    if ended != 1:
        raise Lost(_LOST.format(leased.id))
    _end_try(tx, leased.id, leased.fence, at, "again" if state == "due" else state, reason)


def _end_try(tx: Connection, effect: int, fence: int, at: datetime, outcome: str, reason: str | None) -> None:
    own = (EFFECT_TRY.c.effect == effect, EFFECT_TRY.c.fence == fence)
    tx.execute(update(EFFECT_TRY).where(*own).values(ended_at=at, outcome=outcome, reason=reason))


def _said(leased: Leased, outcome: str) -> dict[str, JSON]:
    place = leased.place or None
    return {"effect": leased.id, "kind": leased.kind, "subject": leased.subject, "place": place, "outcome": outcome, "tries": leased.tries}


def _effect(row: Mapping[str, Any]) -> Effect:
    return Effect(**row)
