"""What values look like: enough to recognise a column by a sample of it, never to judge one person's value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime

EMAIL = re.compile(r"[^\s@,;<>()]+@[^\s@.,;<>()]+(\.[^\s@.,;<>()]+)+\.?")
_PHONE = re.compile(r"\+?[\d\s().\-/]{6,24}(\s*(x|ext\.?)\s*\d{1,6})?", re.IGNORECASE)
_ZIP = re.compile(
    r"\d{5}(-?\d{4})?|\d{4}|[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}|[A-Z]\d[A-Z]\s*\d[A-Z]\d|\d{3,4}\s?[A-Z]{0,2}|\d{2}-\d{3}|\d{3}\s\d{2}",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%d/%m/%Y")


def is_email(value: str) -> bool:
    """Whether it looks like an e-mail address."""
    return EMAIL.fullmatch(value.strip()) is not None


def is_phone(value: str) -> bool:
    """Whether it looks like a telephone number: seven digits at least."""
    return _PHONE.fullmatch(value.strip()) is not None and sum(character.isdigit() for character in value) >= 7


def is_zip(value: str) -> bool:
    """Whether it looks like a postal code of some country."""
    return _ZIP.fullmatch(value.strip()) is not None


def is_word(value: str) -> bool:
    """Whether there is a letter in it."""
    return _LETTER.search(value) is not None


def is_address(value: str) -> bool:
    """Whether it may be a street and house, or a PO box."""
    return is_word(value) and not is_email(value)


def is_age(value: str) -> bool:
    """Whether it is an age in years."""
    return value.strip().isdecimal() and int(value) <= 130


def is_date(value: str) -> bool:
    """Whether it is a day in one of the forms that `day` reads."""
    return day(value) is not None


def day(value: str) -> date | None:
    """The first day that a text may name, None if none; see `days`."""
    return next(iter(days(value)), None)


def days(value: str) -> tuple[date, ...]:
    """The days that a text may name, earliest first: `2001-02-03`, also with a time, is one, `02/03/2001` two. Who asks takes the safer."""
    text = value.strip()
    try:
        return (datetime.fromisoformat(text).date(),)
    except ValueError:
        pass
    found = set[date]()
    for form in DATE_FORMATS:
        try:
            found.add(datetime.strptime(text, form).date())  # noqa: DTZ007 - a birthday has no zone
        except ValueError:
            continue
    return tuple(sorted(found))


def looks_like_data(cell: str) -> bool:
    """Whether a first line's cell is a value rather than a column's name."""
    text = cell.strip()
    return is_email(text) or is_date(text) or (any(character.isdigit() for character in text) and not any(map(str.isalpha, text)))


def share(values: Iterable[str], test: Callable[[str], bool]) -> float:
    """Which share of the values that are not blank pass the test; 0 if all are blank."""
    held = [value for value in values if value and value.strip()]
    return sum(map(test, held)) / len(held) if held else 0.0
