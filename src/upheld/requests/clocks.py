"""By when a request must be done: the policy's own promise and the duties of the law, each a clock; the earliest holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from upheld.policy.behaviour import stops
from upheld.policy.compiled import Policy
from upheld.policy.statements import Duration
from upheld.requests.desks import desk


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock: what sets it (a clause, a duty), until when, and in words. `confirmed`: the policy itself, or checked law."""

    source: str
    due_at: datetime
    says: str
    confirmed: bool = True


def clocks(policy: Policy, topics: Sequence[str], region: str | None, received_at: datetime) -> tuple[Clock, ...]:
    """All clocks of a removal that came in at a time, the earliest first: those of the policy's `stop` statements."""
    where = desk(policy, region)
    zone: tzinfo = where.hours.zone if where and where.hours else UTC
    found: dict[str, Clock] = {}
    for topic in topics:
        for stop in stops(policy, topic, region):
            if stop.within is not None and stop.clause not in found:
                due = end_of(after(received_at.astimezone(zone).date(), stop.within), zone)
                found[stop.clause] = Clock(stop.clause, due, f"within {_said(stop.within)}, as the policy says")
    return tuple(sorted(found.values(), key=lambda clock: clock.due_at))


def after(received: date, within: Duration) -> date:
    """The last day of a period that begins with a day of receipt, counted so that nobody can call it late."""
    match within.unit:
        case "business day":
            day, left = received, within.count
            while left:
                day += timedelta(days=1)
                left -= day.weekday() < 5
            return day
        case "hour":
            return received + timedelta(days=max(within.count // 24, 0))
        case "month" | "year":
            months = received.year * 12 + received.month - 1 + within.count * (12 if within.unit == "year" else 1)
            year, month = divmod(months, 12)
            last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
            return date(year, month + 1, min(received.day, last))
        case unit:
            return received + timedelta(days=within.count * (7 if unit == "week" else 1) - 1)


def end_of(day: date, zone: tzinfo) -> datetime:
    """The last second of a day somewhere."""
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)


def _said(duration: Duration) -> str:
    return f"{duration.count} {duration.unit}{'s' * (duration.count != 1)}"
