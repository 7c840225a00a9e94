"""*Recipients*: who may receive, how they were vetted, their contracts with purposes, dates and terms, and what they received."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from sqlalchemy import Connection

from upheld.errors import Invalid, No
from upheld.gate.disclosures import to_recipient
from upheld.gate.staff import purposes_of
from upheld.postings.queries import in_force
from upheld.recipients import actions, queries
from upheld.recipients.terms import BOUND, checklist, demanded
from upheld.web import forms as controls
from upheld.web.console.staff import staff
from upheld.web.surroundings import surroundings

KINDS: Final = {
    "affiliate": gettext_lazy("affiliate: a company of our group"),
    "subcontractor": gettext_lazy("subcontractor: works for us"),
    "third party": gettext_lazy("third party: uses it for its own purposes"),
    "authority": gettext_lazy("authority: asks by law"),
}
WAYS: Final = {
    "email": gettext_lazy("E-mail"),
    "post": gettext_lazy("Postal address"),
    "web": gettext_lazy("Web address"),
    "phone": gettext_lazy("Telephone"),
}
CHANGES: Final = "audit"
"""The purpose that a role must be able to ask for, to change the register."""


class Registering(forms.Form):
    """A new recipient."""

    name = controls.text(gettext_lazy("Short name"), required=True, hint=gettext_lazy("Lower-case letters and dashes, as in acme-mailing."))
    title = controls.text(gettext_lazy("Full name"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=list(KINDS.items()))
    region = controls.text(gettext_lazy("Where it is"), hint=gettext_lazy("A region, as in us, us-ca or de; may be empty."))


def _day(label: Any, *, required: bool = False, hint: Any = "") -> Any:  # noqa: ANN401 - words, now or later
    widget = forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, help_text=hint, widget=widget, input_formats=["%Y-%m-%d"])


class Contract(forms.Form):
    """A contract: its purposes and terms are lists to tick."""

    start = _day(gettext_lazy("In force from"), hint=gettext_lazy("From the first moment of that day, UTC; empty: from now on."))
    until = _day(gettext_lazy("Last day"), hint=gettext_lazy("To the end of that day, UTC; empty: until it is ended."))


class Vetting(forms.Form):
    """What a review of the good name found."""

    reviewed = _day(gettext_lazy("Reviewed on"), required=True)


@require_http_methods(["GET", "HEAD", "POST"])
@staff()
def page(request: HttpRequest) -> HttpResponse:
    """The register, and the form for a new one."""
    form = Registering(request.POST) if request.method == "POST" else Registering(initial={"kind": "third party"})
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        named = {"title": given["title"] or None, "region": given["region"] or None}

        def add(tx: Connection, at: datetime) -> None:
            actions.add(tx, given["name"], given["kind"], **named, at=at, actor=request.member.actor)

        if _changed(request, add, form):
            return redirect("recipient", name=given["name"])
    around = surroundings()
    with around.reading() as (conn, posted):
        now, needed = around.now(), demanded(posted.policy.document.front.law)
        register = [(entry, _state(entry, now, needed)) for entry in queries.register(conn, now)]
    said = {"register": register, "form": form, "changes": _may_change(request)}
    return render(request, "console/recipients.html", said, status=400 if form.is_bound else 200)


@require_safe
@staff()
def one(request: HttpRequest, name: str) -> HttpResponse:
    """One recipient: whether the tap is open and why, its contract, vetting, addresses, and what it received."""
    return _one(request, name)


@require_POST
@staff()
def contract(request: HttpRequest, name: str) -> HttpResponse:
    """Note a contract, or end the one there is: from then on nothing leaves under it."""
    form = Contract(request.POST)
    purposes = [] if "end" in request.POST else request.POST.getlist("purposes")
    if not purposes and "end" not in request.POST:
        form.add_error(None, _("Tick what the contract is for."))
    elif form.is_valid() or "end" in request.POST:
        given = {} if "end" in request.POST else form.cleaned_data
        terms = request.POST.getlist("terms") if purposes else []

        def note(tx: Connection, at: datetime) -> None:
            start = _first(given["start"]) if given.get("start") else at
            until = _first(given["until"]) + timedelta(days=1) if given.get("until") else None
            known = in_force(tx, at).policy.vocabulary.purposes
            actions.contract(tx, name, purposes, start, until, terms=terms, known=known, at=at, actor=request.member.actor)

        if _changed(request, note, form):
            return redirect("recipient", name=name)
    return _one(request, name, contract=form)


@require_POST
@staff()
def vet(request: HttpRequest, name: str) -> HttpResponse:
    """Note a review of the good name."""
    form, found = Vetting(request.POST), request.POST.get("reputable")
    if found not in {"yes", "no"}:
        form.add_error(None, _("Say what the review found."))
    elif form.is_valid():

        def note(tx: Connection, at: datetime) -> None:
            day = form.cleaned_data["reviewed"]
            actions.vet(tx, name, reputable=found == "yes", reviewed_on=day, at=at, actor=request.member.actor)

        if _changed(request, note, form):
            return redirect("recipient", name=name)
    return _one(request, name, vetting=form)


@require_POST
@staff()
def addresses(request: HttpRequest, name: str) -> HttpResponse:
    """Note how it is reached: each way that was changed."""
    form = forms.Form(request.POST)

    def note(tx: Connection, at: datetime) -> None:
        known = queries.addresses(tx, queries.find(tx, name))
        for way in WAYS:
            value = " ".join(request.POST.get(way, "").split())
            if value != known.get(way, ""):
                actions.address(tx, name, way, value, at=at, actor=request.member.actor)

    if form.is_valid() and _changed(request, note, form):
        return redirect("recipient", name=name)
    return _one(request, name, addressing=form)


def _one(request: HttpRequest, name: str, **bound: forms.Form) -> HttpResponse:
    around = surroundings()
    with around.reading() as (conn, posted):
        now, laws = around.now(), posted.policy.document.front.law
        entry = queries.entry(conn, name, now)
        kept = queries.addresses(conn, entry.recipient)
        received = to_recipient(conn, name)
    held = entry.contract.terms if entry.contract else ()
    covered = entry.contract.purposes if entry.contract else ()
    ticked = bound["contract"].data if "contract" in bound else None
    said = {
        "entry": entry,
        "state": _state(entry, now, demanded(laws)),
        "lacks": entry.lacks(demanded(laws)),
        "kind": KINDS[entry.recipient.kind],
        "purposes": [(each, each in (ticked.getlist("purposes") if ticked else covered)) for each in posted.policy.vocabulary.purposes],
        "terms": [(each, each.name in (ticked.getlist("terms") if ticked else held)) for each in checklist(laws)],
        "needs_terms": entry.recipient.kind in BOUND,
        "contract_form": bound.get("contract", Contract()),
        "vetting_form": bound.get("vetting", Vetting(initial={"reviewed": now.date()})),
        "address_form": bound.get("addressing"),
        "ways": [(way, label, request.POST.get(way, "") if "addressing" in bound else kept.get(way, "")) for way, label in WAYS.items()],
        "received": received,
        "changes": _may_change(request),
        "section": "recipients",
    }
    return render(request, "console/recipient.html", said, status=400 if bound else 200)


def _changed(request: HttpRequest, change: Callable[[Connection, datetime], None], form: forms.Form) -> bool:
    """Whether a change was made. What it refuses is said above the form; who may not change anything is refused."""
    around = surroundings()
    if not _may_change(request):
        raise Invalid(f"`{request.member.role}` staff may not change the register: a role that may ask for `{CHANGES}` does")
    try:
        with around.record.transaction() as tx:
            change(tx, around.now())
    except No as no:
        form.add_error(None, str(no))
        return False
    messages.success(request, _("Noted. It holds from now on."))
    return True


def _may_change(request: HttpRequest) -> bool:
    with surroundings().reading() as (_conn, posted):
        return bool(purposes_of(posted.policy, request.member.role, (CHANGES,)))


def _first(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _state(entry: queries.Entry, now: datetime, needed: tuple[str, ...]) -> tuple[str, str]:
    """Whether the tap is open, in words, and how it is shown: `good`, `warn` or `bad`."""
    held = entry.contract
    if held is None or not held.purposes:
        return _("no contract: nothing leaves under one"), "bad"
    if entry.lacks(needed):
        return _("the contract lacks terms: it counts as none"), "bad"
    if held.until is not None and held.until <= now:
        return _("the contract has run out: closed"), "bad"
    if held.start > now:
        return _("the contract is not in force yet: closed"), "warn"
    if held.until is not None and held.until - now < timedelta(days=30):
        return _("open; the contract ends within 30 days"), "warn"
    return _("open"), "good"
