"""A PostgreSQL database of the merchant's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, any_, bindparam, cast, create_engine, func, inspect, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.sqltypes import NullType

from upheld.systems import refusals
from upheld.systems.databases import Database, seconds
from upheld.systems.datamap import Flag, System, Table
from upheld.systems.deadline import shut
from upheld.systems.refusals import Word
from upheld.systems.searching import ESCAPE, Holds

_STATES: Final = {
    "42P01": refusals.NO_TABLE,
    "3F000": refusals.NO_TABLE,
    "42703": refusals.NO_COLUMN,
    "42501": refusals.NOT_ALLOWED,
    "25006": refusals.READ_ONLY_NOW,
    "57014": refusals.NOT_IN_TIME,
    "55P03": refusals.LOCKED,
    "40P01": refusals.LOCKED,
    "40001": refusals.LOCKED,
    "28P01": refusals.NO_LOGIN,
    "28000": refusals.NO_LOGIN,
    "3D000": refusals.NO_LOGIN,
}
"""By SQLSTATE."""
_CLASSES: Final = {"08": refusals.DOWN, "53": refusals.FULL, "57": refusals.DOWN, "58": refusals.FULL}
_LOGIN: Final = ("password", "pg_hba", "does not exist", "not permitted", "authentication")
_TRUTH: Final = 16
_NUMBERS: Final = frozenset({20, 21, 23, 700, 701, 1700})
"""PostgreSQL's own numbers of the types boolean, and whole and broken numbers."""

_NOT_COMPILED: Final = "SELECT set_config(name, 'off', true) FROM pg_catalog.pg_settings WHERE name = 'jit'"
"""To compile what a search asks for takes longer than it saves over a million rows."""
_COLUMNS: Final = """
SELECT a.attname, coalesce(b.typname, t.typname) FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid LEFT JOIN pg_catalog.pg_type b ON b.oid = nullif(t.typbasetype, 0)
WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
"""
_HOLDS: Final[Mapping[str, Holds]] = {
    "text": "text", "varchar": "text", "bpchar": "text", "citext": "text", "name": "text",
    "int2": "number", "int4": "number", "int8": "number",
}  # fmt: skip


class Postgres(Database):
    """A connector (see `connector.Connector`)."""

    def __init__(self, system: System, password: str | None) -> None:
        url = make_url(system.address)
        if password is not None:
            url = url.set(password=password)
        super().__init__(system, _engine(url, max(2, round(seconds(system)))))

    def begin(self, conn: Connection, *, writing: bool) -> None:
        """One state for all reads; a writer waits for locks no longer than for answers."""
        if writing:
            conn.execution_options(isolation_level="READ COMMITTED")
        else:
            conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        limit = f"{round(self.seconds * 1000)}ms"
        for name in ("statement_timeout", "lock_timeout"):
            conn.exec_driver_sql("SELECT set_config(%s, %s, true)", (name, limit))
        conn.exec_driver_sql(_NOT_COMPILED)

    def cut(self, conn: Connection) -> None:
        """A server that is stopped keeps no time limit of its own."""
        line: Any = conn.connection.dbapi_connection
        if line is not None and not line.closed:
            shut(line.fileno())

    def word(self, error: DBAPIError) -> Word:
        """By SQLSTATE; a connection that is refused has none."""
        state = getattr(error.orig, "sqlstate", None)
        if state is not None:
            return _STATES.get(state) or _CLASSES.get(state[:2], refusals.UNKNOWN)
        said = str(error.orig).lower()
        return refusals.NO_LOGIN if any(part in said for part in _LOGIN) else refusals.DOWN

    def equals(self, shown: ColumnElement[Any], value: str) -> ColumnElement[bool]:
        """Bound without a type, a text is read as what the column holds."""
        met: ColumnElement[bool] = shown == _untyped(value)
        return met

    def mark(self, conn: Connection, table: Table, flag: Flag) -> object:
        """Truth values and numbers as `1`, which both take; other columns get words."""
        shown = conn.execute(select(self._named(table.name, flag.column).c[flag.column]).limit(0)).cursor
        kind = shown.description[0][1] if shown is not None and shown.description else None
        if isinstance(flag.out, bool):
            return _untyped(str(int(flag.out)) if kind == _TRUTH or kind in _NUMBERS else str(flag.out).lower())
        return _untyped(str(flag.out))

    def kinds(self, conn: Connection, table: str) -> Mapping[str, Holds]:
        """By the types that PostgreSQL names, domains by what they are made of. Only UTF-8 says which signs are ASCII by its length."""
        schema, name = self._split(table)
        quote = conn.dialect.identifier_preparer.quote_identifier
        whole = f"{quote(schema)}.{quote(name)}" if schema else quote(name)
        found = conn.exec_driver_sql(_COLUMNS, (whole,)).all()
        line: Any = conn.connection.dbapi_connection
        utf8 = line.info.parameter_status("server_encoding") == "UTF8"
        return {name: _HOLDS.get(kind, "other") if utf8 else "other" for name, kind in found}

    def as_text(self, shown: ColumnElement[Any], holds: Holds) -> ColumnElement[Any]:  # noqa: ARG002 - the same for all
        """Plain text, whose signs are compared one by one."""
        return cast(shown, Text)

    def like(self, text: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
        """Small letters are made by the rules of ASCII alone, and only where the pattern has any."""
        plain = text.collate("C")
        return (func.lower(plain) if any(sign.isalpha() for sign in pattern) else plain).like(pattern.lower(), escape=ESCAPE)

    def like_any(self, text: ColumnElement[Any], patterns: Sequence[str]) -> ColumnElement[bool]:
        """Small letters are made once for all patterns. Asked for so, a sign that means itself stands behind a backslash."""
        if len(patterns) < 2 or any(ESCAPE in pattern or "\\" in pattern for pattern in patterns):
            return super().like_any(text, patterns)
        wanted = array([pattern.lower() for pattern in patterns], type_=Text)
        return func.lower(text.collate("C")).like(any_(wanted))

    def foreign(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        """More bytes than signs."""
        met: ColumnElement[bool] = func.octet_length(text) != func.length(text)
        return met

    def lettered(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        """By a class of signs."""
        return text.collate("C").regexp_match("[A-Za-z]")

    def schemas(self, conn: Connection) -> Sequence[str | None]:
        """The connection's own schema first, then the others that hold the merchant's tables."""
        seen = inspect(conn)
        others = (name for name in seen.get_schema_names() if name != seen.default_schema_name and not name.startswith("pg_"))
        return [None, *(name for name in others if name != "information_schema")]


@lru_cache(maxsize=64)
def _engine(url: URL, limit: int) -> Engine:
    """The engine asks a server once what it is; each piece of work still has a connection of its own."""
    options = {"connect_timeout": limit, "application_name": "upheld"}
    return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=options)


def _untyped(value: str) -> Any:  # noqa: ANN401 - a bound value
    return bindparam(None, value, type_=NullType())
