"""*Your choices*: each topic stopped or started in one step each way; the link in a mail that stops at once; the browser's signal."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from upheld.errors import NotFound
from upheld.messages import links
from upheld.people.held import Held
from upheld.requests.actions import Asked, Received, receive
from upheld.web import forms as controls
from upheld.web.centre import newsletter, proving, wording
from upheld.web.limits import limited
from upheld.web.surroundings import VISITOR, surroundings


class Choice(forms.Form):
    """Whose choice it is, and which: `newsletter:out`. The buttons of the page name every choice."""

    email = controls.email(
        gettext_lazy("Your e-mail address"), hint=gettext_lazy("Needed to know whom to stop or start it for; it serves nothing else.")
    )
    choice = forms.CharField(widget=forms.HiddenInput, error_messages={"required": gettext_lazy("Choose one of the buttons.")})

    def __init__(self, *args: Any, proven: str | None = None, **more: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **more)
        if proven is not None:
            del self.fields["email"]

    def clean_choice(self) -> tuple[str, str]:
        """The topic and what was chosen."""
        topic, _colon, says = self.cleaned_data["choice"].partition(":")
        if says not in {"in", "out"}:
            raise forms.ValidationError(_("Choose one of the buttons."))
        return topic, says


@require_http_methods(["GET", "HEAD", "POST"])
@limited("choices", 30, 600)
def page(request: HttpRequest) -> HttpResponse:
    """Every topic of the policy with two buttons. A stop holds at once; a start is confirmed by mail, as anybody could ask.

    Whoever has proven an address types none, and a start of theirs needs no mail.
    """
    around, proven = surroundings(), proving.proven(request)
    with around.reading() as (_conn, posted):
        policy = posted.policy
    form = Choice(request.POST, proven=proven) if request.method == "POST" else Choice(proven=proven)
    if form.is_bound and form.is_valid():
        topic, says = form.cleaned_data["choice"]
        if topic not in policy.vocabulary.topics:
            raise NotFound(f"the policy has no topic `{topic}`")
        label = wording.label(policy, topic)
        email = proven or form.cleaned_data["email"]
        if says == "out":
            return redirect("track", token=stop(Held(email=email), topic, words=_("Stop: %(topic)s") % {"topic": label}).token)
        if newsletter.screen_is_due(request, policy, topic):
            newsletter.keep_typed(request, email)
            return redirect("newsletter")
        words = _("Start: %(topic)s") % {"topic": label}
        if proven is not None:
            newsletter.start(proven, words, topic)
            return redirect("confirmed")
        newsletter.mail(email, words, topic, policy)
        return redirect("newsletter sent")
    said = {"form": form, "topics": wording.topics(policy), "by_signal": by_signal(request), "proven": proven}
    return render(request, "centre/choices.html", said, status=400 if form.is_bound else 200)


def by_signal(request: HttpRequest) -> bool:
    """Whether this browser says `Sec-GPC: 1`."""
    return bool(request.opted_out_by_signal)


def stop(held: Held, topic: str, *, words: str, channel: Any = "web", reference: str | None = None) -> Received:  # noqa: ANN401 - `How`
    """Stop one topic, for whomever this means: a request like any other, so that every system hears of it."""
    around = surroundings()
    now = around.now()
    with around.writing() as (tx, posted):
        asked = Asked(held, channel, now, topics=(topic,), words=words, reference=reference)
        return receive(tx, around.keeper, asked, posted, at=now, actor=VISITOR)


@csrf_exempt  # RFC 8058: a mail program posts without cookies; the sealed token is what it proves itself by
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The target of `List-Unsubscribe`: a POST stops at once, by whomever it is sent; a GET shows one button and changes nothing."""
    around = surroundings()
    _made, said = links.opened(around.home, links.UNSUBSCRIBE, token, around.now())
    if request.method != "POST":
        with around.reading() as (_conn, posted):
            label = wording.label(posted.policy, said["topic"])
        return render(request, "centre/unsubscribe.html", {"label": label})
    done = stop(
        Held(email=said["email"]), said["topic"], words="List-Unsubscribe=One-Click", channel="email", reference=f"unsubscribe:{token}"
    )
    return render(request, "centre/unsubscribed.html", {"token": done.token})


@require_safe
def signal(request: HttpRequest) -> HttpResponse:
    """`/.well-known/gpc.json`: that this site honours the signal, since the version of the policy in force."""
    with surroundings().reading() as (_conn, posted):
        since = posted.since
    answer = JsonResponse({"gpc": True, "lastUpdate": f"{since:%Y-%m-%d}"})
    answer["Cache-Control"] = "public, max-age=3600"
    return answer
