"""Every read of totals. Each wants a `Permit` of the gate, and gives only what was settled for at least as many people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Connection, func, select

from upheld.gate.measuring import Permit
from upheld.record.sets import among
from upheld.traffic import sums
from upheld.traffic.models import ACCOUNT, NAME, TOTAL, UNIT
from upheld.traffic.sums import Sums
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
    """The days of a period: those that are told of, those whose total is of too few people, those not over or not settled yet.

    `twice`: those told of whose visitors were told apart by more than one key, so that some may count more than once: an import was
    killed, or logs of the day came by several commands.
    """

    told: tuple[date, ...]
    withheld: tuple[date, ...]
    open: tuple[date, ...]
    twice: tuple[date, ...] = ()


def days(conn: Connection, permit: Permit, period: Period, total: Table) -> Days:
    """What there is of a period."""
    rows = conn.execute(
        select(
            UNIT.c.day,
            UNIT.c.settled_at,
            UNIT.c.least,
            func.max(TOTAL.c.people).label("people"),
            func.sum(TOTAL.c.visitors).label("visitors"),
        )
        .outerjoin(TOTAL, (TOTAL.c.unit == UNIT.c.id) & (TOTAL.c.kind == total.number) & (TOTAL.c.row == ALL) & (TOTAL.c.column == ALL))
        .where(*_within(period))
        .group_by(UNIT.c.id, UNIT.c.day, UNIT.c.settled_at, UNIT.c.least)
    ).all()
    told = {row.day for row in rows if row.settled_at is not None and (row.people or 0) >= permit.people}
    still = {row.day for row in rows if row.settled_at is None} - told
    withheld = {row.day for row in rows} - told - still
    twice = {row.day for row in rows if row.day in told and (row.visitors or 0) > (row.people or 0)}
    twice |= {day for day, units in Counter(row.day for row in rows).items() if day in told and units > 1}
    return Days(*(tuple(EPOCH + timedelta(days=day) for day in sorted(some)) for some in (told, withheld, still, twice)))


def summed(conn: Connection, permit: Permit, table: Table, period: Period) -> Sums:
    """The sums of a table over a period. Empty if the policy does not let the table be told."""
    if not _permits(permit, table):
        return sums.over(conn, table, period.source, period.last, period.first - timedelta(days=1), permit.people)
    return sums.over(conn, table, period.source, period.first, period.last, permit.people)


def line(found: Sums, at: int, name: str) -> Line:
    """One of the sums, by its name."""
    return Line(name, *(int(getattr(found, each)[at]) for each in ("hits", "visitors", "size", "micros", "timed", "days")))


def names_of(conn: Connection, table: Table, rows: Sequence[int]) -> dict[int, str]:
    """What rows of a table are called."""
    if table.names is None:
        return {row: str(row) for row in rows}
    return dict(conn.execute(select(NAME.c.id, NAME.c.name).where(among(conn, NAME.c.id, rows))).all())


def rows_that_hold(conn: Connection, table: Table, match: str, rows: Sequence[int]) -> list[int]:
    """The rows of a table, among these, whose name holds a text, in whatever case."""
    return [row for row, name in names_of(conn, table, rows).items() if match.lower() in name.lower()]


def by_day(conn: Connection, permit: Permit, table: Table, period: Period) -> dict[date, Line]:
    """The sums of a whole table, day by day; days that may not be told are missing."""
    if not _permits(permit, table):
        return {}
    counted = (func.sum(TOTAL.c[each]) for each in ("hits", "visitors", "size", "micros", "timed"))
    settled = (UNIT.c.settled_at.is_not(None), UNIT.c.least >= permit.people)
    whole = (TOTAL.c.kind == table.number, TOTAL.c.row == ALL, TOTAL.c.column == ALL)
    query = select(UNIT.c.day, *counted, func.count(TOTAL.c.unit.distinct())).select_from(TOTAL).join(UNIT, UNIT.c.id == TOTAL.c.unit)
    rows = conn.execute(query.where(*_within(period), *settled, *whole).group_by(UNIT.c.day).order_by(UNIT.c.day)).all()
    return {EPOCH + timedelta(days=day): Line("all", *map(int, values)) for day, *values in map(tuple, rows)}


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
