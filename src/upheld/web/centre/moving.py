"""*A new e-mail address*: it is proven by a code of its own before anything changes, and the old one is told first."""

from __future__ import annotations

from typing import Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from upheld.errors import No
from upheld.requests import moving
from upheld.web import forms as controls
from upheld.web.centre import mailing, proving
from upheld.web.limits import limited
from upheld.web.surroundings import VISITOR, surroundings

SLOT: Final = "moving"


class New(forms.Form):
    """The address to be known by from now on."""

    email = controls.email(
        gettext_lazy("New e-mail address"), hint=gettext_lazy("We send a code to it. Nothing changes before you have entered it.")
    )


@require_http_methods(["GET", "HEAD", "POST"])
@limited("move", 10, 600)
def page(request: HttpRequest) -> HttpResponse:
    """Which address it is."""
    email, around = proving.proven(request), surroundings()
    if email is None:
        return redirect("mine")
    with around.reading() as (_conn, posted):
        policy = posted.policy
    form = New(request.POST) if request.method == "POST" else New()
    if form.is_bound and form.is_valid():
        try:
            moving.demand_other(policy, email, form.cleaned_data["email"])
        except No as no:
            form.add_error("email", str(no))
        else:
            proving.send_code(request, form.cleaned_data["email"], policy.document.front.company, SLOT)
            return redirect("mine address code")
    return render(request, "centre/mine_address.html", {"form": form, "email": email}, status=400 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@limited("move code", 20, 600)
def code(request: HttpRequest) -> HttpResponse:
    """The code from the mail to the new address: then it changes."""
    old = proving.proven(request)
    if old is None or not proving.awaits_code(request, SLOT):
        return redirect("mine address" if old else "mine")
    form = proving.Code(request.POST) if request.method == "POST" else proving.Code()
    if form.is_bound and form.is_valid():
        new = proving.shown(request, form.cleaned_data["code"], SLOT)
        if new is not None:
            _move(old, new)
            proving.prove(request, new)
            messages.success(request, _("You are known by your new address now. Every place that holds the old one is being corrected."))
            return redirect("mine correct")
        form.add_error("code", _("This is not the code, or it is too old."))
    return render(request, "centre/mine_address_code.html", {"form": form}, status=400 if form.is_bound else 200)


def _move(old: str, new: str) -> None:
    around = surroundings()
    with around.reading() as (_conn, posted):
        company = posted.policy.document.front.company
    lines = [
        _("Somebody who had proven this address asked %(company)s to use another one instead, and proved that one too.")
        % {"company": company},
        _("If it was not you, tell us at once: %(page)s") % {"page": settings.ADDRESS + reverse("contact")},
    ]
    # Told first: were it the other way round, a kill in between would leave a change that nobody was told of.
    mailing.send(old, _("Your address with %(company)s changes") % {"company": company}, "\n\n".join(lines) + "\n")
    with around.writing() as (tx, posted):
        moving.move(tx, around.keeper, posted.policy, around.systems().datamap, old, new, at=around.now(), actor=VISITOR)
