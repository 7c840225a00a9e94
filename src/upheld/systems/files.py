"""A folder of CSV or Parquet files as a system: each file a table, searched as it streams by, marked by replacing it at one stroke.

A file of any size is read without being held in memory. What is written in its place is compared with it first: but for the marks, every
row must be as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, column, select
from sqlalchemy import table as named

from upheld.people.identifiers import Identifier
from upheld.systems import layouts, refusals, replacing, rows, searching
from upheld.systems.connector import Failed, Found, Key, LiveColumn, LiveTable
from upheld.systems.datamap import Flag, System, Table
from upheld.systems.layouts import Layout
from upheld.systems.refusals import Word
from upheld.systems.replacing import Held
from upheld.systems.streaming import NEXT, NOW, Late, Stream, marked

SECONDS: Final = 300
"""How long one call may take where the map does not say (`timeout`): a file has no index, and marking writes it anew."""

_SUFFIXES: Final = (".csv", ".tsv", ".parquet")
_WOULD_CHANGE: Final = Word("has a file that cannot be written anew without changing more than was meant: do it by hand", again=False)
_TWO_OF_A_KEY: Final = "has different people under one key in `{}`: name another key in the data map"

Texts = Mapping[str, tuple[str, set[Key]]]
"""By column: the text that is to stand there, and in the rows of which keys."""


class Files:
    """A connector (see `connector.Connector`)."""

    def __init__(self, system: System) -> None:
        self.system, self._folder = system, Path(system.address)
        self.seconds = float(system.options.get("timeout", SECONDS))
        self._encoding = str(system.options.get("encoding", layouts.ENCODINGS[0]))

    def live(self) -> Sequence[LiveTable]:
        """The files that are there now, by their names without ending."""
        return [self._live(name, path) for name, path in sorted(self._tables().items())]

    def sample(self, table: str, most: int = 200) -> Sequence[Mapping[str, object]]:
        """The first rows of any file."""
        with self._reading(table) as stream:
            shown: list[ColumnElement[Any]] = [column(name) for name in stream.types]
            return [dict(zip(stream.types, row, strict=True)) for row in stream.rows(select(*shown).select_from(named(NOW)).limit(most))]

    def read(self, table: Table, size: int = 20_000) -> Iterator[Sequence[Found]]:
        """All rows, in pieces, of one state of the file."""
        with self._reading(table.name, table) as stream:
            cursor = stream.run(_rows(table))
            while some := cursor.fetchmany(size):
                stream.deadline.pause()
                yield self._found(table, some)
                stream.deadline.go_on()

    def fetch(self, table: Table, keys: Sequence[Key]) -> Sequence[Found]:
        """The rows of these keys that still exist."""
        with self._reading(table.name, table) as stream:
            return self._of(stream, table, keys)

    def search(self, table: Table, given: Sequence[Identifier]) -> Sequence[Found]:
        """Every row that any of the identifiers could mean, in one pass over the file."""
        with self._reading(table.name, table) as stream:
            wanted = searching.condition(table, given, stream.kinds, stream)
            return [] if wanted is None else self._found(table, stream.rows(_rows(table).where(wanted)))

    def stop(self, table: Table, keys: Sequence[Key], topics: Sequence[str], token: str) -> None:  # noqa: ARG002 - nobody outside
        """Write the file anew with these rows marked, unless all are marked already."""
        flags = [flag for flag in table.flags if flag.topic in topics]
        with self._reading(table.name, table, writing=True) as stream:
            there = self._of(stream, table, keys)
            self._demand_one_person_a_key(table, there)
            open_ = {flag: {one.key for one in there if flag.topic not in one.out} for flag in flags}
            marks: dict[str, tuple[str, set[Key]]] = {}
            for flag, some in open_.items():  # where a column marks several topics, whoever stopped one of them is marked
                marks.setdefault(stream.own(flag.column), (stream.mark(flag), set()))[1].update(some)
            if any(open_.values()):
                stream.held.replace(lambda part: self._write(stream, table, marks, part, lambda now: _are_out(open_, now)))

    def correct(self, table: Table, keys: Sequence[Key], name: str, value: str) -> None:
        """Write the file anew with a text in one column of these rows. `Failed` if the column keeps anything but text."""
        with self._reading(table.name, table, writing=True) as stream:
            there = self._of(stream, table, keys)
            self._demand_one_person_a_key(table, there)
            own = stream.own(name)
            if stream.types[own] != "VARCHAR" or not _fits(value, stream.lie):
                raise Failed(self.system.name, *refusals.NO_TEXT)
            texts = {own: (value, {one.key for one in there})}
            if there:
                stream.held.replace(lambda part: self._write(stream, table, texts, part, lambda _: True))

    def close(self) -> None:
        """Nothing stays open between two calls."""

    def _write(self, stream: Stream, table: Table, texts: Texts, part: Path, is_so: Callable[[Mapping[Key, Found]], bool]) -> None:
        """The new file with these texts, compared with the old one. `is_so` says whether the rows now are as they should be."""
        marks = {name: (text, stream.exactly(table, keys)) for name, (text, keys) in texts.items()}
        if stream.lie is None:
            stream.copy(marked(stream, marks), part, stream.codec())
        else:
            _write_csv(stream, stream.lie, table, texts, part)
        with Held(self.system.name, part) as new:
            stream.open(NEXT, new)
            kept = stream.lie is not None or stream.beside(stream.held.by_number).items() <= stream.beside(new.by_number).items()
            if not kept or stream.essence(NOW, marks) != stream.essence(NEXT, marks) or not stream.alike():
                raise Failed(self.system.name, *_WOULD_CHANGE)
            meant = set[Key]().union(*(keys for _, keys in texts.values()))
            now = {one.key: one for one in self._of(stream, table, list(meant), NEXT)}
        if not is_so(now):
            raise Failed(self.system.name, *refusals.BAD_MARK)

    def _demand_one_person_a_key(self, table: Table, there: Sequence[Found]) -> None:
        """No file makes sure that a key tells rows apart; nobody else may be marked."""
        seen: dict[Key, Found] = {}
        for one in there:
            if dict(seen.setdefault(one.key, one).values) != dict(one.values):
                raise Failed(self.system.name, _TWO_OF_A_KEY.format(table.name), again=False)

    def _tables(self) -> Mapping[str, Path]:
        """Each file by its name without ending, and by its whole name where two would share that."""
        with replacing.said(self.system.name):
            if not self._folder.is_dir():
                raise Failed(self.system.name, "is not where the map says: is the folder there, and readable", again=True)
            there = [path for path in self._folder.iterdir() if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")]
        stems = [path.stem for path in there]
        return {path.stem if stems.count(path.stem) == 1 else path.name: path for path in there}

    def _path(self, table: str) -> Path:
        there = self._tables()
        whole = {path.name: path for path in there.values()}
        path = there.get(table) or whole.get(table)
        if path is None:
            raise Failed(self.system.name, *replacing.GONE)
        return path

    def _live(self, name: str, path: Path) -> LiveTable:
        with self._reading(path.name) as stream:
            return LiveTable(name, tuple(LiveColumn(each, kind) for each, kind in stream.types.items()))

    @contextmanager
    def _reading(self, name: str, table: Table | None = None, *, writing: bool = False) -> Iterator[Stream]:
        """A file opened in one state; what is read of it is believed only if it was that state until the end."""
        wanted = rows.columns(table) if table else ()
        with (
            Held(self.system.name, self._path(name), alone_within=self.seconds if writing else None) as held,
            Stream(held, self.seconds) as stream,
        ):
            with stream.said():
                if held.path.suffix.lower() != ".parquet":
                    stream.lie = layouts.layout(held.file, self._encoding, wanted)
                stream.open(NOW, held)
                if any(each not in stream.kinds for each in wanted):
                    raise Failed(self.system.name, *refusals.NO_COLUMN)
                yield stream
            if not writing:
                held.demand_unchanged()

    def _of(self, stream: Stream, table: Table, keys: Sequence[Key], view: str = NOW) -> list[Found]:
        meant = set(keys)
        found = self._found(table, stream.rows(_rows(table, view).where(stream.meant(table, keys)))) if keys else []
        return [one for one in found if one.key in meant]

    def _found(self, table: Table, some: Sequence[Any]) -> list[Found]:
        return [rows.found(self.system, table, tuple(row)) for row in some]


def _are_out(open_: Mapping[Flag, set[Key]], now: Mapping[Key, Found]) -> bool:
    return all(flag.topic in now[key].out for flag, some in open_.items() for key in some)


def _fits(value: str, lie: Layout | None) -> bool:
    """Whether the file's encoding has all signs of a text."""
    try:
        value.encode(lie.encoding if lie else "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _write_csv(stream: Stream, lie: Layout, table: Table, texts: Texts, part: Path) -> None:
    """Every record as it is to the byte, but for these texts."""
    places = {name.lower(): at for at, name in enumerate(lie.columns)}
    key = [places[name.lower()] for name in table.key]
    wanted = [(places[name.lower()], text, keys) for name, (text, keys) in texts.items()]
    stream.held.file.seek(0)
    head, found = layouts.body(stream.held.file, lie)
    with part.open("r+b", buffering=1 << 20) as file:
        file.write(head.encode(lie.encoding))
        for number, record in enumerate(found):
            if number % 10_000 == 0 and stream.deadline.passed:
                raise Late
            values: dict[int, str] = {}
            if len(record.fields) == len(lie.columns):
                own = tuple(record.fields[at] for at in key)
                values = {at: text for at, text, keys in wanted if own in keys}
            file.write((layouts.written(record, lie, values) if values else record.raw).encode(lie.encoding))


def _rows(table: Table, view: str = NOW) -> Select[Any]:
    shown: list[ColumnElement[Any]] = [column(name).label(f"k{at}") for at, name in enumerate(rows.columns(table))]
    query: Select[Any] = select(*shown).select_from(named(view))
    return query
