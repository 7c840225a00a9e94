"""Keyed 64-bit match codes of an identifier: the same code means the same normal form, and without the key it says nothing.

    code = first 64 bits of AES-CMAC(subkey of the kind, block of the 1st part, …, block of the last part)
    block of a part = first 16 bytes of SHA-256("norm/v1|" + rule and name of the part + "|" + normal form)

An e-mail address, a telephone number and an account have one code. A name with postal address has about nine, each a way in which the
same person may be written (docs/people.md lists them): two records match if any code is equal and their *guards* do not conflict.
`docs/decisions/0007-match-codes.md` says why this construction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple

from upheld.people import addresses, names, normal
from upheld.people.cmac import Cmac
from upheld.people.identifiers import Account, Email, Identifier, Phone, Postal

SUBKEYS: Final = {
    "email": "index/email/v1",
    "postal": "index/name-addr/v1",
    "phone": "index/phone/v1",
    "account": "index/account/v1",
}
"""The purposes of the subkeys that codes are made with."""

UNIT_SHIFT: Final = 4
UNIT_BITS: Final = 0xFFF
FULL: Final = 1 << 16
SHORT_SOUND: Final = 3
"""First names that sound shorter than this (John, Jane, Jean: `jn`) have no code by sound alone."""


class Code(NamedTuple):
    """A match code (unsigned 64 bit) and its guard.

    The guard holds what forbids a match although a code is equal: bits 0-3 the generation suffix, bits 4-15 a keyed tag of the unit
    (0: not given, which conflicts with nothing), bit 16 set on the code by initial if the first name was given in full.
    """

    code: int
    guard: int = 0


class Keys:
    """The four keys under which codes are made. Nothing shows them."""

    __slots__ = ("account", "email", "phone", "postal")

    def __init__(self, subkey: Callable[[str], bytes]) -> None:
        self.email = Cmac(subkey(SUBKEYS["email"]))
        self.postal = Cmac(subkey(SUBKEYS["postal"]))
        self.phone = Cmac(subkey(SUBKEYS["phone"]))
        self.account = Cmac(subkey(SUBKEYS["account"]))


def block(part: str, value: str) -> bytes:
    """The block of one part: 16 bytes, unkeyed. `part` names the rule and the field, so that no two messages can be mistaken."""
    return hashlib.sha256(f"{prefix(part)}{value}".encode("utf-8", "surrogatepass")).digest()[:16]


def prefix(part: str) -> str:
    """What is put in front of a normal form before it is hashed."""
    return f"{normal.NORM}|{part}|"


def tight_codes(identifier: Identifier, keys: Keys) -> tuple[Code, ...]:
    """All codes of an identifier, without repetition; empty if it cannot be read (or says too little to mean one person)."""
    match identifier:
        case Email():
            return _single(keys.email, "email", normal.email(identifier.value))
        case Phone():
            return _single(keys.phone, "phone", normal.phone(identifier.value, identifier.region))
        case Account():
            return _single(keys.account, "account", normal.account(identifier.value))
        case Postal():
            return _postal(identifier, keys.postal)


def conflict(guard: int, other: int) -> bool:
    """Whether two guards forbid a match: two different suffixes, two different units, or two full first names met by an initial only."""
    suffixes = {guard & 0xF, other & 0xF} - {0}
    units = {(guard >> UNIT_SHIFT) & UNIT_BITS, (other >> UNIT_SHIFT) & UNIT_BITS} - {0}
    return len(suffixes) > 1 or len(units) > 1 or bool(guard & other & FULL)


def _single(mac: Cmac, part: str, form: str) -> tuple[Code, ...]:
    return (Code(mac.one(block(part, form))),) if form else ()


def _postal(given: Postal, mac: Cmac) -> tuple[Code, ...]:
    first, last = names.first_name(given.first), names.last_name(given.last)
    where, zip_ = addresses.address(given.address), normal.zip_code(given.zip)
    guard = guard_of(first, last) | unit_tag(where.unit, mac) << UNIT_SHIFT
    if not first.names or not last.whole:
        return ()
    made: dict[Code, None] = {}
    write = Writer(mac)

    def add(*parts: tuple[str, str], flag: int = 0) -> None:
        if all(value for _, value in parts):
            made[Code(write.code(parts), guard | flag)] = None

    house, street = ("house", where.house), ("street", where.street)
    area, family = ("zip", zip_), ("last", last.whole)
    for name in first.names:
        for part in last.parts:
            add(area, house, ("last", part), ("1|first", name))
        add(area, house, ("sound", last.sound), ("street3", where.street[:3]), ("2|first", name))
        add(house, street, family, ("3|first", name))
        if not where.house.startswith("box"):
            add(area, street, family, ("4|first", name))
    if len(first.sound) >= SHORT_SOUND:
        add(area, house, family, ("5|first sound", first.sound))
    one, two = sorted((("name", first.main), ("name", last.whole)), key=lambda part: block(*part))
    add(area, house, one, two)
    add(area, house, family, street, ("7|initial", first.initial), flag=FULL if first.is_full else 0)
    return tuple(made)


class Writer:
    """The codes of one name and address: messages that begin alike share their beginning."""

    __slots__ = ("_mac", "_states")

    def __init__(self, mac: Cmac) -> None:
        self._mac = mac
        self._states: dict[tuple[tuple[str, str], ...], int] = {(): 0}

    def code(self, parts: tuple[tuple[str, str], ...]) -> int:
        """The code of these parts, each its name and normal form."""
        return self._mac.finish(self._state(parts[:-1]), block(*parts[-1]))

    def _state(self, parts: tuple[tuple[str, str], ...]) -> int:
        found = self._states.get(parts)
        if found is None:
            found = self._states[parts] = self._mac.step(self._state(parts[:-1]), block(*parts[-1]))
        return found


def guard_of(first: names.First, last: names.Last) -> int:
    """The suffix part of a guard; a suffix may stand in either field."""
    return last.suffix or first.suffix


def unit_tag(unit: str, mac: Cmac) -> int:
    """The keyed 12-bit tag of a unit; 0 for none."""
    return (mac.one(block("unit", unit)) & UNIT_BITS or 1) if unit else 0
