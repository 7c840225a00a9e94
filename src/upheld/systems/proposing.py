"""Writing a data map that a person finishes: what is certain stands as it is, a guess begins with `?` and fails the check."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from upheld.systems.datamap import Part
from upheld.systems.guessing import Guess
from upheld.systems.words import ALONE, IMPLIED, NOTHING

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_HEAD: Final = """\
# A data map proposed from {origin}.
# What begins with `?` is a guess: take the `?` away where it is right, and write what is so where it is not.
# `upheld systems check` says what is still open. What each line may say: docs/data-map.md.
"""
_OF_TABLE: Final[Sequence[tuple[str, tuple[str, ...]]]] = (
    ("newsletter", ("newsletter", "subscriber", "subscription", "mailing")),
    ("order", ("order", "customer", "sale", "invoice", "purchase", "buyer")),
    ("registration", ("registration", "user", "account", "member", "login")),
    ("quote", ("quote", "lead", "prospect")),
    ("survey", ("survey", "answer", "feedback")),
    ("cart", ("cart", "basket")),
    ("support", ("support", "ticket", "case")),
    ("web", ("web", "visit", "log", "session", "event")),
)
"""Sources that policies often declare, and words in the names of tables that speak of them."""
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {"address": ("shipping address", "billing address", "address")}


@dataclass(frozen=True, slots=True)
class Line:
    """What is proposed for one column: a saying of the map, whether somebody must look at it, and why it is thought."""

    column: str
    saying: str
    asks: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is proposed for one table; no lines: that it holds nothing about people."""

    table: str
    lines: tuple[Line, ...] = ()
    asks: bool = False


class Items:
    """The items of a policy, to find the one that a column of a table probably holds."""

    def __init__(self, items: Sequence[str] = (), topics: Sequence[str] = ()) -> None:
        """Take the policy's items and topics; without them, everything is asked."""
        self._items, self._topics = items, topics

    def item(self, kind: str, table: str) -> tuple[str, bool]:
        """The item of a kind that a table probably holds, and whether no other could be meant."""
        kinds = _KINDS.get(kind, (kind,))
        found = [item for one in kinds for item in self._items if item.partition(".")[2] == one]
        if not found:
            return f"order.{kinds[0]}", False
        source = next((name for name, words in _OF_TABLE if any(word in table.lower() for word in words)), None)
        near = [item for item in found if item.partition(".")[0] == source]
        return (near or found)[0], len(found) == 1 or len(near) == 1

    def topic(self, guessed: str) -> tuple[str, bool]:
        """The topic that a flag probably marks; never certain, for what a value means cannot be seen."""
        return (guessed if guessed in self._topics or not self._topics else self._topics[0]), False

    def declares(self, kind: str) -> bool:
        """Whether the policy collects that kind of information."""
        return any(item.partition(".")[2] in _KINDS.get(kind, (kind,)) for item in self._items)


def line(column: str, table: str, guess: Guess, items: Items, *, is_text: bool, certain: Sequence[str] = ()) -> Line:
    """What to propose for a column. `certain` are sayings that the system itself bears out: `key`, `link to customers.id`."""
    if guess.topic is not None:
        topic, _ = items.topic(guess.topic)
        return Line(column, f"out of {topic} when {_word(guess.out)}", asks=True, note=guess.note)
    said, asks, note = _said(table, guess, items)
    if said is None and not certain:
        text = "text: does it speak of people?" if is_text else ""
        return Line(column, NOTHING, asks=is_text or guess.marks, note=guess.note if guess.marks else text)
    return Line(column, "; ".join([*certain, *([said] if said else [])]), asks=asks and said is not None, note=note)


def write(name: str, setting: str, address: str, tables: Iterable[Proposed], *, origin: str, left: Sequence[str] = ()) -> str:
    """The map as TOML. `left` is what could not be mapped, said in comments."""
    lines = [_HEAD.format(origin=origin), *(f"# not mapped: {one}" for one in left), *([""] if left else [])]
    lines += [f"[{name}]", f"{setting} = {_quoted(address)}", "", f"[{name}.columns]"]
    for table in tables:
        if not table.lines:
            lines.append(f"{_key(table.table)} = {_quoted(f'? {NOTHING}' if table.asks else NOTHING)}")
        for one in table.lines:
            note = f"  # {one.note}" if one.note else ""
            lines.append(f"{_key(table.table)}.{_key(one.column)} = {_quoted(f'? {one.saying}' if one.asks else one.saying)}{note}")
    return "\n".join(lines) + "\n"


def _said(table: str, guess: Guess, items: Items) -> tuple[str | None, bool, str]:
    """The saying for what a column holds, whether it must be looked at, and why it is thought."""
    if guess.part in ALONE:
        return guess.part, True, guess.note
    if guess.kind is None:
        return None, False, guess.note
    item, alone = items.item(guess.kind, table)
    note = guess.note if items.declares(guess.kind) else "; ".join(filter(None, [guess.note, f"the policy collects no `{guess.kind}`"]))
    part: Part | None = guess.part
    said = item if part is None or IMPLIED.get(item.partition(".")[2]) == part else f"{part} of {item}"
    return said, not (guess.seen and alone and items.declares(guess.kind)), note


def _word(value: str) -> str:
    return value if re.fullmatch(r"[\w.-]+", value) else f"'{value}'"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
