"""Which desk answers whom, and whether it is open now: read from the policy's `contact` statements."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from upheld.law.counting import calendar_of, is_public_holiday
from upheld.policy.behaviour import ANYONE
from upheld.policy.behaviour import desk as contact_for
from upheld.policy.compiled import Policy
from upheld.policy.statements import Contact

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONGEST_REST: Final = 40  # days without one on which the desk is open
_SPAN: Final = re.compile(r"([A-Za-z]{3})(?: ?- ?([A-Za-z]{3}))? (\d\d?):(\d\d) ?- ?(\d\d?):(\d\d)")


@dataclass(frozen=True, slots=True)
class Span:
    """From a time to a time on some days of the week (0: Monday)."""

    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Opening:
    """One day of a desk's calendar: the hours on it by the desk's own clocks (none: closed), and whether a public holiday closes it."""

    day: date
    spans: tuple[tuple[time, time], ...]
    holiday: bool


@dataclass(frozen=True, slots=True)
class Hours:
    """When a desk is open, by the clocks of its own place; `calendar` names the public holidays on which it is not."""

    spans: tuple[Span, ...]
    zone: ZoneInfo
    calendar: str | None = None

    def open_at(self, moment: datetime) -> bool:
        """Whether somebody is there at a moment."""
        there = moment.astimezone(self.zone)
        manned = any(there.weekday() in span.days and span.start <= there.time() < span.end for span in self.spans)
        return manned and not is_public_holiday(there.date(), self.calendar)  # the holidays take long to load, so they come last

    def opens_next(self, moment: datetime) -> datetime:
        """The next moment from this one on at which somebody is there."""
        if self.open_at(moment):
            return moment
        there = moment.astimezone(self.zone)
        days = (there.date() + timedelta(days=ahead) for ahead in range(_LONGEST_REST))
        openings = (datetime.combine(day, span.start, self.zone) for day in days for span in self.spans if day.weekday() in span.days)
        ahead = (opening for opening in openings if opening > there and not is_public_holiday(opening.date(), self.calendar))
        return min(islice(ahead, len(self.spans)), default=moment)

    def week(self, moment: datetime) -> tuple[Opening, ...]:
        """The seven days from a moment's on: when somebody is there on each."""
        first = moment.astimezone(self.zone).date()
        return tuple(self._opening(first + timedelta(days=ahead)) for ahead in range(7))

    def _opening(self, day: date) -> Opening:
        holiday = is_public_holiday(day, self.calendar)
        spans = sorted((span.start, span.end) for span in self.spans if day.weekday() in span.days and not holiday)
        return Opening(day, tuple(spans), holiday)


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
    return _desk(policy, found) if found else None


def home_of(policy: Policy) -> str | None:
    """Where a person is taken to live who does not say so: the first place of the policy's territory. None: it names none."""
    return next(iter(policy.document.front.territory), None)


def named(policy: Policy, name: str) -> Desk | None:
    """The desk of this name, if the policy has one."""
    return next((_desk(policy, each) for each in policy.document.statements if isinstance(each, Contact) and each.desk == name), None)


def hours(text: str, calendar: str | None = None) -> Hours | None:
    """The hours of a `contact` statement, `Mon-Fri 06:00-17:00 and Sat 08:00-12:00 America/Los_Angeles`; None if they cannot be read."""
    spans, _, zone = " ".join(text.split()).rpartition(" ")
    try:
        return Hours(tuple(_span(span) for span in spans.split(" and ")), ZoneInfo(zone), calendar)
    except (ValueError, ZoneInfoNotFoundError):
        return None


def _span(text: str) -> Span:
    read = _SPAN.fullmatch(text)
    if read is None:
        raise ValueError
    first, last = DAYS.index(read[1].title()), DAYS.index((read[2] or read[1]).title())
    days = frozenset((first + ahead) % 7 for ahead in range((last - first) % 7 + 1))
    return Span(days, time(int(read[3]), int(read[4])), time(int(read[5]), int(read[6])))


def _desk(policy: Policy, contact: Contact) -> Desk:
    place = home_of(policy) if not contact.regions or ANYONE in contact.regions else contact.regions[0]
    open_ = hours(contact.hours, calendar_of(place)) if contact.hours else None
    return Desk(contact.desk, contact.phone, contact.email, contact.post, open_)
