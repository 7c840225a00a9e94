"""*A person*: what the systems hold under an address, for a stated purpose; of it only what that purpose may see of this person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from upheld.people.identifiers import Email
from upheld.policy.voice import Voice
from upheld.requests import holdings
from upheld.web import forms as controls
from upheld.web.console.staff import staff
from upheld.web.surroundings import surroundings


class Whose(forms.Form):
    """Whose records, and what for. The buttons of the page name every purpose that the role may ask for."""

    email = controls.email(gettext_lazy("E-mail address"))
    purpose = forms.CharField(widget=forms.HiddenInput, required=False, max_length=80)

    def clean(self) -> Any:  # noqa: ANN401 - Django's dictionary
        """No purpose, no look."""
        given = super().clean()
        if not given.get("purpose"):
            self.add_error(None, _("Say what for: press one of the buttons."))
        return given


@require_http_methods(["GET", "HEAD", "POST"])
@staff()
def page(request: HttpRequest) -> HttpResponse:
    """The question with its purpose in one form, so that neither is part of an address; then what may be seen."""
    around, form, shown = surroundings(), Whose(request.POST or None), None
    form.fields["email"].widget.attrs |= {"autocomplete": "off"}
    if form.is_bound and form.is_valid():
        purpose, email = form.cleaned_data["purpose"], Email(form.cleaned_data["email"])
        systems, actor = around.systems(), request.member.actor
        shown = holdings.show_staff(around.record, around.keeper, systems, email, purpose, at=around.now(), actor=actor)
    with around.reading() as (_conn, posted):
        voice = Voice.of(posted.policy.document.statements).to_staff()
    purposes = [(name, voice.purposes((name,))) for name in request.member.purposes]
    said = {"form": form, "shown": shown, "purposes": purposes, "purpose": form.cleaned_data.get("purpose") if shown else None}
    return render(request, "console/person.html", said | {"nothing": _nothing(shown)}, status=400 if form.is_bound and not shown else 200)


def _nothing(shown: holdings.Shown | None) -> str:
    """Why there is nothing to see, if so: without telling whether somebody is on file."""
    if shown is None or shown.holdings:
        return ""
    if not shown.described:
        return _("No system is described yet: write the data map first (`upheld systems --help`).")
    return _("There is nothing under this address that this purpose may see.")
