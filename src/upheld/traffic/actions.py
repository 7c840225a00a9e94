"""Every change of the totals: what was counted is added, with how far the log was read and the ledger's entry, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from upheld.errors import Conflict
from upheld.ledger.actions import append
from upheld.ledger.kinds import HASH, NUMBER, WORD, counts_of, declare, optional
from upheld.record import Actor
from upheld.traffic.counting import MEASURES, Increase
from upheld.traffic.hits import Account
from upheld.traffic.models import ACCOUNT, LOG, NAME, TOTAL, UNIT
from upheld.traffic.tables import ALL, KINDS
from upheld.traffic.tables import Table as Declared

I64 = NDArray[np.int64]
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
    known = Named(tx)
    units: dict[int, int] = {}
    for each in added:
        unit = units.get(each.day) or units.setdefault(each.day, open_unit(tx, each.day, WEB))
        grow(tx, unit, each, known)
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


class Named:
    """The numbers of names in the record; new ones get theirs."""

    def __init__(self, tx: Connection) -> None:
        self.tx = tx
        self.last = int(tx.execute(select(func.coalesce(func.max(NAME.c.id), 0))).scalar_one())
        self.kinds: dict[str, dict[str, int]] = {}

    def of(self, kind: str, names: Sequence[str]) -> I64:
        """The numbers of names of one kind."""
        number = KINDS.index(kind) + 1
        if kind not in self.kinds:
            rows = self.tx.execute(select(NAME.c.name, NAME.c.id).where(NAME.c.kind == number)).all()
            self.kinds[kind] = {row.name: row.id for row in rows}
        known = self.kinds[kind]
        new = [name for name in dict.fromkeys(names) if name not in known]
        for name in new:
            self.last += 1
            known[name] = self.last
        if new:
            self.tx.execute(insert(NAME), [{"id": known[name], "kind": number, "name": name} for name in new])
        return np.array([known[name] for name in names], dtype=np.int64)


def grow(tx: Connection, unit: int, added: Added, known: Named | None = None) -> None:
    """Put to the totals of a unit what they grew by."""
    increase = added.increase
    row = increase.row
    if added.names is not None:
        used = np.unique(row[row != ALL])
        numbers = (known or Named(tx)).of(added.table.names or "", [added.names[code] for code in used.tolist()])
        row = np.where(row == ALL, ALL, numbers[np.minimum(np.searchsorted(used, row), len(used) - 1)] if len(used) else ALL)
    columns = [row, increase.column, *(increase.grown[name] for name in MEASURES), increase.visitors[0], increase.visitors[1]]
    listed = [column.tolist() for column in columns]
    count = len(row)
    values = zip([unit] * count, [added.table.number] * count, *listed, [added.sketch] * count, strict=True)
    if not count:
        return
    if tx.dialect.name == "postgresql":
        tx.execute(_upsert("postgresql"), [dict(zip(_GROWN, each, strict=True)) for each in values])
    else:
        tx.exec_driver_sql(_statement(), list(values))


_GROWN = ("unit", "kind", "row", "column", *MEASURES, "visitors", "people", "sketch")


@cache
def _statement() -> str:
    """As text for SQLite: a hundred thousand rows at once are not each looked at on the way."""
    return str(_upsert("sqlite").compile(dialect=sqlite.dialect(), column_keys=list(_GROWN)))


def _upsert(dialect: str) -> Any:  # noqa: ANN401 - an insert of either dialect
    made = (postgresql if dialect == "postgresql" else sqlite).insert(TOTAL)
    greatest = func.greatest if dialect == "postgresql" else func.max
    grown: Mapping[str, Any] = {name: TOTAL.c[name] + made.excluded[name] for name in (*MEASURES, "visitors")}
    people, sketch = greatest(TOTAL.c.people, made.excluded.people), func.coalesce(made.excluded.sketch, TOTAL.c.sketch)
    keys = ["unit", "kind", "row", "column"]
    return made.on_conflict_do_update(index_elements=keys, set_={**grown, "people": people, "sketch": sketch})
