"""*Releases*: give a list, see what may leave and why the rest may not, release it, download it once; what left, to whom, about whom."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from sqlalchemy import Connection

from upheld.errors import No, NotFound
from upheld.gate import carrying, ordering
from upheld.gate import staff as gate
from upheld.gate.disclosures import counts_by_recipient, disclosures, to_recipient
from upheld.gate.orders import STEPS
from upheld.gate.staff import purposes_of
from upheld.people.codes import Keys
from upheld.people.held import Held
from upheld.people.queries import find
from upheld.policy.compiled import Policy
from upheld.recipients.queries import register
from upheld.requests.given import identifiers_of
from upheld.web import forms as controls
from upheld.web.console.staff import staff
from upheld.web.console.uploads import MOST, Uploaded
from upheld.web.surroundings import surroundings

PAGE: Final = 20  # releases
OPEN: Final = ordering.STATES[:6]
STATES: Final = {
    "looking": (gettext_lazy("being looked at"), ""),
    "looked": (gettext_lazy("looked at: decide"), "warn"),
    "releasing": (gettext_lazy("being released"), ""),
    "released": (gettext_lazy("released: download it"), "good"),
    "nothing": (gettext_lazy("nothing may leave"), "bad"),
    "failed": (gettext_lazy("could not be done"), "bad"),
    "fetched": (gettext_lazy("downloaded"), "good"),
    "discarded": (gettext_lazy("given up"), ""),
}
FIELDS: Final = {
    "`--source`": gettext_lazy("Where its information comes from"),
    "`--map COLUMN=ITEM`": gettext_lazy("What its columns are"),
    "`--purpose`": gettext_lazy("What for"),
    "`--term` or `--all-terms`": gettext_lazy("Recipients"),
}
STAGES: Final = {
    "read": gettext_lazy("recognising people"),
    "mapped": gettext_lazy("recognising people"),
    "snapshot": gettext_lazy("deciding"),
    "matched": gettext_lazy("deciding"),
    "decided": gettext_lazy("writing"),
    "written": gettext_lazy("writing"),
    "synced": gettext_lazy("recording"),
    "recording": gettext_lazy("recording"),
    "recorded": gettext_lazy("recording"),
}


class Wanted(forms.Form):
    """What is to be done with a list."""

    def __init__(self, *args: Any, policy: Policy, role: str, recipients: list[str], **more: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **more)
        words = policy.vocabulary
        self.fields["people"].required = False
        self.fields["purpose"].choices = [(each, each) for each in purposes_of(policy, role)]
        self.fields["to"].choices = [(each, each) for each in ("ourselves", *recipients)]
        self.fields["source"].choices = [("", _("find out by the columns")), *((each, each) for each in words.sources)]
        self.fields["items"].choices = [(each, each) for each in words.items]

    purpose = forms.ChoiceField(label=gettext_lazy("What for"), choices=[])
    to = forms.ChoiceField(label=gettext_lazy("Who gets it"), choices=[])
    source = forms.ChoiceField(label=gettext_lazy("Where its information comes from"), choices=[], required=False)
    items = forms.MultipleChoiceField(label=gettext_lazy("Only these items (none ticked: all)"), choices=[], required=False)
    people = controls.number(gettext_lazy("Only totals, each of at least so many people"), 1, 1_000_000)
    mapping = forms.CharField(
        label=gettext_lazy("What its columns are"),
        help_text=gettext_lazy("One a line, as in address=order.shipping address; where the names do not say it."),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )

    def asked(self) -> ordering.Asked:
        """The same as the gate wants it."""
        given = self.cleaned_data
        items, people = tuple(given["items"]), given["people"]
        mapping = tuple(line.strip() for line in given["mapping"].splitlines() if line.strip())
        rows, totals = ((), items) if people else (items, ())
        return ordering.Asked(given["purpose"], given["to"], rows, totals, people, mapping=mapping, source=given["source"] or None)


class Whose(forms.Form):
    """Whose disclosures."""

    email = controls.email(gettext_lazy("E-mail address"), required=False)
    first = controls.text(gettext_lazy("First name"))
    last = controls.text(gettext_lazy("Last name"))
    address = controls.text(gettext_lazy("Street and number"))
    zip = controls.text(gettext_lazy("Zip code"), short=True)


@require_http_methods(["GET", "HEAD", "POST"])
@staff()
def page(request: HttpRequest) -> HttpResponse:
    """What is on its way, a form for a new list, and what left."""
    form = _wanted(request)
    if form.is_bound and form.is_valid():
        number = _give(request, form)
        if number is not None:
            return redirect("release order", number=number)
    around = surroundings()
    with around.record.reading() as conn:
        mine = [(each, STATES[each.state]) for each in ordering.orders(conn, OPEN) if each.asked.purpose in _purposes(request)]
        left = to_recipient(conn, before=_before(request), count=PAGE + 1)
        said: dict[str, Any] = {"orders": mine, "left": left[:PAGE], "recipients": counts_by_recipient(conn)}
        said |= {"older": left[PAGE - 1].release if len(left) > PAGE else None}
    said |= {"form": form, "inbox": ordering.inbox(around.home), "most": MOST >> 20}
    return render(request, "console/releases.html", said, status=400 if form.is_bound else 200)


@require_safe
@staff()
def order(request: HttpRequest, number: int) -> HttpResponse:
    """One list: how far it is, what may leave, what was refused under which sentence, and what can be done now."""
    return _order(request, number)


@require_POST
@staff()
def again(request: HttpRequest, number: int) -> HttpResponse:
    """Look once more, with other words."""
    _mine(request, number)
    form = _wanted(request)
    if form.is_valid():

        def look(tx: Connection, at: datetime) -> None:
            ordering.look_again(tx, number, form.asked(), at=at, actor=request.member.actor)

        if _done(request, look):
            return redirect("release order", number=number)
    return _order(request, number, form)


@require_POST
@staff()
def begin(request: HttpRequest, number: int) -> HttpResponse:
    """Release it: the worker does, as soon as it can."""
    _mine(request, number)
    _done(request, lambda tx, at: ordering.begin(tx, number, at=at, actor=request.member.actor))
    return redirect("release order", number=number)


@require_POST
@staff()
def fetch(request: HttpRequest, number: int) -> HttpResponse:
    """The released file, once; with its last byte nothing of the list is left here."""
    around, found = surroundings(), _mine(request, number)
    with around.record.transaction() as tx:
        handle = ordering.fetch(tx, around.home, number, at=around.now(), actor=request.member.actor)
    shutil.rmtree(found.folder(around.home), ignore_errors=True)
    name = f"release-{found.release}{found.out(around.home).suffix}"
    return FileResponse(os.fdopen(handle, "rb"), as_attachment=True, filename=name)


@require_POST
@staff()
def discard(request: HttpRequest, number: int) -> HttpResponse:
    """Give it up, and delete what is kept of it."""
    around, found = surroundings(), _mine(request, number)
    if _done(request, lambda tx, at: ordering.discard(tx, number, at=at, actor=request.member.actor)):
        shutil.rmtree(found.folder(around.home), ignore_errors=True)
    return redirect("releases")


@require_http_methods(["GET", "HEAD", "POST"])
@staff("rights", "audit", "legal", shows="disclosures")
def person(request: HttpRequest) -> HttpResponse:
    """What left about one person: asked for by what they are known by, never in an address. Every look is a reading of that person."""
    form = Whose(request.POST) if request.method == "POST" else Whose()
    found = None
    if form.is_bound and form.is_valid():
        try:
            found = _about(request, form)
        except No as no:
            form.add_error(None, str(no))
    said = {"form": form, "found": found, "section": "releases"}
    return render(request, "console/disclosed.html", said, status=400 if form.is_bound and form.errors else 200)


def _before(request: HttpRequest) -> int | None:
    said = request.GET.get("before", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None


def _about(request: HttpRequest, form: Whose) -> Any:  # noqa: ANN401 - disclosures, oldest first
    around, given = surroundings(), {name: value for name, value in form.cleaned_data.items() if value}
    keys = Keys(around.home.key)
    identifiers = identifiers_of(Held(**given), keys)
    with around.writing() as (tx, posted):
        # the purpose was stated once, for the page; whom it is used for is written down each time
        subject, now, actor = min(find(tx, keys, identifiers), default=None), around.now(), request.member.actor
        gate.read(tx, posted.policy, request.purpose, "disclosures", subject, at=now, actor=actor)
        return disclosures(tx, keys, identifiers)


def _wanted(request: HttpRequest) -> Wanted:
    with surroundings().reading() as (conn, posted):
        names = [each.recipient.name for each in register(conn, surroundings().now())]
        more = {"policy": posted.policy, "role": request.member.role, "recipients": names}
    return Wanted(request.POST, **more) if request.method == "POST" else Wanted(**more)


def _give(request: HttpRequest, form: Wanted) -> int | None:
    """The number of the new order; None if there is something to mend, said above the form."""
    around, upload, picked = surroundings(), request.FILES.get("file"), request.POST.get("inbox")
    if not isinstance(upload, Uploaded) and not picked:
        large = getattr(request, "too_large", False)
        form.add_error(
            None, _("This file is too large for a browser: put it into the inbox folder of the home.") if large else _("Choose a list.")
        )
        return None
    given = upload.place if isinstance(upload, Uploaded) else None
    name = str(upload.name) if isinstance(upload, Uploaded) else str(picked)
    try:
        with around.record.transaction() as tx:
            return ordering.order(tx, around.home, name, given, form.asked(), at=around.now(), actor=request.member.actor)
    except No as no:
        form.add_error(None, str(no))
        return None


def _order(request: HttpRequest, number: int, form: Wanted | None = None) -> HttpResponse:
    around, found = surroundings(), _mine(request, number)
    step = carrying.progress(around.home, found) if found.state in {"looking", "releasing"} else {}
    said = {
        "order": found,
        "state": STATES[found.state],
        "waits": found.state in {"looking", "releasing"},
        "looked": found.state != "looking" and _looked(found),
        "stage": STAGES.get(step.get("step", "")),
        "share": _share(step),
        "form": form or _again(request, found),
        "section": "releases",
    }
    return render(request, "console/order.html", said, status=400 if form is not None else 200)


def _looked(found: ordering.Ordered) -> dict[str, Any] | None:
    """What the look found, its notes in the words of this page: it has no options of a command."""
    looked = carrying.looked(surroundings().home, found)
    if looked is not None:
        looked["notes"] = [_worded(note) for note in looked["notes"]]
    return looked


def _worded(note: str) -> str:
    for option, field in FIELDS.items():
        note = note.replace(option, f"“{field}”")
    return note


def _again(request: HttpRequest, found: ordering.Ordered) -> Wanted:
    asked, more = found.asked, _wanted(request)
    mapping, items = "\n".join(asked.mapping), [*asked.items, *asked.totals]
    more.initial = {"purpose": asked.purpose, "to": asked.to, "source": asked.source or "", "items": items, "people": asked.people}
    more.initial["mapping"] = mapping
    more.is_bound = False
    return more


def _share(step: dict[str, Any]) -> int | None:
    """How far it is, in hundredths. Rows are counted (`read`) before and after the columns are known, and only then take time."""
    if step.get("step") not in STEPS:
        return None
    at: float = STEPS.index(step["step"])
    if step["step"] == "read":
        at = STEPS.index("mapped") + step["done"] / max(step["of"], 1)
    return int(at * 100 / len(STEPS))


def _mine(request: HttpRequest, number: int) -> ordering.Ordered:
    """An order whose purpose the role may ask for; any other is as if it were not there."""
    with surroundings().record.reading() as conn:
        found = ordering.find(conn, number)
    if found.asked.purpose not in _purposes(request):
        raise NotFound(f"there is no list {number} for a purpose of your role")
    return found


def _purposes(request: HttpRequest) -> tuple[str, ...]:
    with surroundings().reading() as (_conn, posted):
        return purposes_of(posted.policy, request.member.role)


def _done(request: HttpRequest, change: Callable[[Connection, datetime], object]) -> bool:
    around = surroundings()
    try:
        with around.record.transaction() as tx:
            change(tx, around.now())
    except No as no:
        messages.error(request, str(no))
        return False
    return True
