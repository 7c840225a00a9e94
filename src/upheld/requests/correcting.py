"""Correcting what a system holds of whoever has proven an address: asked for, written by the worker, read back to prove it.

Only parts that identify or reach a person are corrected so, and only in records that hold the proven address when it is done. What no
program can write waits for a clerk. What was chosen follows: the new value is the same person's, so an opt-out holds for it too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from upheld.errors import Conflict, Invalid, NotFound, Refused
from upheld.gate import searching
from upheld.ledger import effects
from upheld.ledger.actions import append
from upheld.ledger.effects import Leased
from upheld.ledger.kinds import NUMBER, WORD, declare
from upheld.people import normal
from upheld.people.actions import Keeper, enrol
from upheld.people.identifiers import Email, Phone
from upheld.people.queries import find
from upheld.people.trained import in_use
from upheld.people.weights import Weights
from upheld.policy.behaviour import right
from upheld.policy.compiled import Policy
from upheld.record import Actor
from upheld.requests.attending import attended
from upheld.requests.models import CORRECTION
from upheld.requests.office import Office
from upheld.systems import refusals
from upheld.systems.connector import Failed, Found, Key
from upheld.systems.datamap import DataMap, Part, System, Table
from upheld.systems.held import identifiers

PARTS: Final[tuple[Part, ...]] = ("first", "last", "full", "suffix", "phone", "address", "unit", "city", "state", "zip")
"""What can be corrected. The e-mail address has a way of its own (`moving`): it is what is proven; an account is the merchant's own."""
EMAIL: Final = "email"
SEALED: Final = "correction"
LONGEST: Final = 200  # characters
KIND: Final = "correction.write"
FOLLOW: Final = "correction.follow"
"""Reading what a clerk has corrected, so that choices hold for it."""

ASKED = declare(
    "correction.asked", "somebody who proved an address asked to have a part corrected", correction=NUMBER, person=NUMBER, part=WORD
)
BY_HAND = declare("correction.by_hand", "a clerk corrected it by hand", correction=NUMBER)
RETRIED = declare("correction.retried", "a correction that was not done was asked for again", correction=NUMBER)
DONE = declare("correction.done", "so many records were corrected and read back", correction=NUMBER, rows=NUMBER)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Where something is wrong: a part of the records of one table."""

    system: str
    table: str
    part: str


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction as it stands; no value. `reason`: why it is not done yet, if it was tried. `given_up`: the desk must do it.

    `rows`: how many records were corrected; 0: none there holds the address, so that nothing was; None: a clerk did it, or it is not done.
    """

    id: int
    wrong: Wrong
    asked_at: datetime
    done_at: datetime | None
    rows: int | None
    reason: str | None
    given_up: bool


def offered(datamap: DataMap, policy: Policy, region: str | None = None) -> tuple[Wrong, ...]:
    """What can be corrected so: nothing, if the policy gives nobody of the region the right.

    Only where an e-mail address stands: by the proven one the records are found, and no other may be touched.
    """
    if not right(policy, "correct", region):
        return ()
    return tuple(
        Wrong(system.name, table.name, part)
        for system in datamap.systems.values()
        for table in system.tables
        if table.parts().get(EMAIL)
        for part in PARTS
        if _column(table, part)
    )


def ask(tx: Connection, keeper: Keeper, email: str, wrong: Wrong, value: str, may: tuple[Wrong, ...], *, at: datetime, actor: Actor) -> int:
    """Ask for it, for whoever has proven the address; its number. `Refused` for what is not offered (`may`), `Invalid` for no value.

    `Invalid` too for a telephone number or ZIP that nobody can read; one that can be read is written as it was given.
    """
    value = " ".join(value.split())
    if not value or len(value) > LONGEST or not value.isprintable():
        raise Invalid(f"write what should stand there: 1 to {LONGEST} characters")
    if wrong not in may:
        raise Refused("this is corrected at the desk: ask there")
    _demand_readable(wrong.part, value)
    return write_down(tx, keeper, email, wrong, value, at=at, actor=actor)


def _demand_readable(part: str, value: str) -> None:
    """What no program can read would make the person unknown in the merchant's own records."""
    if part == "phone" and not normal.phone(value):
        raise Invalid("write a telephone number in digits, such as `312 555 0142`; one from abroad with `+` and the country's code")
    if part == "zip" and not any(map(str.isdigit, normal.zip_code(value))):
        raise Invalid("write a ZIP in digits, such as `60601`")


def write_down(tx: Connection, keeper: Keeper, email: str, wrong: Wrong, value: str, *, at: datetime, actor: Actor) -> int:
    """Keep what was asked for, sealed, and plan it; its number."""
    person = enrol(tx, keeper, [Email(email)], at, actor)[0]
    number = int(tx.execute(select(func.coalesce(func.max(CORRECTION.c.id), 0))).scalar_one()) + 1
    sealed = keeper.vault.seal(tx, person, SEALED, json.dumps([email, value]).encode())
    row = {"id": number, "person": person, "given": sealed, "asked_at": at}
    tx.execute(insert(CORRECTION).values(**row, system=wrong.system, place=wrong.table, part=wrong.part))
    append(tx, ASKED, {"correction": number, "person": person, "part": wrong.part}, at, actor)
    effects.plan(tx, KIND, number, "", {}, at)
    return number


def of(conn: Connection, keeper: Keeper, email: str) -> tuple[Correction, ...]:
    """The corrections that were asked for under an address, the newest first."""
    query = select(CORRECTION).where(CORRECTION.c.person.in_(find(conn, keeper.keys, [Email(email)]))).order_by(CORRECTION.c.id.desc())
    return tuple(_correction(conn, row) for row in conn.execute(query).all())


def waiting(conn: Connection) -> tuple[Correction, ...]:
    """The corrections that are not done, the oldest first; no value of anybody."""
    query = select(CORRECTION).where(CORRECTION.c.done_at.is_(None)).order_by(CORRECTION.c.id)
    return tuple(_correction(conn, row) for row in conn.execute(query).all())


@dataclass(frozen=True, slots=True)
class Opened:
    """A correction with what a clerk needs to do it by hand: whose address was proven, and what should stand there."""

    correction: Correction
    email: str = field(repr=False)
    value: str = field(repr=False)


def opened(conn: Connection, keeper: Keeper, number: int) -> Opened:
    """One correction with its values. `NotFound`."""
    row = _row(conn, number)
    email, value = json.loads(searching.opened(conn, keeper, row.person, SEALED, bytes(row.given)))
    return Opened(_correction(conn, row), email, value)


def retry(tx: Connection, number: int, *, at: datetime, actor: Actor) -> None:
    """Try it anew, now. `Conflict` if it is done."""
    _demand_waiting(tx, number)
    effects.retry(tx, [each.id for each in effects.of(tx, number, KIND)], at)
    append(tx, RETRIED, {"correction": number}, at, actor)


def by_hand(tx: Connection, keeper: Keeper, number: int, *, at: datetime, actor: Actor) -> None:
    """A clerk has corrected it where it lies: nothing is written any more, and what was chosen holds for it. `Conflict` if it is done."""
    _demand_waiting(tx, number)
    found = opened(tx, keeper, number)
    reached = {"phone": (Phone(found.value),), EMAIL: (Email(found.value),)}.get(found.correction.wrong.part, ())
    enrol(tx, keeper, [Email(found.email), *reached], at, actor)
    effects.plan(tx, FOLLOW, number, "", {}, at)
    tx.execute(update(CORRECTION).where(CORRECTION.c.id == number).values(done_at=at))
    append(tx, BY_HAND, {"correction": number}, at, actor)


def _demand_waiting(tx: Connection, number: int) -> None:
    if _row(tx, number).done_at is not None:
        raise Conflict(f"correction {number} is done already")


def _row(conn: Connection, number: int) -> Any:  # noqa: ANN401 - SQLAlchemy's row
    row = conn.execute(select(CORRECTION).where(CORRECTION.c.id == number)).first()
    if row is None:
        raise NotFound(f"there is no correction {number}")
    return row


def _correction(conn: Connection, row: Any) -> Correction:  # noqa: ANN401 - as above
    effect = effects.of(conn, row.id, KIND)[-1]
    wrong = Wrong(row.system, row.place, row.part)
    return Correction(row.id, wrong, row.asked_at, row.done_at, row.rows, effect.reason, effect.state == "given up")


def handlers(office: Office) -> Mapping[str, Callable[[Leased], None]]:
    """By kind of effect, who does it."""
    return {KIND: partial(attended, office, _write), FOLLOW: partial(attended, office, _follow)}


def _write(office: Office, leased: Leased) -> None:
    asked = _asked(office, leased)
    if asked.row.done_at is not None:  # a clerk was faster
        with office.record.transaction() as tx:
            effects.done(tx, leased, office.clock(), office.actor)
        return
    system, table, part, value = asked.system, asked.table, asked.row.part, asked.value
    column = _column(table, part) if table else None
    if system is None or table is None or column is None:
        raise Failed(asked.row.system, *refusals.BY_HAND)
    keys = asked.keys(office)
    with closing(office.open_system(system)) as connector:
        correct = getattr(connector, "correct", None)
        if correct is None and keys:
            raise Failed(system.name, *refusals.BY_HAND)
        after: Sequence[Found] = ()
        if correct is not None:
            correct(table, keys, column, value)
            after = connector.fetch(table, keys)
    if len(after) < len(keys) or any(_value(found, part) != value for found in after):
        raise Failed(system.name, "did not keep what was written", again=True)
    with office.record.transaction() as tx:
        at = office.clock()
        asked.attach(tx, office, after, at)
        tx.execute(update(CORRECTION).where(CORRECTION.c.id == asked.row.id).values(done_at=at, rows=len(after)))
        append(tx, DONE, {"correction": asked.row.id, "rows": len(after)}, at, office.actor)
        effects.done(tx, leased, at, office.actor)


def _follow(office: Office, leased: Leased) -> None:
    """What a clerk wrote is the same person's: read it, if it can be read."""
    asked, after = _asked(office, leased), list[Found]()
    if asked.system is not None and asked.table is not None:
        keys = asked.keys(office)
        with closing(office.open_system(asked.system)) as connector:
            after = list(connector.fetch(asked.table, keys))
    with office.record.transaction() as tx:
        at = office.clock()
        asked.attach(tx, office, after, at)
        effects.done(tx, leased, at, office.actor)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A correction in the worker's hands: its row, whose address, what should stand there, and where; None for what the map lacks."""

    row: Any
    email: str
    value: str
    system: System | None
    table: Table | None
    weights: Weights

    def keys(self, office: Office) -> list[Key]:
        """The records that hold the proven address; once an address was moved, those that hold the new one."""
        assert self.system is not None
        assert self.table is not None
        emails = [self.email, self.value] if self.row.part == EMAIL else [self.email]
        own = [
            one
            for email in emails
            for one in searching.proven(self.system, office.open_system(self.system), Email(email), self.weights)
            if one.table == self.table.name
        ]
        return list(dict.fromkeys(one.key for one in own))

    def attach(self, tx: Connection, office: Office, after: Sequence[Found], at: datetime) -> None:
        """What the records say now is known to be the person's."""
        for found in after:
            enrol(tx, office.keeper, [Email(self.email), *identifiers(found)], at, office.actor)


def _asked(office: Office, leased: Leased) -> _Asked:
    with office.record.reading() as conn:
        row = _row(conn, leased.subject)
        email, value = json.loads(searching.opened(conn, office.keeper, row.person, SEALED, bytes(row.given)))
        weights = in_use(conn)
    system = office.system(row.system)
    table = next((one for one in system.tables if one.name == row.place), None) if system else None
    return _Asked(row, email, value, system, table, weights)


def _column(table: Table, part: str) -> str | None:
    """The one column of a part, if it is no key; of several none can be told to be meant."""
    names = [column.name for column in table.columns if column.part == part]
    return names[0] if len(names) == 1 and names[0] not in table.key and searching.identifying(table) else None


def _value(found: Found, part: Part) -> str:
    return next(iter(found.values.get(part, ())), "")
