"""Opening a list, whatever it is: afterwards it is one DuckDB relation with numbered rows, and a count of what could not be read.

Parquet is read where it lies. Delimited text and database tables are first read once, row by row, into a private file of clean rows, so
that a broken line is a reject with its number and never something a bulk reader guessed at.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TextIO

from sqlglot import exp

from upheld.errors import Invalid, NotFound
from upheld.gate import delimited, tables
from upheld.gate.workbench import Workbench, call, copy_to

ROW = "upheld_row"
"""The relation's column with the row's number, from 0 without a gap."""

AT_ONCE = 10_000
MOST_OF_A_ROW = 256 << 20  # bytes; what a record of 100 lines of 1 MiB can become


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read delimited text; None is found out."""

    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None


@dataclass(slots=True)
class Rejects:
    """The lines (or a table's rows, from 1) that could not be read, and why: kept in a file of `line,reason`, never with their content."""

    path: Path
    count: int = 0
    first: tuple[int, str] | None = None
    _file: TextIO | None = None

    def add(self, line: int, reason: str) -> None:
        """Note one."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(("line", "reason"))
        csv.writer(self._file).writerow((line, reason))
        self.count += 1
        self.first = self.first or (line, reason)

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


@dataclass(frozen=True, slots=True)
class OpenList:
    """A list that can be read. The relation has the columns `c0`, `c1` … in the order of `columns`, and `ROW`.

    `types` are DuckDB's names. `hash` is the SHA-256 of the file, or of the clean rows of a table, in hex.
    """

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    relation: exp.Select
    rows: int
    rejects: Rejects
    hash: str
    path: Path | None
    stamp: tuple[int, ...]

    def demand_unchanged(self) -> None:
        """`Invalid` if somebody wrote to the file since it was opened: what was decided would not be what is written."""
        if self.path is not None and _stamp(self.path) != self.stamp:
            raise Invalid(f"`{self.name}` was changed while it was being read: run it again")


def open_list(name: str, bench: Workbench, work: Path, reading: Reading | None = None) -> OpenList:
    """Open the list that a command line names: a `.parquet` file, a delimited file, or `sqlite:///…#table`, `postgresql://…#table`.

    `Invalid` or `NotFound` if it cannot be read as a list at all; `work` is a private folder that may hold its clean rows.
    """
    source = tables.source_of(name)
    if source is not None:
        return _from_table(source, bench, work)
    path = Path(name)
    try:
        with path.open("rb") as file:
            start = file.read(4)
            digest = hashlib.file_digest(file, "sha256") if start == b"" else None
    except FileNotFoundError as error:
        raise NotFound(f"no list `{name}`: look at its path, or name a table as `sqlite:///FILE#TABLE`") from error
    except OSError as error:
        raise Invalid(f"`{name}` cannot be read: {(error.strerror or 'input/output error').lower()}") from error
    if digest is not None:
        raise Invalid(f"`{name}` is empty: write the list again, its columns named in the first line")
    if start == b"PAR1" or path.suffix == ".parquet":
        try:
            return _from_parquet(path, bench, work)
        except Invalid as no:
            raise Invalid(no.message, place=no.place or str(path)) from no
    return _from_text(path, bench, work, reading or Reading())


def _from_parquet(path: Path, bench: Workbench, work: Path) -> OpenList:
    stamp = _stamp(path)
    link = work / "list.parquet"  # so that `*` or `[` in the user's file name is no pattern
    link.unlink(missing_ok=True)
    link.symlink_to(path.resolve())
    file = call("read_parquet", exp.Literal.string(str(link)), file_row_number=exp.true())
    described = bench.rows(exp.Describe(this=exp.select("*").from_(file)))
    fields = [(name, kind) for name, kind, *_ in described if name != "file_row_number"]
    names = delimited.named([name for name, _ in fields], str(path))
    relation = exp.select(
        *(exp.column(name, quoted=True).as_(f"c{place}") for place, (name, _) in enumerate(fields)),
        exp.column("file_row_number").as_(ROW),
    ).from_(file)
    rows = int(bench.one(exp.select(exp.Count(this=exp.Star())).from_(file.copy())))
    return OpenList(
        str(path), names, tuple(kind for _, kind in fields), relation, rows, Rejects(work / "rejects.csv"), _hash(path), path, stamp
    )


def _from_text(path: Path, bench: Workbench, work: Path, reading: Reading) -> OpenList:
    stamp = _stamp(path)
    layout = delimited.layout_of(path, encoding=reading.encoding, delimiter=reading.delimiter, header=reading.header)
    rejects = Rejects(work / "rejects.csv")
    clean = work / "list.csv"
    with contextlib.closing(rejects):
        rows = _write_clean(clean, (fields for _, fields in delimited.rows(path, layout, rejects.add)))
    if rejects.first is not None and rows < rejects.count:
        line, reason = rejects.first
        raise Invalid(
            f"{rejects.count} of {rows + rejects.count} row{'s' * (rows + rejects.count != 1)} cannot be read; the first: {reason}; "
            "say `--delimiter`, `--encoding` or `--header`",
            place=f"{path}:{line}",
        )
    opened = _clean(str(path), layout.columns, clean, rows, rejects, _hash(path), path, stamp, bench)
    opened.demand_unchanged()
    return replace(opened, path=None)  # from now on the clean rows are read


def _from_table(source: tables.Source, bench: Workbench, work: Path) -> OpenList:
    rejects = Rejects(work / "rejects.csv")
    clean = work / "list.csv"
    with contextlib.closing(rejects), tables.opened(source, rejects.add) as (columns, texts):
        rows = _write_clean(clean, texts)
    names = delimited.named(columns, source.name)
    return _clean(source.name, names, clean, rows, rejects, _hash(clean), None, (), bench)


def _clean(
    name: str,
    columns: tuple[str, ...],
    clean: Path,
    rows: int,
    rejects: Rejects,
    hash_: str,
    path: Path | None,
    stamp: tuple[int, ...],
    bench: Workbench,
) -> OpenList:
    """The list of clean rows, turned into Parquet so that any part of it is read alone."""
    places = [f"c{place}" for place in range(len(columns))]
    kinds = exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.Literal.string(column), expression=exp.Literal.string("VARCHAR")) for column in places]
    )
    file = call(
        "read_csv",
        exp.Literal.string(str(clean)),
        columns=kinds,
        auto_detect=exp.false(),
        header=exp.false(),
        delim=exp.Literal.string(","),
        quote=exp.Literal.string('"'),
        escape=exp.Literal.string('"'),
        new_line=exp.Literal.string("\\n"),
        max_line_size=exp.Literal.number(MOST_OF_A_ROW),
    )
    parquet = clean.with_suffix(".parquet")
    if rows:
        bench.run(copy_to(exp.select(*(exp.column(column) for column in places)).from_(file), parquet, "parquet"))
    else:
        nothing = exp.select(*(exp.cast(exp.null(), "VARCHAR").as_(column) for column in places)).limit(0)
        bench.run(copy_to(nothing, parquet, "parquet"))
    clean.unlink()
    staged = call("read_parquet", exp.Literal.string(str(parquet)), file_row_number=exp.true())
    there = int(bench.one(exp.select(exp.Count(this=exp.Star())).from_(staged.copy())))
    if there != rows:
        raise Invalid(
            f"`{name}` cannot be read: {rows} rows went in and {there} came out"
        )  # closed by default: never release a misread list
    relation = exp.select(*(exp.column(column) for column in places), exp.column("file_row_number").as_(ROW)).from_(staged)
    return OpenList(name, columns, ("VARCHAR",) * len(columns), relation, rows, rejects, hash_, path, stamp)


def _write_clean(clean: Path, rows: Iterable[Sequence[str | None]]) -> int:
    """Write rows as the one kind of CSV that the bulk reader is told to expect; returns how many."""
    count = 0
    batches = iter(rows)
    with clean.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        while batch := list(islice(batches, AT_ONCE)):
            writer.writerows(batch)
            count += len(batch)
    return count


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(path: Path) -> tuple[int, ...]:
    found = os.stat(path)  # noqa: PTH116 - the numbers, not the path
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def sample(opened: OpenList, bench: Workbench, count: int = 1000) -> tuple[list[str], ...]:
    """The first rows' values as text, one list a column; NULL is an empty text."""
    texts = [exp.cast(exp.column(f"c{place}"), "VARCHAR").as_(f"c{place}") for place in range(len(opened.columns))]
    found: Iterator[tuple[str | None, ...]] = iter(bench.rows(exp.select(*texts).from_(opened.relation.subquery("list")).limit(count)))
    columns: tuple[list[str], ...] = tuple([] for _ in opened.columns)
    for row in found:
        for column, value in zip(columns, row, strict=True):
            column.append(value or "")
    return columns
