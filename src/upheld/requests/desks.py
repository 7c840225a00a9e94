"""Which desk answers whom, and whether it is open now: read from the policy's `contact` statements."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from upheld.policy.behaviour import desk as contact_for
from upheld.policy.compiled import Policy
from upheld.policy.statements import Contact

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SPAN: Final = re.compile(r"([A-Za-z]{3})(?: ?- ?([A-Za-z]{3}))? (\d\d?):(\d\d) ?- ?(\d\d?):(\d\d)")


@dataclass(frozen=True, slots=True)
class Span:
    """From a time to a time on some days of the week (0: Monday)."""

    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Hours:
    """When a desk is open, by the clocks of its own place."""

    spans: tuple[Span, ...]
    zone: ZoneInfo

    def open_at(self, moment: datetime) -> bool:
        """Whether somebody is there at a moment."""
        there = moment.astimezone(self.zone)
        return any(there.weekday() in span.days and span.start <= there.time() < span.end for span in self.spans)

    def opens_next(self, moment: datetime) -> datetime:
        """The next moment from this one on at which somebody is there."""
        if self.open_at(moment):
            return moment
        there = moment.astimezone(self.zone)
        days = [there.date() + timedelta(days=ahead) for ahead in range(8)]
        openings = [datetime.combine(day, span.start, self.zone) for day in days for span in self.spans if day.weekday() in span.days]
        return min(opening for opening in openings if opening > there)


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk as the policy names it. `hours` None: it names none (a mailbox that is always open)."""

    name: str
    phone: str | None
    email: str | None
    post: str | None
    hours: Hours | None

    def open_at(self, moment: datetime) -> bool:
        """Whether it can be reached by voice at a moment."""
        return self.hours is None or self.hours.open_at(moment)


def desk(policy: Policy, region: str | None) -> Desk | None:
    """The desk for a person of a region: EU residents have their own (P16); an unknown region gets the one for everybody."""
    found = contact_for(policy, region)
    return _desk(found) if found else None


def named(policy: Policy, name: str) -> Desk | None:
    """The desk of this name, if the policy has one."""
    return next((_desk(each) for each in policy.document.statements if isinstance(each, Contact) and each.desk == name), None)


def hours(text: str) -> Hours | None:
    """The hours of a `contact` statement, `Mon-Fri 06:00-17:00 and Sat 08:00-12:00 America/Los_Angeles`; None if they cannot be read."""
    spans, _, zone = " ".join(text.split()).rpartition(" ")
    try:
        return Hours(tuple(_span(span) for span in spans.split(" and ")), ZoneInfo(zone))
    except (ValueError, ZoneInfoNotFoundError):
        return None


def _span(text: str) -> Span:
    read = _SPAN.fullmatch(text)
    if read is None:
        raise ValueError
    first, last = DAYS.index(read[1].title()), DAYS.index((read[2] or read[1]).title())
    days = frozenset((first + ahead) % 7 for ahead in range((last - first) % 7 + 1))
    return Span(days, time(int(read[3]), int(read[4])), time(int(read[5]), int(read[6])))


def _desk(contact: Contact) -> Desk:
    return Desk(contact.desk, contact.phone, contact.email, contact.post, hours(contact.hours) if contact.hours else None)
