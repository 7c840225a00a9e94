"""The engines that the same questions are put to, each once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers
from upheld import engines

EXTRAS = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("spark", "clickhouse")]


@pytest.fixture(scope="session", params=["sqlite", "duckdb", "postgres", *EXTRAS])
def engine(request: pytest.FixtureRequest) -> Iterator[engines.Engine]:
    """Each engine in turn; ClickHouse and Spark under their own markers."""
    if request.param == "postgres":
        server: servers.Postgres = request.getfixturevalue("postgres_server")
        with server.database() as url:
            session = engines.opened("postgres", url.render_as_string(hide_password=False))
            yield session
            session.close()
        return
    if request.param == "spark":
        request.getfixturevalue("spark_session")
    session = engines.opened(request.param)
    yield session
    session.close()
