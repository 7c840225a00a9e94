"""Noise on top: every count of a report moved at random by OpenDP's mechanism, so that one request more or less hardly shows in it.

The budget (epsilon) is of one report and one request: a request counts in at most one row of each table, so over the whole report it moves
the counts by at most `reach` in all, and each count gets discrete Laplace noise of scale reach / epsilon. Which rows are told is still
decided by the number of people alone. Whoever makes many requests is protected by so much less, and who asks twice spends twice: what was
spent stands in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from math import isclose
from typing import Any

from sqlalchemy import Connection

from upheld.errors import Invalid
from upheld.ledger.actions import append
from upheld.ledger.kinds import HASH, NUMBER, declare
from upheld.record import Actor
from upheld.traffic.queries import EPOCH, Line
from upheld.traffic.reports import Noise, Report, Row, Section, Step, Steps, rate

SPENT = declare(
    "traffic.noise.spent",
    "a report of visits was given out with noise",
    first=NUMBER,
    last=NUMBER,
    thousandths=NUMBER,
    counts=NUMBER,
    policy=HASH,
)
LEAST, MOST = 0.001, 100.0
Counts = Callable[[int], int]


def spend(tx: Connection, report: Report, epsilon: float, *, policy: str, at: datetime, actor: Actor) -> Report:
    """The report with noise, its bytes and times left out; what it cost is in the ledger. `Invalid` without OpenDP or for no budget."""
    if not LEAST <= epsilon <= MOST:
        raise Invalid(f"a budget lies between {LEAST} and {MOST:.0f}: the smaller, the more noise")
    bare = _bare(report)
    counts: list[int] = []
    _counted(bare, lambda count: counts.append(count) or count)  # type: ignore[func-returns-value]
    reach = 2 * (2 + len(bare.sections)) + (4 if any(row.steps for section in bare.sections for row in section.rows) else 0)
    moved = iter(_moved(counts, reach, epsilon))
    made = _counted(bare, lambda _: max(0, next(moved)))
    said = {"first": (report.period.first - EPOCH).days, "last": (report.period.last - EPOCH).days}
    append(tx, SPENT, said | {"thousandths": round(epsilon * 1000), "counts": len(counts), "policy": policy}, at, actor)
    return replace(made, noise=Noise(epsilon, reach / epsilon))


def _moved(counts: list[int], reach: int, epsilon: float) -> list[int]:
    """Counts moved together by OpenDP, which also says what that costs."""
    try:
        import opendp.prelude as dp
    except ImportError as error:
        raise Invalid("noise needs `pip install upheld[noise]`") from error
    dp.enable_features("contrib")
    mechanism: Any = dp.m.make_laplace(dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int), scale=reach / epsilon)
    assert isclose(mechanism.map(reach), epsilon), "the budget, and no more"
    return [int(count) for count in mechanism(counts)] if counts else []


def _bare(report: Report) -> Report:
    """Without what no noise is meant for: bytes, times, and lines of the logs."""
    sections = tuple(replace(section, timed=False) for section in report.sections if section.name != "slow")
    return replace(report, sections=sections, account={})


def _counted(report: Report, move: Counts) -> Report:
    """Every count of a report through `move`, always in the same order."""
    return replace(
        report,
        total=_line(report.total, move),
        total_before=_line(report.total_before, move),
        by_day={day: _line(line, move) for day, line in report.by_day.items()},
        sections=tuple(_section(section, move) for section in report.sections),
    )


def _section(section: Section, move: Counts) -> Section:
    return replace(section, rows=tuple(_row(row, move) for row in section.rows))


def _row(row: Row, move: Counts) -> Row:
    line, before = _line(row.line, move), _line(row.before, move) if row.before else None
    return Row(line, before, _steps(row.steps, row.line, line, move), _steps(row.steps_before, row.before, before, move))


def _line(line: Line, move: Counts) -> Line:
    return Line(line.name, move(line.hits), move(line.visitors), 0, 0, 0, line.days) if line.days else line


def _steps(steps: Steps, was: Line | None, line: Line | None, move: Counts) -> Steps:
    made: Steps = {}
    for step, (count, share, days) in steps.items():
        some = move(round(share.rate * was.visitors)) if share and was else 0
        made[step] = Step(move(count), rate(some, line.visitors) if share and line else None, days)
    return made
