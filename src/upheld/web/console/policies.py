"""*Policy*: versions, what a check says of each, what proves and keeps it; a new one is drafted, approved by somebody else, and posted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from sqlalchemy import Connection

from upheld.errors import No, NotFound
from upheld.gate.affected import Affected, affected, mark
from upheld.gate.staff import purposes_of
from upheld.policy.check import check
from upheld.policy.compiled import Policy
from upheld.policy.coverage import ClauseCoverage, coverage
from upheld.policy.diff import Difference, diff
from upheld.policy.document import parse
from upheld.policy.faults import Fault
from upheld.policy.prove import Verdict, prove
from upheld.policy.render import body
from upheld.postings import drafts
from upheld.postings.queries import Posted, compiled, posted
from upheld.requests.duties import duties_unmet
from upheld.web.comparing import changed
from upheld.web.console.staff import staff
from upheld.web.console.uploads import Uploaded
from upheld.web.surroundings import surroundings

LONGEST: Final = 1 << 20  # characters of a document
CHANGES: Final = "audit"
"""The purpose that a role must be able to ask for, to draft, approve and post."""
STATES: Final = {
    "waits": (gettext_lazy("waits for a second person"), "warn"),
    "approved": (gettext_lazy("approved: can be posted"), "good"),
    "withdrawn": (gettext_lazy("withdrawn"), ""),
    "posted": (gettext_lazy("posted"), "good"),
    "stale": (gettext_lazy("stale: another version came first"), "bad"),
}


@dataclass(frozen=True, slots=True)
class Examined:
    """What can be said of a version by itself."""

    faults: tuple[Fault, ...]
    verdicts: tuple[Verdict, ...]
    clauses: tuple[ClauseCoverage, ...]
    text: SafeString

    @property
    def errors(self) -> int:
        """How many faults keep it from being posted."""
        return sum(fault.severity == "error" for fault in self.faults)

    @property
    def bare(self) -> list[str]:
        """The clauses that promise something and that nothing keeps."""
        return [each.clause for each in self.clauses if each.promises and not each.is_kept]

    @property
    def kept(self) -> int:
        """How many clauses are kept."""
        return sum(each.is_kept for each in self.clauses)


class Drafting(forms.Form):
    """A new version, as text or as a file."""

    text = forms.CharField(
        label=gettext_lazy("The document"),
        required=False,
        strip=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off", "class": "code"}),
    )
    since = forms.DateTimeField(
        label=gettext_lazy("In force from (UTC)"),
        help_text=gettext_lazy("Empty: from its posting."),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "autocomplete": "off"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff()
def page(request: HttpRequest) -> HttpResponse:
    """All versions and drafts, and a form for a new one: whatever is wrong with it is said line by line, and it stays in the form."""
    form = Drafting(_given(request)) if request.method == "POST" else Drafting()
    faults: tuple[Fault, ...] = ()
    if form.is_bound and form.is_valid():
        number, faults = _draft(request, form)
        if number is not None:
            return redirect("policies draft", number=number)
    around = surroundings()
    with around.reading() as (conn, current):
        versions, waiting = posted(conn), drafts.drafts(conn)
    ends: list[Any] = [*(each.since for each in versions[1:]), None]
    said = {
        "versions": list(zip(versions, ends, strict=True))[::-1],
        "current": current.version,
        "now": around.now(),
        "drafts": [(each, STATES[each.state]) for each in reversed(waiting)],
        "form": form,
        "faults": faults,
        "changes": _may_change(request),
    }
    return render(request, "console/policies.html", said, status=400 if form.is_bound else 200)


@require_safe
@staff()
def version(request: HttpRequest, version: str) -> HttpResponse:
    """One posted version: what a check says, what is proven, what keeps each clause, and the text with its anchors."""
    with surroundings().record.reading() as conn:
        found = next((each for each in posted(conn) if each.version == version), None)
    if found is None:
        raise NotFound("no such version was posted")
    said = {"posted": found, "examined": _examined(found.policy), "section": "policies"}
    return render(request, "console/version.html", said)


@require_safe
@staff()
def source(request: HttpRequest, version: str) -> HttpResponse:
    """The text of a posted version, to begin the next one with."""
    with surroundings().record.reading() as conn:
        found = next((each for each in posted(conn) if each.version == version), None)
    if found is None:
        raise NotFound("no such version was posted")
    answer = HttpResponse(found.policy.document.text, content_type="text/markdown; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="policy-{found.version}.md"'
    return answer


@require_safe
@staff()
def draft(request: HttpRequest, number: int) -> HttpResponse:
    """One draft: what it changes and whom that touches, what a check says, and what is to be done now."""
    around = surroundings()
    with around.record.reading() as conn:
        found = drafts.find(conn, number)
        new = compiled(found.text, found.name)
        before = next((each for each in posted(conn) if each.version == found.follows), None)
        touched = _touched(new, mark(conn, around.now())) if found.state in {"waits", "approved"} and before is not None else None
    said = {
        "draft": found,
        "state": STATES[found.state],
        "mine": found.by == request.member.name,
        "parts": _parts(before, new),
        "sentences": changed(before.policy, new) if before is not None else [],
        "touched": touched,
        "examined": _examined(new),
        "changes": _may_change(request),
        "section": "policies",
    }
    return render(request, "console/draft.html", said)


@require_POST
@staff(CHANGES)
def approve(request: HttpRequest, number: int) -> HttpResponse:
    """Approve what somebody else drafted."""
    return _step(request, number, lambda tx, at: drafts.approve(tx, number, at=at, actor=request.member.actor), _("Approved."))


@require_POST
@staff(CHANGES)
def post(request: HttpRequest, number: int) -> HttpResponse:
    """Put an approved draft in force."""
    return _step(request, number, lambda tx, at: drafts.post_draft(tx, number, at=at, actor=request.member.actor), _("Posted."))


@require_POST
@staff(CHANGES)
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Give a draft up."""
    return _step(request, number, lambda tx, at: drafts.withdraw(tx, number, at=at, actor=request.member.actor), _("Withdrawn."))


def _given(request: HttpRequest) -> Any:  # noqa: ANN401 - Django's own
    """The form as sent; a file stands for the text. One that is not UTF-8 is read so far as it goes: the check then says where."""
    given, upload = request.POST.copy(), request.FILES.get("file")
    if isinstance(upload, Uploaded):
        given["text"] = upload.read(LONGEST + 1).decode("utf-8", "replace")
    given["text"] = given.get("text", "").replace("\r\n", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return given


def _draft(request: HttpRequest, form: Drafting) -> tuple[int | None, tuple[Fault, ...]]:
    """The number of the new draft; or every fault of the document, said with its line."""
    around, since = surroundings(), form.cleaned_data["since"]
    if not form.cleaned_data["text"].strip():
        form.add_error("text", _("Paste the document, or choose its file."))
        return None, ()
    document = parse(form.cleaned_data["text"], "policy.md")
    faults = tuple(check(document, [duties_unmet]))
    if not _may_change(request):
        form.add_error(None, _("Your role drafts no versions: whoever's role may ask for audit does."))
    elif any(fault.severity == "error" for fault in faults):
        form.add_error("text", _("The document has faults; they stand below, each with its line."))
    else:
        try:
            with around.record.transaction() as tx:
                at = since.replace(tzinfo=UTC) if since else None
                return drafts.draft(tx, document, at, at=around.now(), actor=request.member.actor), ()
        except No as no:
            form.add_error(None, str(no))
    return None, faults


def _step(request: HttpRequest, number: int, change: Callable[[Connection, datetime], object], done: str) -> HttpResponse:
    around = surroundings()
    try:
        with around.record.transaction() as tx:
            change(tx, around.now())
        messages.success(request, done)
    except No as no:
        messages.error(request, str(no))
    return redirect("policies draft", number=number)


def _parts(before: Posted | None, new: Policy) -> list[tuple[str, str, Any]]:
    if before is None:
        return []
    found = _difference(before.policy, new)
    parts = [(_("Wider"), "wider", found.wider), (_("Narrower"), "narrower", found.narrower), (_("Changed"), "", found.changed)]
    return [part for part in parts if part[2]]


@lru_cache(maxsize=8)
def _touched(new: Policy, _mark: tuple[int, ...]) -> Affected:
    """Counted once for as long as nobody chose anything: a million people take seconds."""
    around = surroundings()
    with around.record.reading() as conn:
        return affected(conn, new, around.now())


@lru_cache(maxsize=32)
def _difference(before: Policy, new: Policy) -> Difference:
    return diff(before, new)


@lru_cache(maxsize=32)
def _examined(policy: Policy) -> Examined:
    faults = tuple(check(policy.document, [duties_unmet]))
    text = mark_safe(body(policy.document).text)  # noqa: S308 - escaped where it is made
    return Examined(faults, tuple(prove(policy)), coverage(policy), text)


def _may_change(request: HttpRequest) -> bool:
    with surroundings().reading() as (_conn, current):
        return bool(purposes_of(current.policy, request.member.role, (CHANGES,)))
