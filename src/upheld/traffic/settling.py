"""When a day is over: what may be told of it is settled, and everything else is forgotten. What is told never grows.

The policy's `keep web` is the upper bound: until then more lines of the day may come in, and nothing of it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, delete, func, select, update

from upheld.errors import Refused
from upheld.gate.cells import Cells, Link, Rest, one_way, shifts, two_way
from upheld.gate.measuring import Permit, permit
from upheld.ledger.actions import append
from upheld.ledger.kinds import HASH, NUMBER, declare
from upheld.policy.behaviour import hours, retention
from upheld.policy.compiled import Policy
from upheld.postings import queries as postings
from upheld.record import Actor, Record
from upheld.record.sets import put
from upheld.traffic import parts, sums
from upheld.traffic.models import NAME, TOTAL, UNIT
from upheld.traffic.parts import Part
from upheld.traffic.reader import STEPS
from upheld.traffic.tables import ALL, ITEMS, KINDS, MISSED, MISSING, PAGE, REFERRER, STATUS, TABLES, Table

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


def over_before(at: datetime) -> int:
    """The first day (since 1970) whose visitors must still be told apart: the key of a day goes when it is over, an hour for latecomers."""
    return ((at - timedelta(hours=1)).date() - EPOCH).days


def settle_due(tx: Connection, policy: Policy, allowed: Permit, *, at: datetime, actor: Actor) -> list[Settled]:
    """Settle every day that is due, and anew every day that was settled for fewer people than the policy now says."""
    over = and_(UNIT.c.settled_at.is_(None), UNIT.c.day < due_before(policy, at))
    due = [
        tuple(row) for row in tx.execute(select(UNIT.c.id, UNIT.c.day).where(over | (UNIT.c.least < allowed.people)).order_by(UNIT.c.day))
    ]
    return settle(tx, due, allowed, at=at, actor=actor)


def look_after(record: Record, at: datetime, actor: Actor) -> list[Settled]:
    """Settle what is due, whoever counted it and whether or not more logs come: so the policy's `keep web` binds by itself.

    Where the policy in force lets nothing be measured any more, days that are over are forgotten whole.
    """
    with record.reading() as conn:
        if conn.execute(select(UNIT.c.id).limit(1)).first() is None:
            return []
        policy = postings.in_force(conn, at).policy
        try:
            allowed = permit(conn, ITEMS, at)
        except Refused:
            allowed = None
        over = and_(UNIT.c.settled_at.is_(None), UNIT.c.day < due_before(policy, at))
        due = over if allowed is None else over | (UNIT.c.least < allowed.people)
        if conn.execute(select(UNIT.c.id).where(due).limit(1)).first() is None and not sums.missing(conn):
            return []
    with record.transaction() as tx:
        if allowed is not None:
            return settle_due(tx, policy, allowed, at=at, actor=actor)
        return [_forget(tx, row.id, row.day, at, actor) for row in tx.execute(select(UNIT.c.id, UNIT.c.day).where(over)).all()]


def _forget(tx: Connection, unit: int, day: int, at: datetime, actor: Actor) -> Settled:
    withheld = sum(len(held) for table in TABLES if (held := parts.held(tx, unit, table)) is not None)
    parts.forget(tx, unit)
    tx.execute(update(UNIT).where(UNIT.c.id == unit).values(settled_at=at, withheld=withheld))
    append(
        tx, SETTLED, {"day": day, "least": 0, "told": 0, "withheld": withheld, "policy": postings.in_force(tx, at).policy.hash}, at, actor
    )
    return Settled(EPOCH + day * _DAY, 0, withheld)


def settle(tx: Connection, units: list[tuple[int, int]], allowed: Permit, *, at: datetime, actor: Actor) -> list[Settled]:
    """Settle days: keep what may be told, forget the rest; names get a number when something is told under them."""
    names = Named(tx)
    done = [_settle(tx, unit, day, allowed, names, at, actor) for unit, day in units]
    names.forget_unused()
    _sum_up(tx, [unit for unit, _ in units])
    return done


def _sum_up(tx: Connection, units: list[int]) -> None:
    for source, days in sums.missing(tx, units).items():
        sums.make(tx, source, days)


def _settle(tx: Connection, unit: int, day: int, allowed: Permit, names: Named, at: datetime, actor: Actor) -> Settled:
    found = {table: held for table in TABLES if (held := parts.held(tx, unit, table)) is not None}
    shown = showable({table: part.columns for table, part in found.items()}, allowed.people)
    if parts.forget(tx, unit):
        names.lost = True
    told = 0
    for table, part in found.items():
        kept = np.flatnonzero(shown[table])
        told += len(kept)
        _tell(tx, unit, table, part, kept, names)
    withheld = sum(map(len, found.values())) - told
    before = func.coalesce(UNIT.c.withheld, 0)
    tx.execute(update(UNIT).where(UNIT.c.id == unit).values(least=allowed.people, settled_at=at, withheld=before + withheld))
    body = {"day": day, "least": allowed.people, "told": told, "withheld": withheld, "policy": allowed.policy_hash}
    append(tx, SETTLED, body, at, actor)
    return Settled(EPOCH + day * _DAY, told, withheld)


def _tell(tx: Connection, unit: int, table: Table, part: Part, kept: I64, names: Named) -> None:
    columns = {name: values[kept] for name, values in part.columns.items()}
    row = columns["row"]
    if part.names is not None and table.names is not None:
        codes = np.unique(row[row != ALL])
        numbers = names.of(table.names, [part.names[code] for code in codes.tolist()])
        columns["row"] = np.where(row == ALL, ALL, np.append(numbers, ALL)[np.searchsorted(codes, row)])
    whole = (row == ALL) & (columns["column"] == ALL)
    same = {"unit": [unit] * len(kept), "kind": [table.number] * len(kept)}
    sketches = [part.sketch if each else None for each in whole.tolist()]
    put(tx, TOTAL, same | {name: values.tolist() for name, values in columns.items()} | {"sketch": sketches})


class Named:
    """The numbers of names in the record; new ones get theirs."""

    def __init__(self, tx: Connection) -> None:
        self._tx, self._last, self.lost = tx, 0, False
        self._kinds: dict[str, dict[str, int]] = {}

    def of(self, kind: str, names: Sequence[str]) -> I64:
        """The numbers of names of one kind."""
        if not self._last:
            self._last = int(self._tx.execute(select(func.coalesce(func.max(NAME.c.id), 0))).scalar_one())
        number = KINDS.index(kind) + 1
        if kind not in self._kinds:
            rows = self._tx.execute(select(NAME.c.name, NAME.c.id).where(NAME.c.kind == number)).all()
            self._kinds[kind] = {row.name: row.id for row in rows}
        known = self._kinds[kind]
        new = [name for name in names if name not in known]
        for name in new:
            self._last += 1
            known[name] = self._last
        put(self._tx, NAME, {"id": [known[name] for name in new], "kind": [number] * len(new), "name": new})
        return np.array([known[name] for name in names], dtype=np.int64)

    def forget_unused(self) -> None:
        """Forget the names that nothing is told under any more, if something that was told was `lost`."""
        for number, kind in enumerate(KINDS if self.lost else (), 1):
            tables = [table.number for table in TABLES if table.names == kind]
            used = select(TOTAL.c.row).where(TOTAL.c.kind.in_(tables), TOTAL.c.row == NAME.c.id)
            self._tx.execute(delete(NAME).where(NAME.c.kind == number, ~used.exists()))


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
    rest = sums["all"][1] > sum(value[1] for value in groups.values())  # of a day settled anew: parts that were withheld before
    outer = _shown({name: value for name, value in groups.items() if value[0]}, least, rest=rest)
    inner = _shown(found, least, rest=rest)
    if "found" not in outer:
        inner -= {"page"}  # else the sum of what was found could be put together again
    return frozenset({"all"} | inner | (outer - {"found"}) | ({"found"} if "found" in outer else frozenset()))


def _shown(sums: dict[str, Sum], least: int, *, rest: bool) -> set[str]:
    names = list(sums)
    columns = [np.array(column, dtype=np.int64) for column in zip(*sums.values(), strict=True)]
    return {name for name, may in zip(names, one_way(columns[0], columns[1:], least, rest=rest), strict=True) if may} if names else set()


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
    rest = _hits(total, (total["row"] == ALL)) > _hits(total, cells)
    shown[cells] = one_way(total["people"][cells], [total[name][cells] for name in _MEASURES], least, sum_told=part in told, rest=rest)
    return shown


def _hits(total: Total, which: Bools | I64) -> int:
    return int(total["hits"][which].sum())


def _crossed(table: Table, total: Total, least: int, told: frozenset[str], between: tuple[Bools, ...] | None) -> Bools:
    """Of a table of two dimensions. `between`: of statuses, between which hours the pages could shift."""
    row, column, people = total["row"], total["column"], total["people"]
    shown: Bools = (row == ALL) & (column == ALL) & (("page" if table is PAGE else "all") in told)
    columns_shown = _columns(table, total, shown, least)
    groups = outcome(row) if table is STATUS else np.zeros(len(row), dtype=np.int64)
    rest = _hits(total, (row == ALL) & (column == ALL)) > _hits(total, (row != ALL) & (column == ALL))
    for group in np.unique(groups[row != ALL]).tolist():
        if table is not STATUS or OUTCOMES[group] in told:
            sums = np.flatnonzero((row != ALL) & (groups == group) & (column == ALL))
            known = table is not PAGE or "page" in told
            shown[sums] = one_way(people[sums], [total[name][sums] for name in _MEASURES], least, sum_told=known, rest=rest)
    cells, rows_shown, some = _cells(total, shown)
    link = None
    if between is not None:
        found = np.zeros(len(rows_shown), dtype=np.bool_)
        found[cells.row[groups[some] == 0]] = True
        link = Link(found, between)
    beyond = _rest(table, total)
    shown[some] = two_way(cells, rows_shown, columns_shown, least, columns_told=table.shows_columns, rest=beyond, link=link)
    return shown


def _rest(table: Table, total: Total) -> Rest:
    """Which rows, numbered as in `_cells`, and which columns have sums that hold more hits than their cells."""
    row, column, hits = total["row"], total["column"], total["hits"]
    cell = (row != ALL) & (column != ALL)
    numbers, place = np.unique(row[cell], return_inverse=True)
    of_rows = (row != ALL) & (column == ALL) & np.isin(row, numbers)
    by_row = np.zeros(len(numbers), dtype=np.int64)
    by_row[np.searchsorted(numbers, row[of_rows])] = hits[of_rows]
    by_column = np.zeros(table.columns, dtype=np.int64)
    of_columns = (row == ALL) & (column != ALL)
    by_column[column[of_columns]] = hits[of_columns]
    in_rows, in_columns = np.zeros_like(by_row), np.zeros_like(by_column)
    np.add.at(in_rows, place, hits[cell])
    np.add.at(in_columns, column[cell], hits[cell])
    return Rest(by_row > in_rows, by_column > in_columns)


def _columns(table: Table, total: Total, shown: Bools, least: int) -> Bools:
    """Which columns' sums may be told; of a table that tells none, all columns may have cells."""
    told = np.ones(table.columns, dtype=np.bool_)
    if table.shows_columns:
        sums = np.flatnonzero((total["row"] == ALL) & (total["column"] != ALL))
        rest = _hits(total, (total["row"] == ALL) & (total["column"] == ALL)) > _hits(total, sums)
        shown[sums] = one_way(total["people"][sums], [total[name][sums] for name in _MEASURES], least, rest=rest)
        told[:] = False
        told[total["column"][sums[shown[sums]]]] = True
    return told


def outcome(status: I64) -> I64:
    """What came of requests: found, missing, or anything else. Pages tell the same by hour, so statuses are settled each for itself."""
    return np.where(status < 400, 0, np.where(np.isin(status, MISSING), 1, ELSE))
