"""What every room's tests share: real servers."""

from __future__ import annotations

import os
import shutil
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
def postgres_blank(postgres_server: servers.Postgres) -> Iterator[str]:
    """The name of a database with an empty record, made once: copying it is quicker than making all tables anew for each test."""
    with postgres_server.database() as url:
        houses.empty_record(url.render_as_string(hide_password=False))
        yield str(url.database)


@pytest.fixture
def postgres_record(postgres_server: servers.Postgres, postgres_blank: str) -> Iterator[str]:
    """The address of a fresh, empty record for one test."""
    with postgres_server.database(postgres_blank) as url:
        yield url.render_as_string(hide_password=False)


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


@pytest.fixture(scope="session")
def spark_session() -> Iterator[None]:
    """One Spark session for all tests that ask for it: beginning one takes seconds."""
    from upheld.engines.spark import Spark  # an extra

    session = Spark()
    yield
    session.close()


@pytest.fixture(params=["sqlite", "postgres"])
def record(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Record]:
    """An empty record with the tables of all rooms; each test that asks for it runs on both databases."""
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_record")
    else:
        shutil.copy(houses.blank(), tmp_path / "record.db")
        url = f"sqlite:///{tmp_path / 'record.db'}"
    record = Record(url)
    yield record
    record.close()


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[houses.House]:
    """A merchant's home with keys, a record with all tables, and a keeper; each test that asks for it runs on both databases."""
    url = request.getfixturevalue("postgres_record") if request.param == "postgres" else None
    made = houses.House(tmp_path / "home", url)
    yield made
    made.record.close()
