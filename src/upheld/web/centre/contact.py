"""*Contact*: the right desk by region, open or closed now by its own hours and clocks, and what else one can ask for there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from upheld.policy.behaviour import rights
from upheld.policy.compiled import Policy
from upheld.policy.explain import explain
from upheld.policy.statements import Contact
from upheld.policy.terms import REGION_PARENTS
from upheld.policy.voice import Voice
from upheld.requests.desks import Desk, Span, desk
from upheld.web import regions
from upheld.web.surroundings import surroundings

REGIONS = ("us", "us-ca", "eu", "elsewhere")
"""Regions that are always offered; those that the policy's desks and rights name come first."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A desk with its hours in words. `is_open` None: it keeps no hours (a mailbox)."""

    desk: Desk
    hours: str
    is_open: bool | None
    opens: str


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The desk for a region that the reader chose, or the one for everybody."""
    around = surroundings()
    now = around.now()
    with around.reading() as (_conn, posted):
        policy = posted.policy
    region = request.GET.get("region", "")
    region = region if region in REGION_PARENTS else ""
    found = desk(policy, region or None)
    voice = Voice.of(policy.document.statements)
    said = {
        "reached": _reached(found, now) if found else None,
        "region": region,
        "regions": [(code, regions.region(code)) for code in _offered(policy)],
        "rights": [explain(each, voice) for each in rights(policy, region or None)] if region else [],
    }
    return render(request, "centre/contact.html", said)


def _offered(policy: Policy) -> list[str]:
    """The regions to choose from: those that a desk or a right is for, then a few that everybody knows."""
    named = [region for each in policy.document.statements if isinstance(each, Contact) for region in each.regions]
    named += [region for each in rights(policy, None) for region in each.regions]
    return [code for code in dict.fromkeys([*named, *REGIONS]) if code in REGION_PARENTS]


def _reached(found: Desk, now: datetime) -> Reached:
    if found.hours is None:
        return Reached(found, "", None, "")
    opens = found.hours.opens_next(now).astimezone(found.hours.zone)
    zone = str(found.hours.zone).rpartition("/")[2].replace("_", " ")
    spans = "; ".join(_span(span) for span in found.hours.spans)
    at = _("%(day)s at %(time)s") % {"day": WEEKDAYS[opens.weekday()], "time": f"{opens:%H:%M}"}
    return Reached(found, _("%(hours)s, %(zone)s time") % {"hours": spans, "zone": zone}, found.open_at(now), at)


def _span(span: Span) -> str:
    days = sorted(span.days)
    whole = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
    named = f"{WEEKDAYS_ABBR[days[0]]}–{WEEKDAYS_ABBR[days[-1]]}" if whole else ", ".join(str(WEEKDAYS_ABBR[day]) for day in days)
    return f"{named} {span.start:%H:%M}–{span.end:%H:%M}"
