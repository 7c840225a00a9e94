"""Times: aware in Python, whole microseconds since 1970 UTC in the record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

from upheld.errors import Invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """A time as microseconds since 1970 UTC; exact. Raises `Invalid` for a time without a zone."""
    if at.utcoffset() is None:
        raise Invalid("a time needs a zone: write it as `2026-11-22T10:00:00+00:00`")
    return (at - _EPOCH) // _MICROSECOND


def moment(micros_: int) -> datetime:
    """The aware UTC time of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros_)


class Time(TypeDecorator[datetime]):
    """A column that holds a time: aware `datetime` in Python, BIGINT microseconds in the record."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """To the record."""
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the record."""
        return None if value is None else moment(value)
