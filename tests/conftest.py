"""What every room's tests share: real servers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import URL

from tests import houses, servers
from upheld.record import Record

# A busy machine is no fault of the code; and what fails once in CI must fail again when it is looked into.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI")), print_blob=True
)
settings.load_profile("house")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Postgres]:
    """A real PostgreSQL for the whole session. Missing: the test fails with a sentence that says what to install."""
    with servers.postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: servers.Postgres) -> Iterator[URL]:
    """The address (`postgresql+psycopg://…`) of a fresh, empty database for one test. `servers.libpq(url)` is the same for psycopg."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[servers.MariaDB]:
    """A real MariaDB for the whole session. Missing: the test fails with a sentence that says what to install."""
    with servers.mariadb() as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb_server: servers.MariaDB) -> Iterator[URL]:
    """The address (`mariadb+pymysql://…`) of a fresh, empty database for one test."""
    with mariadb_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def record(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Record]:
    """An empty record with all tables of the rooms that the test imports; each test that asks for it runs on both databases."""
    url = f"sqlite:///{tmp_path / 'record.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url").render_as_string(hide_password=False)
    record = Record(url)
    record.create()
    yield record
    record.close()


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[houses.House]:
    """A merchant's home with keys, a record with all tables, and a keeper; each test that asks for it runs on both databases."""
    url = None
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url").render_as_string(hide_password=False)
    made = houses.House(tmp_path / "home", url)
    yield made
    made.record.close()
