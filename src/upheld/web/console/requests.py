"""*Requests*: the queue by due date, one request with all that happened, and what a desk does about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from sqlalchemy import Connection

from upheld.gate import staff as gate
from upheld.people.held import Held
from upheld.people.queries import find
from upheld.postings.queries import Posted
from upheld.requests import actions, correcting, drafts, notes, queries, reviewing
from upheld.requests.given import identifiers_of
from upheld.requests.states import MOVES, OPEN
from upheld.web import forms as controls
from upheld.web.centre import wording as topics_in_words
from upheld.web.console import wording
from upheld.web.console.intake import PARTS, Caller
from upheld.web.console.staff import staff
from upheld.web.surroundings import surroundings

PAGE: Final = 50
DECISIONS: Final = {"same": "include", "different": "not this person", "ask": "ask"}
Do = Callable[[Connection, HttpRequest, int, Posted], str]
"""What one button does, in a transaction; the words for what became of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A request in the queue, in words. `day`: when it is due; of one that is over, when it ended."""

    request: queries.Request
    state: wording.Said
    clock: wording.Said
    day: datetime | None


class Search(forms.Form):
    """Whose requests: what a caller says of themselves, or the number they were given."""

    what = controls.text(gettext_lazy("Number, e-mail address or telephone number"), required=True)


@require_safe
@staff("rights")
def queue(request: HttpRequest) -> HttpResponse:
    """What is open, the most urgent first; other states and one desk by choice."""
    around = surroundings()
    asked = [state for state in MOVES if state in request.GET.getlist("state")]
    desk, page = request.GET.get("desk") or None, max(1, _number(request.GET.get("page", "")) or 1)
    with around.reading() as (conn, posted):
        corrections = len(correcting.waiting(conn))
        found = queries.queue(conn, asked or OPEN, desk, begin=(page - 1) * PAGE, most=PAGE)
        lines = _lines(conn, found.requests)
    said = {
        "lines": lines,
        "count": found.count,
        "corrections": corrections,
        "states": [(state, wording.state(state), state in asked) for state in MOVES],
        "desks": [(each.desk.name, each.desk.name == desk) for each in wording.desks(posted.policy, around.now())],
        "filtered": bool(asked or desk),
        "page": page,
        "before": _page(request, page - 1) if page > 1 else None,
        "after": _page(request, page + 1) if page * PAGE < found.count else None,
        "search": Search(),
    }
    return render(request, "console/requests.html", said)


@require_POST
@staff("rights")
def search(request: HttpRequest) -> HttpResponse:
    """By number, or by what somebody says of themselves; that is a reading, and never part of an address."""
    form, around = Search(request.POST), surroundings()
    lines: list[Line] = []
    if form.is_valid():
        what = form.cleaned_data["what"]
        if number := _number(what):
            return redirect("request", number=number)
        given = Held(email=what) if "@" in what else Held(phone=what)
        now, purpose = around.now(), request.member.purposes[0]
        with around.writing() as (tx, posted):
            people = find(tx, around.keeper.keys, identifiers_of(given, around.keeper.keys))
            gate.read(tx, posted.policy, purpose, "requests", min(people, default=None), at=now, actor=request.member.actor)
            lines = _lines(tx, queries.of_people(tx, people))
    return render(request, "console/requests_found.html", {"search": form, "lines": lines}, status=200 if form.is_valid() else 400)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("rights", shows="request")
def page(request: HttpRequest, number: int) -> HttpResponse:
    """One request: where it stands, what to look at, what was done where, what was noted."""
    around = surroundings()
    now = around.now()
    with around.reading() as (conn, posted):
        whole = queries.whole(conn, number)
        doubts = reviewing.doubts(conn, around.keeper, number)
        noted = notes.read(conn, around.keeper, number)
        begun = drafts.opened(conn, around.keeper, number) if whole.request.state in {"draft", "needs more"} else None
        topics = topics_in_words.topics(posted.policy, whole.request.topics)
        ended = queries.ended(conn, [whole.request]).get(number)
    over = ended is not None
    said = {
        "whole": whole,
        "request_": whole.request,
        "state": wording.state(whole.request.state),
        "clock": wording.clock(whole.request.due_at, now, over=over),
        "day": ended or whole.request.due_at,
        "clocks": [(source, at, says, sure, wording.clock(at, now, over=over)) for source, at, says, sure in whole.clocks],
        "moves": [(wording.state(state), at) for state, at in whole.moves],
        "topics": topics,
        "doubts": doubts,
        "notes": noted,
        "waiting": [step for step in whole.steps if step.state != "done"],
        "stuck": any(step.state == "given up" or step.reason for step in whole.steps) or whole.request.state == "failed",
        "desks": [each.desk.name for each in wording.desks(posted.policy, now) if each.desk.name != whole.request.desk],
        "begun": begun,
        "form": _completing(posted, begun) if begun else None,
        "section": "requests",
    }
    return render(request, "console/request.html", said)


def _completing(posted: Posted, begun: drafts.Draft) -> Caller:
    known = {part: getattr(begun.given, part) or "" for part in PARTS}
    form = Caller(policy=posted.policy, initial=known | {"region": begun.region or ""})
    form.fields["email"].widget.attrs.pop("autofocus", None)
    return form


def acts(do: Do) -> Callable[..., HttpResponse]:
    """A button of a request's page: it does one thing in one transaction, says what became of it, and leads back."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @staff("rights", shows="request")
    @wraps(do)
    def act(request: HttpRequest, number: int) -> HttpResponse:
        if request.method == "POST":
            with surroundings().writing() as (tx, posted):
                said = do(tx, request, number, posted)
            messages.success(request, said)
        return redirect("request", number=number)

    return act


def _doing(request: HttpRequest) -> dict[str, Any]:
    return {"at": surroundings().now(), "actor": request.member.actor}


@acts
def judge(tx: Connection, request: HttpRequest, number: int, posted: Posted) -> str:
    """Decide about a doubtful record."""
    record, decision = _number(request.POST.get("record", "")) or 0, request.POST.get("decision", "")
    if record not in {one.id for one in queries.records(tx, number)}:
        record = 0  # another request's record is none of this page
    actions.judge(tx, record, DECISIONS.get(decision, decision), **_doing(request))
    return {
        "same": _("It is theirs: it is stopped next."),
        "different": _("It stays as it is."),
        "ask": _("Noted: the person is to be asked."),
    }[decision]


@acts
def retry(tx: Connection, request: HttpRequest, number: int, posted: Posted) -> str:
    """Try anew what was not done."""
    count = actions.retry(tx, number, **_doing(request))
    return ngettext("%(n)d step is tried again.", "%(n)d steps are tried again.", count) % {"n": count}


@acts
def write_note(tx: Connection, request: HttpRequest, number: int, posted: Posted) -> str:
    """Write something down for whoever comes next."""
    notes.write(tx, surroundings().keeper, number, request.POST.get("text", ""), **_doing(request))
    return _("Your note is kept.")


@acts
def hand_over(tx: Connection, request: HttpRequest, number: int, posted: Posted) -> str:
    """Give the request to another desk."""
    desk = request.POST.get("desk", "")
    actions.hand_over(tx, number, desk, posted.policy, **_doing(request))
    return _("%(desk)s has it from now on. The clocks go on.") % {"desk": desk}


@acts
def answered(tx: Connection, request: HttpRequest, number: int, posted: Posted) -> str:
    """Note what a recipient who was told to stop has answered."""
    recipient, refused = request.POST.get("recipient", ""), request.POST.get("says") == "refused"
    actions.acknowledge(tx, number, recipient, refused=refused, **_doing(request))
    words = _("%(recipient)s will not stop: noted.") if refused else _("%(recipient)s has stopped: noted.")
    return words % {"recipient": recipient}


@acts
def withdraw(tx: Connection, request: HttpRequest, number: int, posted: Posted) -> str:
    """Take a draft back."""
    actions.withdraw(tx, surroundings().keeper, number, **_doing(request))
    return _("It is taken back, and what was given is made unreadable.")


@acts
def complete(tx: Connection, request: HttpRequest, number: int, posted: Posted) -> str:
    """A draft is confirmed, or gets what was missing."""
    around = surroundings()
    begun = drafts.opened(tx, around.keeper, number)
    form = Caller(request.POST, policy=posted.policy)
    form.full_clean()
    given = {part: form.cleaned_data.get(part) or None for part in PARTS}
    asked = actions.Asked(
        Held(**given),
        begun.channel,
        begun.received_at,
        topics=tuple(form.cleaned_data.get("topics", ())),
        region=form.cleaned_data.get("region") or None,
    )
    done = actions.complete(tx, around.keeper, number, asked, posted, **_doing(request))
    return (
        _("It holds as of now.") if done.state == "working" else _("Still too little to find anybody: %(words)s.") % {"words": done.words}
    )


def _lines(conn: Connection, found: tuple[queries.Request, ...]) -> list[Line]:
    now, ended = surroundings().now(), queries.ended(conn, found)
    return [
        Line(one, wording.state(one.state), wording.clock(one.due_at, now, over=one.id in ended), ended.get(one.id, one.due_at))
        for one in found
    ]


def _page(request: HttpRequest, number: int) -> str:
    asked = request.GET.copy()
    asked["page"] = str(number)
    return f"?{asked.urlencode()}"


def _number(text: str) -> int | None:
    """A request's number; an address or a telephone number is none."""
    text = text.strip().removeprefix("#")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None
