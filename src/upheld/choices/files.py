"""Files that choices come in: CSV and Parquet as rows of text with line numbers, and what their columns mean."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from upheld.errors import Invalid
from upheld.people.held import Held
from upheld.people.names import split_name
from upheld.people.normal import fold
from upheld.policy.compiled import undeclared

LONGEST_LINE: Final = 1 << 20  # bytes; a longer one is no row
ROWS_AT_ONCE: Final = 5000
PARTS: Final = ("email", "phone", "account", "first", "last", "address", "zip")
"""By what people are found."""

Reject = Callable[[int, str], None]
"""Told the line number and the reason of each row that cannot be read."""

_NO_HEADING: Final = "the file has no heading: its first line must name the columns, in UTF-8"

ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("email", "e mail", "mail", "email address", "e mail address", "emailaddress"),
    "first": ("first", "first name", "firstname", "given name", "forename", "vorname", "prenom"),
    "last": ("last", "last name", "lastname", "surname", "family name", "nachname", "nom"),
    "name": ("name", "full name", "fullname", "customer name", "customer"),
    "address": ("address", "street", "street address", "address 1", "address1", "address line 1", "strasse", "adresse"),
    "zip": ("zip", "zip code", "zipcode", "postal code", "postcode", "post code", "plz"),
    "phone": ("phone", "phone number", "telephone", "tel", "mobile", "telefon"),
    "account": ("account", "account number", "customer id", "customer number", "customerid", "customer no"),
    "topic": ("topic", "list"),
    "choice": ("choice", "status", "opt", "consent"),
    "when": ("when", "date", "time", "timestamp", "chosen at", "opted out at", "opted in at"),
    "how": ("how", "how heard", "heard", "heard by"),
    "region": ("region", "country"),
    "born": ("born", "birth date", "birthdate", "date of birth", "dob"),
    "age": ("age",),
}
"""What a column may mean, and the headings under which it is found."""


@dataclass(frozen=True, slots=True)
class File:
    """An open file: its headings, and its rows as (line number, values); for Parquet the line is the row's number from 1."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[int, Sequence[str]]]


def read(path: Path, reject: Reject) -> File:
    """The file at `path`. `Invalid` if it is not there, holds no heading, or its heading names a column twice."""
    try:
        with path.open("rb") as opened:
            start = opened.read(4)
    except OSError as error:
        raise Invalid(f"cannot read `{path}`: {(error.strerror or 'input/output error').lower()}") from error
    if path.suffix == ".parquet" and start != b"PAR1":
        raise Invalid("the file is no Parquet, though it is called so: write it again, or give it its right name", place=str(path))
    file = _parquet(path) if start == b"PAR1" else _csv(path, reject)
    if len(set(file.columns)) < len(file.columns):
        raise Invalid("the heading names a column twice: give each column a name of its own", place=str(path))
    return file


def write_rejects(path: Path, refused: Iterable[tuple[int, str]], *, done: str) -> Path:
    """Line numbers and reasons, never values. `Invalid` if they cannot be written; it says what was `done` all the same."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("line", "reason"))
            writer.writerows(refused)
    except OSError as error:
        raise Invalid(f"cannot write `{path}`: {(error.strerror or 'input/output error').lower()}; {done}") from error
    return path


def roles(columns: Sequence[str], given: Mapping[str, str], place: str) -> dict[str, int]:
    """Where each role stands: as given (role -> column), else found by heading. `Invalid` for unknown roles and columns."""
    found: dict[str, int] = {}
    for role, column in given.items():
        if role not in ROLES:
            raise Invalid(undeclared("kind of column", role, ROLES))
        if column not in columns:
            raise Invalid(undeclared("column", column, columns).replace("is declared", "is in the file"), place=place)
        found[role] = columns.index(column)
    for at, column in enumerate(columns):
        words = " ".join(re.sub(r"[^a-z0-9]", " ", fold(column)).split())
        for role, headings in ROLES.items():
            if words in headings and role not in found and at not in found.values():
                found[role] = at
    if "name" in found and "last" in found and "name" not in given:
        del found["name"]
    return found


def people_in(columns: Sequence[str], given: Mapping[str, str], place: str) -> dict[str, int]:
    """Where the parts of a list stand by which people are found (`roles`). `Invalid` if no column names people."""
    found = {role: at for role, at in roles(columns, given, place).items() if role in {*PARTS, "name"}}
    if not {"email", "phone", "account", "address"} & found.keys():
        raise Invalid("no column names people: name one, as `--column email=HEADING`", place=place)
    return found


def held(row: Sequence[str], where: Mapping[str, int]) -> Held:
    """What a row holds of a person."""
    said = {part: row[where[part]].strip() for part in PARTS if part in where}
    if "name" in where and (name := row[where["name"]].strip()):
        said["first"], said["last"] = split_name(name)
    return Held(**{part: text or None for part, text in said.items()})


def _csv(path: Path, reject: Reject) -> File:
    numbered = _Lines(path, reject)
    head = next(iter(numbered), "")
    delimiter = max((",", ";", "\t", "|"), key=head.count)
    reader = csv.reader([head], delimiter=delimiter, strict=True)
    try:
        columns = tuple(name.strip() for name in next(reader))
    except (csv.Error, StopIteration) as error:
        raise Invalid(_NO_HEADING, place=str(path)) from error
    if not any(columns):
        raise Invalid(_NO_HEADING, place=str(path))
    return File(columns, _records(numbered, delimiter, len(columns), reject))


def _records(lines: _Lines, delimiter: str, width: int, reject: Reject) -> Iterator[tuple[int, Sequence[str]]]:
    while True:
        lines.taken.clear()
        try:
            row = next(csv.reader(lines, delimiter=delimiter, strict=True))
        except StopIteration:
            return
        except csv.Error:
            reject(lines.give_back(), "the row cannot be read: look at its quotes")
            continue
        if not any(row):
            continue
        if len(row) != width:
            reject(lines.give_back(), f"the row has {len(row)} column{'s' * (len(row) != 1)}, the heading {width}")
            continue
        yield lines.taken[0][0], row


class _Lines:
    """The lines of a text file that can be read; `taken` are those of the record being read, with their numbers."""

    def __init__(self, path: Path, reject: Reject) -> None:
        self._lines = self._read(path, reject)
        self._again: deque[tuple[int, str]] = deque()
        self.taken: list[tuple[int, str]] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        self.taken.append(self._again.popleft() if self._again else next(self._lines))
        return self.taken[-1][1]

    def give_back(self) -> int:
        """The number of the record's first line; the others will come again, for a quote left open must not swallow the rows after it."""
        self._again.extendleft(reversed(self.taken[1:]))
        return self.taken[0][0]

    def _read(self, path: Path, reject: Reject) -> Iterator[tuple[int, str]]:
        number = 0
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                    while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                        pass
                    reject(number, f"the line is longer than {LONGEST_LINE} bytes")
                    continue
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError:
                    reject(number, "the line is not UTF-8: save the file as UTF-8")
                    continue
                if "\0" in text:
                    reject(number, "the line holds a NUL byte")
                    continue
                yield number, text


def _parquet(path: Path) -> File:
    connection = duckdb.connect()
    try:
        relation = connection.read_parquet(str(path))
        columns = tuple(relation.columns)
        texts = (duckdb.ColumnExpression(name).cast("VARCHAR").alias(f"c{at}") for at, name in enumerate(columns))
        relation.select(*texts).create_view("upheld_rows")
        connection.execute("SELECT bit_xor(hash(COLUMNS(*))) FROM upheld_rows").fetchall()  # all of it, before a row is recorded
    except (duckdb.Error, UnicodeDecodeError) as error:
        connection.close()
        raise Invalid(_DAMAGED, place=str(path)) from error
    return File(columns, _parquet_rows(connection))


_DAMAGED: Final = "the Parquet file cannot be read, or not to its end: write it again"


def _parquet_rows(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, Sequence[str]]]:
    number = 0
    with closing(connection):
        found = connection.execute("SELECT * FROM upheld_rows")
        while rows := found.fetchmany(ROWS_AT_ONCE):
            for row in rows:
                number += 1
                yield number, ["" if value is None else value for value in row]


def batches(rows: Iterable[tuple[int, Sequence[str]]], size: int) -> Iterator[list[tuple[int, Sequence[str]]]]:
    """The rows in lists of at most `size`."""
    batch: list[tuple[int, Sequence[str]]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
