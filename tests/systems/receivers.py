"""Real HTTP servers beside the tests: the example receiver of webhooks in a process of its own, and servers that behave badly."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pysqlite3

from upheld.home import Home
from upheld.systems.datamap import System
from upheld.systems.opening import open_system

CLONE = Path(__file__).parents[2]
SECRET = "tall ships and small boats, forty-two"


class Hook:
    """The example receiver over an SQLite database, and a home that holds the secret."""

    def __init__(self, folder, *tables, schema=(), identifiers="hashed", index=(), more=()):
        self.folder, self.identifiers = folder, identifiers
        self.home = Home.create(folder / "hook-home", "Northgate Systems")
        file = self.home.path / "keys" / "hook.secret"
        file.write_text(SECRET + "\n")
        file.chmod(0o600)
        self.run(*schema)
        words = [sys.executable, "-m", "examples.webhook.receiver", folder / "hook.db", "--secret", file, "--port", "0"]
        words += ["--tables", *tables, *(["--index", *index] if index else []), *more]
        self.server = subprocess.Popen(list(map(str, words)), stdout=subprocess.PIPE, text=True, cwd=CLONE)
        self.port = int(self.server.stdout.readline().rpartition(" ")[2])
        self.address = f"http://127.0.0.1:{self.port}/upheld"

    def run(self, *statements, values=()):
        db = pysqlite3.connect(self.folder / "hook.db", isolation_level=None)
        try:
            found = [db.execute(statement, values).fetchall() for statement in statements]
            return found[-1] if found else []
        finally:
            db.close()

    def put(self, table, rows):
        db = pysqlite3.connect(self.folder / "hook.db")
        with db:
            db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        db.close()

    def system(self, *tables, name="hook", address=None, **options):
        given = {"secret_file": "keys/hook.secret", "identifiers": self.identifiers, "timeout": 5}
        return System(name, "webhook", address or self.address, tables, given | options)

    def open(self, *tables, **more):
        return open_system(self.system(*tables, **more), self.home)

    def drop(self):
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()


@contextmanager
def answering(*pieces, pause=0.0, then=None):
    """A server on loopback that answers whatever it is asked with these bytes; its address."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        asked = []

        def serve():
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                with line:
                    line.settimeout(10)
                    try:
                        asked.append(_whole(line))
                        for piece in pieces:
                            line.sendall(piece)
                            time.sleep(pause)
                    except OSError:
                        continue

        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/upheld", asked


def _whole(line):
    """A request with its body."""
    said = line.recv(1 << 16)
    while b"\r\n\r\n" not in said:
        said += line.recv(1 << 16)
    head, _, body = said.partition(b"\r\n\r\n")
    size = next((int(each.partition(b":")[2]) for each in head.split(b"\r\n") if each.lower().startswith(b"content-length")), 0)
    while len(body) < size:
        body += line.recv(1 << 16)
    return head + body
