"""The policy as posted: the page in force, all versions, and what differs between any two. The document itself is the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from upheld.errors import NotFound
from upheld.gate.counting import Counted, by_clause
from upheld.policy.compiled import Policy
from upheld.policy.diff import Difference, diff
from upheld.policy.render import Body, body
from upheld.postings.queries import Posted, history
from upheld.web.comparing import changed
from upheld.web.surroundings import surroundings


@require_safe
def page(request: HttpRequest, version: str | None = None, *, unfolded: bool = False) -> HttpResponse:
    """The version in force, or an earlier one by its name. `unfolded`: for paper, every rule open."""
    around = surroundings()
    now = around.now()
    with around.record.reading() as conn:
        versions = history(conn, now)
        shown = _named(versions, version or (versions[-1].version if versions else ""))
        current = shown is versions[-1]
        month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        counted = by_clause(conn, month, now + timedelta(seconds=1)) if current else {}
    said = {
        "posted": shown,
        "current": current,
        "until": None if current else versions[versions.index(shown) + 1].since,
        "body": _safe(shown.policy, _sentences(counted, shown.policy, now) if current else {}, unfolded=unfolded),
        "earlier": len(versions) - 1,
        "unfolded": unfolded,
    }
    return render(request, "centre/policy.html", said)


@require_safe
def versions(request: HttpRequest) -> HttpResponse:
    """Every version that was ever in force, the newest first, and a form that compares two."""
    with surroundings().record.reading() as conn:
        found = history(conn, surroundings().now())
    ends = [*(each.since for each in found[1:]), None]
    return render(request, "centre/versions.html", {"versions": list(zip(found, ends, strict=True))[::-1]})


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """What the second version changes against the first: what may be done, then sentence by sentence."""
    with surroundings().record.reading() as conn:
        found = history(conn, surroundings().now())
    older, newer = (_named(found, request.GET.get(name, "")) for name in ("from", "to"))
    difference = _difference(older.policy, newer.policy)
    parts = [
        (_("Wider"), "wider", difference.wider),
        (_("Narrower"), "narrower", difference.narrower),
        (_("Changed"), "", difference.changed),
    ]
    said = {"older": older, "newer": newer, "parts": [part for part in parts if part[2]], "sentences": changed(older.policy, newer.policy)}
    return render(request, "centre/compare.html", said)


def _named(versions: tuple[Posted, ...], version: str) -> Posted:
    found = next((each for each in versions if each.version == version), None)
    if found is None:
        raise NotFound("no such version is, or ever was, in force")
    return found


def _sentences(counted: Mapping[str, Counted], policy: Policy, now: datetime) -> dict[str, str]:
    """Under each clause that can allow or refuse: how often it did so this month."""
    month = date_format(now, "F Y")
    told = {}
    for clause in {rule.clause for rule in policy.rules}:
        count = counted.get(clause, Counted())
        releases = ngettext("%(count)d list", "%(count)d lists", count.releases) % {"count": count.releases}
        words = _("In %(month)s this part let %(allowed)s records leave and held %(refused)s back, in %(releases)s.")
        never = _("In %(month)s no list was asked for that this part speaks of.")
        told[clause] = (words if count.releases else never) % {
            "month": month,
            "allowed": f"{count.allowed:,}",
            "refused": f"{count.refused:,}",
            "releases": releases,
        }
    return told


@dataclass(frozen=True, slots=True)
class Safe:
    """The parts of the page, as HTML that `policy.render` has escaped."""

    title: SafeString
    contents: SafeString
    text: SafeString


def _safe(policy: Policy, beside: Mapping[str, str], *, unfolded: bool) -> Safe:
    made = _body(policy, tuple(sorted(beside.items())), unfolded=unfolded)
    return Safe(mark_safe(made.title), mark_safe(made.contents), mark_safe(made.text))  # noqa: S308 - escaped where it is made


@lru_cache(maxsize=32)
def _body(policy: Policy, beside: tuple[tuple[str, str], ...], *, unfolded: bool) -> Body:
    return body(policy.document, beside=dict(beside), unfolded=unfolded)


@lru_cache(maxsize=64)
def _difference(older: Policy, newer: Policy) -> Difference:
    return diff(older, newer)
