"""How alike two portraits are, field by field, as levels: the form `cmp/v1`. What they weigh is for `weights`, what follows for `verdicts`.

A level is a small number; 0: one of the two does not say; higher is more alike. `compare` compares two portraits; the macros of
`comparing.sql` compare whole columns in DuckDB (and for Splink, which trains on them) and come to the same levels. Nothing of what was
compared is in a level. Levels may not change their meaning without a new version, for weights are trained on them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any, Final, NamedTuple

import duckdb
import jellyfish
import numpy as np
from numpy.typing import NDArray

from upheld.people.addresses import Address
from upheld.people.names import WRITTEN, First, Last, written
from upheld.people.portrait import Portrait

CMP: Final = "cmp/v1"
"""The version: it is part of every set of weights."""

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "first": (
        "not said", "different", "alike, yet another name", "the same initial", "nearly the same", "both names the other way round",
        "a known short form", "the same",
    ),
    "last": ("not said", "different", "nearly the same", "both names the other way round", "one part of a double name", "the same"),
    "suffix": ("not said", "different", "given by one only", "the same"),
    "house": ("not said", "different", "nearly the same", "the same"),
    "street": ("not said", "different", "nearly the same", "the same"),
    "unit": ("not said", "different", "given by one only", "the same"),
    "zip": ("not said", "different", "the same area", "nearly the same", "the same"),
    "email": ("not said", "different", "nearly the same", "the same"),
    "phone": ("not said", "different", "nearly the same", "the same"),
    "account": ("not said", "different", "nearly the same", "the same"),
}  # fmt: skip
"""Every field with its levels in words, from number 0."""

NAMES: Final = {
    "first": "first name", "last": "last name", "suffix": "generation suffix", "house": "house number", "street": "street", "unit": "unit",
    "zip": "zip code", "email": "e-mail address", "phone": "telephone number", "account": "account",
}  # fmt: skip
"""What a field is called."""

# Levels by number, where code must know them.
NOT_SAID: Final = 0
DIFFERENT: Final = 1
FIRST_ALIKE, FIRST_INITIAL, FIRST_NEAR, FIRST_SWAPPED, FIRST_SHORT, FIRST_SAME = range(2, 8)
LAST_NEAR, LAST_SWAPPED, LAST_PART, LAST_SAME = range(2, 6)
ONE_ONLY: Final = 2
NEAR: Final = 2
SAME: Final = 3
ZIP_AREA, ZIP_NEAR, ZIP_SAME = range(2, 5)

_SOUND: Final = 3  # what sounds shorter than this (John, Jane: `jn`) sounds like much
_LONG: Final = 7  # letters from which two slips may be one name
_LOCAL: Final = 5  # letters of the part before the @ that mean something


class Compared(NamedTuple):
    """The level of each field, in the order of FIELDS."""

    first: int
    last: int
    suffix: int
    house: int
    street: int
    unit: int
    zip: int
    email: int
    phone: int
    account: int


def of_words(evidence: Iterable[tuple[str, str, float]]) -> Compared:
    """The levels that evidence told in words (of what, how it came out, its bits): decisions teach without any value."""
    said = {of: words for of, words, _ in evidence}
    levels = {field: FIELDS[field].index(said[name]) if said.get(name) in FIELDS[field] else NOT_SAID for field, name in NAMES.items()}
    return Compared(**levels)


def compare(one: Portrait, other: Portrait) -> Compared:
    """How alike two portraits are. The order of the two does not matter."""
    where, there = one.where, other.where
    return Compared(
        first(one.first, other.first, one.last, other.last),
        last(one.first, other.first, one.last, other.last),
        _given_or_not(one.suffix, other.suffix),
        _spelt(where.house, there.house),
        street(where, there),
        _given_or_not(where.unit, there.unit),
        _zip(one.zip, other.zip),
        _any_of(one.emails, other.emails, near_email),
        _any_of(one.phones, other.phones, _near_number),
        _any_of(one.accounts, other.accounts, _near_number),
    )


def first(one: First, other: First, family: Last, other_family: Last) -> int:
    """The level of two first names; the last names tell whether the two stand in each other's place."""
    if not one.names or not other.names:
        return NOT_SAID
    if one.is_full and other.is_full:
        if one.main == other.main:
            return FIRST_SAME
        if not set(one.names).isdisjoint(other.names):
            return FIRST_ALIKE if _two_names(one, other) else FIRST_SHORT
        if shortens(one, other) or shortens(other, one):
            return FIRST_SHORT
    if swapped(one, other, family, other_family):
        return FIRST_SWAPPED
    if not (one.is_full and other.is_full):
        return FIRST_INITIAL if _initials(one) & _initials(other) else DIFFERENT
    if one.spelt == other.spelt or any(variant(name, other.main) for name in one.names):
        return FIRST_NEAR
    if any(variant(one.main, name) for name in other.names):
        return FIRST_NEAR
    alike = near(one.main, other.main)
    sounds = one.sound == other.sound and len(one.sound) >= _SOUND
    if one.known and other.known:  # Eric and Erica are two names
        return FIRST_ALIKE if alike or sounds else DIFFERENT
    if (
        one.sound and one.sound == other.sound and one.initial == other.initial and not sounds
    ):  # Jayn may be Jane, or not: somebody must look
        return FIRST_NEAR if alike else FIRST_ALIKE
    meant = alike or sounds or any(near(name, other.main) for name in one.names) or any(near(one.main, name) for name in other.names)
    return FIRST_NEAR if meant else DIFFERENT


def variant(one: str, other: str) -> bool:
    """Whether two words are one name in two spellings: Theresa and Teresa, Philip and Phillip; not Andrew and Andrea."""
    return min(len(one), len(other)) > 5 and one[:1] == other[:1] and one[-1:] == other[-1:] and near(one, other)


def _two_names(one: First, other: First) -> bool:
    """Whether a table calls one the short form of the other although both are names of their own that merely look alike (Hannah, Anna)."""
    if (
        not (one.own and other.own)
        or one.spelt == other.spelt
        or _begins_or_ends(one.main, other.main)
        or _begins_or_ends(other.main, one.main)
    ):
        return False
    return one.sound == other.sound or one.main in other.main or other.main in one.main or near(one.main, other.main)


def _begins_or_ends(one: str, other: str) -> bool:
    return other.startswith(one) or other.endswith(one)


def _initials(name: First) -> set[str]:
    return {said[0] for said in name.names}


def last(one: First, other: First, family: Last, other_family: Last) -> int:
    """The level of two last names."""
    if not family.whole or not other_family.whole:
        return NOT_SAID
    if family.whole == other_family.whole:
        return LAST_SAME
    if not set(family.parts).isdisjoint(other_family.parts):
        return LAST_PART
    if swapped(one, other, family, other_family):
        return LAST_SWAPPED
    sounds = family.sound == other_family.sound and len(family.sound) >= _SOUND
    return LAST_NEAR if sounds or any(near(part, piece) for part in family.parts for piece in other_family.parts) else DIFFERENT


def swapped(one: First, other: First, family: Last, other_family: Last) -> bool:
    """Whether first and last name stand in each other's place: one exactly, the other but for a slip, in short, or as an initial."""
    there, here = one.main in other_family.parts, other.main in family.parts
    if not (there or here):
        return False
    return (there or _stands_for(one, other_family)) and (here or _stands_for(other, family))


def _stands_for(one: First, family: Last) -> bool:
    if min(len(family.whole), len(one.main)) == 1:
        return family.whole[:1] == one.initial
    return any(near(one.main, part) for part in family.parts) or not written(one.names).isdisjoint(family.parts)


def shortens(one: First, other: First) -> bool:
    """Whether a name is a short form of another by its letters: how that one begins (`Kath`, `Evie`) or ends (`Xander`), or is written."""
    if WRITTEN.get(one.main) == other.main:
        return True
    if not one.short or len(other.main) <= len(one.short):
        return False
    return other.main.startswith(one.short) or (not one.known and len(one.main) > 3 and other.main.endswith(one.main))


def near(one: str, other: str) -> bool:
    """Whether two words are one slip apart, long ones two: a letter too many, too few, another, or two changed about."""
    shorter = min(len(one), len(other))
    if shorter < 3 or abs(len(one) - len(other)) > 2 or not (one.isascii() and other.isascii()):
        return False
    return jellyfish.damerau_levenshtein_distance(one, other) <= (2 if shorter >= _LONG else 1)


def near_email(one: str, other: str) -> bool:
    """Whether two addresses are one slip apart on either side of the @."""
    local, _, domain = one.rpartition("@")
    other_local, _, other_domain = other.rpartition("@")
    if domain == other_domain:
        return min(len(local), len(other_local)) >= _LOCAL and near(local, other_local)
    return local == other_local and len(local) >= _LOCAL and near(domain, other_domain)


def _near_number(one: str, other: str) -> bool:
    if min(len(one), len(other)) < 6 or not (one.isascii() and other.isascii()):
        return False
    return jellyfish.damerau_levenshtein_distance(one, other) <= 1


def _given_or_not(one: object, other: object) -> int:
    if not one and not other:
        return NOT_SAID
    if not one or not other:
        return ONE_ONLY
    return SAME if one == other else DIFFERENT


def _spelt(one: str, other: str) -> int:
    if not one or not other:
        return NOT_SAID
    if one == other:
        return SAME
    longest = max(len(one), len(other)) > 1 and one.isascii() and other.isascii()
    return NEAR if longest and jellyfish.damerau_levenshtein_distance(one, other) <= 1 else DIFFERENT


def street(one: Address, other: Address) -> int:
    """The level of two streets."""
    if not one.street or not other.street:
        return NOT_SAID
    if one.street == other.street:
        return SAME
    begins = one.street.startswith(other.street) or other.street.startswith(one.street)
    return NEAR if (begins and min(len(one.street), len(other.street)) >= 4) or near(one.street, other.street) else DIFFERENT


def _zip(one: str, other: str) -> int:
    if not one or not other:
        return NOT_SAID
    if one == other:
        return ZIP_SAME
    if one.isascii() and other.isascii() and jellyfish.damerau_levenshtein_distance(one, other) <= 1:
        return ZIP_NEAR
    return ZIP_AREA if one[:3] == other[:3] else DIFFERENT


def _any_of(some: Sequence[str], others: Sequence[str], is_near: Any) -> int:  # noqa: ANN401 - a function of two texts
    if not some or not others:
        return NOT_SAID
    if any(one in others for one in some):
        return SAME
    return NEAR if any(is_near(one, other) for one in some for other in others) else DIFFERENT


# --- whole columns ------------------------------------------------------------------------------------------------------------------------

COLUMNS: Final[dict[str, str]] = {
    "first": "STRUCT(main VARCHAR, names VARCHAR[], sound VARCHAR, initial VARCHAR, known BOOLEAN, own BOOLEAN, "
    "short VARCHAR, meant VARCHAR, spelt VARCHAR, written VARCHAR[])",
    "last": "STRUCT(whole VARCHAR, parts VARCHAR[], sound VARCHAR)",
    "suffix": "INTEGER", "house": "VARCHAR", "street": "VARCHAR", "unit": "VARCHAR", "zip": "VARCHAR",
    "emails": "VARCHAR[]", "phones": "VARCHAR[]", "accounts": "VARCHAR[]",
}  # fmt: skip
"""The columns of a table of portraits, with their types in DuckDB."""

ARGUMENTS: Final[dict[str, tuple[str, ...]]] = {
    "first": ("first", "last"), "last": ("first", "last"), "suffix": ("suffix",), "house": ("house",), "street": ("street",),
    "unit": ("unit",), "zip": ("zip",), "email": ("emails",), "phone": ("phones",), "account": ("accounts",),
}  # fmt: skip
"""Which columns the macro of a field reads: those of the one, then those of the other."""


def call(field: str, one: str, other: str) -> str:
    """The macro's call for a field. `one` and `other`: the columns' names with `{}` in the column's place (`a.{}`, `{}_l`)."""
    arguments = [side.format(name) for side in (one, other) for name in ARGUMENTS[field]]
    return f"upheld_{field}({', '.join(arguments)})"


def values(said: Portrait) -> tuple[Any, ...]:
    """A portrait as the values of COLUMNS."""
    name, family = said.first, said.last
    return (
        {
            "main": name.main, "names": list(name.names), "sound": name.sound, "initial": name.initial,
            "known": name.known, "own": name.own, "short": name.short, "meant": WRITTEN.get(name.main, ""), "spelt": name.spelt,
            "written": sorted(written(name.names)),
        },
        {"whole": family.whole, "parts": list(family.parts), "sound": family.sound},
        said.suffix, said.where.house, said.where.street, said.where.unit, said.zip,
        list(said.emails), list(said.phones), list(said.accounts),
    )  # fmt: skip


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Teach a connection the macros of `comparing.sql`."""
    connection.execute(resources.files(__package__).joinpath("comparing.sql").read_text("utf-8"))


def compare_columns(connection: duckdb.DuckDBPyConnection, pairs: Iterable[tuple[Portrait, Portrait]]) -> dict[str, NDArray[np.int8]]:
    """The levels of many pairs, by field, in their order: `compare` as columns."""
    prepare(connection)
    table(connection, "upheld_ones", enumerated := [(number, *pair) for number, pair in enumerate(pairs)], side=1)
    table(connection, "upheld_others", enumerated, side=2)
    shown = ", ".join(f'{call(field, "a.{}", "b.{}")}::TINYINT AS "{field}"' for field in FIELDS)
    query = f"SELECT {shown} FROM upheld_ones AS a JOIN upheld_others AS b USING (id) ORDER BY id"  # noqa: S608 - names of this module
    return {name: np.asarray(levels, dtype=np.int8) for name, levels in connection.execute(query).fetchnumpy().items()}


def table(connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[tuple[Any, ...]], *, side: int = 1) -> None:
    """Make a table of portraits: `id` (the first of each row) and COLUMNS of the portrait at place `side`."""
    told = [json.dumps([row[0], *values(row[side])], ensure_ascii=True) for row in rows]
    kinds = ["BIGINT", *COLUMNS.values()]
    shown = ", ".join(
        f"from_json(said -> {at}, '{_shape(kind)}') AS \"{column}\""
        for at, (column, kind) in enumerate(zip(("id", *COLUMNS), kinds, strict=True))
    )
    connection.register("upheld_told", {"said": np.array(told, dtype=object)})
    connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT {shown} FROM upheld_told')  # noqa: S608 - as above
    connection.unregister("upheld_told")


def _shape(kind: str) -> str:
    """A type as `from_json` wants it."""
    if kind.endswith("[]"):
        return json.dumps([kind.removesuffix("[]")])
    if not kind.startswith("STRUCT("):
        return f'"{kind}"'
    members = (member.split(" ") for member in kind.removeprefix("STRUCT(").removesuffix(")").split(", "))
    return "{" + ", ".join(f'"{name}": {_shape(of)}' for name, of in members) + "}"
