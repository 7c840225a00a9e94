"""Times of log lines as whole hours since 1970 UTC: all that totals need."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np

from upheld.traffic.parsing.hashing import I64

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NO_TIME = -(1 << 40)
CLF_LENGTH = 26
"""Of `17/May/2015:10:05:03 +0000`."""
_MONTH_CODES = np.array([ord(name[0]) << 16 | ord(name[1]) << 8 | ord(name[2]) for name in MONTHS])
_BY_CODE = np.argsort(_MONTH_CODES)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORDINAL = date(1970, 1, 1).toordinal()
_NUMBERS = ("year", "day", "hour", "minute", "second", "along", "across")
_CLF = re.compile(
    r"(?P<day>\d\d)/(?P<month>[A-Za-z]{3})/(?P<year>\d{4}):(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) "
    r"(?P<sign>[+-])(?P<along>\d\d)(?P<across>\d\d)",
    re.ASCII,
)


@lru_cache(maxsize=4096)
def hour_of(text: str) -> int:
    """The hour of a time as servers write it: like `17/May/2015:10:05:03 +0000`, ISO 8601, or seconds since 1970. NO_TIME if it is none."""
    text = text.strip("[]")
    if "/" in text:
        return _clf(text)
    try:
        if text.replace(".", "", 1).isdigit():
            return int(float(text)) // 3600
        at = datetime.fromisoformat(text)
        at = at if at.utcoffset() is not None else at.replace(tzinfo=UTC)
        return (at - _EPOCH) // timedelta(hours=1)
    except (ValueError, OverflowError):
        return NO_TIME


def _clf(text: str) -> int:
    found = _CLF.fullmatch(text)
    month = MONTHS.index(found["month"]) + 1 if found and found["month"] in MONTHS else 0
    if not found or not month:
        return NO_TIME
    year, day, hour, minute, second, along, across = (int(found[name]) for name in _NUMBERS)
    away = along * 60 + across
    try:
        days = date(year, month, day).toordinal() - _ORDINAL
    except ValueError:
        return NO_TIME
    if hour > 23 or minute > 59 or second > 61 or away >= 24 * 60 or year < 1970:
        return NO_TIME
    return ((days * 24 + hour) * 60 + minute - (-away if found["sign"] == "-" else away)) // 60


def clf_hours(letters: np.ndarray[tuple[int], np.dtype[np.uint8]], at: I64) -> I64:
    """The hours of many times of CLF_LENGTH letters in one buffer; NO_TIME where it is none. Seconds must be digits."""

    def digit(place: int) -> I64:
        value = letters[at + place].astype(np.int64) - 48
        good[(value < 0) | (value > 9)] = False
        return value

    def letter(place: int) -> I64:
        return letters[at + place].astype(np.int64)

    good = np.ones(len(at), dtype=np.bool_)
    day, year = digit(0) * 10 + digit(1), digit(7) * 1000 + digit(8) * 100 + digit(9) * 10 + digit(10)
    hour, minute, second = (digit(place) * 10 + digit(place + 1) for place in (12, 15, 18))
    away = (digit(22) * 10 + digit(23)) * 60 + digit(24) * 10 + digit(25)
    code = letter(3) << 16 | letter(4) << 8 | letter(5)
    place = np.minimum(np.searchsorted(_MONTH_CODES, code, sorter=_BY_CODE), len(MONTHS) - 1)
    month = _BY_CODE[place] + 1
    good &= _MONTH_CODES[month - 1] == code
    for place_, mark in ((2, "/"), (6, "/"), (11, ":"), (14, ":"), (17, ":"), (20, " ")):
        good &= letter(place_) == ord(mark)
    sign = letter(21)
    good &= ((sign == ord("+")) | (sign == ord("-"))) & (hour < 24) & (minute < 60) & (second < 62) & (away < 24 * 60)
    good &= (day > 0) & (day <= _days_in(year, month)) & (year >= 1970)
    minutes = (_days(year, month, day) * 24 + hour) * 60 + minute - np.where(sign == ord("-"), -away, away)
    return np.where(good, minutes // 60, NO_TIME)


def _days(year: I64, month: I64, day: I64) -> I64:
    """Days since 1970 of dates of the Gregorian calendar, with the year begun in March."""
    year = year - (month <= 2)
    shifted = (month + 9) % 12
    return year * 365 + year // 4 - year // 100 + year // 400 + (153 * shifted + 2) // 5 + day - 1 - 719468


def _days_in(year: I64, month: I64) -> I64:
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days: I64 = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[month - 1] + ((month == 2) & leap)
    return days
