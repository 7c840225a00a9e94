"""What every room's tests share: real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import URL

from tests import servers


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
