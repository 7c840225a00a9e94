"""Numbers in addresses of pages: `<number:name>` takes those that a record can hold. Any other is an address that leads nowhere (404)."""

from __future__ import annotations

from typing import Final

from django.urls import register_converter
from django.urls.converters import get_converters

MOST: Final = 2**31 - 1  # what the narrowest column of a number holds on every database


class Number:
    """A whole number from 0 that a record can hold."""

    regex = r"[0-9]{1,10}"

    def to_python(self, text: str) -> int:
        """The number; `ValueError`, which is no match for Django, for one that nothing of ours can bear."""
        number = int(text)
        if number > MOST:
            raise ValueError(text)
        return number

    def to_url(self, number: int) -> str:
        """As it stands in an address."""
        return str(number)


def known() -> None:
    """Let addresses say `<number:name>`, however many sites of one process ask for it."""
    if "number" not in get_converters():
        register_converter(Number, "number")
