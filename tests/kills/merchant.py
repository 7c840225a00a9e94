"""A merchant whose worker is killed: customers on SQLite and PostgreSQL, which count their own changes; a recipient of the list; real mail.

Of every person who asks there is a record in each system, joined only by name and address, and somebody else at the same address.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg

from tests import servers
from tests.houses import CLERK
from upheld.cli.init import load_tables
from upheld.gate.orders import Order
from upheld.gate.release import release
from upheld.home import Home
from upheld.people.actions import Keeper
from upheld.people.held import Held
from upheld.policy import document
from upheld.postings import actions as postings
from upheld.postings.queries import in_force
from upheld.recipients import actions as recipients
from upheld.record import Record
from upheld.requests.actions import Asked, receive

POLICY = Path(__file__).parents[2] / "policies" / "northgate.md"
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
customers.no_mail = "out of newsletter when 1"
customers.no_post = "out of post when 1"
orders.no = "key"
orders.email = "order.email"

[crm.keeps]
orders = "order.email under collect.order"

[shop]
database = "{url}"

[shop.columns]
accounts.id = "key"
accounts.mail = "order.email"
accounts.whole_name = "full of order.name"
accounts.street = "address of order.shipping address"
accounts.zip = "zip of order.shipping address"
accounts.out = "out of newsletter, sharing when true"
"""
CRM = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email, first, last, street, zip, no_mail INT, no_post INT);
CREATE INDEX by_email ON customers (email);
CREATE TABLE orders (no INTEGER PRIMARY KEY, email);
CREATE TABLE changes (id INT, flag TEXT);
CREATE TRIGGER mail AFTER UPDATE OF no_mail ON customers BEGIN INSERT INTO changes VALUES (NEW.id, 'no_mail'); END;
CREATE TRIGGER post AFTER UPDATE OF no_post ON customers BEGIN INSERT INTO changes VALUES (NEW.id, 'no_post'); END;
"""
SHOP = """
CREATE TABLE accounts (id serial PRIMARY KEY, mail text, whole_name text, street text, zip text, out boolean);
CREATE TABLE changes (id int, flag text);
CREATE FUNCTION noted() RETURNS trigger AS $$ BEGIN INSERT INTO changes VALUES (NEW.id, 'out'); RETURN NEW; END $$ LANGUAGE plpgsql;
CREATE TRIGGER noted AFTER UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION noted();
"""
TOPICS = ("newsletter", "post", "sharing")
_SYLLABLES = (
    "bar",
    "den",
    "fol",
    "gim",
    "hux",
    "jeb",
    "kor",
    "lin",
    "mav",
    "nod",
    "pry",
    "quis",
    "rath",
    "sul",
    "tew",
    "vig",
    "wen",
    "zab",
)
_FIRST = ("Jane", "Otto", "Peter", "Ursula", "Ahmed", "Bridget", "Carlos", "Deborah")
_STREETS = ("Elm Street", "Larkspur Row", "Oak Avenue", "Harbor Road", "Mill Lane", "Summit Drive", "Chestnut Court", "Lake View")


class Merchant:
    """The folder of one, and its PostgreSQL database. `count` people may ask to be taken off."""

    def __init__(self, folder, shop_url, count, *, record_url=None, mail_port=None):
        self.folder, self.count = Path(folder), count
        self.shop_url = shop_url.render_as_string(hide_password=False)
        self.home = Home.create(self.folder, "Northgate Systems", record_url)
        load_tables()
        self.record = Record(self.home.record_url)
        self.record.create()
        self.keeper = Keeper(self.home)
        (self.folder / "systems.toml").write_text(MAP.replace("{url}", self.shop_url))
        if mail_port:
            with (self.folder / "upheld.toml").open("a") as settings:
                settings.write(f'\n[mail]\nserver = "smtp://127.0.0.1:{mail_port}"\nsender = "privacy@shop.example"\n')
        self._fill()
        self._begin()

    def _fill(self):
        people = [person(number) for number in range(self.count)]
        with closing(sqlite3.connect(self.folder / "crm.db")) as db, db:
            db.executescript(CRM)
            add = "INSERT INTO customers (email, first, last, street, zip) VALUES (?, ?, ?, ?, ?)"
            for email, first, last, street, zip_ in people:
                db.execute(add, (email.upper(), first, last, street, zip_))
                db.execute(add, (f"other.{email}", "Winifred", last, street, zip_))
                db.execute("INSERT INTO orders (email) VALUES (?)", (email,))
        with psycopg.connect(servers.libpq(self.shop_url), autocommit=True) as db:
            db.execute(SHOP)
            rows = [(f"second.{email}", f"{first} {last}", street, zip_) for email, first, last, street, zip_ in people]
            rows += [(f"third.{email}", f"Winifred {last}", street, zip_) for email, _, last, street, zip_ in people]
            db.cursor().executemany("INSERT INTO accounts (mail, whole_name, street, zip) VALUES (%s, %s, %s, %s)", rows)

    def _begin(self):
        """The policy is posted, and everybody's address was given to `acme` once."""
        now = datetime.now(UTC)
        with self.record.transaction() as tx:
            postings.post(tx, document.read(POLICY), at=now, actor=CLERK)
            recipients.add(tx, "acme", "third party", at=now, actor=CLERK)
            recipients.vet(tx, "acme", reputable=True, reviewed_on=date(2026, 1, 1), at=now, actor=CLERK)
            known = ["marketing.partner"]
            recipients.contract(tx, "acme", known, now - timedelta(days=1), None, known=known, at=now, actor=CLERK)
        path = self.folder / "given.csv"
        rows = ("{1},{2},{3},{4}".format(*person(number)) for number in range(self.count))
        path.write_text("first,last,address,zip\n" + "\n".join(rows) + "\n")
        mapping = ("address=order.shipping address",)
        order = Order(str(path), "marketing.partner", "acme", self.folder / "acme.csv", mapping=mapping, source="order")
        release(self.home, self.record, order, lambda: datetime.now(UTC), CLERK)

    def receive(self, number, at):
        """Person `number` asks: every fifth by post, the others by e-mail address; the request's number."""
        email, first, last, street, zip_ = person(number)
        given = Held(first=first, last=last, address=street, zip=zip_) if number % 5 == 4 else Held(email=email)
        with self.record.transaction() as tx:
            asked = Asked(given, "post" if number % 5 == 4 else "web", at, TOPICS)
            return receive(tx, self.keeper, asked, in_force(tx, at), at=at, actor=CLERK).request

    def marks(self):
        """By system, who is marked: (last name, first name begins with, flags); and how often each flag of each row was written."""
        with closing(sqlite3.connect(self.folder / "crm.db")) as db:
            crm = db.execute("SELECT last, first, no_mail, no_post FROM customers ORDER BY id").fetchall()
            crm_writes = db.execute("SELECT count(*) FROM changes GROUP BY id, flag").fetchall()
        with psycopg.connect(servers.libpq(self.shop_url), autocommit=True) as db:
            shop = db.execute("SELECT whole_name, out FROM accounts ORDER BY id").fetchall()
            shop_writes = db.execute("SELECT count(*) FROM changes GROUP BY id, flag").fetchall()
        return crm, shop, [n for (n,) in (*crm_writes, *shop_writes)]

    def wanted(self, numbers):
        """What `marks` must show if exactly these people were stopped."""
        crm, shop, others = [], [], []
        for number in range(self.count):
            _, first, last, _, _ = person(number)
            out = number in numbers
            crm += [(last, first, *((1, 1) if out else (None, None))), (last, "Winifred", None, None)]
            shop.append((f"{first} {last}", True if out else None))
            others.append((f"Winifred {last}", None))
        return crm, shop + others


def person(number):
    """Nobody: the e-mail address, first and last name, street and zip of person `number`, in nothing like another's."""
    drawn = hashlib.sha256(str(number).encode()).digest()
    last = "".join(_SYLLABLES[byte % len(_SYLLABLES)] for byte in drawn[:4]).title()
    first, street = _FIRST[drawn[4] % len(_FIRST)], _STREETS[drawn[5] % len(_STREETS)]
    where = f"{100 + int.from_bytes(drawn[6:8]) % 9000} {street}"
    return f"{last.lower()}.{number}@mail.example", first, last, where, f"{10001 + int.from_bytes(drawn[8:10]) % 80000}"
