"""What is going on, as charts over the record: requests by state and age, opt-outs, refusals by clause, releases; about nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from sqlalchemy import Connection

from upheld.choices.queries import people_out_by_week
from upheld.gate.counting import by_clause, by_week
from upheld.record.weeks import monday, week
from upheld.requests.counting import by_state_and_age
from upheld.requests.states import OPEN
from upheld.web.charts import Chart, Series

WEEKS: Final = 12
MOST: Final = 8  # clauses
STATES: Final = {
    "draft": gettext_lazy("to confirm"),
    "needs more": gettext_lazy("needs more"),
    "working": gettext_lazy("working"),
    "to review": gettext_lazy("to review"),
    "failed": gettext_lazy("failed"),
}


def charts(conn: Connection, now: datetime) -> list[Chart]:
    """All charts of the first page, as of a time."""
    last = week(now)
    weeks = [monday(number) for number in range(last - WEEKS + 1, last + 1)]
    return [_requests(conn, now), _out(conn, weeks, now), _clauses(conn, weeks, now), _releases(conn, weeks, now)]


def _requests(conn: Connection, now: datetime) -> Chart:
    counts = by_state_and_age(conn, OPEN, now)
    ages = (_("under 7 days"), _("7 to 14 days"), _("15 to 29 days"), _("30 days and more"))
    series = tuple(Series(age, tuple(counts[state][at] for state in OPEN)) for at, age in enumerate(ages))
    note = _("Requests that are not complete, by how long ago they came.")
    return Chart("requests", _("Open requests"), _("State"), tuple(str(STATES[state]) for state in OPEN), series, note)


def _out(conn: Connection, weeks: list[datetime], now: datetime) -> Chart:
    counts = people_out_by_week(conn, weeks[0], now + timedelta(seconds=1))
    series = (Series(_("People"), tuple(counts.get(each, 0) for each in weeks)),)
    note = _("How many people opted out of something, by the week in which they said so.")
    return Chart("opt-outs", _("Opt-outs a week"), _("Week of"), _named(weeks), series, note, across=True)


def _clauses(conn: Connection, weeks: list[datetime], now: datetime) -> Chart:
    counts = by_clause(conn, weeks[0], now + timedelta(seconds=1))
    most = sorted((name for name, each in counts.items() if each.refused), key=lambda name: -counts[name].refused)[:MOST]
    series = (Series(_("Rows held back"), tuple(counts[name].refused for name in most)),)
    note = _("Rows of lists that a clause kept back in releases of the last twelve weeks, the most frequent first.")
    return Chart("refusals", _("Refusals by clause"), _("Clause"), tuple(most), series, note)


def _releases(conn: Connection, weeks: list[datetime], now: datetime) -> Chart:
    counts = by_week(conn, weeks[0], now + timedelta(seconds=1))
    rows = tuple(counts[each].rows if each in counts else 0 for each in weeks)
    note = _("Rows of lists that left, by week. Which lists, stands under Releases.")
    return Chart("releases", _("Rows released a week"), _("Week of"), _named(weeks), (Series(_("Rows"), rows),), note, across=True)


def _named(weeks: list[datetime]) -> tuple[str, ...]:
    return tuple(date_format(each, "MONTH_DAY_FORMAT") for each in weeks)
