"""*Corrections*: what customers asked to have corrected and is not done yet; tried again, or done by hand."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from upheld.requests import correcting
from upheld.web.centre.correcting import in_words
from upheld.web.console.staff import staff
from upheld.web.surroundings import surroundings


@require_safe
@staff("rights")
def listed(request: HttpRequest) -> HttpResponse:
    """All that wait, the oldest first; nobody's value."""
    with surroundings().reading() as (conn, _posted):
        found = correcting.waiting(conn)
    said = {"waiting": [(one, in_words(one.wrong)) for one in found], "section": "requests"}
    return render(request, "console/corrections.html", said)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("rights", shows="correction")
def page(request: HttpRequest, number: int) -> HttpResponse:
    """One, with what a clerk needs to do it by hand."""
    around = surroundings()
    with around.reading() as (conn, _posted):
        found = correcting.opened(conn, around.keeper, number)
    said = {"one": found, "words": in_words(found.correction.wrong), "section": "requests"}
    return render(request, "console/correction.html", said)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("rights", shows="correction")
def retry(request: HttpRequest, number: int) -> HttpResponse:
    """Let the worker try anew."""
    around = surroundings()
    if request.method == "POST":
        with around.writing() as (tx, _posted):
            correcting.retry(tx, number, at=around.now(), actor=request.member.actor)
        messages.success(request, _("It is tried again."))
    return redirect("correction", number=number)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("rights", shows="correction")
def done(request: HttpRequest, number: int) -> HttpResponse:
    """Somebody did it by hand."""
    around = surroundings()
    if request.method != "POST":
        return redirect("correction", number=number)
    with around.writing() as (tx, _posted):
        correcting.by_hand(tx, around.keeper, number, at=around.now(), actor=request.member.actor)
    messages.success(request, _("Noted: it was corrected by hand."))
    return redirect("corrections")
