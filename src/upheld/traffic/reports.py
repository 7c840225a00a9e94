"""Reports: how the sites and the marketing programme perform, made of what may be told alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from sqlalchemy import Connection

from upheld.errors import NotFound
from upheld.gate.measuring import Permit
from upheld.traffic import queries
from upheld.traffic.hits import DEVICES
from upheld.traffic.queries import Days, Line, Period
from upheld.traffic.reader import STEPS
from upheld.traffic.tables import CAMPAIGN, COUNTRY, MISSED, PAGE, REFERRER, STATUS, Table

MOST = 20
CONFIDENCE = 1.959964
"""Standard errors to each side that hold 95 %."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of the visitors went a step, with the bounds between which the true rate lies (Wilson, 95 %). None if it cannot be said."""

    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a section with the one of the period before, None where that may not be told."""

    line: Line
    before: Line | None
    steps: dict[str, tuple[int, Rate | None]]
    steps_before: dict[str, tuple[int, Rate | None]]


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a report. Besides its rows there may be others, of fewer people each: whether there are is not told either."""

    name: str
    title: str
    of: str
    rows: tuple[Row, ...]
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A report over a period, beside the period before. `people`: each number is of at least so many. `account`: lines, never people."""

    period: Period
    before: Period
    people: int
    clauses: tuple[str, ...]
    version: str
    days: Days
    total: Line
    total_before: Line
    by_day: dict[str, Line]
    sections: tuple[Section, ...]
    account: dict[str, tuple[int, int]]


_LABELS: dict[str, Callable[[str], str]] = {"device": lambda name: DEVICES[int(name)], "hour": lambda name: f"{int(name):02d}:00 UTC"}


def report(conn: Connection, permit: Permit, period: Period | None = None, *, match: str = "", most: int = MOST) -> Report:
    """The report over a period; without one, over the last 28 days that are settled. `match`: only names that hold this text.

    `NotFound` if nothing is settled yet.
    """
    if period is None:
        last = queries.last_day(conn, "web")
        if last is None:
            raise NotFound("no day is settled yet: take in logs with `upheld traffic import`; a day is told of once it is over")
        period = Period(last, last).ending_with(28)
    before = period.before()
    asked = _Asked(conn, permit, period, before, match.lower(), most)
    sections = (
        asked.section("pages", "Pages", "page", PAGE, timed=True),
        asked.slow(),
        asked.section("missing", "Missing pages (404, 410)", "page", MISSED, column=0),
        asked.section("statuses", "Status codes", "status", STATUS),
        asked.columns("hours", "Hours of the day", "hour", STATUS),
        asked.section("countries", "Countries", "country", COUNTRY),
        asked.columns("devices", "Devices", "device", COUNTRY),
        asked.section("referrers", "Where visitors came from", "referrer", REFERRER, column=0),
        asked.section("campaigns", "Campaigns", "campaign", CAMPAIGN, column=0),
    )
    return Report(
        period,
        before,
        permit.people,
        permit.clauses,
        permit.version,
        queries.days(conn, permit, period, STATUS),
        queries.total(conn, permit, STATUS, period),
        queries.total(conn, permit, STATUS, before),
        {day.isoformat(): line for day, line in queries.by_day(conn, permit, STATUS, period).items()},
        tuple(section for section in sections if section is not None),
        queries.account(conn),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    conn: Connection
    permit: Permit
    period: Period
    before: Period
    match: str
    most: int

    def section(self, name: str, title: str, of: str, table: Table, *, column: int = -1, timed: bool = False) -> Section:
        """The rows of a table."""
        lines = self._lines(table, self.period, column)
        earlier = {line.name: line for line in self._lines(table, self.before, column)}
        steps = self._steps(table, self.period, lines) if table in {REFERRER, CAMPAIGN} else {}
        steps_before = self._steps(table, self.before, list(earlier.values())) if steps else {}
        rows = [Row(line, earlier.get(line.name), steps.get(line.name, {}), steps_before.get(line.name, {})) for line in lines[: self.most]]
        return Section(name, title, of, tuple(rows), timed=timed and any(row.line.timed for row in rows))

    def columns(self, name: str, title: str, of: str, table: Table) -> Section:
        """The columns of a table."""
        label = _LABELS[of]
        lines = queries.columns(self.conn, self.permit, table, self.period)
        earlier = queries.columns(self.conn, self.permit, table, self.before)
        rows = [
            Row(replace(line, name=label(str(at))), replace(earlier[at], name=label(str(at))) if at in earlier else None, {}, {})
            for at, line in lines.items()
        ]
        return Section(name, title, of, tuple(rows))

    def slow(self) -> Section | None:
        """The slowest pages, where the log tells times."""
        lines = [line for line in self._lines(PAGE, self.period, -1) if line.timed]
        if not lines:
            return None
        slowest = sorted(lines, key=lambda line: -line.micros / line.timed)[: self.most]
        earlier = {line.name: line for line in self._lines(PAGE, self.before, -1)}
        return Section("slow", "Slowest pages", "page", tuple(Row(line, earlier.get(line.name), {}, {}) for line in slowest), timed=True)

    def _lines(self, table: Table, period: Period, column: int) -> list[Line]:
        lines = queries.lines(self.conn, self.permit, table, period, column=column)
        return [line for line in lines if self.match in line.name.lower()]

    def _steps(self, table: Table, period: Period, lines: Sequence[Line]) -> dict[str, dict[str, tuple[int, Rate | None]]]:
        """Conversions by name and step, and their rate among the visitors."""
        visitors = {line.name: line.visitors for line in lines}
        made: dict[str, dict[str, tuple[int, Rate | None]]] = {}
        for number, step in enumerate(STEPS):
            if number:
                for line in queries.lines(self.conn, self.permit, table, period, column=number):
                    made.setdefault(line.name, {})[step] = (line.hits, rate(line.visitors, visitors.get(line.name, 0)))
        return made


def rate(some: int, of: int) -> Rate | None:
    """The rate of some among others with its 95 % bounds by Wilson; None if there are no others, or more than all."""
    if of <= 0 or some > of:
        return None
    share, square = some / of, CONFIDENCE**2 / of
    middle = (share + square / 2) / (1 + square)
    half = CONFIDENCE * sqrt(share * (1 - share) / of + square / (4 * of)) / (1 + square)
    return Rate(share, max(0.0, middle - half), min(1.0, middle + half))


def change(now: int, before: int) -> tuple[float, float, float] | None:
    """By which factor a count changed, with its 95 % bounds (both counts as of Poisson); None if there was nothing before or is nothing."""
    if now <= 0 or before <= 0:
        return None
    factor, spread = now / before, CONFIDENCE * sqrt(1 / now + 1 / before)
    return factor, factor * 2.718281828459045**-spread, factor * 2.718281828459045**spread
