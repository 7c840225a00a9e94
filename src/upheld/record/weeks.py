"""Weeks, for counts over time: from Monday to Sunday in UTC, numbered, so that a database can group by them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, type_coerce

from upheld.record.times import micros, moment

_WEEK: Final = timedelta(days=7) // timedelta(microseconds=1)
_MONDAY: Final = timedelta(days=4) // timedelta(microseconds=1)  # 1970 began on a Thursday


def week_of(column: ColumnElement[Any]) -> ColumnElement[int]:
    """The number of the week that a column's time (`Time`) falls in."""
    return (type_coerce(column, BigInteger) - _MONDAY) // _WEEK


def week(at: datetime) -> int:
    """The number of a time's week."""
    return (micros(at) - _MONDAY) // _WEEK


def monday(number: int) -> datetime:
    """When a week begins."""
    return moment(number * _WEEK + _MONDAY)
