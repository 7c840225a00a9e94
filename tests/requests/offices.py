"""An office over real SQLite systems, with a clock that a test moves. The connector is the house's own."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from tests.houses import NOW
from upheld.jobs.worker import work
from upheld.people.identifiers import Account, Email, Phone, Postal
from upheld.requests import queries
from upheld.requests.confirming import by_the_clerk
from upheld.requests.fulfilment import handlers
from upheld.requests.office import Office
from upheld.requests.telling import into_outbox
from upheld.systems.datamap import Column, DataMap, Flag, Kept, System, Table
from upheld.systems.opening import open_system
from upheld.systems.reading import read_map

CUSTOMERS = Table(
    "customers", ("id",),
    (
        Column("id", None), Column("mail", "order.email", "email"), Column("fname", "order.name", "first"),
        Column("lname", "order.name", "last"), Column("street", "order.shipping address", "address"),
        Column("zip", "order.shipping address", "zip"), Column("phone", "order.phone", "phone"),
    ),
    (Flag("newsletter", "no_mail", 1), Flag("post", "no_post", 1)),
)  # fmt: skip
ORDERS = Table(
    "orders", ("no",), (Column("no", None), Column("email", "order.email", "email")), kept=(Kept(("order.email",), "collect.order"),)
)
DEVICES = Table("devices", ("id",), (Column("id", None), Column("owner", "order.email", "email")), (Flag("newsletter", "out", "yes"),))
SCHEMA = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, mail, fname, lname, street, zip, phone, no_mail INT, no_post INT);
CREATE TABLE orders (no INTEGER PRIMARY KEY, email);
CREATE TABLE devices (id INTEGER PRIMARY KEY, owner, out);
"""
JANE_ROW = ("Jane.Doe@mail.example", "Jane", "Doe", "5 Oak Street", "60601", "+1 312 555 0142")


class World:
    """Some shop's systems, and the office that carries out requests over them."""

    def __init__(self, shop, folder, systems=("crm", "web"), tables=(CUSTOMERS, ORDERS, DEVICES)):
        self.shop, self.folder, self.now = shop, folder, NOW
        self.datamap = DataMap({name: System(name, "database", f"sqlite:///{folder / name}.db", tables) for name in systems})
        for name in systems:
            with self.db(name) as db:
                db.executescript(SCHEMA)
        self.office = Office(
            shop.home,
            shop.record,
            shop.keeper,
            lambda: self.now,
            lambda: self.datamap,
            partial(open_system, home=shop.home),
            by_the_clerk,
            partial(into_outbox, shop.home),
        )

    @staticmethod
    def office_of(counter):
        """The office of a home that commands made, by the real clock."""
        datamap = partial(read_map, counter.home.path / "systems.toml")
        ways = (partial(open_system, home=counter.home), by_the_clerk, partial(into_outbox, counter.home))
        return Office(counter.home, counter.record, counter.keeper, partial(datetime.now, UTC), datamap, *ways)

    def db(self, name):
        return sqlite3.connect(self.folder / f"{name}.db", isolation_level=None)

    def put(self, name, row=JANE_ROW, **more):
        with self.db(name) as db:
            row = dict(zip(("mail", "fname", "lname", "street", "zip", "phone"), row, strict=True)) | more
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            return db.execute(f"INSERT INTO customers ({names}) VALUES ({marks})", list(row.values())).lastrowid

    def flags(self, name, table="customers", columns="no_mail, no_post"):
        with self.db(name) as db:
            return db.execute(f"SELECT {columns} FROM {table} ORDER BY 1 IS NULL, rowid").fetchall()

    def work(self, after=0.0, **changed):
        self.now += timedelta(seconds=after)
        return work(self.shop.record, handlers(replace(self.office, **changed)), lambda: self.now, worker="test")

    def whole(self, number):
        with self.shop.record.reading() as conn:
            return queries.whole(conn, number)

    def places(self, number):
        return {f"{each.system}.{each.place}": each.state for each in self.whole(number).places}


__all__ = ["CUSTOMERS", "DEVICES", "JANE_ROW", "ORDERS", "Account", "Email", "Phone", "Postal", "World"]


def household(shop, folder):
    """One system in which Jane and Jon of the same address are customers."""
    made = World(shop, folder, systems=("crm",))
    made.put("crm", JANE_ROW)
    made.put("crm", ("jon.doe@mail.example", "Jon", "Doe", "5 Oak Street", "60601", "+1 312 555 0143"))
    return made
