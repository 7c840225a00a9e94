"""*Ask us*: whatever the other pages do not do by themselves goes to the desk, as a message that an agent reads and answers."""

from __future__ import annotations

import secrets

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from upheld.policy.terms import REGION_PARENTS
from upheld.requests.drafts import draft
from upheld.requests.reading import Letter, without_cards
from upheld.web import forms as controls
from upheld.web import regions
from upheld.web.limits import limited
from upheld.web.surroundings import VISITOR, surroundings

LONGEST = 4_000
"""Characters of a message."""


class Ask(forms.Form):
    """What somebody wants to be told or done, and where the answer goes."""

    text = forms.CharField(
        label=gettext_lazy("What should we do?"),
        help_text=gettext_lazy("Write it in your own words. No card number, please, and no copy of a document: we need none."),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    email = controls.email(gettext_lazy("E-mail address for our answer"))
    region = forms.ChoiceField(label=gettext_lazy("Where you live, if you like"), required=False)

    def __init__(self, *given: object) -> None:
        super().__init__(*given)
        self.fields["region"].choices = [("", "–"), *((code, regions.region(code)) for code in REGION_PARENTS)]


@require_http_methods(["GET", "HEAD", "POST"])
@limited("ask", 10, 600)
def page(request: HttpRequest) -> HttpResponse:
    """The form; what is sent lies sealed in the desk's queue, and its clock runs from now."""
    form = Ask(request.POST) if request.method == "POST" else Ask()
    if form.is_bound and form.is_valid():
        around, said = surroundings(), form.cleaned_data
        now = around.now()
        text, cards = without_cards(said["text"])
        marks = ("held a card number, which was blanked: tell the person not to send any",) if cards else ()
        letter = Letter(said["email"], "", said["email"], (), _("Asked on the site"), text, now, secrets.token_hex(16), marks)
        with around.writing() as (tx, posted):
            draft(tx, around.keeper, letter, posted, at=now, actor=VISITOR, channel="web", region=said["region"] or None)
        return redirect("asked")
    return render(request, "centre/ask.html", {"form": form}, status=400 if form.is_bound else 200)


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """It is with the desk."""
    return render(request, "centre/asked.html")
