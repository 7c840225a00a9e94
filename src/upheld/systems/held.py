"""What a row says of a person, as `people` reads it: a row with several addresses or names says several things."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from upheld.people import wide
from upheld.people.held import Held
from upheld.people.identifiers import Identifier
from upheld.people.names import split_name
from upheld.systems.connector import Found


def held(found: Found) -> tuple[Held, ...]:
    """All that the row says: each name with each of its addresses, and every further e-mail, telephone and account on its own."""
    values = found.values
    emails, phones, accounts = (values.get("email", ()), values.get("phone", ()), values.get("account", ()))
    first = Held(_first(emails), _first(phones), _first(accounts))
    made = [Held(first.email, first.phone, first.account, *name, *where) for name, where in product(_names(found), _addresses(found))]
    made += [Held(email=one) for one in emails[1:]]
    made += [Held(phone=one) for one in phones[1:]]
    made += [Held(account=one) for one in accounts[1:]]
    return tuple(one for one in dict.fromkeys(made) if one != Held())


def identifiers(found: Found) -> tuple[Identifier, ...]:
    """What the row's person is known by, each once."""
    return tuple(dict.fromkeys(identifier for one in held(found) for identifier in wide.identifiers(one)))


def _names(found: Found) -> list[tuple[str | None, str | None]]:
    values = found.values
    suffix = _first(values.get("suffix", ()))
    split = list(zip(values.get("first", ()), values.get("last", ()), strict=False))
    if not split and values.get("last"):
        split = [("", last) for last in values["last"]]
    named = [*split, *(split_name(full) for full in values.get("full", ()))]
    return [(first or None, f"{last} {suffix}" if suffix and last else last or None) for first, last in named] or [(None, None)]


def _addresses(found: Found) -> list[tuple[str | None, str | None]]:
    values = found.values
    streets, zips = values.get("address", ()), values.get("zip", ())
    unit = _first(values.get("unit", ()))
    made = list(_paired(streets, zips))
    return [(f"{street} # {unit}" if unit and street else street, zip_) for street, zip_ in made] or [(None, None)]


def _paired(streets: tuple[str, ...], zips: tuple[str, ...]) -> Iterator[tuple[str | None, str | None]]:
    for at in range(max(len(streets), len(zips))):
        yield streets[at] if at < len(streets) else None, zips[at] if at < len(zips) else _first(zips)


def _first(values: tuple[str, ...]) -> str | None:
    return next((value for value in values if value), None)
