"""*Phone intake*: type what the caller says, see what matches and why, confirm, read out. By keyboard alone, well within a minute.

Enter in a field looks, and what is received is what was looked at: the page carries a mark of the words that it looked for.
"""

from __future__ import annotations

import json
import secrets
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from upheld.people.held import Held
from upheld.policy.compiled import Policy
from upheld.policy.terms import REGION_PARENTS
from upheld.requests import queries
from upheld.requests.actions import Asked, receive
from upheld.requests.looking import Looked, look
from upheld.web import forms as controls
from upheld.web import regions
from upheld.web.centre import wording as topics_in_words
from upheld.web.console import staff as rule
from upheld.web.console import wording
from upheld.web.console.staff import staff
from upheld.web.surroundings import surroundings

PARTS: Final = ("email", "first", "last", "address", "zip", "phone", "account")
_DONE: Final = "call"


class Caller(forms.Form):
    """What the caller says. `call` names the call, so that a form sent twice counts once."""

    email = controls.text(gettext_lazy("E-mail address"))
    first = controls.text(gettext_lazy("First name"))
    last = controls.text(gettext_lazy("Last name"))
    address = controls.text(gettext_lazy("Street and house number"))
    zip = controls.text(gettext_lazy("Zip code"), short=True)
    phone = controls.text(gettext_lazy("Telephone number"))
    account = controls.text(gettext_lazy("Account"), short=True)
    region = forms.ChoiceField(label=gettext_lazy("Lives in, if they say so"), required=False)
    topics = forms.MultipleChoiceField(
        label=gettext_lazy("Only some of it, if they say so"), required=False, widget=forms.CheckboxSelectMultiple
    )
    call = forms.CharField(widget=forms.HiddenInput, max_length=60, required=False)

    def __init__(self, *args: Any, policy: Policy, **more: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **more)
        self.fields["email"].widget.attrs["autofocus"] = not self.is_bound
        self.fields["topics"].choices = [(each.name, each.label) for each in topics_in_words.topics(policy)]
        self.fields["region"].choices = [("", "–"), *((code, regions.region(code)) for code in REGION_PARENTS)]

    def held(self) -> Held:
        """What was said."""
        return Held(**{part: self.cleaned_data[part] or None for part in PARTS})

    def mark(self) -> str:
        """A keyed digest of what was said in this call: only a page that looked for the same words carries it."""
        said = [self.cleaned_data[part] for part in (*PARTS, "call")]
        return salted_hmac("intake looked", json.dumps(said), algorithm="sha256").hexdigest()


@require_http_methods(["GET", "HEAD", "POST"])
@staff("rights", shows="call")
def page(request: HttpRequest) -> HttpResponse:
    """The form; then the same with what matches; then the confirmation to read out."""
    around = surroundings()
    with around.reading() as (_conn, posted):
        policy = posted.policy
    form = (
        Caller(request.POST, policy=policy) if request.method == "POST" else Caller(policy=policy, initial={"call": secrets.token_hex(8)})
    )
    looked, mark = None, ""
    confirmed = request.POST.get("do") == "receive"
    if form.is_bound and form.is_valid():
        mark = form.mark()
        if confirmed and constant_time_compare(request.POST.get("looked", ""), mark):
            _receive(request, form)
            return redirect("intake done")
        looked = _looked(request, form.held(), policy)
    said = {
        "form": form,
        "looked": looked,
        "mark": mark,
        "unseen": confirmed,
        "desks": wording.desks(policy, around.now()),
        "now": around.now(),
    }
    return render(request, "console/intake.html", said, status=400 if form.errors else 200)


def _looked(request: HttpRequest, held: Held, policy: Policy) -> Looked:
    around = surroundings()
    return look(around.record, around.keeper, around.systems(), held, policy, at=around.now(), actor=request.member.actor)


def _receive(request: HttpRequest, form: Caller) -> None:
    around, given = surroundings(), form.cleaned_data
    now = around.now()
    asked = Asked(
        form.held(),
        "phone",
        now,
        topics=tuple(given["topics"]),
        region=given["region"] or None,
        words=_("Asked for on the telephone."),
        reference=f"call:{given['call']}" if given["call"] else None,
    )
    with around.writing() as (tx, posted):
        done = receive(tx, around.keeper, asked, posted, at=now, actor=request.member.actor)
    rule.close(request, "call")
    if not done.again:
        request.session[_DONE] = {"request": done.request, "token": done.token}


@require_safe
@staff("rights")
def finished(request: HttpRequest) -> HttpResponse:
    """What to read out to the caller, once for the call of this browser that was last."""
    around, call = surroundings(), request.session.get(_DONE)
    if call is None:
        return redirect("intake")
    with around.reading() as (conn, posted):
        found = queries.request(conn, call["request"])
        topics, some = topics_in_words.topics(posted.policy, found.topics), topics_in_words.some(posted.policy, found.topics)
    link = around.home.setting("web", "centre").rstrip("/") + "/track/" + call["token"]
    said = {"request_": found, "topics": topics, "some": some, "link": link, "next": reverse("intake")}
    said |= {"holds": found.state != "needs more"}
    return render(request, "console/intake_done.html", said)
