"""Counting time as laws do: when an answer is due, on the safe date that is shipped, and on the one that knows public holidays."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import TYPE_CHECKING, Literal

from upheld.errors import Invalid

if TYPE_CHECKING:
    from holidays import HolidayBase

Unit = Literal["hour", "calendar_day", "business_day", "month"]

UNITS: tuple[Unit, ...] = ("hour", "calendar_day", "business_day", "month")
"""The units that a period may have."""

_OF_POLICY: dict[str, tuple[int, Unit]] = {
    "hour": (1, "hour"),
    "day": (1, "calendar_day"),
    "business day": (1, "business_day"),
    "week": (7, "calendar_day"),
    "month": (1, "month"),
    "year": (12, "month"),
}
_LONGEST = {"hour": 200_000, "calendar_day": 100_000, "business_day": 50_000, "month": 2_000}
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Period:
    """A count of one unit. `receipt_counts`: the day of receipt is day one, as in "beginning on the day of receipt" (calendar days only).

    Raises `Invalid` for a unit that is not counted in, or a count that nobody waits for.
    """

    n: int
    unit: Unit
    receipt_counts: bool = False

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise Invalid(f"no unit `{self.unit}` is counted in: there are {', '.join(f'`{unit}`' for unit in UNITS)}")
        if not 0 <= self.n <= _LONGEST[self.unit]:
            raise Invalid(f"a period of {self.n} {self.unit}s cannot be: say 0 to {_LONGEST[self.unit]}")
        if self.receipt_counts and self.unit != "calendar_day":
            raise Invalid(f"the day of receipt can only be day one of calendar days, not of {self.unit}s")

    @classmethod
    def of_policy(cls, count: int, unit: str) -> Period:
        """What a policy's duration (`10 business days`, `2 weeks`, `1 year`) is in the units of the law."""
        if unit not in _OF_POLICY:
            raise Invalid(f"no unit `{unit}` is known: there are {', '.join(f'`{name}`' for name in _OF_POLICY)}")
        times, lawful = _OF_POLICY[unit]
        return cls(count * times, lawful)


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due. `safe` is what to work to: never later than any reading of the rule. A time for hours, else a whole day.

    `holiday_aware` is information: the date when public holidays are known, and the first day is left out. Never before `safe`.
    """

    safe: date
    _latest: date = field(repr=False)
    _business_days: tuple[date, int] | None = field(repr=False, default=None)  # counted on first demand: the calendars take long to load
    _rolls: bool = field(repr=False, default=False)
    _calendar: str | None = field(repr=False, default=None)

    @property
    def holiday_aware(self) -> date:
        """The due date with the public holidays of the place taken into account."""
        if self._business_days is not None:
            start, n = self._business_days
            return _business_days_after(start, n, self._calendar)
        return _next_working_day(self._latest, self._calendar) if self._rolls else self._latest


def due(received: datetime, period: Period, zone: tzinfo, *, theirs: tzinfo | None = None, holidays: str | None = "US") -> Due:
    """When a period that began at `received` (an aware time) ends, in the company's `zone`.

    The day of receipt is the earlier of the one here and the one where the person is (`theirs`). `holidays` names the calendar of public
    holidays: a country (`US`, `DE`, `GB`), `ECB` for those common in the European Union, None for none.
    """
    if received.tzinfo is None or received.utcoffset() is None:
        raise Invalid("the time of receipt must say its time zone, as in `2026-11-22T10:00+00:00`")
    try:
        return _due(received, period, zone, theirs, holidays)
    except (OverflowError, ValueError):
        raise Invalid(f"{period.n} {period.unit}s after the receipt is beyond the calendar") from None


def _due(received: datetime, period: Period, zone: tzinfo, theirs: tzinfo | None, holidays: str | None) -> Due:
    if period.unit == "hour":
        # Hours pass whatever the clocks are set to, so they are counted in UTC.
        later = (received.astimezone(UTC) + timedelta(hours=period.n)).astimezone(zone)
        return Due(later, later)
    day = received.astimezone(zone).date()
    if theirs is not None:
        day = min(day, received.astimezone(theirs).date())
    match period.unit:
        case "business_day":
            # Nothing defines the business day of the Californian rules; the earlier reading skips no holiday.
            safe = _business_days_after(day, period.n, None)
            return Due(safe, safe, (day, period.n), _calendar=holidays)
        case "month":
            end = _months_after(day, period.n)
            return Due(max(day, _working_day_before(end)), end, _rolls=True, _calendar=holidays)
        case "calendar_day":
            latest = day + timedelta(days=period.n)
            return Due(max(day, latest - timedelta(days=1)) if period.receipt_counts else latest, latest)


def extended(received: datetime, first: Period, more: Period, zone: tzinfo, *, theirs: tzinfo | None = None) -> Due:
    """When an answer is due whose first period was lengthened: both periods counted from the receipt, in one go."""
    if first.unit != more.unit:
        raise Invalid(f"{first.unit}s cannot be lengthened by {more.unit}s")
    return due(received, Period(first.n + more.n, first.unit, first.receipt_counts), zone, theirs=theirs)


def earliest(dues: Iterable[Due], zone: tzinfo) -> Due | None:
    """The one to work to when several laws apply: the first safe end. A whole day ends at its midnight in `zone`. None if there is none."""
    return min(dues, key=lambda one: end_of(one.safe, zone), default=None)


def end_of(safe: date, zone: tzinfo) -> datetime:
    """The last moment of a due date, in UTC: of a time the time itself, of a day the midnight that ends it in `zone`."""
    if isinstance(safe, datetime):
        return safe.astimezone(UTC)
    try:
        return datetime.combine(safe + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def calendar_of(region: str | None) -> str | None:
    """The calendar of public holidays of a region: `US` for `us-ca`, `ECB` for `eu`, a country's own; None for anywhere."""
    code = (region or "").partition("-")[0]
    return "ECB" if code == "eu" else code.upper() if len(code) == 2 else None


def is_public_holiday(day: date, calendar_: str | None) -> bool:
    """Whether a day is a public holiday there."""
    return calendar_ is not None and day in _holidays(calendar_)


def _months_after(day: date, n: int) -> date:
    """The same day-number n months on; the last day of a month that has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _business_days_after(day: date, n: int, holidays: str | None) -> date:
    while n > 0:
        day += timedelta(days=1)
        n -= not _is_free(day, holidays)
    return day


def _next_working_day(day: date, holidays: str | None) -> date:
    while _is_free(day, holidays):
        day += timedelta(days=1)
    return day


def _working_day_before(day: date) -> date:
    while day.weekday() >= _SATURDAY:
        day -= timedelta(days=1)
    return day


def _is_free(day: date, holidays: str | None) -> bool:
    return day.weekday() >= _SATURDAY or (is_public_holiday(day, holidays))


@cache
def _holidays(name: str) -> HolidayBase:
    """The public holidays of a place. Half a second to load, so only when somebody looks at them."""
    import holidays

    try:
        return holidays.financial_holidays("ECB") if name == "ECB" else holidays.country_holidays(name)
    except NotImplementedError:
        raise Invalid(f"no calendar of public holidays is known for `{name}`: name a country, as in `US` or `DE`") from None
