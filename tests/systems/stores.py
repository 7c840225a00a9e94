"""Real databases as a merchant has them: one SQLite file, one PostgreSQL, one MariaDB, each spoken to beside the connector under test."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psycopg
import pysqlite3

from tests import servers
from upheld.systems.datamap import System
from upheld.systems.opening import open_system

KINDS = ("sqlite", "postgres", "mariadb")


class Store:
    """One empty database of some kind."""

    def __init__(self, kind, request, folder, *, lasting=False):
        self.kind, self.folder = kind, folder
        self.server = None if kind == "sqlite" else request.getfixturevalue(f"{kind}_server")
        self.url = f"sqlite:///{folder / 'shop.db'}"
        if kind == "sqlite":
            pysqlite3.connect(folder / "shop.db").close()
        elif lasting:  # longer than one test: whoever made it drops it
            self._kept = self.server.database()
            self.url = self._kept.__enter__().render_as_string(hide_password=False)
        else:
            self.url = request.getfixturevalue(f"{kind}_url").render_as_string(hide_password=False)

    def drop(self):
        """The end of a lasting one."""
        if self.kind != "sqlite":
            self._kept.__exit__(None, None, None)

    def connect(self):
        """A plain autocommit connection."""
        match self.kind:
            case "sqlite":
                return pysqlite3.connect(self.folder / "shop.db", isolation_level=None)
            case "postgres":
                return psycopg.connect(servers.libpq(self.url), autocommit=True)
            case _:
                return self.server.connect(self.url.rpartition("/")[2])

    def run(self, *statements, values=()):
        """Statements one after another; the rows of the last."""
        connection = self.connect()
        try:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement, values) if values else cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            connection.close()

    def put(self, table, rows):
        """Rows into a table."""
        connection = self.connect()
        try:
            mark = "?" if self.kind == "sqlite" else "%s"
            cursor = connection.cursor()
            cursor.execute("BEGIN")  # one write to the disk, not one a row
            cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join([mark] * len(rows[0]))})", rows)
            cursor.execute("COMMIT")
        finally:
            connection.close()

    def system(self, *tables, name="shop", **options):
        return System(name, "database", self.url, tables, options)

    def open(self, *tables, home=None, **options):
        return open_system(self.system(*tables, **options), home)

    @contextmanager
    def stopped(self):
        """The server's processes stop answering (SIGSTOP), and go on afterwards."""
        if self.kind == "postgres":
            with self.connect() as connection:
                data = connection.execute("SHOW data_directory").fetchone()[0]
            main = int((Path(data) / "postmaster.pid").read_text().split()[0])
            listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(main)], capture_output=True, check=True, text=True)
            pids = [main, *map(int, listed.stdout.split())]
        else:
            pids = [self.server.pid]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(pids):
                os.kill(pid, signal.SIGCONT)


class Folder:
    """Files of people as an export leaves them, with the columns `id, c_email, …`: CSV or Parquet."""

    def __init__(self, kind, folder, columns):
        self.kind, self.folder, self.columns = kind, folder, columns

    def run(self, *statements):
        """A file has nothing to run."""

    def drop(self):
        """Nor to give back."""

    def put(self, table, rows):
        """The file anew with these rows."""
        with (self.folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(self.columns)
            writer.writerows(rows)
        if self.kind == "parquet":
            with duckdb.connect() as connection:
                given = {"columns": dict.fromkeys(self.columns, "VARCHAR"), "auto_detect": False, "header": True, "delimiter": ","}
                read = connection.read_csv(str(self.folder / f"{table}.csv"), quotechar='"', escapechar='"', **given)
                read.to_parquet(str(self.folder / f"{table}.parquet"))
            (self.folder / f"{table}.csv").unlink()

    def open(self, *tables):
        return open_system(System("export", "files", str(self.folder), tables), None)
