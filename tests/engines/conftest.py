"""Every test of this folder that asks for `engine` runs on all five."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from upheld import engines

EXTRAS = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("spark", "clickhouse")]


@pytest.fixture(params=["sqlite", "duckdb", "postgres", *EXTRAS])
def engine(request: pytest.FixtureRequest) -> Iterator[engines.Engine]:
    address = None
    if request.param == "postgres":
        address = request.getfixturevalue("postgres_url").render_as_string(hide_password=False)
    if request.param == "spark":
        request.getfixturevalue("spark_session")
    session = engines.opened(request.param, address)
    yield session
    session.close()
