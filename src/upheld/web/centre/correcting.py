"""*Correct a field*: whoever has proven an address says which part is wrong and what should stand there; every system follows."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from upheld.errors import Invalid
from upheld.requests import correcting
from upheld.requests.correcting import Wrong
from upheld.web import forms as controls
from upheld.web.centre import proving
from upheld.web.limits import limited
from upheld.web.surroundings import VISITOR, surroundings

PARTS: Final[dict[str, Promise]] = {
    "first": gettext_lazy("First name"),
    "last": gettext_lazy("Last name"),
    "full": gettext_lazy("Name"),
    "suffix": gettext_lazy("Name suffix"),
    "phone": gettext_lazy("Telephone number"),
    "address": gettext_lazy("Street and house number"),
    "unit": gettext_lazy("Apartment"),
    "city": gettext_lazy("City"),
    "state": gettext_lazy("State"),
    "zip": gettext_lazy("Zip code"),
    "email": gettext_lazy("E-mail address"),
}

UNREADABLE: Final[dict[str, Promise]] = {
    "phone": gettext_lazy("Write a telephone number in digits, such as 312 555 0142; one from abroad with + and the country's code."),
    "zip": gettext_lazy("Write a ZIP code in digits, such as 60601."),
}


class Fix(forms.Form):
    """Which part is wrong, and what should stand there."""

    where = forms.ChoiceField(label=gettext_lazy("What is wrong"))
    value = controls.text(gettext_lazy("What should stand there"), required=True)

    def __init__(self, *args: Any, offered: tuple[Wrong, ...], **more: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **more)
        self.offered = {f"{number}": each for number, each in enumerate(offered)}
        self.fields["where"].choices = [(number, in_words(each)) for number, each in self.offered.items()]


def in_words(wrong: Wrong) -> str:
    """A part of a table, for whom it is about."""
    return _("%(part)s, in %(place)s") % {"part": PARTS[wrong.part], "place": f"{wrong.system}, {wrong.table}"}


@require_http_methods(["GET", "HEAD", "POST"])
@limited("correct", 20, 600)
def page(request: HttpRequest) -> HttpResponse:
    """The form, and how earlier corrections stand."""
    email, around = proving.proven(request), surroundings()
    if email is None:
        return redirect("mine")
    with around.reading() as (conn, posted):
        offered = correcting.offered(around.systems().datamap, posted.policy)
        asked = correcting.of(conn, around.keeper, email)
    form = Fix(request.POST, offered=offered) if request.method == "POST" else Fix(offered=offered)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        wrong = form.offered[given["where"]]
        try:
            with around.writing() as (tx, _posted):
                correcting.ask(tx, around.keeper, email, wrong, given["value"], offered, at=around.now(), actor=VISITOR)
        except Invalid:
            form.add_error("value", UNREADABLE.get(wrong.part, _("Write what should stand there, with at most 200 characters.")))
        else:
            messages.success(request, _("It is being corrected in every record there that holds your address."))
            return redirect("mine correct")
    said = {"form": form, "offered": offered, "asked": [(each, in_words(each.wrong)) for each in asked]}
    return render(request, "centre/mine_correct.html", said, status=400 if form.is_bound else 200)
