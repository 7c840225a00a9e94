"""The first page of the console: what is going on, and what there is to do first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from upheld.web.console import overview
from upheld.web.console.staff import staff
from upheld.web.surroundings import surroundings


@require_safe
@staff()
def page(request: HttpRequest) -> HttpResponse:
    """Where staff begin."""
    around = surroundings()
    with around.reading() as (conn, _posted):
        charts = overview.charts(conn, around.now())
    return render(request, "console/start.html", {"charts": charts, "nothing": all(chart.is_empty for chart in charts)})
