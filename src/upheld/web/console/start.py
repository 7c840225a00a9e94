"""The first page of the console: what there is to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from upheld.web.console.staff import staff


@require_safe
@staff()
def page(request: HttpRequest) -> HttpResponse:
    """Where staff begin."""
    return render(request, "console/start.html")
