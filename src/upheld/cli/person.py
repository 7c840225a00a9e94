"""How a command names a person: an e-mail address, or name, address and zip, or through standard input, which no shell remembers."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from upheld.errors import Invalid

if TYPE_CHECKING:
    from upheld.people.identifiers import Identifier

P = ParamSpec("P")
R = TypeVar("R")

_OPTIONS = (
    click.argument("person", metavar="[PERSON]", required=False),
    click.option("--first", help="First name."),
    click.option("--last", help="Last name."),
    click.option("--address", help="Street and house."),
    click.option("--zip", "zip_code", help="Postal code."),
    click.option("--phone", help="Telephone number."),
    click.option("--account", help="Account name or number."),
)


def name_person(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command the argument PERSON and its options; its function receives `person`, `first` … `account`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def names_somebody(asked: dict[str, Any]) -> bool:
    """Whether anything that `name_person` gave is there."""
    return any(asked[name] is not None for name in ("person", "first", "last", "address", "zip_code", "phone", "account"))


def identifiers_of(asked: dict[str, Any]) -> tuple[Identifier, ...]:
    """Whom a command means; takes what `name_person` gave out of `asked`. `Invalid` says what is missing, never what was given.

    PERSON `-` reads one line from standard input: an e-mail address, or `first,last,address,zip`.
    """
    from upheld.people.identifiers import Account, Email, Phone, Postal

    person, phone, account = (asked.pop(name) for name in ("person", "phone", "account"))
    postal = [asked.pop(name) for name in ("first", "last", "address", "zip_code")]
    found: list[Identifier] = []
    if person == "-":
        found.append(_from_line(sys.stdin.readline()))
    elif person:
        found.append(Email(person))
    if all(postal):
        found.append(Postal(*postal))
    elif any(postal):
        raise Invalid("a name counts only with its address: give --first, --last, --address and --zip together")
    if phone:
        found.append(Phone(phone))
    if account:
        found.append(Account(account))
    if not found:
        raise Invalid("say whom you mean: an e-mail address, or --first, --last, --address and --zip; `-` reads it from standard input")
    return tuple(found)


def _from_line(line: str) -> Identifier:
    from upheld.people.identifiers import Email, Postal

    fields = [field.strip() for field in next(csv.reader([line]), [])]
    match fields:
        case [email]:
            return Email(email)
        case [first, last, address, zip_code]:
            return Postal(first, last, address, zip_code)
    raise Invalid("one line is read from standard input: an e-mail address, or `first,last,address,zip`")
