"""The gate's own tables: what left cannot be unsaid."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from tests.gate.conftest import open_shop
from upheld.errors import No
from upheld.gate.models import DELIVERY, DISCLOSED_CODE, DISCLOSURE
from upheld.record import METADATA


def again(table):
    """The first row once more, in the way that would take the first one's place on SQLite."""
    return insert(table).prefix_with("OR REPLACE", dialect="sqlite")


@pytest.fixture(params=["sqlite", "postgres"])
def shop(request, tmp_path):
    made = open_shop(
        tmp_path, None if request.param == "sqlite" else request.getfixturevalue("postgres_url").render_as_string(hide_password=False)
    )
    made.release()
    yield made
    made.record.close()


@pytest.mark.parametrize("table", [DISCLOSURE, DISCLOSED_CODE, DELIVERY], ids=lambda table: table.name)
def test_what_left_is_neither_changed_nor_deleted_nor_written_over(shop, table):
    assert table.name in METADATA.tables
    with shop.record.reading() as conn:
        row = dict(conn.execute(select(table)).mappings().first())
        count = len(conn.execute(select(table)).all())
    key = next(iter(table.primary_key.columns))
    for change in (update(table).values({key.name: 99}), delete(table), again(table).values(row)):
        with pytest.raises((No, DBAPIError)), shop.record.transaction() as tx:
            tx.execute(change)
    with shop.record.reading() as conn:
        assert len(conn.execute(select(table)).all()) == count
        assert dict(conn.execute(select(table)).mappings().first()) == row
