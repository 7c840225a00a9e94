"""How long the centre's pages take on the sample shop's data, and what they weigh on the wire: a real server, one visitor."""

from __future__ import annotations

import csv
import gzip
import http.client
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benches.publishing import publish
from examples.shop import tables

TIMES = 60
PAGES = ("/", "/stop", "/choices", "/newsletter", "/contact?region=eu", "/sites", "/policy", "/policy/versions", "/policy/print")
POLICY = Path(__file__).parents[1] / "policies" / "northgate.md"
MAP = """
[shop]
database = "sqlite:///shop.db"

[shop.columns]
customers."customer number" = "key"
customers."first name" = "first of order.name"
customers."last name" = "last of order.name"
customers.email = "order.email"
customers."shipping street" = "address of order.shipping address"
customers."shipping zip" = "zip of order.shipping address"
"""


class Visitor:
    """A browser without script: keeps cookies, sends forms with their token."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies = port, dict[str, str]()

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[float, int, bytes, str]:
        """Milliseconds, bytes of the body on the wire, the page, and where it leads."""
        host = f"centre.localhost:{self.port}"
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Host": host, "Accept-Encoding": "gzip", "Cookie": cookies}
        body = None
        if form is not None:
            from urllib.parse import urlencode

            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{host}"}
            body = urlencode(form)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        began = time.perf_counter()
        connection.request("POST" if form is not None else "GET", path, body, headers)
        answer = connection.getresponse()
        read = answer.read()
        taken = (time.perf_counter() - began) * 1000
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        connection.close()
        assert answer.status < 400, (path, answer.status)
        page = gzip.decompress(read) if answer.headers.get("Content-Encoding") == "gzip" else read
        return taken, len(read), page, answer.headers.get("Location", "")

    def token(self, path: str) -> str:
        """The token of a page's form."""
        found = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', self.ask(path)[2])
        assert found, path
        return found[1].decode()

    def sign_in(self, email: str, home: Path) -> None:
        """Prove an address by the code that waits in the home."""
        self.ask("/mine", {"email": email, "csrfmiddlewaretoken": self.token("/mine")})
        (mail,) = (home / "letters").glob("*.txt")
        code = re.search(r"\n([A-Z]{4} [A-Z]{4})\n", mail.read_text("utf-8"))
        assert code
        self.ask("/mine/code", {"code": code[1], "csrfmiddlewaretoken": self.token("/mine/code")})


def main() -> None:
    """Measure, print, publish. Targets: median 50 ms, 60,000 bytes with the stylesheet."""
    folder = Path(tempfile.mkdtemp(prefix="upheld-bench-"))
    try:
        counted, email = _shop(folder)
        rows = _measured(folder / "home", email)
        publish(
            "web",
            "The privacy centre: pages",
            ["page", "median ms", "95 % ms", "bytes on the wire (with the stylesheet)"],
            rows,
            data=f"the sample shop: {counted['customers.csv']:,} customers, {counted['newsletter.csv']:,} sign-ups; "
            f"{TIMES} calls of each page, one after the other, over loopback, one process, the machine shared with other work",
            packages=("django", "granian"),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _shop(folder: Path) -> tuple[dict[str, int], str]:
    counted = tables.write(folder)
    home = folder / "home"
    for words in (
        ["init", str(home), "--company", "Northgate"],
        ["--home", str(home), "policy", "post", str(POLICY)],
        ["--home", str(home), "choices", "import", str(folder / "newsletter.csv")],
        ["--home", str(home), "choices", "import", str(folder / "stopped.csv")],
    ):
        subprocess.run([sys.executable, "-m", "upheld.cli.main", *words], check=True, capture_output=True)
    with (folder / "customers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = ", ".join(f'"{name}"' for name in rows[0])
    with sqlite3.connect(home / "shop.db") as db:
        db.execute(f"CREATE TABLE customers ({names})")
        db.executemany(f"INSERT INTO customers VALUES ({', '.join('?' * len(rows[0]))})", [list(row.values()) for row in rows])
    (home / "systems.toml").write_text(MAP, encoding="utf-8")
    return counted, rows[7]["email"]


def _measured(home: Path, email: str) -> list[list[object]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (home / "upheld.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[web]\ncentre = "http://centre.localhost:{port}"\n')
    served = [sys.executable, "-m", "upheld.cli.main", "--home", str(home), "serve", "centre"]
    child = subprocess.Popen(served, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        visitor = Visitor(port)
        _wait(visitor)
        style = re.search(rb'href="(/assets/\w+/upheld.css)"', visitor.ask("/")[2])
        assert style
        weight = visitor.ask(style[1].decode())[1]
        rows = [_row(visitor, path, path, weight) for path in PAGES]
        visitor.sign_in(email, home)
        assert b"One record with your address" in visitor.ask("/mine")[2]
        return [*rows, _row(visitor, "/mine", "`/mine`, signed in", weight)]
    finally:
        child.terminate()
        child.wait(30)


def _row(visitor: Visitor, path: str, name: str, weight: int) -> list[object]:
    visitor.ask(path)
    asked = [visitor.ask(path) for _ in range(TIMES)]
    taken = sorted(each[0] for each in asked)
    return [name, f"{statistics.median(taken):.1f}", f"{taken[int(TIMES * 0.95)]:.1f}", f"{max(each[1] for each in asked) + weight:,}"]


def _wait(visitor: Visitor) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            visitor.ask("/")
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main()
