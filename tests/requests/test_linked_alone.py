"""Rows that bear nothing of a person but a number that leads to them: stopped, proven and swept with the person, and nobody else's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.houses import NOW
from tests.requests.conftest import ask
from tests.requests.offices import Email, World
from tests.systems.stores import Store
from upheld.gate.linked import by_link, linked
from upheld.gate.searching import proven
from upheld.jobs.worker import work
from upheld.people.weights import shipped
from upheld.record import Actor
from upheld.requests import correcting, sweeping
from upheld.requests.correcting import Wrong
from upheld.systems.datamap import Column, DataMap, Flag, Kept, Link, System, Table

CUSTOMERS = Table(
    "customers", ("id",),
    (Column("id", None), Column("mail", "order.email", "email"), Column("fname", "order.name", "first"),
     Column("lname", "order.name", "last"), Column("street", "order.shipping address", "address"),
     Column("zip", "order.shipping address", "zip"), Column("phone", "order.phone", "phone")),
    (Flag("newsletter", "no_mail", 1), Flag("post", "no_post", 1)),
)  # fmt: skip
ALERTS = Table(
    "alerts", ("no",), (Column("no", None),), (Flag("newsletter", "off", "yes"),), links=(Link(("gadget",), "gadgets", ("id",)),)
)
GADGETS = Table(
    "gadgets", ("id",), (Column("id", None),), (Flag("newsletter", "quiet", 1),), links=(Link(("owner",), "customers", ("id",)),)
)
BILLS = Table(
    "bills", ("no",), (Column("no", None), Column("goods", "order.purchases")), kept=(Kept(("order.purchases",), "collect.order"),),
    links=(Link(("customer",), "customers", ("id",)),),
)  # fmt: skip
GIFTS = Table(
    "gifts", ("no",), (Column("no", None), Column("for_mail", "order.email", "email")), (Flag("newsletter", "quiet", 1),),
    links=(Link(("giver",), "customers", ("id",)),),
)  # fmt: skip
TABLES = (ALERTS, CUSTOMERS, GADGETS, BILLS, GIFTS)  # in an order that is not that of the links
SCHEMA = (
    "CREATE TABLE gadgets (id INTEGER PRIMARY KEY, owner INTEGER, quiet INTEGER)",
    "CREATE TABLE alerts (no INTEGER PRIMARY KEY, gadget INTEGER, off VARCHAR(3))",
    "CREATE TABLE bills (no INTEGER PRIMARY KEY, customer INTEGER, goods VARCHAR(20))",
    "CREATE TABLE gifts (no INTEGER PRIMARY KEY, giver INTEGER, for_mail VARCHAR(60), quiet INTEGER)",
)


@pytest.fixture
def world(shop, tmp_path):
    made = World(shop, tmp_path, systems=("crm",), tables=TABLES)
    made.put("crm"), made.put("crm", ("ann@mail.example", "Ann", "Frost", "1 Larkspur Row", "00123", ""))
    with made.db("crm") as db:
        for statement in SCHEMA:
            db.execute(statement)
        db.executemany("INSERT INTO gadgets VALUES (?, ?, NULL)", [(7, 1), (8, 1), (9, 2), (10, None)])
        db.executemany("INSERT INTO alerts VALUES (?, ?, NULL)", [(70, 7), (90, 9)])
        db.execute("INSERT INTO bills VALUES (1, 1, 'a lamp')")
        db.executemany("INSERT INTO gifts VALUES (?, 1, ?, NULL)", [(1, "friend@mail.example"), (2, None)])
    return made


def marks(world):
    return world.flags("crm", "gadgets", "id, quiet"), world.flags("crm", "alerts", "no, off"), world.flags("crm", "gifts", "no, quiet")


STOPPED = ([(7, 1), (8, 1), (9, None), (10, None)], [(70, "yes"), (90, None)], [(1, None), (2, 1)])


def test_what_leads_to_the_person_is_stopped_and_proven_and_who_is_named_on_a_row_is_not(world):
    received = ask(world.shop)
    world.work()
    assert world.places(received.request) == {
        "crm.customers": "stopped", "crm.gadgets": "stopped", "crm.alerts": "stopped", "crm.bills": "kept", "crm.gifts": "stopped",
    }  # fmt: skip
    assert marks(world) == STOPPED
    assert world.whole(received.request).request.state == "complete"


def test_a_device_that_comes_unmarked_before_the_proof_fails_it_and_is_stopped_by_the_next_try(world):
    received, opened, states = ask(world.shop), [], set()

    def open_(system):
        opened.append(system.name)
        if len(opened) == 3:  # the proof begins: after the search and the mark
            with world.db("crm") as db:
                db.execute("INSERT INTO gadgets VALUES (11, 1, NULL)")
        return world.office.open_system(system)

    def clock():
        states.update(world.places(received.request).values())
        return world.now

    world.work(open_system=open_, clock=clock)
    assert "failed" in states
    assert (11, 1) in world.flags("crm", "gadgets", "id, quiet")
    assert world.whole(received.request).request.state == "complete"


def test_a_device_that_comes_later_is_marked_in_the_night(world):
    ask(world.shop)
    world.work()
    with world.db("crm") as db:
        db.executemany("INSERT INTO gadgets VALUES (?, ?, NULL)", [(11, 1), (12, 2), (13, None)])
        db.execute("INSERT INTO alerts VALUES (110, 11, NULL)")
    settings = world.shop.home.path / "upheld.toml"
    settings.write_text(settings.read_text() + '\n[sweep]\nat = "03:00"\n')
    sweeping.plan_first(world.shop.record, world.shop.home, ["crm"], world.now)
    world.now = NOW + timedelta(days=1)
    work(world.shop.record, sweeping.handlers(world.office), lambda: world.now)
    gadgets, alerts, gifts = marks(world)
    assert gadgets == [*STOPPED[0], (11, 1), (12, None), (13, None)]
    assert alerts == [*STOPPED[1], (110, "yes")]
    assert gifts == STOPPED[2]


def own(world, links=True, email="jane.doe@mail.example"):
    system = world.datamap.systems["crm"]
    found = proven(system, world.office.open_system(system), Email(email), shipped(), links=links)
    return {(one.table, *one.key): (one.linked, [value for _, value in one.further]) for one in found}


def test_whoever_proves_an_address_is_shown_what_belongs_to_their_record_and_nobody_elses(world):
    shown = own(world)
    assert shown == {
        ("customers", "1"): (False, []), ("gadgets", "7"): (True, []), ("gadgets", "8"): (True, []), ("alerts", "70"): (True, []),
        ("bills", "1"): (True, ["a lamp"]), ("gifts", "2"): (True, []),
    }  # fmt: skip
    assert set(own(world, links=False)) == {("customers", "1")}
    assert set(own(world, email="friend@mail.example")) == {("gifts", "1")}
    assert own(world, email="nobody@mail.example") == {}


def test_a_record_that_names_somebody_is_shown_by_its_link_only_if_it_names_the_person(world):
    parcels = Table(
        "parcels", ("no",),
        (Column("no", None), Column("name", "order.name", "full"), Column("street", "order.shipping address", "address"),
         Column("zip", "order.shipping address", "zip"), Column("mail", "order.email", "email"), Column("goods", "order.purchases")),
        links=(Link(("customer",), "customers", ("id",)),),
    )  # fmt: skip
    with world.db("crm") as db:
        db.execute("CREATE TABLE parcels (no INTEGER PRIMARY KEY, customer INTEGER, name, street, zip, mail, goods)")
        rows = [
            (1, "Jane Doe", "5 Oak Street", "60601", None, "hers"), (1, "Jane Doe", "1 Work Lane", "60606", None, "sent to work"),
            (1, None, "5 Oak Street", "60601", None, "unnamed, to her house"),
            (1, "Jon Doe", "5 Oak Street", "60601", None, "her husband's"),
            (1, "Ann Frost", "1 Larkspur Row", "00123", None, "a gift"), (1, None, "1 Larkspur Row", "00123", None, "unnamed, elsewhere"),
            (1, "Jane Doe", "5 Oak Street", "60601", "jane@other.example", "another mailbox"),
            (2, "Jane Doe", "5 Oak Street", "60601", None, "Ann's"),
        ]  # fmt: skip
        db.executemany("INSERT INTO parcels (customer, name, street, zip, mail, goods) VALUES (?, ?, ?, ?, ?, ?)", rows)
    world.datamap = DataMap({"crm": replace(world.datamap.systems["crm"], tables=(*TABLES, parcels))})
    shown = [goods for (table, _), (_, goods) in own(world).items() if table == "parcels"]
    assert shown == [["hers"], ["sent to work"], ["unnamed, to her house"]]


def test_a_correction_touches_no_row_that_is_the_persons_by_a_link_alone(world):
    with world.db("crm") as db:
        db.execute("ALTER TABLE customers ADD COLUMN head INTEGER")
        db.execute("INSERT INTO customers (id, fname, lname, phone, head) VALUES (3, 'Jane', 'Doe', '+1 312 555 0100', 1)")
    family = replace(CUSTOMERS, links=(Link(("head",), "customers", ("id",)),))
    world.datamap = DataMap({"crm": replace(world.datamap.systems["crm"], tables=(family,))})
    assert own(world)["customers", "3"] == (True, [])
    wrong = Wrong("crm", "customers", "phone")
    with world.shop.record.transaction() as tx:
        correcting.ask(tx, world.shop.keeper, "jane.doe@mail.example", wrong, "312 555 0177", (wrong,), at=NOW, actor=Actor("visitor"))
    work(world.shop.record, correcting.handlers(world.office), lambda: world.now, worker="test")
    assert world.flags("crm", "customers", "id, phone")[0] == (1, "312 555 0177")
    assert world.flags("crm", "customers", "id, phone")[2] == (3, "+1 312 555 0100")


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_links_are_followed_on_every_database_by_keys_of_several_columns_too(kind, request, tmp_path):
    store = Store(kind, request, tmp_path)
    store.run(
        "CREATE TABLE people (shop INTEGER, no VARCHAR(9), mail VARCHAR(60), PRIMARY KEY (shop, no))",
        "CREATE TABLE seats (id INTEGER PRIMARY KEY, shop INTEGER, person VARCHAR(9), quiet INTEGER)",
    )
    store.put("people", [(1, "a", "jane@mail.example"), (2, "a", "ann@mail.example")])
    store.put("seats", [(1, 1, "a", None), (2, 2, "a", None), (3, 1, "A", None), (4, None, "a", None)])
    people = Table("people", ("shop", "no"), (Column("mail", "order.email", "email"),))
    link = Link(("shop", "person"), "people", ("shop", "no"))
    seats = Table("seats", ("id",), (Column("id", None),), (Flag("newsletter", "quiet", 1),), links=(link,))
    connector = store.open(people, seats)
    found = linked(store.system(people, seats), connector, [("people", ("1", "a"))])
    assert [(one.table, one.key) for one in found] == [("seats", ("1",))]
    connector.stop(seats, [one.key for one in found], ["newsletter"], "t")
    assert store.run("SELECT id, quiet FROM seats ORDER BY id") == [(1, 1), (2, None), (3, None), (4, None)]
    connector.close()


def test_links_that_go_round_end(world):
    one = Table("one", ("id",), (), links=(Link(("other",), "two", ("id",)),))
    two = Table("two", ("id",), (), links=(Link(("other",), "one", ("id",)),))
    assert {table.name for table in by_link(System("s", "database", "sqlite:///x", (one, two)))} == {"one", "two"}
