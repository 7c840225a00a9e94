"""Reading delimited text: each record with its line number, or a reject with the reason. One bad line never swallows the next."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from upheld.errors import Invalid
from upheld.gate.lines import Reject, encoding_of, lines
from upheld.gate.patterns import looks_like_data

DELIMITERS = (",", ";", "\t", "|")
RECORD_LINES = 100
"""A quoted field that runs over more lines was never closed."""
LOOKED_AT = 200
"""Records looked at to find the delimiter and the header."""

_FAULTS = (
    ("unexpected end of data", "a quote opens and never closes"),
    ("expected after", "text follows a closing quote"),
    ("field larger than", "a field is longer than 128 KiB"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a delimited file is laid out. `header` is the line number of the header, None if there is none."""

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    header: int | None


class _Unclosed(Exception):
    pass


class _Feed:
    """Lines for `csv.reader`; remembers those of the record being read, so that a broken one can be read again from its second line."""

    def __init__(self, source: Iterator[tuple[int, str]]) -> None:
        self.source = source
        self.record: list[tuple[int, str]] = []
        self.again: list[tuple[int, str]] = []

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if len(self.record) >= RECORD_LINES:
            raise _Unclosed
        line = self.again.pop(0) if self.again else next(self.source)
        self.record.append(line)
        return line[1]

    def give_back_all_but_first(self) -> int:
        """Put the broken record's further lines back; the number of its first line."""
        (number, _), *rest = self.record
        self.again[:0] = rest
        self.record.clear()
        return number


def records(source: Iterator[tuple[int, str]], delimiter: str, reject: Reject) -> Iterator[tuple[int, list[str]]]:
    """Records with the number of their first line. Blank lines are none."""
    feed = _Feed(source)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except _Unclosed:
            reject(feed.give_back_all_but_first(), "a quote opens and does not close within 100 lines")
            continue
        except csv.Error as error:
            reject(feed.give_back_all_but_first(), _reason(error))
            continue
        if fields:
            yield feed.record[0][0], fields
        feed.record.clear()


def layout_of(path: Path, *, encoding: str | None = None, delimiter: str | None = None, header: bool | None = None) -> Layout:
    """Find out how a file is laid out; what is given is believed. `Invalid` if it is empty or its columns cannot be told apart."""
    encoding = encoding_of(path, encoding)
    found = delimiter or _delimiter(path, encoding)
    faults: list[tuple[int, str]] = []
    sample = _sample(path, encoding, found, faults)
    if not sample or (faults and faults[0][0] < sample[0][0]):
        why = f": its first line {_but(faults[0][1])}" if faults else ""
        raise Invalid(f"`{path.name}` holds no list{why or '; it is empty'}", place=str(path))
    number, first = sample[0]
    with_header = header if header is not None else not any(looks_like_data(cell) for cell in first)
    if not with_header:
        return Layout(encoding, found, tuple(f"column{place}" for place in range(1, len(first) + 1)), None)
    return Layout(encoding, found, named(first, f"{path}:{number}"), number)


def named(header: Sequence[str], place: str) -> tuple[str, ...]:
    """The columns' names, nameless ones numbered; `Invalid` if two have one name (capitals do not tell them apart)."""
    names = tuple(cell.strip() or f"column{number}" for number, cell in enumerate(header, 1))
    folded = [name.casefold() for name in names]
    twice = next((name for at, name in enumerate(names) if folded.index(name.casefold()) < at), None)
    if twice is not None:
        raise Invalid(f"the column `{twice}` stands twice: give each column its own name", place=place)
    return names


def rows(path: Path, layout: Layout, reject: Reject) -> Iterator[tuple[int, list[str]]]:
    """Every row that fits the layout, with its line number; the others are rejected with the reason."""
    width = len(layout.columns)
    for number, fields in records(lines(path, layout.encoding, reject), layout.delimiter, reject):
        if number == layout.header:
            continue
        if len(fields) != width:
            reject(number, f"has {len(fields)} column{'s' * (len(fields) != 1)} instead of {width}")
            continue
        yield number, fields


def _sample(path: Path, encoding: str, delimiter: str, faults: list[tuple[int, str]]) -> list[tuple[int, list[str]]]:
    found: list[tuple[int, list[str]]] = []
    reject: Reject = lambda number, reason: faults.append((number, reason))  # noqa: E731
    for record in records(lines(path, encoding, reject), delimiter, reject):
        found.append(record)
        if len(found) >= LOOKED_AT:
            break
    return found


def _delimiter(path: Path, encoding: str) -> str:
    """The delimiter under which most records have the columns of the first; a single column needs none."""
    best: tuple[float, int, str] = (0.0, 1, ",")
    for delimiter in DELIMITERS:
        widths = [len(fields) for _, fields in _sample(path, encoding, delimiter, [])]
        if widths and widths[0] > 1:
            even = sum(width == widths[0] for width in widths) / len(widths)
            best = max(best, (even, widths[0], delimiter))
    if best[1] > 1 and best[0] < 0.5:
        raise Invalid(f"cannot tell how `{path.name}` separates its columns: say it with `--delimiter`", place=str(path))
    return best[2]


def _reason(error: csv.Error) -> str:
    said = str(error)
    return next((words for part, words in _FAULTS if part in said), "cannot be read as delimited text")


def _but(reason: str) -> str:
    return (
        reason
        if reason.startswith(("has", "holds"))
        else f"is {reason}"
        if reason.startswith(("longer", "not"))
        else f"cannot be read ({reason})"
    )
