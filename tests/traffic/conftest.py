"""A local site of many hosts, and homes to scan it from."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.served import chromium
from tests.houses import House
from tests.traffic.local_site import PAGES
from tests.traffic.logs import REAL_LOG, Visits, keeping
from tests.web import sites

TAGS = """
sites = ["{shop}"]
rights = ["http://privacy.test/choices"]
cookies = ["choice"]
storage = ["cart"]

[[tag]]
name = "visits"
company = "Visit Counters Ltd"
hosts = ["counters.test"]
takes = ["tracking.pages"]
purpose = "measurement"
cookies = ["_vc*"]
"""


@dataclass
class Local:
    """The running server; `asked()` are the lines of what was asked for."""

    folder: Path
    port: int

    @property
    def resolve(self):
        return [word for host in (*PAGES, "carriers.test") for word in ("--resolve", f"{host}=127.0.0.1:{self.port}")]

    def asked(self):
        return (self.folder / "asked").read_text().splitlines()


@pytest.fixture(scope="session")
def local(tmp_path_factory):
    folder = tmp_path_factory.mktemp("local")
    child = subprocess.Popen([sys.executable, str(Path(__file__).with_name("local_site.py")), str(folder)])
    try:
        until = time.monotonic() + 60
        while not (folder / "port").exists():
            assert child.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        yield Local(folder, int((folder / "port").read_text()))
    finally:
        child.kill()
        child.wait(30)


@pytest.fixture
def posted(tmp_path):
    from datetime import UTC, datetime

    made = House(tmp_path / "home")
    sites.post_policy(made, at=datetime.now(UTC))
    yield made
    made.record.close()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    """A home with the sample policy in force, on both databases."""
    from datetime import UTC, datetime

    url = request.getfixturevalue("postgres_record") if request.param == "postgres" else None
    made = House(tmp_path / "home", url)
    sites.post_policy(made, at=datetime.now(UTC))
    yield made
    made.record.close()


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def said(self):
        return json.loads(self.out)

    @property
    def rules(self):
        return sorted({each["rule"] for each in self.said["findings"]})

    def of(self, rule):
        return [each for each in self.said["findings"] if each["rule"] == rule]


@pytest.fixture
def scan(local, posted):
    """`scan("good.test", …)` scans a host of the local site from a home whose tags are TAGS, as JSON."""

    def run(host, *more, tags=TAGS, form="json"):
        (posted.home.path / "tags.toml").write_text(tags.replace("{shop}", host.partition("/")[0]))
        command = [
            sys.executable,
            "-m",
            "upheld.cli.main",
            "--home",
            str(posted.home.path),
            "traffic",
            "scan",
            f"http://{host}" if "/" in host else f"http://{host}/",
        ]
        command += ["--browser", chromium(), "--settle", "1.5", "--format", form, *local.resolve, *more]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    return run


@pytest.fixture
def visits(house: House, tmp_path: Path) -> Visits:
    """A merchant whose policy keeps what the servers note for thirty days, and whose logs are taken in."""
    return Visits(house, tmp_path, keeping("30 days"))


@pytest.fixture(scope="session")
def real_log() -> bytes:
    """A real log, its addresses replaced."""
    return gzip.decompress(REAL_LOG.read_bytes())
