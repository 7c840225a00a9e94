"""How a system that cannot be asked in SQL is asked for a person: by four simple forms of what stands in its columns, never too narrow.

Two values with one normal form (`people.normal`) have one form here, or one of them is *odd*: rows with an odd value always come back, and
all that come back are compared here. docs/webhook.md says the forms in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from upheld.people import normal
from upheld.people.identifiers import Account, Email, Identifier, Phone, Postal

FormPart = Literal["email", "phone", "account", "zip"]

_BETWEEN: Final = str.maketrans("", "", " ().+-/")
_IN_ZIP: Final = str.maketrans("", "", " -.")
_PLUS: Final = re.compile(r"\+[^@]*")


@dataclass(frozen=True, slots=True)
class Form:
    """What is asked for: a part, and the form that its column must have."""

    part: FormPart
    text: str = field(repr=False)


def forms(given: Sequence[Identifier]) -> tuple[Form, ...]:
    """What to ask for, each once. A name and address are asked for by their ZIP code alone, and not without one."""
    return tuple(dict.fromkeys(form for one in given for form in _of(one)))


def _of(given: Identifier) -> Iterator[Form]:
    match given:
        case Email() if folded := normal.email(given.value):
            local, _, domain = folded.rpartition("@")
            for each in normal.DOTLESS if domain in normal.DOTLESS else (domain,):
                yield Form("email", email(f"{local}@{each}"))
        case Phone() if number := normal.phone(given.value, given.region):
            yield Form("phone", phone(number))
        case Account() if name := normal.account(given.value):
            yield Form("account", name)
        case Postal() if code := normal.zip_code(given.zip):
            yield Form("zip", zip_code(code))
        case _:
            return


def email(text: str) -> str:
    """Small letters; without blanks around, `mailto:`, dots, and what stands from a `+` to the `@`."""
    return _PLUS.sub("", text.strip(" ").lower().replace("mailto:", ""), count=1).replace(".", "")


def phone(text: str) -> str:
    """The last seven digits."""
    return text.translate(_BETWEEN)[-7:]


def zip_code(text: str) -> str:
    """Small letters, without blanks, dashes and dots; of digits five: the last four of more than five go, zeros in front come."""
    plain = text.removesuffix(".0").translate(_IN_ZIP).lower()
    if not (plain.isascii() and plain.isdigit()):
        return plain
    return (plain[:-4] if len(plain) > 5 else plain).zfill(5)[-5:]
