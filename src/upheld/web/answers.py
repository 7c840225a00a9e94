"""What stands around every page: refusals in words, no page kept by caches, and the browser's opt-out signal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from upheld.errors import Conflict, Invalid, No, NotFound, Refused
from upheld.requests.signals import signal
from upheld.web.surroundings import surroundings

STATUS: Final[dict[type[No], int]] = {Invalid: 400, NotFound: 404, Conflict: 409, Refused: 403}
Respond = Callable[[HttpRequest], HttpResponse]


class Refusals:
    """Turns every refusal of the house into a page. Staff read the reason; customers read what they can do."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return self.respond(request)

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        """A page for a refusal; anything else is a fault of the program, and Django's to answer."""
        if not isinstance(fault, No):
            return None
        status = STATUS.get(type(fault), 400)
        reason = str(fault) if settings.SAYS_REASONS else None
        return render(request, "errors/refused.html", {"status": status, "reason": reason}, status=status)


class Privately:
    """No page is kept by a cache or found by a search engine unless it says so itself; the browser's signal is heard (`Sec-GPC: 1`)."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        request.opted_out_by_signal = signal(request.headers) is not None
        answer = self.respond(request)
        answer.setdefault("Cache-Control", "private, no-store")
        answer.setdefault("Permissions-Policy", "browsing-topics=(), interest-cohort=(), geolocation=(), camera=(), microphone=()")
        return answer


def of_site(request: HttpRequest) -> dict[str, Any]:
    """What every template may name."""
    return {
        "company": SimpleLazyObject(_company),
        "site": settings.SITE,
        "opted_out_by_signal": getattr(request, "opted_out_by_signal", False),
        "languages": settings.LANGUAGES,
        "entries": SimpleLazyObject(lambda: _entries(request)),
    }


def _entries(request: HttpRequest) -> list[tuple[str, str, str]]:
    """The console's navigation; the centre's is fixed."""
    if settings.SITE != "console":
        return []
    from upheld.web.console.entries import entries  # which asks for tables that must be loaded first

    return entries(request)


def _company() -> str:
    """As the policy in force names it; nothing where none is (a page must not fail for its own header)."""
    try:
        with surroundings().reading() as (_, posted):
            return posted.policy.document.front.company or ""
    except No:
        return ""


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return render(request, "errors/refused.html", {"status": 400}, status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return render(request, "errors/refused.html", {"status": 403}, status=403)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its token: an old page, or another site's."""
    return render(request, "errors/form_expired.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return render(request, "errors/refused.html", {"status": 404}, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """500: a page that asks nothing of the record, for that may be what broke."""
    return HttpResponse(render_to_string("errors/broken.html", {"language": get_language() or "en"}), status=500)
