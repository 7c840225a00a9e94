"""The record itself: how it is opened, made, written and read, the same on SQLite and PostgreSQL.

One writer at a time on both (SQLite: BEGIN IMMEDIATE; PostgreSQL: the schema's row is locked first), so what a transaction has read
stays true until it commits. That costs nothing the ledger would not cost anyway: its entries have one order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Column, Connection, Engine, Integer, MetaData, Table, create_engine, event, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from upheld.errors import Conflict, Invalid, No, Refused

if TYPE_CHECKING:
    from types import ModuleType

METADATA = MetaData()
"""All tables of the record. Each room's `models.py` puts its own here."""

SCHEMA_VERSION = 8
OLDEST_UPGRADED = 1  # each version since then only added tables
SQLITE_AT_LEAST = (3, 51, 3)  # older ones can corrupt a database under WAL with two connections at once
CACHE_KIB = 64 << 10  # at most, and only as it fills: match codes come in no order, so their index is touched everywhere
WAIT_SECONDS = 30  # for another writer

_SCHEMA = Table("record_schema", METADATA, Column("version", Integer, primary_key=True, autoincrement=False))
_READING = "upheld_reading"
_CREATING = "upheld_creating"


class Record:
    """The merchant's record at a URL: `sqlite:////path/record.db` or `postgresql+psycopg://…`.

    Opening does not touch the database; the first transaction does. `dbapi` stands in for `pysqlite3` (tests of power cuts).
    Raises `Invalid` for a URL it cannot serve, `Refused` for an SQLite that is too old.
    """

    def __init__(self, url: str, *, dbapi: ModuleType | None = None) -> None:
        try:
            self.url: URL = make_url(url)
        except ArgumentError as error:
            raise Invalid("the record's URL cannot be read: write `sqlite:///record.db` or `postgresql+psycopg://…`") from error
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._checked = False
        if self.is_sqlite:
            self.engine = _sqlite(self.url, dbapi)
        elif self.url.drivername == "postgresql+psycopg":
            self.engine = _postgres(self.url)
        else:
            raise Invalid(f"a record cannot lie on `{self.url.drivername}`: write `sqlite:///…` or `postgresql+psycopg://…`")

    def create(self) -> int | None:
        """Make the tables of all imported rooms that are not there yet; the schema version that was found, None for a new record.

        A record of an earlier version gets the tables that came since, all or none. Safe to repeat. Raises `Conflict` on a later version.
        """
        if self.is_sqlite and self.url.database and not os.path.exists(self.url.database):  # noqa: PTH110 - a URL's part, not a path yet
            self._make_private_file(self.url.database)
        with _said(), self.engine.connect().execution_options(**{_CREATING: True}) as conn, conn.begin():
            if not self.is_sqlite:
                conn.execute(text("SELECT pg_advisory_xact_lock(8461)"))  # two creations at once would collide
            found = conn.execute(select(_SCHEMA.c.version)).scalar() if inspect(conn).has_table(_SCHEMA.name) else None
            if found is not None and not OLDEST_UPGRADED <= found <= SCHEMA_VERSION:
                self._check(conn)
            METADATA.create_all(conn)
            if found is None:
                conn.execute(_SCHEMA.insert().values(version=SCHEMA_VERSION))
            elif found < SCHEMA_VERSION:
                conn.execute(_SCHEMA.update().values(version=SCHEMA_VERSION))
        self._checked = True
        return found

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection inside the only writing transaction: durable on leaving, undone on any exception.

        Raises `Conflict` if another writer keeps it waiting for 30 seconds, the disk is full, or the record is of another version.
        """
        with _said(), self._connected() as conn, conn.begin():
            self._check_once(conn)
            yield conn

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one unchanging state of the record and cannot write."""
        with _said(reading=True), self._connected().execution_options(**{_READING: True}) as conn, conn.begin():
            self._check_once(conn)
            yield conn

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    def demand_there(self) -> None:
        """Raise `Invalid` if an SQLite record's file is not there: opening would make an empty one."""
        if self.is_sqlite and not os.path.exists(self.url.database or ""):  # noqa: PTH110
            raise Invalid(f"there is no record at `{self.url.database}`: run `upheld init`")

    def _connected(self) -> Connection:
        if not self._checked:
            self.demand_there()
        return self.engine.connect()

    def _check_once(self, conn: Connection) -> None:
        if not self._checked:
            self._check(conn)
            self._checked = True

    def _check(self, conn: Connection) -> None:
        if not inspect(conn).has_table(_SCHEMA.name):
            raise Invalid("the record holds no tables yet: run `upheld init`")
        version = conn.execute(select(_SCHEMA.c.version)).scalar()
        if version is not None and OLDEST_UPGRADED <= version < SCHEMA_VERSION:
            raise Conflict(
                f"the record has schema {version}, this release needs {SCHEMA_VERSION}: run `upheld upgrade`, after taking a copy"
            )
        if version != SCHEMA_VERSION:
            raise Conflict(f"the record has schema {version}, this release needs {SCHEMA_VERSION}: use the release that made it")

    @staticmethod
    def _make_private_file(path: str) -> None:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))  # SQLite gives its side files the same mode
        except OSError as error:
            raise Invalid(f"cannot make the record at `{path}`: {(error.strerror or 'input/output error').lower()}") from error


def _sqlite(url: URL, dbapi: ModuleType | None) -> Engine:
    if url.database in (None, "", ":memory:"):
        raise Invalid("a record must outlive the process: write `sqlite:///record.db`, not a database in memory")
    module = dbapi or import_module("pysqlite3")
    if module.sqlite_version_info < SQLITE_AT_LEAST:
        raise Refused(f"SQLite {module.sqlite_version} can corrupt the record: install `pysqlite3` with 3.51.3 or newer")
    engine = create_engine(
        url,
        module=module,
        connect_args={"timeout": WAIT_SECONDS, "check_same_thread": False},
        hide_parameters=True,  # an error must not show personal values
    )
    event.listen(engine, "connect", _make_durable)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_durable(connection: Any, _: object) -> None:  # noqa: ANN401 - a DBAPI connection
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    mode = cursor.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise Refused("the record's disk cannot keep a write-ahead log: put the record on a local disk")
    cursor.execute("PRAGMA synchronous = FULL")  # NORMAL loses acknowledged choices when the power fails
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    cursor.execute("PRAGMA recursive_triggers = ON")  # else REPLACE deletes without asking the triggers
    cursor.close()


def _begin_sqlite(conn: Connection) -> None:
    reading = conn.get_execution_options().get(_READING, False)
    conn.exec_driver_sql("PRAGMA query_only = ON" if reading else "PRAGMA query_only = OFF")
    conn.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _postgres(url: URL) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
    event.listen(engine, "connect", _make_patient)
    event.listen(engine, "begin", _begin_postgres)
    return engine


def _make_patient(connection: Any, _: object) -> None:  # noqa: ANN401 - a DBAPI connection
    cursor = connection.cursor()
    cursor.execute("SELECT set_config('lock_timeout', %s, false)", (f"{WAIT_SECONDS}s",))
    if cursor.execute("SHOW synchronous_commit").fetchone()[0] == "off":
        cursor.execute("SET synchronous_commit = on")  # what is acknowledged is on the disk
    cursor.close()
    connection.commit()


def _begin_postgres(conn: Connection) -> None:
    options = conn.get_execution_options()
    if options.get(_READING, False):
        conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    elif not options.get(_CREATING, False):
        conn.execute(select(_SCHEMA.c.version).with_for_update())  # one writer at a time, as on SQLite


@contextmanager
def _said(*, reading: bool = False) -> Iterator[None]:
    """Turn what a database says about itself into one line; leave everything else as it is."""
    try:
        yield
    except DBAPIError as error:
        said = _in_our_words(error, reading=reading)
        if said is None:
            raise
        raise said from error


_NO_ANSWER = "the record's server does not answer: look at `url` in `upheld.toml`"
_WENT_AWAY = "the record's server went away: look whether the change was made before repeating it"
_ONLY_READING = "this is a reading: it cannot change the record"
_WORDS: tuple[tuple[str, type[No], str], ...] = (
    ("database is locked", Conflict, "another process is writing to the record: try again"),
    ("lock timeout", Conflict, "another process is writing to the record: try again"),
    ("database or disk is full", Conflict, "the record's disk is full: make room and run it again; nothing was changed"),
    ("no space left", Conflict, "the record's disk is full: make room and run it again; nothing was changed"),
    ("disk i/o error", Conflict, "the record's disk is full or fails: nothing was changed; make room, or look after the disk"),
    ("readonly database", Invalid, "the record may not be written: look at its owner and mode"),
    ('relation "record_schema" does not exist', Invalid, "the record holds no tables yet: run `upheld init`"),
    ("read-only transaction", Invalid, _ONLY_READING),
    ("file is not a database", Invalid, "the record is not a database: restore it from a copy"),
    ("malformed", Conflict, "the record is damaged: restore it from a copy"),
    ("unable to open database file", Invalid, "the record cannot be opened: look at its folder's owner and mode"),
    ("connection failed", Invalid, _NO_ANSWER),
    ("connection is bad", Invalid, _NO_ANSWER),
)


def _in_our_words(error: DBAPIError, *, reading: bool) -> No | None:
    if error.connection_invalidated:
        return Conflict(_WENT_AWAY)
    said = str(error.orig).lower()
    if reading and "readonly database" in said:
        return Invalid(_ONLY_READING)
    found = next((kind(words) for part, kind, words in _WORDS if part in said), None)
    if found is None and ("no such table" in said or type(error.orig).__name__ == "UndefinedTable"):
        return Conflict("the record lacks a table that this release needs: run `upheld upgrade`, after taking a copy")
    return found
