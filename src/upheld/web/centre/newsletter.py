"""Signing up for the newsletter: an age screen where the policy wants one, an address, a click in a mail. Nothing is kept before."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from upheld.choices.actions import Said, record
from upheld.errors import Conflict, Invalid
from upheld.people.identifiers import Email
from upheld.people.screening import old_enough
from upheld.policy.behaviour import asks_age_before
from upheld.policy.compiled import Policy
from upheld.requests import opting_in
from upheld.web import forms as controls
from upheld.web.centre import mailing, proving, wording
from upheld.web.limits import counted, limited
from upheld.web.surroundings import VISITOR, surroundings

TOPIC: Final = "newsletter"
SCREENED: Final = "age screen"
"""What a session remembers of the age screen: `passed` or `stopped`, never the date."""
TYPED: Final = "typed"
"""The address that was typed before the age screen: in the sealed session, so that it stands in no address, and only until it was used."""


class Born(forms.Form):
    """A date of birth in three fields, with no word on which answer is wanted."""

    day = controls.number(gettext_lazy("Day"), 1, 31, autocomplete="bday-day")
    month = controls.number(gettext_lazy("Month"), 1, 12, autocomplete="bday-month")
    year = controls.number(gettext_lazy("Year"), 1, 9999, autocomplete="bday-year")

    def clean(self) -> Any:  # noqa: ANN401 - Django's dictionary
        """The three must make a day."""
        given = super().clean()
        if not self.errors:
            try:
                given["born"] = date(given["year"], given["month"], given["day"])
            except ValueError:
                self.add_error(None, _("There is no such day. Write day, month and year in numbers."))
        return given


class SignUp(forms.Form):
    """An address, and a yes that nobody ticked beforehand."""

    email = controls.email(gettext_lazy("E-mail address"))
    yes = forms.BooleanField(
        label=gettext_lazy("Yes, send me offers and news by e-mail. I can stop it at any time, with one click."),
        error_messages={"required": gettext_lazy("Tick this if you want our newsletter. Without it we send nothing.")},
    )

    def __init__(self, *args: Any, proven: str | None = None, **more: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **more)
        if proven is not None:
            del self.fields["email"]


@require_http_methods(["GET", "HEAD", "POST"])
@limited("newsletter", 20, 600)
def page(request: HttpRequest) -> HttpResponse:
    """The age screen if it is due, else the form, else what comes next.

    Whoever has proven an address neither types it nor waits for a mail.
    """
    with surroundings().reading() as (_conn, posted):
        policy = posted.policy
    if screen_is_due(request, policy, TOPIC):
        return _age_screen(request, policy)
    proven = proving.proven(request)
    # A date of birth that is sent again is no sign-up.
    sent_ = request.method == "POST" and not {"email", "yes", "sign up"}.isdisjoint(request.POST)
    form = SignUp(request.POST if sent_ else None, proven=proven, initial={"email": request.session.get(TYPED, "")})
    if form.is_bound and form.is_valid():
        request.session.pop(TYPED, None)
        words = str(form.fields["yes"].label)
        if proven is not None:
            start(proven, words, TOPIC)
            return redirect("confirmed")
        mail(form.cleaned_data["email"], words, TOPIC, policy)
        return redirect("newsletter sent")
    return render(request, "centre/newsletter.html", {"form": form, "proven": proven}, status=400 if form.is_bound else 200)


def screen_is_due(request: HttpRequest, policy: Policy, topic: str) -> bool:
    """Whether the policy wants an age before the topic is started, and this browser has not passed the screen."""
    return bool(asks_age_before(policy, topic)) and request.session.get(SCREENED) != "passed"


def keep_typed(request: HttpRequest, email: str) -> None:
    """Keep an address until the age screen is passed; not for whom it stopped."""
    if request.session.get(SCREENED) != "stopped":
        request.session[TYPED] = email


def start(email: str, words: str, topic: str) -> None:
    """Start a topic for whoever has proven the address, at once: they have just shown that they read its mail."""
    around = surroundings()
    now = around.now()
    with around.writing() as (tx, posted):
        said = Said((Email(email),), topic, "in", now, "web", words, posted.version)
        record(tx, around.keeper, said, posted.policy.vocabulary.topics, at=now, actor=VISITOR)


def _age_screen(request: HttpRequest, policy: Policy) -> HttpResponse:
    if request.session.get(SCREENED) == "stopped":  # no second try
        return render(request, "centre/newsletter_no.html")
    form = Born(request.POST) if request.method == "POST" else Born()
    if form.is_bound and form.is_valid():
        try:
            passed = old_enough(policy, TOPIC, form.cleaned_data["born"], surroundings().now().date())
        except Invalid:
            form.add_error(None, _("There is no such day. Write day, month and year in numbers."))
        else:
            request.session[SCREENED] = "passed" if passed else "stopped"
            if not passed:  # nothing is kept of a child
                request.session.pop(TYPED, None)
            return redirect("newsletter")
    return render(request, "centre/age.html", {"form": form}, status=400 if form.is_bound else 200)


def mail(email: str, words: str, topic: str, policy: Policy) -> None:
    """Send the link that says yes. One address gets at most three in an hour, whoever asks for them."""
    around = surroundings()
    if counted("confirm", email.strip().lower(), 3, 3600):
        return  # answered as if sent: who asks must not learn what others asked
    asking = opting_in.Asking((Email(email),), topic, "web", words)
    with around.reading() as (conn, posted):
        token = opting_in.ask(conn, around.keeper, around.home, asking, posted, at=around.now()).token
    company = policy.document.front.company
    lines = [
        _("You, or somebody else, gave this address to %(company)s with these words:") % {"company": company},
        f"“{words}”",
        _("If it was you, say yes here. The link is good for a week:"),
        settings.ADDRESS + reverse("confirm", args=[token]),
        _("If it was not you, do nothing. Nothing was kept."),
    ]
    mailing.send(email, _("Please confirm: %(topic)s") % {"topic": wording.label(policy, topic)}, "\n\n".join(lines) + "\n")


@require_http_methods(["GET", "HEAD"])
def sent(request: HttpRequest) -> HttpResponse:
    """The same for every address: look into your mail."""
    return render(request, "centre/newsletter_sent.html")


@require_http_methods(["GET", "HEAD", "POST"])
@limited("confirm", 30, 600)
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the mailed link: it asks once more, since programs that read mail open links too; the button says yes."""
    around = surroundings()
    now = around.now()
    try:
        said = opting_in.shown(around.home, token, now).said
    except Conflict:  # too old
        return render(request, "centre/confirm_no.html", {"stopped": False}, status=409)
    if request.method == "POST":
        try:
            with around.writing() as (tx, posted):
                opting_in.confirm(tx, around.keeper, around.home, token, posted, at=now, actor=VISITOR)
        except Conflict:  # they opted out after they asked
            return render(request, "centre/confirm_no.html", {"stopped": True}, status=409)
        return redirect("confirmed")
    with around.reading() as (_conn, posted):
        label = wording.label(posted.policy, said.topic)
    return render(request, "centre/confirm.html", {"label": label, "words": said.words})


@require_http_methods(["GET", "HEAD"])
def confirmed(request: HttpRequest) -> HttpResponse:
    """It is done."""
    return render(request, "centre/confirmed.html")
