"""What a person gave: which identifiers it makes, what is missing to find anybody, and how it is kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Final

from upheld.people.codes import Keys, tight_codes
from upheld.people.held import Held
from upheld.people.identifiers import Account, Email, Identifier, Kind, Phone, Postal
from upheld.policy.statements import Stop

PARTS: Final = tuple(field.name for field in fields(Held))
_NAMES: Final = {"first": "first name", "last": "last name", "email": "e-mail address", "zip": "zip code", "account": "account number"}
_PARTS_OF: Final = {"email": ("email",), "first name": ("first",), "last name": ("last",), "name": ("first", "last"), "reply address": ()}
_UNREAD: Final[dict[Kind, str]] = {
    "email": "the e-mail address", "postal": "the name and address", "phone": "the telephone number", "account": "the account number"
}  # fmt: skip
ENOUGH: Final = (("email",), ("first", "last", "address", "zip"))
"""What finds a person, if the policy names nothing else: never more is asked for than the rest of one of these."""


def parts_of(given: Held) -> tuple[str, ...]:
    """Which parts were given, by name."""
    return tuple(name for name in PARTS if (getattr(given, name) or "").strip())


def identifiers_of(given: Held, keys: Keys, phone_region: str = "US") -> tuple[Identifier, ...]:
    """The identifiers that can be read; empty if nobody can be found by what was given."""
    return tuple(one for one in _made(given, phone_region) if tight_codes(one, keys))


def _made(given: Held, phone_region: str) -> list[Identifier]:
    made: list[Identifier] = []
    if given.email:
        made.append(Email(given.email))
    if given.first and given.last and given.address and given.zip:
        made.append(Postal(given.first, given.last, given.address, given.zip))
    if given.phone:
        made.append(Phone(given.phone, phone_region))
    if given.account:
        made.append(Account(given.account))
    return made


def claims(identifiers: Sequence[Identifier]) -> tuple[tuple[Identifier, ...], ...]:
    """What is taken for one person's without a record that says so: a name and address apart from an e-mail address or account.

    That both are theirs is only a claim: it may be somebody else's address. A telephone goes with what else was given, as others share it.
    """
    postal = tuple(one for one in identifiers if isinstance(one, Postal))
    others = tuple(one for one in identifiers if not isinstance(one, Postal))
    if not postal or not any(isinstance(one, Email | Account) for one in others):
        return (tuple(identifiers),)
    return (others, *((one,) for one in postal))


def missing(given: Held, keys: Keys, stops: Sequence[Stop] = (), phone_region: str = "US") -> str:
    """In words for the clerk: what was given and cannot be read, by name alone; and the least that is still needed."""
    there = set(parts_of(given))
    ways = [tuple(part for name in way for part in _PARTS_OF.get(name, (name,))) for stop in stops for way in stop.given]
    ways = [way for way in dict.fromkeys(ways) if way and set(way) <= set(PARTS)] or list(ENOUGH)
    ways.sort(key=lambda way: (len(set(way) - there) or len(way), there.isdisjoint(way)))  # the least first; of equals the one begun
    wanted = [tuple(part for part in way if part not in there) or way for way in ways]
    ask = "ask for " + ", or ".join(" and ".join(f"the {_NAMES.get(part, part)}" for part in way) for way in wanted) + "; nothing more"
    unread = [_UNREAD[one.kind] for one in _made(given, phone_region) if not tight_codes(one, keys)]
    return f"{' and '.join(unread)} cannot be read, look for a slip of the pen; or {ask}" if unread else ask


def as_bytes(given: Held) -> bytes:
    """What was given, to be sealed."""
    return json.dumps(asdict(given), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def from_bytes(opened: bytes) -> Held:
    """What `as_bytes` made bytes of."""
    return Held(**json.loads(opened.decode("utf-8", "surrogatepass")))
