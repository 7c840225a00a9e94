"""An SQLite database of the merchant's own, at work: read in one state, searched row by row, marked in one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, column, create_engine, event, inspect, or_, select, update
from sqlalchemy import table as named
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, NoSuchTableError
from sqlalchemy.pool import NullPool

from upheld.people.identifiers import Identifier
from upheld.systems.connector import Failed, Found, Key, LiveColumn, LiveTable
from upheld.systems.datamap import Flag, Part, System, Table

_CHUNK: Final = 200  # keys in one statement
_TICK: Final = 100_000  # steps of SQLite between two looks at the clock
_WORDS: Final = (
    ("locked", "is locked by another program", True),
    ("interrupted", "did not answer in time", True),
    ("no such table", "has not all tables that the map names: mend the data map", False),
    ("no such column", "has not all columns that the map names: mend the data map", False),
    ("readonly", "may not be written to: let `upheld` write its opt-out columns", False),
    ("unable to open", "is not where the map says: is it there, and readable", True),
    ("disk", "has a disk that is full or fails", True),
)


class Sqlite:
    """A connector (see `connector.Connector`). The option `timeout` says how many seconds one call may take (10)."""

    def __init__(self, system: System, path: Path) -> None:
        self._system, self._seconds, self._until = system, float(system.options.get("timeout", 10)), 0.0
        module = import_module("pysqlite3")

        def connect() -> Any:  # noqa: ANN401 - a DBAPI connection
            made = module.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=self._seconds, check_same_thread=False)
            made.isolation_level = None
            made.set_progress_handler(lambda: time.monotonic() > self._until, _TICK)
            return made

        self._engine = create_engine("sqlite://", module=module, creator=connect, poolclass=NullPool, hide_parameters=True)
        event.listen(self._engine, "begin", lambda conn: conn.exec_driver_sql(conn.get_execution_options().get("begin", "BEGIN")))

    def live(self) -> Sequence[LiveTable]:
        """The tables that are there now."""
        with self._at_work() as conn:
            seen = inspect(conn)
            return [
                LiveTable(
                    name,
                    tuple(LiveColumn(one["name"], str(one["type"]), bool(one["nullable"])) for one in seen.get_columns(name)),
                    tuple(seen.get_pk_constraint(name)["constrained_columns"]),
                    tuple(
                        (tuple(one["constrained_columns"]), one["referred_table"], tuple(one["referred_columns"]))
                        for one in seen.get_foreign_keys(name)
                    ),
                )
                for name in seen.get_table_names()
            ]

    def sample(self, table: str, most: int = 200) -> Sequence[Mapping[str, object]]:
        """Some rows of any table."""
        with self._at_work() as conn:
            names = [one["name"] for one in inspect(conn).get_columns(table)]
            shown: list[ColumnElement[Any]] = [column(name) for name in names]
            rows: Select[Any] = select(*shown).select_from(named(table)).limit(most)
            return [{str(name): value for name, value in row.items()} for row in conn.execute(rows).mappings()]

    def read(self, table: Table, size: int = 20_000) -> Iterator[Sequence[Found]]:
        """All rows, in pieces, in one state."""
        with self._at_work() as conn:
            for rows in conn.execution_options(stream_results=True).execute(_rows(table)).partitions(size):
                yield [self._found(table, tuple(row)) for row in rows]
                self._until = time.monotonic() + self._seconds  # the time limit is for the database, not for who reads

    def fetch(self, table: Table, keys: Sequence[Key]) -> Sequence[Found]:
        """The rows of these keys that still exist."""
        with self._at_work() as conn:
            return self._of(conn, table, keys)

    def search(self, table: Table, given: Sequence[Identifier]) -> Sequence[Found]:
        """Every row that has anything in an identifying column: the widest answer, and never too narrow."""
        identifying: list[ColumnElement[Any]] = [column(name) for names in table.parts().values() for name in names]
        if not identifying or not given:
            return []
        with self._at_work() as conn:
            met = conn.execute(_rows(table).where(or_(*(one.is_not(None) for one in identifying))))
            return [self._found(table, tuple(row)) for row in met]

    def stop(self, table: Table, keys: Sequence[Key], topics: Sequence[str], token: str) -> None:  # noqa: ARG002 - nobody outside
        """Mark the rows that are not marked yet, in one transaction."""
        with self._at_work("BEGIN IMMEDIATE") as conn:
            for flag in (flag for flag in table.flags if flag.topic in topics):
                open_ = [found.key for found in self._of(conn, table, keys) if flag.topic not in found.out]
                for at in range(0, len(open_), _CHUNK):
                    conn.execute(
                        update(named(table.name, column(flag.column)))
                        .where(_meant(table, open_[at : at + _CHUNK]))
                        .values({flag.column: int(flag.out) if isinstance(flag.out, bool) else flag.out})
                    )

    def close(self) -> None:
        """Nothing stays open between two calls."""
        self._engine.dispose()

    def _of(self, conn: Connection, table: Table, keys: Sequence[Key]) -> list[Found]:
        chunks = (keys[at : at + _CHUNK] for at in range(0, len(keys), _CHUNK))
        return [self._found(table, tuple(row)) for some in chunks for row in conn.execute(_rows(table).where(_meant(table, some)))]

    @contextmanager
    def _at_work(self, begin: str = "BEGIN") -> Iterator[Connection]:
        self._until = time.monotonic() + self._seconds
        try:
            with self._engine.connect().execution_options(begin=begin) as conn, conn.begin():
                yield conn
        except NoSuchTableError:
            raise Failed(self._system.name, "has not all tables that the map names: mend the data map", again=False) from None
        except DBAPIError as error:
            said = str(error.orig).lower()
            words, again = next(
                ((words, again) for part, words, again in _WORDS if part in said), ("failed for a reason of its own", False)
            )
            raise Failed(self._system.name, words, again=again) from None

    def _found(self, table: Table, row: tuple[Any, ...]) -> Found:
        at, values = len(table.key), {}
        if None in row[:at]:
            raise Failed(self._system.name, f"has a row without a key in `{table.name}`", again=False)
        for part, names in table.parts().items():
            values[part] = tuple("" if value is None else _text(value) for value in row[at : at + len(names)])
            at += len(names)
        kept: Mapping[Part, tuple[str, ...]] = values
        out = frozenset(flag.topic for flag, value in zip(table.flags, row[at:], strict=True) if _is_out(value, flag))
        return Found(self._system.name, table.name, tuple(map(_text, row[: len(table.key)])), kept, out)


def _rows(table: Table) -> Select[Any]:
    names = [*table.key, *(name for some in table.parts().values() for name in some), *(flag.column for flag in table.flags)]
    shown: list[ColumnElement[Any]] = [column(name).label(f"c{at}") for at, name in enumerate(names)]
    rows: Select[Any] = select(*shown).select_from(named(table.name))
    return rows


def _meant(table: Table, keys: Sequence[Key]) -> ColumnElement[bool]:
    return or_(*(and_(*(column(name) == value for name, value in zip(table.key, key, strict=True))) for key in keys))


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _is_out(value: object, flag: Flag) -> bool:
    if value is None:
        return flag.null_is_out
    return _text(value) == str(int(flag.out) if isinstance(flag.out, bool) else flag.out)
