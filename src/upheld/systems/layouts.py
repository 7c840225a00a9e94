"""How a CSV file lies: its delimiter and columns, its records as the bytes they are, and one field of a record written anew.

A record that is not touched stays as it is to the byte: quotes, line ends and all. Records are those of RFC 4180.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

DELIMITERS: Final = (",", ";", "\t", "|")
ENCODINGS: Final = ("utf-8", "latin-1")
LONGEST_HEADER: Final = 1 << 20
"""Bytes in which a header must end."""
_BOM: Final = "\ufeff"
_QUOTE: Final = '"'


class Unreadable(Exception):
    """A file that is no such CSV; the message says why, without a value."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What separates the columns of a file, how its signs are written, and what its columns are called."""

    delimiter: str
    encoding: str
    columns: tuple[str, ...]


def layout(file: BinaryIO, encoding: str, wanted: Sequence[str] = ()) -> Layout:
    """The layout by the header: the delimiter under which it names the most of what is wanted, else the most columns. `Unreadable`."""
    try:
        head = file.read(LONGEST_HEADER).decode(encoding, "ignore").removeprefix(_BOM)
    finally:
        file.seek(0)
    if "\0" in head[:1000]:
        raise Unreadable("is written in an encoding that cannot be read: save it as UTF-8")
    made = [Layout(delimiter, encoding, names) for delimiter in DELIMITERS if (names := _header(head, delimiter))]
    if not made:
        raise Unreadable("is empty: it needs a line with the names of its columns")
    folded = {name.casefold() for name in wanted}
    best = max(made, key=lambda one: (len(folded & {name.casefold() for name in one.columns}), len(one.columns)))
    if len({name.casefold() for name in best.columns}) < len(best.columns):
        raise Unreadable("has two columns of one name: give each its own")
    return best


def _header(head: str, delimiter: str) -> tuple[str, ...]:
    try:
        names = next(csv.reader(head.splitlines(keepends=True), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return ()
    return tuple(name.strip() or f"column{number}" for number, name in enumerate(names, 1))


@dataclass(frozen=True, slots=True)
class Record:
    """A record's fields, and the text that it is, with the end of its line."""

    fields: Sequence[str]
    raw: str


def records(file: BinaryIO, lie: Layout) -> Iterator[Record]:
    """Every record but the header and blank lines, each with the text from the end of the one before. `Unreadable` for a broken one."""
    held: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            held.append(line.decode(lie.encoding))
            yield held[-1] if len(held) > 1 else held[0].removeprefix(_BOM)

    reader = csv.reader(lines(), delimiter=lie.delimiter, strict=True)
    try:
        for fields in reader:
            if fields:
                yield Record(fields, "".join(held))
                held.clear()
    except csv.Error:
        raise Unreadable(f"cannot be read near line {reader.line_num}: a quote opens or closes where none may") from None
    except UnicodeDecodeError:
        raise Unreadable(f"is not {lie.encoding.upper()} at line {reader.line_num + 1}: say its `encoding` in the data map") from None
    if held:
        yield Record((), "".join(held))


def body(file: BinaryIO, lie: Layout) -> tuple[str, Iterator[Record]]:
    """The header as it is, and the records after it."""
    found = records(file, lie)
    head = next(islice(found, 1), Record((), ""))
    return head.raw, found


def written(record: Record, lie: Layout, values: dict[int, str]) -> str:
    """The record with some fields written anew, all else as it was. `Unreadable` if its fields cannot be told apart in its text."""
    blank = len(record.raw) - len(record.raw.lstrip("\r\n"))
    spans = list(_spans(record.raw, lie.delimiter, blank))
    if len(spans) != len(record.fields) or len(spans) != len(lie.columns):
        raise Unreadable("has a row that cannot be changed without changing more of it: write the file anew")
    text = record.raw
    for at in sorted(values, reverse=True):
        start, end = spans[at]
        text = text[:start] + _quoted(values[at], lie.delimiter, always=text[start : start + 1] == _QUOTE) + text[end:]
    return text


def _spans(raw: str, delimiter: str, at: int) -> Iterator[tuple[int, int]]:
    """Where each field begins and ends."""
    end = len(raw.rstrip("\r\n"))
    while True:
        start = at
        if raw[at : at + 1] == _QUOTE:
            at = _closing(raw, at + 1)
        found = raw.find(delimiter, at, end)
        yield start, end if found < 0 else found
        if found < 0:
            return
        at = found + 1


def _closing(raw: str, at: int) -> int:
    """Behind the quote that closes a field."""
    while True:
        at = raw.find(_QUOTE, at) + 1
        if at == 0:
            return len(raw)
        if raw[at : at + 1] != _QUOTE:
            return at
        at += 1


def _quoted(value: str, delimiter: str, *, always: bool) -> str:
    if always or any(sign in value for sign in (delimiter, _QUOTE, "\r", "\n")):
        return _QUOTE + value.replace(_QUOTE, _QUOTE * 2) + _QUOTE
    return value
