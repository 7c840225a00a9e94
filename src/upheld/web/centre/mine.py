"""*My information*: what is held of whoever proved an address, their choices with nothing to type, and a copy to take away."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from upheld.choices.queries import AsOf, standing
from upheld.errors import NotFound
from upheld.people.held import Held
from upheld.people.identifiers import Email
from upheld.people.queries import find
from upheld.requests import holdings, signals
from upheld.web.centre import choosing, newsletter, proving, wording
from upheld.web.limits import limited
from upheld.web.surroundings import VISITOR, surroundings

FORMS: Final = {"json": "application/json", "csv": "text/csv; charset=utf-8", "html": "text/html; charset=utf-8"}


@require_http_methods(["GET", "HEAD", "POST"])
@limited("mine", 20, 600)
def page(request: HttpRequest) -> HttpResponse:
    """What is held, or first the question for an address."""
    email = proving.proven(request)
    if email is not None:
        return _held(request, email)
    form = proving.Address(request.POST) if request.method == "POST" else proving.Address()
    if form.is_bound and form.is_valid():
        with surroundings().reading() as (_conn, posted):
            company = posted.policy.document.front.company
        proving.send_code(request, form.cleaned_data["email"], company)
        return redirect("mine code")
    return render(request, "centre/mine_sign_in.html", {"form": form}, status=400 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@limited("code", 20, 600)
def code(request: HttpRequest) -> HttpResponse:
    """The code from the mail."""
    form = proving.Code(request.POST) if request.method == "POST" else proving.Code()
    if form.is_bound and form.is_valid():
        if proving.enter(request, form.cleaned_data["code"]):
            _heed_signal(request)
            return redirect("mine")
        form.add_error("code", _("This is not the code, or it is too old."))
    if not proving.awaits_code(request):
        return redirect("mine")
    return render(request, "centre/mine_code.html", {"form": form}, status=400 if form.is_bound else 200)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    proving.forget(request)
    return redirect("start")


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Stop or start one topic for whoever proved an address: one button, nothing to type."""
    email = proving.proven(request)
    topic, _colon, says = request.POST.get("choice", "").partition(":")
    if email is None:
        return redirect("mine")
    with surroundings().reading() as (_conn, posted):
        policy = posted.policy
    if topic not in policy.vocabulary.topics or says not in {"in", "out"}:
        raise NotFound("the policy has no such choice")
    label = wording.label(policy, topic)
    if says == "out":
        choosing.stop(Held(email=email), topic, words=_("Stop: %(topic)s") % {"topic": label})
    elif newsletter.screen_is_due(request, policy, topic):
        return redirect("newsletter")
    else:
        newsletter.start(email, _("Start: %(topic)s") % {"topic": label}, topic)
    return redirect("mine")


@require_safe
def copy(request: HttpRequest) -> HttpResponse:
    """The same to take away, as JSON, CSV or HTML."""
    email, form = proving.proven(request), request.GET.get("as", "")
    if email is None:
        return redirect("mine")
    if form not in FORMS:
        raise NotFound("a copy comes as `json`, `csv` or `html`")
    shown = _look(email)
    if form == "html":
        answer = render(request, "centre/mine_copy.html", {"shown": shown, "email": email, "base": settings.ADDRESS})
    else:
        written = json.dumps(asdict(shown), default=_plain, ensure_ascii=False, indent=1) if form == "json" else _table(shown)
        answer = HttpResponse(written, content_type=FORMS[form])
    answer["Content-Disposition"] = f'attachment; filename="my-information.{form}"'
    return answer


def _held(request: HttpRequest, email: str) -> HttpResponse:
    around = surroundings()
    _heed_signal(request)
    shown = _look(email)
    with around.reading() as (conn, posted):
        topics = posted.policy.vocabulary.topics
        people = find(conn, around.keeper.keys, [Email(email)])
        chosen = [standing(conn, person, topics, AsOf(around.now())).choices for person in people]
        worded = wording.topics(posted.policy)
    # Of several people behind one address the most careful choice is shown: it is the one that holds for the address.
    states = {topic: _joined([each[topic] for each in chosen]) for topic in topics}
    said = {"email": email, "shown": shown, "topics": [(topic, states[topic.name]) for topic in worded]}
    return render(request, "centre/mine.html", said)


def _joined(states: list[Any]) -> str:
    return next((state for state in ("out", "unset", "in") if state in states), "unset")


def _look(email: str) -> holdings.Shown:
    around = surroundings()
    return holdings.show(around.record, around.keeper, around.systems(), Email(email), around.now(), VISITOR)


def _heed_signal(request: HttpRequest) -> None:
    """A browser's signal, once it is known whose it is, reaches the whole person."""
    email = proving.proven(request)
    if email is None or not choosing.by_signal(request):
        return
    around = surroundings()
    visit = signals.Visit(request.headers, signed_in=Held(email=email))
    with around.reading() as (conn, posted):
        news = signals.honoured(conn, around.keeper, around.home, visit, posted, around.now()).news
    if news:
        with around.writing() as (tx, posted):
            signals.see(tx, around.keeper, around.home, visit, posted, at=around.now(), actor=VISITOR)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError


def _table(shown: holdings.Shown) -> str:
    """One line a fact: which part, where, what, under which clause, since which version."""
    told = io.StringIO()
    lines = csv.writer(told)
    lines.writerow(["part", "place", "what", "value", "clause", "time", "since"])
    for one in shown.holdings:
        place = f"{one.system}, {one.table}"
        lines.writerows(["held", place, each.item, "", each.clause or "", "", _since(one, each.item)] for each in one.items)
        lines.writerows(["value", place, kind, _cell(value), "", "", ""] for kind, value in (*one.values, *one.further))
    lines.writerows(["choice", "", each.topic, each.says, "", each.at.isoformat(), ""] for each in shown.choices)
    lines.writerows(
        ["received", each.recipient, " ".join(each.items), each.purpose, " ".join(each.clauses), each.at.isoformat(), ""]
        for each in shown.received
    )
    lines.writerows(["silent", system, "", "", "", "", ""] for system in shown.silent)
    return told.getvalue()


def _since(one: holdings.Holding, item: str) -> str:
    """Since when what an item holds stands, and under which version."""
    began = one.since.get(item.partition(".")[0])
    return f"{began[1]:%Y-%m-%d} (version {began[0]})" if began else "not known"


def _cell(value: str) -> str:
    """A value that a spreadsheet will not take for a formula."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
