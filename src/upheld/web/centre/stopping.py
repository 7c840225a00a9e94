"""*Take me off your lists*: an e-mail address alone, or name, address and zip. It holds from the moment the form is sent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from upheld.people.held import Held
from upheld.policy.terms import REGION_PARENTS
from upheld.requests import queries
from upheld.requests.actions import Asked, receive, topics_of
from upheld.requests.given import identifiers_of
from upheld.web import forms as controls
from upheld.web import regions
from upheld.web.centre import wording
from upheld.web.limits import limited
from upheld.web.surroundings import VISITOR, surroundings


class Stop(forms.Form):
    """What a person may give; one of the two ways is enough."""

    email = controls.email(gettext_lazy("E-mail address"), required=False)
    first = controls.text(gettext_lazy("First name"), autocomplete="given-name")
    last = controls.text(gettext_lazy("Last name"), autocomplete="family-name")
    address = controls.text(gettext_lazy("Street and house number"), autocomplete="street-address")
    zip = controls.text(gettext_lazy("Zip code"), autocomplete="postal-code", short=True)
    region = forms.ChoiceField(
        label=gettext_lazy("Where you live, if you like"),
        required=False,
        help_text=gettext_lazy("Some laws give you more, and another desk may look after you. What you ask for holds without it."),
    )

    def __init__(self, given: Any = None) -> None:  # noqa: ANN401 - Django's dictionary
        super().__init__(given)
        self.fields["region"].choices = [("", "–"), *((code, regions.region(code)) for code in REGION_PARENTS)]

    def clean(self) -> Any:  # noqa: ANN401 - Django's dictionary
        """What was begun must be whole; what is whole must be readable. Nothing more is asked for."""
        given = super().clean()
        parts = [name for name in ("first", "last", "address", "zip") if given.get(name)]
        if "email" in self.errors or (given.get("email") and not parts):
            return given
        if not parts:
            self.add_error(None, _("Give an e-mail address, or your name, address and zip code."))
        for name in ("first", "last", "address", "zip") if parts and len(parts) < 4 and not given.get("email") else ():
            if not given.get(name):
                self.add_error(name, _("This is needed too, so that we stop the right person and nobody else."))
        return given

    def held(self) -> Held:
        """What was given."""
        return Held(**{name: self.cleaned_data[name] or None for name in ("email", "first", "last", "address", "zip")})


@require_http_methods(["GET", "HEAD", "POST"])
@limited("stop", 30, 600)
def page(request: HttpRequest) -> HttpResponse:
    """The form, and what becomes of it. A browser that sends it twice makes two requests: both are kept, and do no harm."""
    around = surroundings()
    form = Stop(request.POST) if request.method == "POST" else Stop()
    if form.is_bound and form.is_valid():
        if identifiers_of(form.held(), around.keeper.keys):
            return redirect("track", token=_received(form.held(), form.cleaned_data["region"] or None))
        form.add_error(None, _("We cannot read what you gave. Look at it once more: it may hold a slip of the pen."))
    with around.reading() as (_conn, posted):
        stopped = wording.topics(posted.policy, topics_of(posted.policy, None, "web"))
    return render(request, "centre/stop.html", {"form": form, "topics": stopped}, status=400 if form.is_bound else 200)


def _received(held: Held, region: str | None) -> str:
    around = surroundings()
    now = around.now()
    with around.writing() as (tx, posted):
        asked = Asked(held, "web", now, region=region, words=_("Take me off every list"))
        received = receive(tx, around.keeper, asked, posted, at=now, actor=VISITOR)
    assert received.token is not None
    return received.token


@require_safe
def track(request: HttpRequest, token: str) -> HttpResponse:
    """How a request stands, for whoever has its link: state, clock, places, and at the end the proof. No value of anybody."""
    around = surroundings()
    with around.reading() as (conn, posted):
        whole = queries.tracked(conn, token)
    said = {
        "whole": whole,
        "request_": whole.request,
        "topics": wording.topics(posted.policy, whole.request.topics),
        "some": wording.some(posted.policy, whole.request.topics),
        "late": whole.request.due_at is not None and whole.request.due_at < around.now() and whole.request.state != "complete",
        "places": [place for place in whole.places if place.state in {"stopped", "kept"}],
        "address": request.build_absolute_uri(),
    }
    answer = render(request, "centre/track.html", said)
    answer["X-Robots-Tag"] = "noindex"
    return answer
