"""The first page of the centre: what one can do here, in six cards; and the navigation that every page shows."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Where a customer begins."""
    return render(request, "centre/start.html")
