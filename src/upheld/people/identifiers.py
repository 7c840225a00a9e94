"""What a person may be known by: an e-mail address, a name with postal address, a telephone number, an account."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["email", "postal", "phone", "account"]

KINDS: tuple[Kind, ...] = ("email", "postal", "phone", "account")


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address as given. Its text is kept out of `repr`, so that no trace or log shows it."""

    value: str = field(repr=False)

    @property
    def kind(self) -> Kind:
        """`email`."""
        return "email"


@dataclass(frozen=True, slots=True)
class Postal:
    """A name and postal address as given."""

    first: str = field(repr=False)
    last: str = field(repr=False)
    address: str = field(repr=False)
    zip: str = field(repr=False)

    @property
    def kind(self) -> Kind:
        """`postal`."""
        return "postal"


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number as given; one without country code is of `region`."""

    value: str = field(repr=False)
    region: str = "US"

    @property
    def kind(self) -> Kind:
        """`phone`."""
        return "phone"


@dataclass(frozen=True, slots=True)
class Account:
    """An account name or number of the merchant's own."""

    value: str = field(repr=False)

    @property
    def kind(self) -> Kind:
        """`account`."""
        return "account"


Identifier = Email | Postal | Phone | Account


def as_given(identifier: Identifier) -> bytes:
    """The identifier as bytes to seal: canonical JSON of what was given."""
    match identifier:
        case Postal():
            parts = [identifier.first, identifier.last, identifier.address, identifier.zip]
        case Phone():
            parts = [identifier.value, identifier.region]
        case Email() | Account():
            parts = [identifier.value]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def from_given(kind: str, sealed: bytes) -> Identifier:
    """The identifier that `as_given` made bytes of."""
    parts = json.loads(sealed.decode("utf-8", "surrogatepass"))
    made = {"email": Email, "postal": Postal, "phone": Phone, "account": Account}[kind](*parts)
    assert isinstance(made, Email | Postal | Phone | Account)
    return made
