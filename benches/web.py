"""How long the pages of both sites take on the demo's data, and what they weigh on the wire: all that links of `make demo` lead to."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benches.publishing import publish
from tests.web.staffed import code

TIMES = int(os.environ.get("UPHELD_BENCH_TIMES", "30"))
ROOT = Path(__file__).parents[1]
PASSWORD = "nine brass kettles"
CENTRE = (
    "/",
    "/stop",
    "/choices",
    "/newsletter",
    "/contact?region=eu",
    "/sites",
    "/policy",
    "/policy/versions",
    "/policy/print",
    "/mine",
    "/ask",
)
NO_PAGES = re.compile(r"/assets/|/file$|/text$|/download$|/sign-out|/evidence/(ledger|checkpoint|key|verifier)|/proof$|copy\?")
"""What links lead to that is a file to take away."""


class Elsewhere(ValueError):
    """An address has no page for this visitor (now): it leads on, or is not for them."""


class Visitor:
    """A browser without script at one site: keeps cookies, sends forms with their token."""

    def __init__(self, address: str) -> None:
        self.address, self.host = address, urlsplit(address).netloc
        self.port = int(self.host.rpartition(":")[2])
        self.cookies = dict[str, str]()

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[float, int, str, str]:
        """Milliseconds, bytes of the body on the wire, the page, and where it leads."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Host": self.host, "Accept-Encoding": "gzip", "Cookie": cookies}
        body = None
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.address}
            body = urlencode(form)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        began = time.perf_counter()
        connection.request("POST" if form is not None else "GET", path, body, headers)
        answer = connection.getresponse()
        read = answer.read()
        taken = (time.perf_counter() - began) * 1000
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        connection.close()
        if answer.status >= 300 and form is None:
            raise Elsewhere(f"{path} was answered with {answer.status}")
        page = gzip.decompress(read) if answer.headers.get("Content-Encoding") == "gzip" else read
        return taken, len(read), page.decode("utf-8", "replace"), answer.headers.get("Location", "")

    def send(self, path: str, form: dict[str, str]) -> str:
        """Fill in the form of a page; where it leads."""
        return self.ask(path, {**form, "csrfmiddlewaretoken": _token(self.ask(path)[2])})[3]

    def prove(self, email: str, letters: Path) -> None:
        """Prove an address to the centre, by the code that waits in the home."""
        self.send("/mine", {"email": email})
        newest = max(letters.glob("*.txt"), key=lambda letter: letter.stat().st_mtime_ns)
        told = re.search(r"\n([A-Z]{4} [A-Z]{4})\n", newest.read_text("utf-8"))
        assert told
        self.send("/mine/code", {"code": told[1]})

    def begin(self, link: str) -> None:
        """Sign in to the console for the first time: a password, then an app."""
        self.send(urlsplit(link).path, {"first": PASSWORD, "second": PASSWORD})
        page = self.ask("/account/app")[2]
        secret = re.search(r'<code id="key">(\w+)<', page)
        assert secret
        self.ask("/account/app", {"code": code(secret[1]), "csrfmiddlewaretoken": _token(page)})


def _token(page: str) -> str:
    """That of the forms of a page."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found, page[:400]
    return found[1]


def main() -> None:
    """Measure, print, publish. To reach: median 50 ms, 60,000 bytes with the stylesheet."""
    folder = Path(tempfile.mkdtemp(prefix="upheld-bench-"))
    load = os.getloadavg()[0]
    try:
        with _demo(folder / "home") as told:
            rows = measured(told, folder / "home")
        publish(
            "web",
            "The pages of both sites",
            ["page", "median ms", "95 % ms", "processor ms", "bytes on the wire (with stylesheet and script)"],
            rows,
            data=f"`make demo`: the sample merchant after its story, every page that a link leads to, one of each kind; {TIMES} calls of"
            f" each, one after the other, over loopback; load before: {load:.1f}",
            packages=("django", "granian"),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _demo(home: Path) -> Iterator[str]:
    """The demo, running; what it says of addresses and sign-ins."""
    command = [sys.executable, "-u", "-m", "examples.shop", str(home)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        said = list[str]()
        try:
            assert child.stdout
            for line in child.stdout:
                said.append(line)
                if "the API " in line:
                    break
            yield "".join(said)
        finally:
            child.send_signal(signal.SIGINT)
            child.communicate(timeout=60)


def measured(told: str, home: Path) -> list[list[object]]:
    """A row a page, of the demo that says this of itself."""
    addresses = dict(re.findall(r"the (privacy centre|console) +(http://\S+)", told))
    link, other = (re.search(rf"{role}: (http\S+)", told) for role in ("privacy", "marketing"))
    email = re.search(r"sign in as (\S+),", told)
    assert link
    assert other
    assert email
    rows = list[list[object]]()
    centre = Visitor(addresses["privacy centre"])
    rows += _rows(centre, "centre", CENTRE)
    rows += _rows(centre, "centre", (urlsplit(centre.send("/stop", {"email": "nobody@mail.example"})).path,), follow=False)
    centre.prove(email[1], home / "letters")
    rows += _rows(centre, "centre, signed in", ("/mine", "/mine/correct", "/mine/address", "/mine/passkeys"), follow=False)
    staff = Visitor(addresses["console"])
    rows += _rows(staff, "console", ("/sign-in",), follow=False)
    staff.begin(link[1])
    marketing = Visitor(addresses["console"])
    marketing.begin(other[1])
    rows += _rows(marketing, "console", ("/visits",), follow=False)
    return rows + _rows(staff, "console", ("/", "/intake", "/requests/1", "/corrections"))


def _rows(visitor: Visitor, site: str, begin: Iterable[str], *, follow: bool = True) -> list[list[object]]:
    """These pages, and what they lead to: of pages that differ in a number or name only, one."""
    left, kinds, rows = list(begin), set[str](), list[list[object]]()
    weight = _weight(visitor, left[0])
    while left:
        path = left.pop(0)
        kind = re.sub(r"\d+|(?<=/version/)[^/]+|(?<=/recipients/)[\w-]+|(?<=/track/).+", "N", path.partition("?")[0])
        if kind in kinds or NO_PAGES.search(path):
            continue
        kinds.add(kind)
        try:
            page = visitor.ask(path)[2]
        except Elsewhere:
            continue
        if purpose := re.search(r'name="purpose" value="([\w.]+)"', page):
            visitor.send(path, {"purpose": purpose[1]})
        before = _processor(visitor)
        asked = [visitor.ask(path) for _ in range(TIMES)]
        used = (_processor(visitor) - before) / TIMES * 1000
        taken = sorted(each[0] for each in asked)
        heaviest = max(each[1] for each in asked) + weight
        times = (statistics.median(taken), taken[int(TIMES * 0.95)], used)
        rows.append([f"{site} {kind}", *(f"{one:.1f}" for one in times), f"{heaviest:,}"])
        if follow:
            left += [urlsplit(found)._replace(scheme="", netloc="").geturl() for found in _links(visitor, asked[-1][2])]
    return rows


def _processor(visitor: Visitor) -> float:
    """Seconds of processor time of what serves the site, so that a busy machine can be told from a slow page."""
    spent, tick = 0.0, os.sysconf("SC_CLK_TCK")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"upheld.site.serving" in words and str(visitor.port).encode() in words:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                spent += (int(fields[11]) + int(fields[12])) / tick
        except OSError:
            continue
    return spent


def _links(visitor: Visitor, page: str) -> list[str]:
    found = (link.replace("&amp;", "&") for link in re.findall(r'<a [^>]*href="([^"#]+)', page))
    return [link for link in found if link.startswith(("/", visitor.address)) and not link.startswith("//")]


def _weight(visitor: Visitor, path: str) -> int:
    """Bytes of what every page loads besides."""
    page = visitor.ask(path)[2]
    return sum(visitor.ask(found)[1] for found in set(re.findall(r'(?:href|src)="(/assets/\w+/[\w.]+\.(?:css|js))"', page)))


if __name__ == "__main__":
    main()
