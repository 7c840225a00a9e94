"""Every change of the totals: what was counted is added, with how far the log was read and the ledger's entry, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, func, insert, select, update

from upheld.errors import Conflict
from upheld.ledger.actions import append
from upheld.ledger.kinds import HASH, NUMBER, WORD, counts_of, declare, optional
from upheld.record import Actor
from upheld.traffic import parts
from upheld.traffic.counting import Increase
from upheld.traffic.hits import Account
from upheld.traffic.models import ACCOUNT, LOG, UNIT
from upheld.traffic.tables import Table as Declared

WEB = "web"

IMPORTED = declare(
    "traffic.imported",
    "lines of a web log became totals, and were forgotten",
    log=optional(HASH),
    read=NUMBER,
    fates=counts_of(WORD),
    rejected=counts_of(WORD),
    days=NUMBER,
    policy=HASH,
)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a log was read: which log (its row, None for a new one), from where, to where, and keyed hashes of its head and tail."""

    log: int | None
    head: str
    tail: str
    begun: int
    offset: int


@dataclass(frozen=True, slots=True)
class Added:
    """What one table of one day grew by. `names`: what its rows are called, None if they are numbers; `sketch` of all its visitors."""

    day: int
    table: Declared
    increase: Increase
    names: Sequence[str] | None
    sketch: bytes | None = None


def add(
    tx: Connection, added: Iterable[Added], account: Account, reached: Reached | None, *, policy: str, at: datetime, actor: Actor
) -> int | None:
    """Add totals and remember how far the log was read; the log's row. `Conflict` if another import read on from the same place."""
    log = _reach(tx, reached, at) if reached else None
    units: dict[int, list[Added]] = {}
    for each in added:
        units.setdefault(each.day, []).append(each)
    for day, grown in units.items():
        grow(tx, open_unit(tx, day, WEB), grown)
    rows = [(name, count, account.bytes.get(name, 0)) for name, count in (*account.fates.items(), *account.rejected.items()) if count]
    if rows:
        tx.execute(insert(ACCOUNT), [{"at": at, "fate": name, "lines": count, "bytes": size} for name, count, size in rows])
    body = {
        "log": reached.head if reached else None,
        "read": account.read,
        "fates": dict(account.fates),
        "rejected": dict(account.rejected),
        "days": len(units),
        "policy": policy,
    }
    append(tx, IMPORTED, body, at, actor)
    return log


def grow(tx: Connection, unit: int, added: Iterable[Added]) -> None:
    """Put to the totals of an open day what they grew by."""
    parts.keep(tx, unit, ((each.table, parts.of(each.increase, each.names, each.sketch)) for each in added))


def open_unit(tx: Connection, day: int, source: str) -> int:
    """The unit of a day that still takes lines in, made if there is none."""
    found = tx.execute(select(UNIT.c.id).where(UNIT.c.day == day, UNIT.c.source == source, UNIT.c.settled_at.is_(None))).scalar()
    return int(found) if found is not None else _new(tx, UNIT, day=day, source=source)


def _new(tx: Connection, table: Table, **values: object) -> int:
    number = int(tx.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()) + 1
    tx.execute(insert(table).values(id=number, **values))
    return number


def _reach(tx: Connection, reached: Reached, at: datetime) -> int:
    values = {"tail": reached.tail, "offset": reached.offset, "at": at}
    if reached.log is None:
        return _new(tx, LOG, head=reached.head, **values)
    moved = tx.execute(update(LOG).where(LOG.c.id == reached.log, LOG.c.offset == reached.begun).values(**values))
    if moved.rowcount != 1:
        raise Conflict("another import is reading the same log: wait for it; what this one read since its last commit is not counted")
    return reached.log
