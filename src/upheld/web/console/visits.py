"""*Visits*: how the sites and the marketing programme perform, as totals of enough people; what may not be told is shown as withheld."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from upheld.errors import NotFound
from upheld.gate.measuring import permit
from upheld.traffic import queries, telling
from upheld.traffic.queries import Line, Period
from upheld.traffic.reports import Rate, Report, Row, Section, report
from upheld.traffic.tables import ITEMS, TRACKING
from upheld.web.charts import Chart, Series
from upheld.web.console.staff import staff
from upheld.web.surroundings import surroundings

OWN: Final = "web"
DAYS: Final = 28
MOST: Final = 20  # rows of a table
DRAWN: Final = 8  # bars of a chart
COPIES: Final = {"csv": "text/csv; charset=utf-8", "html": "text/html; charset=utf-8"}
TITLES: Final = {
    "pages": gettext_lazy("Pages"),
    "slow": gettext_lazy("Slowest pages"),
    "missing": gettext_lazy("Missing pages (404, 410)"),
    "statuses": gettext_lazy("Status codes"),
    "hours": gettext_lazy("Hours of the day"),
    "countries": gettext_lazy("Countries"),
    "devices": gettext_lazy("Devices"),
    "referrers": gettext_lazy("Where visitors came from"),
    "campaigns": gettext_lazy("Campaigns"),
}
OF: Final = {
    "page": gettext_lazy("Page"),
    "status": gettext_lazy("Status"),
    "hour": gettext_lazy("Hour"),
    "country": gettext_lazy("Country"),
    "device": gettext_lazy("Device"),
    "referrer": gettext_lazy("Referrer"),
    "campaign": gettext_lazy("Campaign"),
}


class Narrow(forms.Form):
    """Which days, and which names."""

    def __init__(self, *args: Any, sources: Sequence[str] = (), **more: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **more)
        if len(sources) > 1:
            self.fields["source"].choices = [(each, _("our own logs") if each == OWN else each) for each in sources]
        else:
            del self.fields["source"]

    source = forms.ChoiceField(label=gettext_lazy("Counted by"), choices=[], required=False)
    begin = forms.DateField(label=gettext_lazy("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    end = forms.DateField(label=gettext_lazy("To"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    match = forms.CharField(label=gettext_lazy("Only names that hold"), required=False, max_length=100)

    def clean(self) -> None:
        """The first day comes first."""
        given = super().clean() or self.cleaned_data
        if given.get("begin") and given.get("end") and given["end"] < given["begin"]:
            self.add_error("end", _("The last day is before the first."))


@dataclass(frozen=True, slots=True)
class Shown:
    """One table of the report in words. `rows`: the name, and for each column its words, None where it may not be told."""

    name: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str | None, ...]], ...]
    chart: Chart | None


@require_safe
@staff("measurement")
def page(request: HttpRequest) -> HttpResponse:
    """The report; with `as`, a copy to take away."""
    with surroundings().record.reading() as conn:
        sources = queries.sources(conn)
    form = Narrow(request.GET or None, sources=sources)
    valid = not form.is_bound or form.is_valid()
    given = form.cleaned_data if form.is_bound and valid else {}
    try:
        made = _made(request, given)
    except NotFound:
        return render(request, "console/visits.html", {"form": form, "nothing": True})
    copy = request.GET.get("as", "")
    if copy in COPIES and valid:
        written = telling.as_csv(made) if copy == "csv" else telling.as_html(made)
        answer = HttpResponse(written, content_type=COPIES[copy])
        answer["Content-Disposition"] = f'attachment; filename="visits-{made.period.first}-{made.period.last}.{copy}"'
        return answer
    said = {
        "form": form,
        "report": made,
        "days": _days(made),
        "moved": _changed(made, made.total, made.total_before),
        "tables": [_shown(made, section) for section in made.sections],
        "account": sorted(made.account.items(), key=lambda each: -each[1][0]),
        "query": request.GET.urlencode(),
    }
    return render(request, "console/visits.html", said, status=200 if valid else 400)


def _made(request: HttpRequest, given: Mapping[str, Any]) -> Report:
    around, source = surroundings(), given.get("source") or OWN
    begin, end, match = given.get("begin"), given.get("end"), given.get("match") or ""
    with around.record.reading() as conn:
        allowed = permit(conn, ITEMS if source == OWN else (*ITEMS, *TRACKING), around.now(), asked_by=request.member.role)
        period = None
        if begin or end or source != OWN:
            last = end or queries.last_day(conn, source) or around.now().date()
            period = Period(min(begin, last) if begin else last - timedelta(days=DAYS - 1), last, source)
        return report(conn, allowed, period, match=match, most=MOST)


def _days(made: Report) -> Chart | None:
    """The visits of each day; a day that may not be told of stands as none, and the words below say so."""
    if not made.by_day:
        return None
    rows = tuple(date_format(date.fromisoformat(day), "MONTH_DAY_FORMAT") for day in made.by_day)
    series = (Series(_("Visits"), tuple(line.visitors for line in made.by_day.values())),)
    return Chart("visits", _("Visits by day"), _("Day"), rows, series, "", across=True)


def _shown(made: Report, section: Section) -> Shown:
    steps = tuple(dict.fromkeys(step for row in section.rows for step in row.steps))
    head = (str(OF[section.of]), _("Hits"), _("Visitors"), _("Bytes"), *([_("Mean time")] if section.timed else []))
    head += (_("Visitors before"), _("Change (95 %)"))
    for step in steps:
        head += (step, _("Rate (95 %)"), _("Rate before"))
    drawn = section.rows[:DRAWN] if section.name in {"pages", "campaigns", "referrers", "countries", "devices"} else ()
    title = str(TITLES[section.name])
    chart = None
    if drawn:
        names = tuple(telling.plain(row.line.name) + _on_days(row.line.days, made.total.days) for row in drawn)
        counts = tuple(row.line.visitors for row in drawn)
        chart = Chart(f"chart-{section.name}", f"{title}: {_('Visitors').lower()}", head[0], names, (Series(_("Visitors"), counts),))
    rows = tuple((telling.plain(row.line.name), _cells(made, section, row, steps)) for row in section.rows)
    return Shown(section.name, title, head, rows, chart)


def _cells(made: Report, section: Section, row: Row, steps: tuple[str, ...]) -> tuple[str | None, ...]:
    line, before, told, told_before = row.line, row.before, made.total.days, made.total_before.days
    cells: list[str | None] = [f"{line.hits:,}", _partly(line.visitors, line.days, told), f"{line.size:,}"]
    if section.timed:
        cells.append(f"{line.micros / line.timed / 1000:,.1f} ms" if line.timed else "–")
    cells.append(_partly(before.visitors, before.days, told_before) if before else None if told_before else "–")
    cells.append(_changed(made, line, before))
    for step in steps:
        now, then = row.steps.get(step), row.steps_before.get(step)
        cells.append(_partly(now.went, now.days, told) if now else None)
        cells += [_rate(now.rate if now else None), _rate(then.rate if then else None)]
    return tuple(cells)


def _partly(count: int, days: int, of: int) -> str:
    """A sum, and on how many of the days it is told if not on all."""
    return f"{count:,}{_on_days(days, of)}"


def _on_days(days: int, of: int) -> str:
    return " " + _("on %(days)s of %(of)s days") % {"days": days, "of": of} if days < of else ""


def _changed(made: Report, line: Line, before: Line | None) -> str:
    moved = made.changed(line, before)
    return f"× {moved[0]:.2f} ({moved[1]:.2f} – {moved[2]:.2f})" if moved else "–"


def _rate(share: Rate | None) -> str:
    return f"{share.rate:.1%} ({share.low:.1%} – {share.high:.1%})" if share else "–"
