"""Reports: how the sites and the marketing programme perform, made of what may be told alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from upheld.errors import NotFound
from upheld.gate.measuring import Permit
from upheld.traffic import queries
from upheld.traffic.hits import DEVICES
from upheld.traffic.queries import Days, Line, Period
from upheld.traffic.reader import STEPS
from upheld.traffic.sums import Sums
from upheld.traffic.tables import ALL, CAMPAIGN, COUNTRY, MISSED, PAGE, REFERRER, STATUS, Table

I64 = NDArray[np.int64]

MOST = 20
CONFIDENCE = 1.959964
"""Standard errors to each side that hold 95 %."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of the visitors went a step, with the bounds between which the true rate lies (Wilson, 95 %). None if it cannot be said."""

    rate: float
    low: float
    high: float


class Step(NamedTuple):
    """How many went a step on the `days` on which that is told, and their rate: None unless both it and its visitors are told on all."""

    went: int
    rate: Rate | None
    days: int


Steps = dict[str, Step]
"""What is told of each step."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a section with the one of the period before, None where that may not be told."""

    line: Line
    before: Line | None
    steps: Steps
    steps_before: Steps


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a report. Besides its rows there may be others, of fewer people each: whether there are is not told either."""

    name: str
    title: str
    of: str
    rows: tuple[Row, ...]
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Noise:
    """The budget that a report spent of one request, and the scale of the noise in each count."""

    epsilon: float
    scale: float


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
    noise: Noise | None = None

    def changed(self, line: Line, before: Line | None) -> tuple[float, float, float] | None:
        """By which factor visitors changed, with its 95 % bounds. None where one of both is told on a part of its period's days only.

        A line of some days beside one of all would change by what is withheld, and days on which both are told are not any days.
        """
        if before is None or line.days < self.total.days or before.days < self.total_before.days:
            return None
        return change(line.visitors, before.visitors)


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
        asked.total(period),
        asked.total(before),
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
    _held: dict[tuple[int, Period], Sums] = field(default_factory=dict)

    def section(self, name: str, title: str, of: str, table: Table, *, column: int = ALL, timed: bool = False) -> Section:
        """The rows of a table, the most hits first."""
        found = self._rows(table, column)
        order = np.argsort(-found.hits, kind="stable")
        some = order[found.hits[order] >= found.hits[order[self.most - 1]]] if len(order) > self.most else order  # those of equal hits too
        rows = self._named(table, column, found, some)
        rows.sort(key=lambda row: (-row.line.hits, row.line.name))
        return Section(name, title, of, tuple(rows[: self.most]), timed=timed and any(row.line.timed for row in rows[: self.most]))

    def columns(self, name: str, title: str, of: str, table: Table) -> Section:
        """The columns of a table."""
        label = _LABELS[of]
        now, then = (
            each.of((each.row == ALL) & (each.column != ALL)) for each in (self._sums(table, self.period), self._sums(table, self.before))
        )
        earlier = {int(column): at for at, column in enumerate(then.column)}
        rows = []
        for at, column in enumerate(now.column.tolist()):
            said = label(str(column))
            rows.append(Row(queries.line(now, at, said), queries.line(then, earlier[column], said) if column in earlier else None, {}, {}))
        return Section(name, title, of, tuple(rows))

    def slow(self) -> Section | None:
        """The slowest pages, where the log tells times."""
        found = self._rows(PAGE, ALL)
        found = found.of(found.timed > 0)
        if not len(found.row):
            return None
        slowest = np.argsort(-found.micros / found.timed, kind="stable")[: self.most]
        return Section("slow", "Slowest pages", "page", tuple(self._named(PAGE, ALL, found, slowest)), timed=True)

    def total(self, period: Period) -> Line:
        """The sum of everything."""
        found = self._sums(STATUS, period)
        at = np.flatnonzero((found.row == ALL) & (found.column == ALL)).tolist()
        return queries.line(found, at[0], "all") if at else Line("all", 0, 0, 0, 0, 0, 0)

    def _sums(self, table: Table, period: Period) -> Sums:
        if (table.number, period) not in self._held:
            self._held[table.number, period] = queries.summed(self.conn, self.permit, table, period)
        return self._held[table.number, period]

    def _rows(self, table: Table, column: int) -> Sums:
        found = self._sums(table, self.period)
        found = found.of((found.row != ALL) & (found.column == column))
        if self.match:
            found = found.of(np.isin(found.row, queries.rows_that_hold(self.conn, table, self.match, found.row.tolist())))
        return found

    def _named(self, table: Table, column: int, found: Sums, some: I64) -> list[Row]:
        """Some of the rows, with the period before and the steps that they led to."""
        numbers = found.row[some].tolist()
        named = queries.names_of(self.conn, table, numbers)
        now = {number: queries.line(found, at, named[number]) for number, at in zip(numbers, some.tolist(), strict=True)}
        then = self._lines(table, self.before, column, named)
        steps, steps_before = ({}, {}) if table not in {REFERRER, CAMPAIGN} else (
            self._steps(table, self.period, named, now), self._steps(table, self.before, named, then))  # fmt: skip
        return [Row(now[at], then.get(at), steps.get(at, {}), steps_before.get(at, {})) for at in numbers]

    def _lines(self, table: Table, period: Period, column: int, named: dict[int, str]) -> dict[int, Line]:
        found = self._sums(table, period)
        some = np.flatnonzero((found.column == column) & np.isin(found.row, list(named)))
        return {int(found.row[at]): queries.line(found, at, named[int(found.row[at])]) for at in some.tolist()}

    def _steps(self, table: Table, period: Period, named: dict[int, str], of: dict[int, Line]) -> dict[int, Steps]:
        """Conversions by row and step, and their rate among the visitors."""
        made: dict[int, Steps] = {}
        days = self.total(period).days
        for number, step in enumerate(STEPS):
            for row, line in (self._lines(table, period, number, named) if number else {}).items():
                whole = row in of and line.days == of[row].days == days
                made.setdefault(row, {})[step] = Step(line.hits, rate(line.visitors, of[row].visitors) if whole else None, line.days)
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
