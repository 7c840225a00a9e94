"""What the tests of requests share: a house whose policy is Northgate's, and ways to ask."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.houses import CLERK, NOW
from upheld.cli.main import run
from upheld.home import Home
from upheld.people.actions import Keeper
from upheld.people.held import Held
from upheld.policy.document import parse
from upheld.postings.actions import post
from upheld.postings.queries import in_force
from upheld.record import METADATA, Record
from upheld.requests.actions import Asked, receive

POLICY = Path(__file__).parents[2] / "policies" / "northgate.md"
JANE = Held(email="jane.doe@mail.example")
JANE_BY_POST = Held(first="Jane", last="Doe", address="5 Oak Street", zip="60601")
TOPICS = ("newsletter", "post", "calls", "sharing", "suggestions")


@pytest.fixture
def shop(house):
    """A house with a policy in force since a day."""
    post_policy(house)
    return house


def post_policy(house, text=None, at=NOW):
    with house.record.transaction() as tx:
        return post(tx, parse(text or POLICY.read_text("utf-8"), "northgate.md"), at=at, actor=CLERK)


def ask(shop, given=JANE, *, at=NOW, **more):
    """Receive a request; what became of it."""
    asked = Asked(given, **{"channel": "phone", "received_at": at} | more)
    with shop.record.transaction() as tx:
        return receive(tx, shop.keeper, asked, in_force(tx, at), at=at, actor=CLERK)


MAP = """\
[crm]
database = "sqlite:///crm.db"

[crm.columns]
customers.id = "key"
customers.email = "order.email"
customers.first = "first of order.name"
customers.last = "last of order.name"
customers.street = "address of order.shipping address"
customers.zip = "zip of order.shipping address"
customers.phone = "order.phone"
customers.no_mail = "out of newsletter when 1"
customers.no_post = "out of post when 1"
"""
CRM = "CREATE TABLE customers (id INTEGER PRIMARY KEY, email, first, last, street, zip, phone, no_mail INT, no_post INT)"


class Counter:
    """Somebody at a terminal in a home with one system, its policy in force."""

    def __init__(self, folder, capsys, url=None):
        self.folder, self.capsys = folder / "home", capsys
        self.upheld("init", str(self.folder), "--company", "Northgate", *(["--record", url] if url else []), home=False)
        self.upheld("policy", "post", str(POLICY))
        (self.folder / "systems.toml").write_text(MAP)
        self.sql(CRM)
        self.home = Home.find(self.folder)
        self.keeper = Keeper(self.home)
        self.record = Record(self.home.record_url)

    def upheld(self, *words, ends_with=0, home=True):
        """Run a command; what it says."""
        self.capsys.readouterr()
        code = run([*(["--home", str(self.folder)] if home else []), *map(str, words)])
        said = self.capsys.readouterr()
        assert code == ends_with, (code, said.out, said.err)
        return said.out + said.err

    def json(self, *words, **more):
        return json.loads(self.upheld(*words, "--json", **more))

    def sql(self, query, *values):
        with closing(sqlite3.connect(self.folder / "crm.db", isolation_level=None)) as db:
            return db.execute(query, values).fetchall()

    def put(self, *row):
        self.sql("INSERT INTO customers (email, first, last, street, zip, phone) VALUES (?, ?, ?, ?, ?, ?)", *row)

    def bytes(self):
        """Everything that lies in the home, but the merchant's own system, and in the record's tables."""
        files = [file for file in self.folder.rglob("*") if file.is_file() and file.name != "crm.db"]
        with self.record.reading() as conn:
            rows = [tuple(row) for table in METADATA.sorted_tables for row in conn.execute(table.select())]
        values = [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
        return b"\n".join([*(file.read_bytes() for file in files), *values])

    def marks(self):
        return self.sql("SELECT no_mail, no_post FROM customers ORDER BY id")


@pytest.fixture(params=["sqlite", "postgres"])
def counter(request, tmp_path, capsys):
    """A home on each of the record's databases, used by commands alone."""
    url = request.getfixturevalue("postgres_url").render_as_string(hide_password=False) if request.param == "postgres" else None
    made = Counter(tmp_path, capsys, url)
    yield made
    made.record.close()
