"""An SQLite database of the merchant's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, cast, create_engine, event, func, type_coerce
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from upheld.systems import refusals
from upheld.systems.databases import Database, seconds
from upheld.systems.datamap import Flag, System, Table
from upheld.systems.refusals import Word
from upheld.systems.rows import AnyCase
from upheld.systems.searching import ESCAPE, Holds

_WORDS: Final = (
    ("locked", refusals.LOCKED),
    ("interrupted", refusals.NOT_IN_TIME),
    ("no such table", refusals.NO_TABLE),
    ("no such column", refusals.NO_COLUMN),
    ("readonly", refusals.READ_ONLY),
    ("unable to open", Word("is not where the map says: is it there, and readable", again=True)),
    ("not a database", Word("is no SQLite database: mend its address in the data map", again=False)),
    ("disk", refusals.FULL),
)
_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})")


class Sqlite(Database):
    """A connector (see `connector.Connector`)."""

    def __init__(self, system: System, path: Path) -> None:
        module = import_module("pysqlite3")

        def connect() -> Any:  # noqa: ANN401 - a DBAPI connection
            made = module.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=seconds(system), check_same_thread=False)
            made.isolation_level = None
            made.execute("PRAGMA case_sensitive_like = OFF")
            return made

        engine = create_engine("sqlite://", module=module, creator=connect, poolclass=NullPool, hide_parameters=True)
        event.listen(engine, "begin", lambda conn: conn.exec_driver_sql(conn.get_execution_options().get("begin", "BEGIN")))
        super().__init__(system, engine)

    def begin(self, conn: Connection, *, writing: bool) -> None:
        """A writer locks the file at once, so that what it reads is what it marks."""
        conn.execution_options(begin="BEGIN IMMEDIATE" if writing else "BEGIN").begin()

    def cut(self, conn: Connection) -> None:
        """Interrupt the statement."""
        line: Any = conn.connection.dbapi_connection
        if line is not None:
            line.interrupt()

    def word(self, error: DBAPIError) -> Word:
        """SQLite says it in English."""
        said = str(error.orig).lower()
        return next((word for part, word in _WORDS if part in said), refusals.UNKNOWN)

    def equals(self, shown: ColumnElement[Any], value: str) -> ColumnElement[bool]:
        """A column without a type keeps numbers and texts apart, so both are asked for."""
        return shown.in_([value, int(value)]) if _INTEGER.fullmatch(value) else shown == value

    def mark(self, conn: Connection, table: Table, flag: Flag) -> object:  # noqa: ARG002 - the type of a column binds nobody
        """SQLite has no truth values but 1 and 0."""
        return int(flag.out) if isinstance(flag.out, bool) else flag.out

    def kinds(self, conn: Connection, table: str) -> Mapping[str, Holds]:
        """Any column may hold anything; names are met whatever their case."""
        found = conn.exec_driver_sql("SELECT name FROM pragma_table_xinfo(?)", (table,)).scalars().all()
        return AnyCase(dict.fromkeys(found, "text"))

    def as_text(self, shown: ColumnElement[Any], holds: Holds) -> ColumnElement[Any]:  # noqa: ARG002 - the same for all
        """Numbers are read as text anyhow; so is a BLOB."""
        return type_coerce(shown, Text)

    def like(self, text: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
        """SQLite's LIKE takes small and capital ASCII letters for one."""
        return text.like(pattern, escape=ESCAPE)

    def foreign(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        """More bytes than signs; also what stands behind a NUL, which SQLite does not count."""
        met: ColumnElement[bool] = func.octet_length(text) != func.length(cast(text, Text))
        return met

    def lettered(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        """By a class of signs."""
        return text.op("GLOB", is_comparison=True)("*[A-Za-z]*")
