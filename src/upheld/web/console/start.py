"""The first page of the console."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page(request: HttpRequest) -> HttpResponse:
    """Where staff begin."""
    return render(request, "console/start.html")
