"""A MariaDB or MySQL database of the merchant's own."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, LargeBinary, and_, cast, create_engine, event, func, inspect, select
from sqlalchemy.dialects.mysql import CHAR
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from upheld.errors import Invalid
from upheld.systems import refusals
from upheld.systems.databases import Database, seconds
from upheld.systems.datamap import Flag, System, Table
from upheld.systems.deadline import shut
from upheld.systems.refusals import Word
from upheld.systems.rows import AnyCase
from upheld.systems.searching import ESCAPE, Holds

_STATES: Final[Mapping[int, Word]] = {
    **dict.fromkeys((1146, 1051, 1109), refusals.NO_TABLE),
    1054: refusals.NO_COLUMN,
    **dict.fromkeys((1044, 1045, 1049, 1698, 1820, 1862), refusals.NO_LOGIN),
    **dict.fromkeys((1142, 1143, 1227, 1370), refusals.NOT_ALLOWED),
    **dict.fromkeys((1290, 1792, 1836), refusals.READ_ONLY_NOW),
    **dict.fromkeys((1969, 3024, 1317, 1028), refusals.NOT_IN_TIME),
    **dict.fromkeys((1205, 1213, 1020), refusals.LOCKED),
    **dict.fromkeys((1114, 1021, 1030, 1037, 1038, 1041), refusals.FULL),
    **dict.fromkeys((1040, 1053, 1077, 1152, 1184, 1203, 2002, 2003, 2006, 2013, 2014, 2055, 4031), refusals.DOWN),
    **dict.fromkeys((1265, 1264, 1366, 1406, 4025, 3819), refusals.BAD_MARK),
}
"""By the server's error number."""
_PLAIN: Final = re.compile(r"[0-9:. -]+")
_BITS: Final = 16
_NUMBERS: Final = frozenset({0, 1, 2, 3, 4, 5, 8, 9, 13, 246})
"""The protocol's own numbers of the types of bits and of numbers."""

_COLUMNS: Final = """
SELECT column_name, data_type, character_set_name FROM information_schema.columns
WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s
"""
_TEXTS: Final = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum"})
_INTEGERS: Final = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})


def _holds(kind: str, signs: str | None) -> Holds:
    if kind in _INTEGERS:
        return "number"
    if kind not in _TEXTS:
        return "other"
    return "ready" if signs == "utf8mb4" and kind != "enum" else "text"


@cache
def _quick() -> type[Any]:
    """The driver's connection, that does not read all of the system's certificates (30 ms) where it looks at none of them."""
    import pymysql

    class Quick(pymysql.connections.Connection):  # type: ignore[misc]
        def _create_ssl_ctx(self, sslp: dict[str, Any]) -> ssl.SSLContext:
            return super()._create_ssl_ctx(sslp) if sslp else _trusting()

    return Quick


@cache
def _trusting() -> ssl.SSLContext:
    """What the driver takes where the address says nothing of TLS: encrypted if the server can, and whoever answers is believed."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


def _connect(_: object, __: object, positional: Sequence[Any], named: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the driver's own
    return _quick()(*positional, **named)


@lru_cache(maxsize=64)
def _engine(url: URL, limit: float) -> Engine:
    """The engine asks a server once what it is; each piece of work still has a connection of its own."""
    import pymysql

    decoders = {**pymysql.converters.conversions, _BITS: int.from_bytes}
    options = {"connect_timeout": limit, "read_timeout": limit * 2, "write_timeout": limit * 2, "charset": "utf8mb4", "conv": decoders}
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=options)
    event.listen(engine, "do_connect", _connect)
    return engine


class MariaDB(Database):
    """A connector (see `connector.Connector`)."""

    def __init__(self, system: System, password: str | None) -> None:
        try:
            import pymysql  # noqa: F401 - to say it in words
        except ImportError as error:
            raise Invalid(f"`{system.name}` needs a driver: install `upheld[mariadb]`") from error
        url = make_url(system.address).set(drivername="mysql+pymysql")
        if password is not None:
            url = url.set(password=password)
        super().__init__(system, _engine(url, max(1, seconds(system))))

    def begin(self, conn: Connection, *, writing: bool) -> None:
        """One state for all reads; a writer waits for locks no longer than for answers. MySQL counts a limit in other words."""
        limit = max(1, round(self.seconds))
        run = conn.exec_driver_sql
        if conn.dialect.is_mariadb:  # type: ignore[attr-defined]
            run("SET SESSION max_statement_time = %s, innodb_lock_wait_timeout = %s, net_write_timeout = 600", (self.seconds, limit))
        else:
            run("SET SESSION max_execution_time = %s, innodb_lock_wait_timeout = %s", (limit * 1000, limit))
        run("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")  # a mark that does not fit is refused, not bent
        run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        run("START TRANSACTION" if writing else "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def unhurried(self, conn: Connection) -> None:
        """A statement lasts until its last row was fetched. The line is cut all the same when a piece does not come in time."""
        limit = "max_statement_time" if conn.dialect.is_mariadb else "max_execution_time"  # type: ignore[attr-defined]
        conn.exec_driver_sql(f"SET SESSION {limit} = 0")

    def cut(self, conn: Connection) -> None:
        """A server that is stopped keeps no time limit of its own."""
        line: Any = conn.connection.dbapi_connection
        inner = getattr(line, "_sock", None)
        if inner is not None:
            shut(inner.fileno())

    def word(self, error: DBAPIError) -> Word:
        """By the server's number; the driver's own, where no server answered."""
        number = error.orig.args[0] if error.orig is not None and error.orig.args else 0
        if number == 0:
            return refusals.DOWN  # PyMySQL lost the line
        return _STATES.get(number, refusals.UNKNOWN)

    def equals(self, shown: ColumnElement[Any], value: str) -> ColumnElement[bool]:
        """By the column's own index, and then to the byte: most collations take `A` for `a`."""
        if _PLAIN.fullmatch(value):
            return shown == value
        return and_(shown == value, cast(shown, LargeBinary) == value.encode())

    def mark(self, conn: Connection, table: Table, flag: Flag) -> object:
        """Words as text, also those of an ENUM, which takes a number for a place in its list; bits as numbers."""
        shown = conn.execute(select(self._named(table.name, flag.column).c[flag.column]).limit(0)).cursor
        kind = shown.description[0][1] if shown is not None and shown.description else None
        value: object = flag.out
        if isinstance(flag.out, bool):
            value = str(int(flag.out)) if kind == _BITS or kind in _NUMBERS else str(flag.out).lower()
        return int(str(value)) if kind == _BITS else str(value)

    def kinds(self, conn: Connection, table: str) -> Mapping[str, Holds]:
        """By the types that the server names; names of columns are met whatever their case."""
        schema, name = self._split(table)
        found = conn.exec_driver_sql(_COLUMNS, (schema, name)).all()
        return AnyCase({name: _holds(kind, signs) for name, kind, signs in found})

    def as_text(self, shown: ColumnElement[Any], holds: Holds) -> ColumnElement[Any]:
        """In UTF-8, in which the length says which signs are ASCII; what is so already is not rewritten row by row."""
        return shown if holds == "ready" else cast(shown, CHAR(charset="utf8mb4"))

    def like(self, text: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
        """By an order that takes small and capital letters for one, and signs one by one.

        A pattern of ASCII is sought byte by byte, in half the time: it matters not what other signs are then taken for.
        """
        if not pattern.isascii():
            return text.collate("utf8mb4_general_ci").like(pattern, escape=ESCAPE)
        letters = cast(cast(text, LargeBinary), CHAR(charset="latin1"))
        return letters.collate("latin1_general_ci").like(pattern, escape=ESCAPE)

    def foreign(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        """More bytes than signs."""
        met: ColumnElement[bool] = func.length(text) != func.char_length(text)
        return met

    def lettered(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        """By a class of signs."""
        return text.regexp_match("[A-Za-z]")

    def schemas(self, conn: Connection) -> Sequence[str | None]:
        """The database of the address; all that may be seen if it names none."""
        if conn.engine.url.database:
            return [None]
        hidden = {"information_schema", "performance_schema", "mysql", "sys"}
        return [name for name in inspect(conn).get_schema_names() if name not in hidden]
