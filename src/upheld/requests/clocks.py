"""By when a request must be done: the policy's own promise and the duties of the law, each a clock; the earliest holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from upheld.law.counting import Period, due, end_of
from upheld.law.duties import Duty
from upheld.law.zones import zone_of
from upheld.policy.behaviour import stops
from upheld.policy.compiled import Policy
from upheld.policy.statements import Duration
from upheld.policy.terms import within
from upheld.requests.desks import desk, home_of
from upheld.requests.duties import duties_of
from upheld.requests.needs import period_in_words, topics_of

Zones = tuple[tzinfo, tzinfo | None]
"""The time zone of the desk, and that of the person if it is known."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock: what sets it (a clause, a duty), until when, and in words. `confirmed`: the policy itself, or checked law."""

    source: str
    due_at: datetime
    says: str
    confirmed: bool = True


def clocks(
    policy: Policy, topics: Sequence[str], region: str | None, received_at: datetime, channel: str | None = None
) -> tuple[Clock, ...]:
    """All clocks of a removal that came in at a time, the earliest first.

    They are those of the policy's `stop` statements, and of the duties of the laws that it names. Who does not say where they live is taken
    to live in the first place of the policy's territory. Duties about one channel (the browser's signal) count only for what came by it.
    Days are those of the desk and those where the person lives: the earlier of the two begins the count, and the earlier ends it.
    """
    where = desk(policy, region)
    zones: Zones = (where.hours.zone if where and where.hours else UTC, zone_of(region))
    found: dict[str, Clock] = {}
    for clock in (*_of_policy(policy, topics, region, received_at, zones), *_of_law(policy, topics, region, received_at, zones, channel)):
        if clock.source not in found or clock.due_at < found[clock.source].due_at:
            found[clock.source] = clock
    return tuple(sorted(found.values(), key=lambda clock: (clock.due_at, not clock.confirmed, clock.source)))


def _of_policy(policy: Policy, topics: Sequence[str], region: str | None, received_at: datetime, zones: Zones) -> Iterator[Clock]:
    for topic in topics:
        for stop in stops(policy, topic, region):
            if stop.within is not None:
                yield Clock(stop.clause, _end(received_at, _period(stop.within), zones), f"within {_said(stop.within)}, as the policy says")


def _of_law(
    policy: Policy, topics: Sequence[str], region: str | None, received_at: datetime, zones: Zones, channel: str | None
) -> Iterator[Clock]:
    for duty in _duties(policy, tuple(topics), region or home_of(policy), channel):
        if duty.due is not None:
            says = f"within {period_in_words(duty.due.period)}, as {duty.law} asks"
            yield Clock(duty.family, _end(received_at, duty.due.period, zones), says, duty.is_confirmed("due"))


@lru_cache(256)  # the same few questions come with every request
def _duties(policy: Policy, topics: tuple[str, ...], home: str | None, channel: str | None) -> tuple[Duty, ...]:
    """The duties with a clock that stopping these topics is about."""
    here = (
        duty
        for duty in duties_of(policy.document.front.law)
        if duty.due is not None and any(within(home, one) is not False for one in duty.regions)
    )
    return tuple(duty for duty in here if _speaks_of(policy, duty, topics, channel))


def _speaks_of(policy: Policy, duty: Duty, topics: Sequence[str], channel: str | None) -> bool:
    """Whether stopping these topics is what a duty is about."""
    asked = [need for need in duty.needs if need.kind == "stop" and need.by in {None, channel}]
    return any({*topics_of(policy, need)} & {*topics} for need in asked)


def _period(within_: Duration) -> Period:
    """A policy's duration, counted so that nobody can call it late: the day of receipt is day one."""
    period = Period.of_policy(within_.count, within_.unit)
    return replace(period, receipt_counts=period.unit == "calendar_day" and period.n > 0)


def _end(received_at: datetime, period: Period, zones: Zones) -> datetime:
    """The last second that is in time, by the clocks here and by those of the person."""
    here, theirs = zones
    safe = due(received_at, period, here, theirs=theirs, holidays=None).safe
    if isinstance(safe, datetime):
        return end_of(safe, here)
    ends = [end_of(safe, zone) for zone in zones if zone is not None]
    return min([one for one in ends if one > received_at] or ends) - timedelta(seconds=1)


def _said(duration: Duration) -> str:
    return f"{duration.count} {duration.unit}{'s' * (duration.count != 1)}"
