"""The least of a DBAPI (PEP 249) over apsw that SQLAlchemy's SQLite dialect asks for, so that our own code runs on a disk of ours.

`module(drive, synchronous)` stands where `pysqlite3` stands otherwise. `synchronous` overrules what the record asks for, to show that a
weaker setting would lose what was acknowledged.
"""

from __future__ import annotations

import contextlib
import re
from types import SimpleNamespace

import apsw

from tests.powercut.disk import Drive


class Error(Exception):
    """As PEP 249 names them."""


class DatabaseError(Error):
    pass


class OperationalError(DatabaseError):
    pass


class IntegrityError(DatabaseError):
    pass


class Cursor:
    """Runs a statement to its end at once and keeps the rows."""

    def __init__(self, connection):
        self.connection, self.cursor = connection, connection.apsw.cursor()
        self.cursor.exec_trace = self._describe
        self.description, self.rowcount, self.lastrowid, self.rows, self.arraysize = None, -1, None, [], 1

    def _describe(self, cursor, statement, bindings):
        columns = cursor.get_description()
        self.description = [(name, None, None, None, None, None, None) for name, *_ in columns] if columns else None
        return True

    def execute(self, statement, parameters=()):
        self._run(self.cursor.execute, statement, parameters)
        return self

    def executemany(self, statement, many):
        self._run(self.cursor.executemany, statement, many)

    def _run(self, run, statement, parameters):
        statement = self.connection.overrule(statement)
        self.description, before = None, self.connection.apsw.total_changes()
        try:
            self.rows = list(run(statement, parameters))
        except apsw.ConstraintError as error:
            raise IntegrityError(str(error)) from error
        except apsw.Error as error:
            raise OperationalError(str(error)) from error
        self.rowcount = self.connection.apsw.total_changes() - before if self.description is None else -1
        self.lastrowid = self.connection.apsw.last_insert_rowid()

    def fetchone(self):
        return self.rows.pop(0) if self.rows else None

    def fetchmany(self, size=None):
        taken, self.rows = self.rows[: size or self.arraysize], self.rows[size or self.arraysize :]
        return taken

    def fetchall(self):
        taken, self.rows = self.rows, []
        return taken

    def close(self):
        self.cursor.close(True)


class Connection:
    """One connection, which has the disk to itself (a log's index in shared memory would need a real file)."""

    isolation_level = None

    def __init__(self, path, drive, synchronous, checkpoint_pages, exclusive):
        self.apsw, self.synchronous = apsw.Connection(drive.path(path), vfs=drive.name_), synchronous
        if exclusive:
            self.apsw.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.apsw.execute(f"PRAGMA wal_autocheckpoint = {checkpoint_pages}")

    def overrule(self, statement):
        return re.sub(r"(PRAGMA synchronous) = \w+", rf"\1 = {self.synchronous}", statement) if self.synchronous else statement

    def cursor(self):
        return Cursor(self)

    def create_function(self, name, arguments, function, **how):
        self.apsw.create_scalar_function(name, function, arguments, **how)

    def commit(self):
        self._end("COMMIT")

    def rollback(self):
        self._end("ROLLBACK")

    def _end(self, word):
        if self.apsw.in_transaction:
            try:
                self.apsw.execute(word)
            except apsw.Error as error:
                raise OperationalError(str(error)) from error

    def close(self):
        with contextlib.suppress(Exception):  # without power even this fails, and SQLite lets go all the same
            self.apsw.close(True)


def module(drive: Drive, synchronous: str | None = None, checkpoint_pages: int = 1000, *, exclusive: bool = True) -> SimpleNamespace:
    """What stands for the DBAPI module. A checkpoint (moving the log into the database) is due every so many pages.

    Not `exclusive`, it is a disk on which no write-ahead log can be kept, as some network file systems.
    """
    return SimpleNamespace(
        paramstyle="qmark",
        apilevel="2.0",
        threadsafety=1,
        sqlite_version=apsw.sqlite_lib_version(),
        sqlite_version_info=tuple(map(int, apsw.sqlite_lib_version().split("."))),
        PARSE_DECLTYPES=1,
        PARSE_COLNAMES=2,
        Binary=bytes,
        Error=Error,
        DatabaseError=DatabaseError,
        OperationalError=OperationalError,
        IntegrityError=IntegrityError,
        ProgrammingError=DatabaseError,
        InterfaceError=Error,
        InternalError=DatabaseError,
        DataError=DatabaseError,
        NotSupportedError=DatabaseError,
        connect=lambda path, **_: Connection(path, drive, synchronous, checkpoint_pages, exclusive),
    )
