"""When a day is over: what may be told of it is settled for ever, and everything else is forgotten.

The policy's `keep web` is the upper bound: until then more lines of the day may come in, and nothing of it is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, select, update

from upheld.gate.cells import Cells, Link, one_way, shifts, two_way
from upheld.gate.measuring import Permit
from upheld.ledger.actions import append
from upheld.ledger.kinds import HASH, NUMBER, declare
from upheld.policy.behaviour import hours, retention
from upheld.policy.compiled import Policy
from upheld.record import Actor
from upheld.record.sets import among, put
from upheld.traffic.models import NAME, TOTAL, UNIT
from upheld.traffic.reader import STEPS
from upheld.traffic.tables import ALL, KINDS, MISSED, MISSING, PAGE, REFERRER, STATUS, TABLES, Table

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
Total = dict[str, I64]
Sum = tuple[int, int, int, int]
"""People, hits, bytes and time."""

SETTLED = declare(
    "traffic.settled",
    "what may be told of a day's visits was settled, and the rest forgotten",
    day=NUMBER,
    least=NUMBER,
    told=NUMBER,
    withheld=NUMBER,
    policy=HASH,
)
LONGEST_HOURS = 24.0
"""How long after its end a day may wait, if the policy sets no limit."""
_DAY = timedelta(days=1)
EPOCH = date(1970, 1, 1)
_COLUMNS = ("row", "column", "hits", "size", "micros", "timed", "visitors", "people", "sketch")
OUTCOMES = ("found", "missing", "else")
ELSE = 2
_MEASURES = ("hits", "size", "micros")


@dataclass(frozen=True, slots=True)
class Settled:
    """A day that was settled: how many cells may be told, how many may not."""

    day: date
    told: int
    withheld: int


def due_before(policy: Policy, at: datetime) -> int:
    """The first day (since 1970) that need not be settled yet."""
    limits = retention(policy, "web.pages") if "web.pages" in policy.vocabulary.items else ()
    waiting = timedelta(hours=min([LONGEST_HOURS, *(hours(each.duration) for each in limits if not each.after_last_contact)]))
    if limits:
        waiting = timedelta(hours=min(hours(each.duration) for each in limits))
    return ((at - waiting).date() - EPOCH).days


def settle_due(tx: Connection, policy: Policy, permit: Permit, *, at: datetime, actor: Actor) -> list[Settled]:
    """Settle every day that is due."""
    waiting = select(UNIT.c.id, UNIT.c.day).where(UNIT.c.settled_at.is_(None), UNIT.c.day < due_before(policy, at))
    due = [(row.id, row.day) for row in tx.execute(waiting.order_by(UNIT.c.day))]
    return settle(tx, due, permit, at=at, actor=actor)


def settle(tx: Connection, units: list[tuple[int, int]], permit: Permit, *, at: datetime, actor: Actor) -> list[Settled]:
    """Settle days: keep what may be told, forget the rest and the names that nothing is told under."""
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("PRAGMA secure_delete = ON")  # what is forgotten leaves the file too
    done = [_settle(tx, unit, day, permit, at, actor) for unit, day in units]
    if done:
        _forget_names(tx)
    return done


def _settle(tx: Connection, unit: int, day: int, permit: Permit, at: datetime, actor: Actor) -> Settled:
    held = {table: _held(tx, unit, table) for table in TABLES}
    numbers = {table: _numbers(columns) for table, columns in held.items()}
    shown = showable(numbers, permit.people)
    tx.execute(delete(TOTAL).where(TOTAL.c.unit == unit))
    told = 0
    for table, columns in held.items():
        kept = np.flatnonzero(shown[table]).tolist()
        told += len(kept)
        if kept:
            same = {"unit": [unit] * len(kept), "kind": [table.number] * len(kept)}
            put(tx, TOTAL, same | {name: [values[each] for each in kept] for name, values in columns.items()})
    withheld = sum(len(columns["row"]) for columns in held.values()) - told
    tx.execute(update(UNIT).where(UNIT.c.id == unit).values(least=permit.people, settled_at=at, withheld=withheld))
    body = {"day": day, "least": permit.people, "told": told, "withheld": withheld, "policy": permit.policy_hash}
    append(tx, SETTLED, body, at, actor)
    return Settled(EPOCH + day * _DAY, told, withheld)


def _held(tx: Connection, unit: int, table: Table) -> dict[str, tuple[Any, ...]]:
    rows = tx.execute(select(*(TOTAL.c[name] for name in _COLUMNS)).where(TOTAL.c.unit == unit, TOTAL.c.kind == table.number)).all()
    columns = zip(*rows, strict=True) if rows else ((),) * len(_COLUMNS)
    return dict(zip(_COLUMNS, columns, strict=True))


def _numbers(columns: dict[str, tuple[Any, ...]]) -> Total:
    return {name: np.array(columns[name], dtype=np.int64) for name in _COLUMNS[:-1]}


def showable(totals: dict[Table, Total], least: int) -> dict[Table, Bools]:
    """Which totals of one day may be told, table by table: cells, and sums over rows, over columns and of all.

    Each line of the log is in one part: a page, a step, a missing page, or something else. The sums of these parts are protected among
    each other first; then each table is protected as if the sum of its part were known.
    """
    told = parts_told(totals, least)
    shown: dict[Table, Bools] = {}
    for table, total in totals.items():  # pages before statuses, which tell the same hours
        shown[table] = np.zeros(len(total["row"]), dtype=np.bool_)
        if not len(total["row"]) or "all" not in told:
            continue
        if table.crossed:
            between = _shifts(totals.get(PAGE), shown.get(PAGE)) if table is STATUS else None
            shown[table] = _crossed(table, total, least, told, between)
            continue
        for column in np.unique(total["column"]).tolist():
            block = np.flatnonzero(total["column"] == column)
            shown[table][block] = _single(table, column, {name: values[block] for name, values in total.items()}, least, told)
    return shown


def _shifts(total: Total | None, shown: Bools | None) -> tuple[Bools, ...]:
    """Between which hours the hits of pages could lie otherwise than they do."""
    if total is None or shown is None or not len(shown):
        return (np.zeros((PAGE.columns, PAGE.columns), dtype=np.bool_),) * len(_MEASURES)
    cells, rows_shown, some = _cells(total, shown)
    return shifts(cells, shown[some], rows_shown, PAGE.columns)


def _cells(total: Total, shown: Bools) -> tuple[Cells, Bools, I64]:
    """The cells of a crossed table with rows numbered from 0, which of the rows' sums are told, and where the cells lie in the table."""
    some = np.flatnonzero((total["row"] != ALL) & (total["column"] != ALL))
    rows, place = np.unique(total["row"][some], return_inverse=True)
    rows_shown = np.isin(rows, total["row"][(total["column"] == ALL) & shown])
    cells = Cells(place, total["column"][some], total["people"][some], tuple(total[name][some] for name in _MEASURES))
    return cells, rows_shown, some


def parts_told(totals: dict[Table, Total], least: int) -> frozenset[str]:
    """The parts of a day whose sums may be told: `all`, `page`, `missing`, `order` … Nothing else of the day may be, without `all`."""
    sums = {"all": _sum(totals.get(STATUS), ALL), "page": _sum(totals.get(PAGE), ALL), "missing": _sum(totals.get(MISSED), 0)}
    if sums["all"][0] < least:
        return frozenset()
    steps = {step: _sum(totals.get(REFERRER), number) for number, step in enumerate(STEPS) if number}
    found = {name: value for name, value in {"page": sums["page"], **steps}.items() if value[0]}
    groups = {"found": _joined(found.values()), "missing": sums["missing"], "else": _elsewhere(totals.get(STATUS))}
    outer = _shown({name: value for name, value in groups.items() if value[0]}, least)
    inner = _shown(found, least)
    if "found" not in outer:
        inner -= {"page"}  # else the sum of what was found could be put together again
    return frozenset({"all"} | inner | (outer - {"found"}) | ({"found"} if "found" in outer else frozenset()))


def _shown(sums: dict[str, Sum], least: int) -> set[str]:
    names = list(sums)
    columns = [np.array(column, dtype=np.int64) for column in zip(*sums.values(), strict=True)]
    return {name for name, may in zip(names, one_way(columns[0], columns[1:], least), strict=True) if may} if names else set()


def _sum(total: Total | None, column: int) -> Sum:
    """People, hits, bytes and time of a sum; zeros if there is none."""
    at = np.flatnonzero((total["row"] == ALL) & (total["column"] == column)).tolist() if total is not None else []
    return _at(total, at[0]) if total is not None and at else (0, 0, 0, 0)


def _at(total: Total, place: int) -> Sum:
    return int(total["people"][place]), int(total["hits"][place]), int(total["size"][place]), int(total["micros"][place])


def _joined(sums: Iterable[Sum]) -> Sum:
    """Several sums together: surely as many people as the largest, and as many hits as all."""
    every = list(sums) or [(0, 0, 0, 0)]
    people, hits, size, micros = zip(*every, strict=True)
    return max(people), sum(hits), sum(size), sum(micros)


def _elsewhere(status: Total | None) -> Sum:
    if status is None:
        return (0, 0, 0, 0)
    rows = np.flatnonzero((status["row"] != ALL) & (status["column"] == ALL) & (outcome(status["row"]) == ELSE))
    return _joined([_at(status, row) for row in rows.tolist()])


def _single(table: Table, column: int, total: Total, least: int, told: frozenset[str]) -> Bools:
    """Of a table of one dimension."""
    part = table.name if table is MISSED else STEPS[column] if column else "all"
    shown: Bools = (total["row"] == ALL) & (part in told)
    cells = np.flatnonzero(total["row"] != ALL)
    shown[cells] = one_way(total["people"][cells], [total[name][cells] for name in _MEASURES], least, sum_told=part in told)
    return shown


def _crossed(table: Table, total: Total, least: int, told: frozenset[str], between: tuple[Bools, ...] | None) -> Bools:
    """Of a table of two dimensions. `between`: of statuses, between which hours the pages could shift."""
    row, column, people = total["row"], total["column"], total["people"]
    shown: Bools = (row == ALL) & (column == ALL) & (("page" if table is PAGE else "all") in told)
    columns_shown = _columns(table, total, shown, least)
    groups = outcome(row) if table is STATUS else np.zeros(len(row), dtype=np.int64)
    for group in np.unique(groups[row != ALL]).tolist():
        if table is not STATUS or OUTCOMES[group] in told:
            sums = np.flatnonzero((row != ALL) & (groups == group) & (column == ALL))
            known = table is not PAGE or "page" in told
            shown[sums] = one_way(people[sums], [total[name][sums] for name in _MEASURES], least, sum_told=known)
    cells, rows_shown, some = _cells(total, shown)
    link = None
    if between is not None:
        found = np.zeros(len(rows_shown), dtype=np.bool_)
        found[cells.row[groups[some] == 0]] = True
        link = Link(found, between)
    shown[some] = two_way(cells, rows_shown, columns_shown, least, columns_told=table.shows_columns, link=link)
    return shown


def _columns(table: Table, total: Total, shown: Bools, least: int) -> Bools:
    """Which columns' sums may be told; of a table that tells none, all columns may have cells."""
    told = np.ones(table.columns, dtype=np.bool_)
    if table.shows_columns:
        sums = np.flatnonzero((total["row"] == ALL) & (total["column"] != ALL))
        shown[sums] = one_way(total["people"][sums], [total[name][sums] for name in _MEASURES], least)
        told[:] = False
        told[total["column"][sums[shown[sums]]]] = True
    return told


def outcome(status: I64) -> I64:
    """What came of requests: found, missing, or anything else. Pages tell the same by hour, so statuses are settled each for itself."""
    return np.where(status < 400, 0, np.where(np.isin(status, MISSING), 1, ELSE))


def _forget_names(tx: Connection) -> None:
    """Forget the names that nothing is told or counted under."""
    for number, kind in enumerate(KINDS, 1):
        tables = [table.number for table in TABLES if table.names == kind]
        used = set(tx.execute(select(TOTAL.c.row).where(TOTAL.c.kind.in_(tables)).distinct()).scalars())
        unused = [each for each in tx.execute(select(NAME.c.id).where(NAME.c.kind == number)).scalars() if each not in used]
        if unused:
            tx.execute(delete(NAME).where(among(tx, NAME.c.id, unused)))
