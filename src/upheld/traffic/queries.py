"""Every read of totals. Each wants a `Permit` of the gate, and gives only what was settled for at least as many people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from upheld.gate.measuring import Permit
from upheld.traffic.models import ACCOUNT, NAME, TOTAL, UNIT
from upheld.traffic.tables import ALL, PEOPLE_ITEM, Table

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both counted, of our own logs (`web`) or of another tool's totals: both counted the same visits."""

    first: date
    last: date
    source: str = "web"

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def ending_with(self, days: int) -> Period:
        """So many days that end with the same."""
        return Period(self.last - timedelta(days=days - 1), self.last, self.source)

    def before(self) -> Period:
        """As many days before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.source)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report: sums over the days on which it may be told. `days`: how many those are."""

    name: str
    hits: int
    visitors: int
    size: int
    micros: int
    timed: int
    days: int


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a period: those that are told of, those whose total is of too few people, those not over or not settled yet."""

    told: tuple[date, ...]
    withheld: tuple[date, ...]
    open: tuple[date, ...]


def days(conn: Connection, permit: Permit, period: Period, total: Table) -> Days:
    """What there is of a period."""
    rows = conn.execute(
        select(UNIT.c.day, UNIT.c.settled_at, UNIT.c.least, func.max(TOTAL.c.people).label("people"))
        .outerjoin(TOTAL, (TOTAL.c.unit == UNIT.c.id) & (TOTAL.c.kind == total.number) & (TOTAL.c.row == ALL) & (TOTAL.c.column == ALL))
        .where(*_within(period))
        .group_by(UNIT.c.id, UNIT.c.day, UNIT.c.settled_at, UNIT.c.least)
    ).all()
    told = {row.day for row in rows if row.settled_at is not None and (row.people or 0) >= permit.people}
    still = {row.day for row in rows if row.settled_at is None} - told
    withheld = {row.day for row in rows} - told - still
    first, second, third = (tuple(EPOCH + timedelta(days=day) for day in sorted(some)) for some in (told, withheld, still))
    return Days(first, second, third)


def lines(conn: Connection, permit: Permit, table: Table, period: Period, *, column: int = ALL, most: int | None = None) -> list[Line]:
    """The rows of a table with one column (ALL: their sums), the most hits first. Empty if the policy does not let the table be told."""
    if not _permits(permit, table):
        return []
    name = NAME.c.name if table.names else TOTAL.c.row
    query = _sums(name).where(*_told(permit, table, period), TOTAL.c.row != ALL, TOTAL.c.column == column).group_by(name)
    if table.names:
        query = query.join(NAME, NAME.c.id == TOTAL.c.row)
    rows = conn.execute(query.order_by(func.sum(TOTAL.c.hits).desc(), name).limit(most)).all()
    return [_line(row) for row in rows]


def columns(conn: Connection, permit: Permit, table: Table, period: Period) -> dict[int, Line]:
    """The sums of each column of a table over all its rows."""
    if not _permits(permit, table):
        return {}
    query = _sums(TOTAL.c.column).where(*_told(permit, table, period), TOTAL.c.row == ALL, TOTAL.c.column != ALL)
    rows = conn.execute(query.group_by(TOTAL.c.column).order_by(TOTAL.c.column)).all()
    return {int(row.name): _line(row) for row in rows}


def total(conn: Connection, permit: Permit, table: Table, period: Period, *, column: int = ALL) -> Line:
    """The sum of a whole table."""
    found = Line("all", 0, 0, 0, 0, 0, 0)
    if _permits(permit, table):
        query = _sums(TOTAL.c.kind).where(*_told(permit, table, period), TOTAL.c.row == ALL, TOTAL.c.column == column)
        for row in conn.execute(query.group_by(TOTAL.c.kind)).all():
            found = _line(row)
    return found


def by_day(conn: Connection, permit: Permit, table: Table, period: Period) -> dict[date, Line]:
    """The sums of a whole table, day by day; days that may not be told are missing."""
    if not _permits(permit, table):
        return {}
    query = _sums(UNIT.c.day).where(*_told(permit, table, period), TOTAL.c.row == ALL, TOTAL.c.column == ALL)
    rows = conn.execute(query.group_by(UNIT.c.day).order_by(UNIT.c.day)).all()
    return {EPOCH + timedelta(days=row.name): _line(row) for row in rows}


def account(conn: Connection) -> dict[str, tuple[int, int]]:
    """Lines and bytes by what became of them, over all imports: these count lines, never people."""
    rows = conn.execute(select(ACCOUNT.c.fate, func.sum(ACCOUNT.c.lines), func.sum(ACCOUNT.c.bytes)).group_by(ACCOUNT.c.fate)).all()
    return {fate: (int(count), int(size)) for fate, count, size in rows}


def sources(conn: Connection) -> tuple[str, ...]:
    """Where settled totals came from: `web`, or a tool's name; our own logs first."""
    found = conn.execute(select(UNIT.c.source).where(UNIT.c.settled_at.is_not(None)).distinct()).scalars()
    return tuple(sorted(found, key=lambda source: (source != "web", source)))


def last_day(conn: Connection, source: str = "web") -> date | None:
    """The latest day of a source that is settled; None if none is."""
    day = conn.execute(select(func.max(UNIT.c.day)).where(UNIT.c.settled_at.is_not(None), UNIT.c.source == source)).scalar()
    return None if day is None else EPOCH + timedelta(days=int(day))


def _permits(permit: Permit, table: Table) -> bool:
    return {PEOPLE_ITEM, *table.items} <= permit.items


def _within(period: Period) -> list[ColumnElement[bool]]:
    return [UNIT.c.day >= (period.first - EPOCH).days, UNIT.c.day <= (period.last - EPOCH).days, UNIT.c.source == period.source]


def _told(permit: Permit, table: Table, period: Period) -> list[ColumnElement[bool]]:
    settled = (UNIT.c.settled_at.is_not(None), UNIT.c.least >= permit.people)
    return [*_within(period), *settled, TOTAL.c.kind == table.number]


def _sums(name: ColumnElement[Any]) -> Select[Any]:
    sums = (func.sum(TOTAL.c[each]) for each in ("hits", "visitors", "size", "micros", "timed"))
    made: Select[Any] = select(name.label("name"), *sums, func.count(TOTAL.c.unit.distinct()))
    return made.select_from(TOTAL).join(UNIT, UNIT.c.id == TOTAL.c.unit)


def _line(row: Row[Any]) -> Line:
    name, hits, visitors, size, micros, timed, count = tuple(row)
    return Line(str(name), int(hits), int(visitors), int(size), int(micros), int(timed), int(count))
