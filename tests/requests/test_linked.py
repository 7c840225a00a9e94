"""What is joined for marketing is joined for stopping: devices, brands, and those who received the list (Disney 2026)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest

from tests import servers
from tests.houses import CLERK
from tests.kills.lives import instructions
from tests.kills.merchant import Merchant, person
from tests.kills.nursery import office
from upheld.jobs.worker import work
from upheld.people.held import Held
from upheld.postings.queries import in_force
from upheld.requests import queries, signals
from upheld.requests.fulfilment import handlers
from upheld.requests.signals import Visit

DEVICES = """\
devices.id = "key"
devices.owner = "order.email"
devices.out = "out of newsletter, sharing when 'yes'"
"""


@pytest.fixture
def brands(tmp_path, postgres_server):
    """One brand on SQLite, one on PostgreSQL, each with customers and devices; joined by name and address alone; `acme` had the list."""
    with postgres_server.database() as url:
        made = Merchant(tmp_path / "home", url, 2)
        made.now = datetime.now(UTC)
        path = made.folder / "systems.toml"
        path.write_text(path.read_text().replace("orders.no =", f"{DEVICES}orders.no =") + DEVICES)
        mine, others = person(0)[0], person(1)[0]
        with closing(sqlite3.connect(made.folder / "crm.db")) as db, db:
            db.execute("CREATE TABLE devices (id INTEGER PRIMARY KEY, owner, out)")
            db.executemany("INSERT INTO devices (owner) VALUES (?)", [(mine,), (mine.upper(),), (others,)])
        with psycopg.connect(servers.libpq(made.shop_url), autocommit=True) as db:
            db.execute("CREATE TABLE devices (id serial PRIMARY KEY, owner text, out text)")
            db.cursor().executemany("INSERT INTO devices (owner) VALUES (%s)", [(f"second.{mine}",), (f"second.{others}",)])
        yield made
        made.record.close()


def carried_out(brands, request):
    made = office(brands.folder, lambda: brands.now)
    work(made.record, handlers(made), lambda: brands.now)
    made.record.close()
    with brands.record.reading() as conn:
        assert queries.whole(conn, request).request.state == "complete"
    with closing(sqlite3.connect(brands.folder / "crm.db")) as db:
        assert db.execute("SELECT out FROM devices ORDER BY id").fetchall() == [("yes",), ("yes",), (None,)]
    with psycopg.connect(servers.libpq(brands.shop_url), autocommit=True) as db:
        assert db.execute("SELECT out FROM devices ORDER BY id").fetchall() == [("yes",), (None,)]
    assert ("acme", request, False) in instructions(brands.folder)
    assert brands.marks()[1] == brands.wanted({0})[1]


def test_who_stops_at_one_brand_is_stopped_on_all_devices_of_all_brands_and_the_affiliate_is_told(brands):
    request = brands.receive(0, brands.now)
    carried_out(brands, request)
    assert brands.marks()[0] == brands.wanted({0})[0]


def test_a_signal_while_signed_in_reaches_the_other_brand_and_every_device(brands):
    with brands.record.transaction() as tx:
        visit = Visit({"Sec-GPC": "1"}, "a mark", Held(email=person(0)[0]))
        seen = signals.see(tx, brands.keeper, brands.home, visit, in_force(tx, brands.now), at=brands.now, actor=CLERK)
    assert "sharing" in seen.topics
    carried_out(brands, seen.request)
