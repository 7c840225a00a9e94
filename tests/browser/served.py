"""Real sites: `upheld serve` in a process of its own, over a home with the sample policy, and a real Chromium to look at them."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests import houses
from tests.web import sites

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 60  # seconds until a site answers, on a busy machine


@dataclass(frozen=True)
class Served:
    """A site that answers at `address`, over the house."""

    house: houses.House
    address: str
    log: Path


def chromium() -> str:
    """The browser. A missing one is a failure with a sentence, never a skip."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "no Chromium for the tests: install one with `apt-get install chromium`, or set CHROMIUM to its path"
    return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def served(folder: Path, site: str, prepare=None) -> Iterator[Served]:
    """The site over a fresh house, for as long as the context lasts. `prepare(house)` fills it before the site starts."""
    house = houses.House(folder / "home")
    sites.post_policy(house, at=datetime.now(UTC))
    port = free_port()
    address = f"http://{site}.localhost:{port}"
    with (house.home.path / "upheld.toml").open("a") as settings:
        settings.write(f'\n[web]\n{site} = "{address}"\n')
    if prepare:
        prepare(house)
    log = folder / f"{site}.log"
    with log.open("wb") as told:
        child = subprocess.Popen(
            [sys.executable, "-m", "upheld.cli.main", "--home", str(house.home.path), "serve", site], stdout=told, stderr=told
        )
    try:
        _wait(child, port, f"{site}.localhost:{port}", log)
        yield Served(house, address, log)
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(30)
        house.record.close()


def wire(address: str, path: str, cookies: str = "") -> tuple[int, bytes]:
    """How many bytes a page weighs on the wire, packed, without its stylesheet."""
    host = address.removeprefix("http://")
    port = host.rpartition(":")[2]
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host, "Accept-Encoding": "gzip", "Cookie": cookies})
    with urllib.request.urlopen(asked) as answer:
        body = answer.read()
    assert answer.headers["Content-Encoding"] == "gzip"
    return len(body), gzip.decompress(body)


def _wait(child: subprocess.Popen, port: int, host: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert child.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Host": host}), timeout=5):
                return
        except urllib.error.HTTPError:
            return  # it answers: what, is the tests' business
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the site did not answer in {PATIENCE} s:\n{log.read_text()}")
