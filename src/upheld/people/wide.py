"""Loose and wide codes: keyed ways to find records that may be a person's, for `comparing` to weigh. Never a reason to act.

`codes.tight_codes` says *this is probably the person*; these say *look here too*. Loose codes forgive two differences, wide codes nearly
everything, so an index must cap how many records it follows a wide code to. They are made as tight codes are, under subkeys of their own;
a code of one kind can never equal the other's message. Wide codes tell most to who holds the key: keep them in memory, or apart from names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from upheld.people.cmac import Cmac
from upheld.people.codes import Writer
from upheld.people.held import Held
from upheld.people.identifiers import Account, Email, Identifier, Phone, Postal
from upheld.people.portrait import Portrait, of_given, of_held

SUBKEYS: Final = {"loose": "index/loose/v1", "wide": "index/wide/v1"}
"""The purposes of the subkeys that these codes are made with."""

SHORTEST_LOCAL: Final = 6
"""Characters of the part before the @ that mean something without the rest; `info` and `mail` are everybody's."""

Parts = tuple[tuple[str, str], ...]


class WideKeys:
    """The two keys under which loose and wide codes are made. Nothing shows them."""

    __slots__ = ("loose", "wide")

    def __init__(self, subkey: Callable[[str], bytes]) -> None:
        self.loose = Cmac(subkey(SUBKEYS["loose"]))
        self.wide = Cmac(subkey(SUBKEYS["wide"]))


def loose_codes(said: Sequence[Identifier] | Held | Portrait, keys: WideKeys) -> tuple[int, ...]:
    """Codes (unsigned 64 bit) by which records of the person are found although two things differ; empty if too little was said."""
    return _codes(said, keys.loose, _loose)


def wide_codes(said: Sequence[Identifier] | Held | Portrait, keys: WideKeys) -> tuple[int, ...]:
    """Codes that any two out of name, house, street and ZIP share. Follow one only to a limited number of records."""
    return _codes(said, keys.wide, _wide)


def identifiers(held: Held) -> tuple[Identifier, ...]:
    """What a record is known by, for `codes.tight_codes` and for a choice about it."""
    made: list[Identifier] = []
    if held.email:
        made.append(Email(held.email))
    if held.phone:
        made.append(Phone(held.phone))
    if held.account:
        made.append(Account(held.account))
    if held.first or held.last:
        made.append(Postal(held.first or "", held.last or "", held.address or "", held.zip or ""))
    return tuple(made)


def _codes(said: Sequence[Identifier] | Held | Portrait, mac: Cmac, rules: Callable[[Portrait], list[Parts]]) -> tuple[int, ...]:
    match said:
        case Portrait():
            portraits: tuple[Portrait, ...] = (said,)
        case Held():
            portraits = (of_held(said),)
        case _:
            portraits = of_given(said)
    writer = Writer(mac)
    made = (writer.code(parts) for portrait in portraits for parts in rules(portrait) if all(value for _, value in parts))
    return tuple(dict.fromkeys(made))


def _loose(said: Portrait) -> list[Parts]:
    first, last, street = said.first, said.last, ("street", said.where.street)
    area, part_of_area, house = ("zip", said.zip), ("zip3", said.zip[:3]), ("house", said.where.house)
    rules: list[Parts] = [
        (area, house, ("L1|last sound", last.sound)),
        (area, house, ("L2|first sound", first.sound)),
        (part_of_area, house, street, ("L4|first sound", first.sound)),
    ]
    for part in last.parts:
        family = ("last", part)
        rules.append((area, family, ("L3|initial sound", first.sound[:1])))
        rules.extend((part_of_area, family, ("L5|first", name)) for name in first.names)
    rules.extend(((("L6|local", local)),) for email in said.emails if len(local := email.rpartition("@")[0]) >= SHORTEST_LOCAL)
    return rules


def _wide(said: Portrait) -> list[Parts]:
    first, last, where = said.first, said.last, said.where
    area, part_of_area = ("zip", said.zip), ("zip3", said.zip[:3])
    rules: list[Parts] = [
        (area, ("W1|house", where.house)),
        (("house", where.house), ("W2|street", where.street)),
        (area, ("W4|last sound", last.sound)),
        (area, ("W6|street", where.street)),
        (part_of_area, ("last sound", last.sound), ("W8|first sound", first.sound)),
    ]
    rules.extend((area, ("W3|last", part)) for part in last.parts)
    for name in first.names:
        rules.append((area, ("W5|first", name)))
        rules.extend((("last", part), ("W7|first", name)) for part in last.parts)
    return rules
