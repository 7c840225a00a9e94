"""What an entry may say: every kind of entry declares its fields, and no field can hold a name, an address or a number to call.

The vocabulary is closed: an entry of an undeclared kind, with an undeclared field, or with a value that its field does not hold is
refused. A room declares its kinds beside its actions::

    CHOICE_RECORDED = declare("choice.recorded", "a person's choice on a topic", person=NUMBER, topic=WORD, choice=one_of("in", "out"))
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from upheld.errors import Conflict, Invalid

JSON = Any
"""What `json` can write; a field's type narrows it."""

_WORD = re.compile(r"[a-z][a-z0-9]*(?:[ ._-][a-z0-9]+)*")
_VERSION = re.compile(r"[0-9A-Za-z]+(?:[._-][0-9A-Za-z]+)*")
_DATE = re.compile(r"(?:19|20)\d\d[._-]?[01]\d[._-]?[0-3]\d(?:[._-]\d{1,3})?")
_HASH = re.compile(r"[0-9a-f]{64}")
_LARGEST = 2**53 - 1  # what every JSON reader holds exactly


@dataclass(frozen=True, slots=True)
class Field:
    """What a field holds: a test, and the words for it in a refusal."""

    words: str
    holds: Callable[[object], bool] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of entry: what it says in plain words, and its fields."""

    name: str
    says: str
    fields: Mapping[str, Field]


def _is_number(value: object) -> bool:
    return type(value) is int and -_LARGEST <= value <= _LARGEST


def _is_short_on_digits(text: str) -> bool:
    return sum(character.isdigit() for character in text) < 7  # the shortest number one can call


def _is_word(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 80 and bool(_WORD.fullmatch(value)) and _is_short_on_digits(value)


def _is_version(value: object) -> bool:
    if not isinstance(value, str) or len(value) > 40 or not _VERSION.fullmatch(value):
        return False
    return _is_short_on_digits(value) or bool(_DATE.fullmatch(value))


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and bool(_HASH.fullmatch(value))


NUMBER = Field("a whole number", _is_number)
"""A count, a row's number, a time in microseconds. Never a number of the outside world (a phone, a card)."""
FLAG = Field("true or false", lambda value: isinstance(value, bool))
HASH = Field("64 hexadecimal digits", _is_hash)
"""SHA-256 of something not personal (a file, a policy), or a salted commitment."""
WORD = Field("a word of a policy or register", _is_word)
"""A clause id, a topic, a purpose, an item, a recipient's short name: lower case, no `@`, fewer than seven digits."""
VERSION = Field("a version", _is_version)


def one_of(*words: str) -> Field:
    """One of these words."""
    return Field("one of " + ", ".join(f"`{word}`" for word in words), lambda value: isinstance(value, str) and value in words)


def optional(of: Field) -> Field:
    """What the field holds, or null."""
    return Field(f"{of.words} or nothing", lambda value: value is None or of.holds(value))


def list_of(of: Field) -> Field:
    """A list of such values."""
    return Field(f"a list, each {of.words}", lambda value: isinstance(value, (list, tuple)) and all(of.holds(member) for member in value))


def counts_of(of: Field) -> Field:
    """Whole numbers by such keys, e.g. refused rows by clause."""
    return Field(
        f"whole numbers, each by {of.words}",
        lambda value: isinstance(value, Mapping) and all(of.holds(key) and _is_number(count) for key, count in value.items()),
    )


KINDS: dict[str, Kind] = {}
"""All declared kinds, by name."""


def declare(name: str, says: str, **fields: Field) -> str:
    """Declare a kind of entry; returns its name. All fields must be given in an entry (`optional` ones as None).

    Raises `Invalid` for a name that is not a dotted word, `Conflict` for a kind that is declared otherwise already.
    """
    if not _is_word(name) or "." not in name:
        raise Invalid(f"`{name}` cannot name a kind of entry: write it as `subject.done`")
    kind = Kind(name, says, fields)
    if KINDS.setdefault(name, kind) != kind:
        raise Conflict(f"entries of kind `{name}` are declared otherwise already")
    return name


def demand(kind: str, body: Mapping[str, JSON]) -> None:
    """Raise `Invalid` unless the kind is declared and the body holds exactly what it may; the message holds no value."""
    declared = KINDS.get(kind)
    if declared is None:
        raise Invalid(f"the ledger knows no entries of kind `{kind}`: declare it beside the action")
    fields = declared.fields
    if body.keys() != fields.keys():
        stray = next((name for name in body if name not in fields), None)
        if stray is not None:
            raise Invalid(f"an entry `{kind}` has no field `{stray}`")
        missing = next(name for name in fields if name not in body)
        raise Invalid(f"an entry `{kind}` needs `{missing}`")
    for name, of in fields.items():
        if not of.holds(body[name]):
            raise Invalid(f"`{name}` of an entry `{kind}` must be {of.words}")
