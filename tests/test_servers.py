"""The servers that other tests rely on."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from sqlalchemy.engine import URL

from tests import servers


def test_each_test_gets_an_empty_database_of_a_real_postgresql(postgres_url: URL) -> None:
    engine = sqlalchemy.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE seen (n integer)"))
        assert connection.execute(sqlalchemy.text("SHOW server_encoding")).scalar_one() == "UTF8"
    engine.dispose()


def test_what_another_test_made_is_not_there(postgres_url: URL) -> None:
    with psycopg.connect(servers.libpq(postgres_url)) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)


def test_a_missing_server_is_a_failure_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "glob", lambda _self, _pattern: iter(()))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(RuntimeError, match="apt-get install postgresql"):
        servers.binaries()
