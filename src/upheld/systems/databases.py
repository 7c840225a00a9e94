"""What all databases have in common: rows read in one state, searched where they lie, marked in one transaction.

SQLite, PostgreSQL and MariaDB differ in how they are opened, how they take a value that was read as text, and how they say no: those are
the small modules `sqlite`, `postgres` and `mariadb`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, TableClause, and_, column, inspect, or_, select, update
from sqlalchemy import table as named
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, NoSuchTableError

from upheld.people.identifiers import Identifier
from upheld.systems import refusals, rows, searching
from upheld.systems.connector import Failed, Found, Key, LiveColumn, LiveTable
from upheld.systems.datamap import Flag, System, Table
from upheld.systems.deadline import Deadline
from upheld.systems.refusals import Word
from upheld.systems.searching import Holds

CHUNK: Final = 200
"""Keys in one statement."""
SECONDS: Final = 10
"""How long one call may take where the map does not say (`timeout`)."""


class Database(ABC):
    """A connector (see `connector.Connector`) over SQLAlchemy. The option `timeout` says how many seconds one call may take."""

    def __init__(self, system: System, engine: Engine) -> None:
        self.system, self._engine = system, engine
        self.seconds = seconds(system)
        self._kinds: dict[str, Mapping[str, Holds]] = {}

    @abstractmethod
    def begin(self, conn: Connection, *, writing: bool) -> None:
        """Begin a transaction: to read one state, or to write."""

    def unhurried(self, conn: Connection) -> None:  # noqa: B027 - most count each piece for itself
        """A long read begins: no limit of the server's own may count the time that whoever reads takes between two pieces."""

    @abstractmethod
    def cut(self, conn: Connection) -> None:
        """Cut the line, from another thread: the time is over."""

    @abstractmethod
    def word(self, error: DBAPIError) -> Word:
        """What a refusal of the database means."""

    @abstractmethod
    def equals(self, shown: ColumnElement[Any], value: str) -> ColumnElement[bool]:
        """Whether a column of any type holds what was read from it as this text."""

    @abstractmethod
    def mark(self, conn: Connection, table: Table, flag: Flag) -> object:
        """What is bound to write a flag into its column, whatever the column's type."""

    @abstractmethod
    def kinds(self, conn: Connection, table: str) -> Mapping[str, Holds]:
        """The columns of a table or view, by name, and what each may hold; empty if there is no such table."""

    @abstractmethod
    def as_text(self, shown: ColumnElement[Any], holds: Holds) -> ColumnElement[Any]:
        """A column as text (see `searching.Speech`, also for the next four)."""

    @abstractmethod
    def like(self, text: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
        """Whether a text is like a pattern, whatever the case of its ASCII letters."""

    def like_any(self, text: ColumnElement[Any], patterns: Sequence[str]) -> ColumnElement[bool]:
        """Whether a text is like any of the patterns."""
        return or_(*(self.like(text, pattern) for pattern in patterns))

    @abstractmethod
    def foreign(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether any sign of a text is not ASCII."""

    @abstractmethod
    def lettered(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether any sign of a text is an ASCII letter."""

    def live(self) -> Sequence[LiveTable]:
        """The tables that are there now; those outside the connection's own schema as `schema.table`."""
        with self._at_work() as (conn, _):
            seen = inspect(conn)
            return [self._live(seen, schema, name) for schema in self.schemas(conn) for name in sorted(seen.get_table_names(schema))]

    def schemas(self, conn: Connection) -> Sequence[str | None]:  # noqa: ARG002 - others ask it
        """The schemas to look into; None is the connection's own."""
        return [None]

    def sample(self, table: str, most: int = 200) -> Sequence[Mapping[str, object]]:
        """Some rows of any table."""
        schema, name = self._split(table)
        with self._at_work() as (conn, _):
            names = [one["name"] for one in inspect(conn).get_columns(name, schema)]
            shown: list[ColumnElement[Any]] = [column(one) for one in names]
            query: Select[Any] = select(*shown).select_from(self._named(table)).limit(most)
            return [{str(name): value for name, value in row.items()} for row in conn.execute(query).mappings()]

    def read(self, table: Table, size: int = 20_000) -> Iterator[Sequence[Found]]:
        """All rows, in pieces, in one state."""
        with self._at_work() as (conn, deadline):
            self._checked(conn, table)
            self.unhurried(conn)
            result = conn.execution_options(stream_results=True).execute(self._rows(table))
            with result:
                for some in result.partitions(size):
                    deadline.pause()
                    yield self._found(table, some)
                    deadline.go_on()

    def fetch(self, table: Table, keys: Sequence[Key]) -> Sequence[Found]:
        """The rows of these keys that still exist."""
        with self._at_work() as (conn, _):
            self._checked(conn, table)
            return self._of(conn, table, keys)

    def search(self, table: Table, given: Sequence[Identifier]) -> Sequence[Found]:
        """Every row that any of the identifiers could mean: in one pass of the database over the table."""
        with self._at_work() as (conn, _):
            kinds = self._checked(conn, table)
            wanted = searching.condition(table, given, kinds, self)
            return [] if wanted is None else self._found(table, conn.execute(self._rows(table).where(wanted)))

    def stop(self, table: Table, keys: Sequence[Key], topics: Sequence[str], token: str) -> None:  # noqa: ARG002 - nobody outside
        """Mark the rows that are not marked yet, in one transaction. Whether a trigger takes a mark back, the proof will see."""
        with self._at_work(writing=True) as (conn, _):
            self._checked(conn, table)
            for flag in (flag for flag in table.flags if flag.topic in topics):
                open_ = [found.key for found in self._of(conn, table, keys) if flag.topic not in found.out]
                value = self.mark(conn, table, flag) if open_ else None
                for at in range(0, len(open_), CHUNK):
                    marked = update(self._named(table.name, flag.column)).values({flag.column: value})
                    conn.execute(marked.where(self._meant(table, open_[at : at + CHUNK])))

    def correct(self, table: Table, keys: Sequence[Key], name: str, value: str) -> None:
        """Write a text into one column of these rows: all of them or none. `Failed` if the column keeps anything but text."""
        with self._at_work(writing=True) as (conn, _):
            kinds = self._checked(conn, table)
            if name not in kinds or kinds[name] not in {"text", "ready"}:  # not `get`: some databases do not mind the case of names
                raise Failed(self.system.name, *refusals.NO_TEXT)
            for at in range(0, len(keys), CHUNK):
                conn.execute(update(self._named(table.name, name)).values({name: value}).where(self._meant(table, keys[at : at + CHUNK])))

    def close(self) -> None:  # noqa: B027 - nothing to do is what it does
        """Nothing stays open between two calls, so there is nothing to close."""

    @contextmanager
    def _at_work(self, *, writing: bool = False) -> Iterator[tuple[Connection, Deadline]]:
        deadline = Deadline(self.seconds, lambda: None)
        try:
            with self._engine.connect() as conn, Deadline(self.seconds * 1.1 + 0.5, lambda: self.cut(conn)) as deadline:
                self.begin(conn, writing=writing)
                yield conn, deadline
                conn.commit()
        except NoSuchTableError:
            raise Failed(self.system.name, *refusals.NO_TABLE) from None
        except DBAPIError as error:
            raise Failed(self.system.name, *(refusals.NOT_IN_TIME if deadline.passed else self.word(error))) from None

    def _checked(self, conn: Connection, table: Table) -> Mapping[str, Holds]:
        """The columns that the map names. An engine may take a name that it does not know for a text, so it is not left to complain."""
        found = self._kinds.get(table.name) or self.kinds(conn, table.name)
        if not found:
            raise Failed(self.system.name, *refusals.NO_TABLE)
        if any(name not in found for name in rows.columns(table)):
            raise Failed(self.system.name, *refusals.NO_COLUMN)
        self._kinds[table.name] = found
        return found

    def _live(self, seen: Any, schema: str | None, name: str) -> LiveTable:  # noqa: ANN401 - SQLAlchemy's inspector
        columns = tuple(LiveColumn(one["name"], str(one["type"]), bool(one["nullable"])) for one in seen.get_columns(name, schema))
        foreign = tuple(
            (tuple(one["constrained_columns"]), _whole(one["referred_schema"], one["referred_table"]), tuple(one["referred_columns"]))
            for one in seen.get_foreign_keys(name, schema)
        )
        return LiveTable(_whole(schema, name), columns, tuple(seen.get_pk_constraint(name, schema)["constrained_columns"]), foreign)

    def _split(self, table: str) -> tuple[str | None, str]:
        """A table of another schema is named with it: `sales.customers`."""
        schema, _, name = table.rpartition(".")
        return schema or None, name

    def _named(self, table: str, *columns: str) -> TableClause:
        schema, name = self._split(table)
        return named(name, *map(column, columns), schema=schema)

    def _rows(self, table: Table) -> Select[Any]:
        shown: list[ColumnElement[Any]] = [column(name).label(f"c{at}") for at, name in enumerate(rows.columns(table))]
        query: Select[Any] = select(*shown).select_from(self._named(table.name))
        return query

    def _meant(self, table: Table, keys: Sequence[Key]) -> ColumnElement[bool]:
        return or_(*(and_(*(self.equals(column(name), value) for name, value in zip(table.key, key, strict=True))) for key in keys))

    def _of(self, conn: Connection, table: Table, keys: Sequence[Key]) -> list[Found]:
        chunks = (keys[at : at + CHUNK] for at in range(0, len(keys), CHUNK))
        found = [
            one for some in chunks for one in self._found(table, conn.execute(self._rows(table).where(self._meant(table, some))).all())
        ]
        meant = set(keys)
        return [one for one in found if one.key in meant]

    def _found(self, table: Table, some: Iterable[Any]) -> list[Found]:
        return [rows.found(self.system, table, tuple(row)) for row in some]


def seconds(system: System) -> float:
    """How long one call to a system may take."""
    return float(system.options.get("timeout", SECONDS))


def _whole(schema: str | None, name: str) -> str:
    return f"{schema}.{name}" if schema else name
