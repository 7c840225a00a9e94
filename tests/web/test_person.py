"""What stands in the systems beside what identifies somebody: for the person, and for staff by purpose alone."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3

import pytest

from tests.houses import NOW
from tests.web.reading import words
from tests.web.test_mine import JANE, sign_in
from upheld.ledger.queries import entries

MAP = """
[shop]
database = "sqlite:///shop.db"

[shop.columns]
orders.no = "key"
orders.mail = "order.email"
orders.phone = "order.phone"
orders.street = "address of order.shipping address"
orders.bought = "order.purchases"
parcels.no = "key"
parcels.order_no = "link to orders.no"
parcels.what = "order.purchases"
quotes.no = "key"
quotes.mail = "quote.email"
quotes.firm = "quote.company"
"""


@pytest.fixture
def orders(shop):
    """Two orders of Jane's and one of Jon's, and a quote for her."""
    with sqlite3.connect(shop.home.path / "shop.db") as db:
        db.executescript("CREATE TABLE orders (no INTEGER PRIMARY KEY, mail, phone, street, bought);")
        db.executescript("CREATE TABLE quotes (no INTEGER PRIMARY KEY, mail, firm);")
        db.executescript("CREATE TABLE parcels (no INTEGER PRIMARY KEY, order_no, what);")
        db.executemany("INSERT INTO parcels (order_no, what) VALUES (?, ?)", [(1, "a lampshade"), (3, "a secret parcel")])
        rows = [(JANE, "+1 312 555 0142", "5 Oak Street", what) for what in ("two lamps", "a kettle")]
        rows.append(("jon.doe@mail.example", "+1 312 555 0143", "9 Elm Street", "a secret gift"))
        db.executemany("INSERT INTO orders (mail, phone, street, bought) VALUES (?, ?, ?, ?)", rows)
        db.execute("INSERT INTO quotes (mail, firm) VALUES (?, 'Doe Lighting')", [JANE])
    (shop.home.path / "systems.toml").write_text(MAP)


def kinds(shop):
    with shop.record.reading() as conn:
        return [each.kind for each in entries(conn)]


def test_a_person_sees_every_value_of_theirs_and_takes_it_away_and_nothing_of_others(shop, centre, orders):
    sign_in(centre, shop)
    page = words(centre.get("/mine"))
    for value in ("two lamps", "a kettle", "Doe Lighting", "+1 312 555 0142", "a lampshade"):
        assert value in page
    assert "shop, parcels One record that belongs to one with your address" in page
    assert "secret" not in page
    copied = json.loads(centre.get("/mine/copy?as=json").content)
    assert ["order.purchases", "two lamps"] in copied["holdings"][0]["further"]
    copies = [centre.get("/mine/copy", {"as": form}).content.decode() for form in ("json", "csv", "html")]
    assert all("a kettle" in copy and "a lampshade" in copy and "secret" not in copy for copy in copies)


def test_a_copy_says_since_when_and_its_links_lead_to_the_centre(shop, centre, orders):
    from upheld.people.actions import enrol, keep_facts
    from upheld.people.facts import since
    from upheld.people.identifiers import Email
    from upheld.record import Actor

    with shop.record.transaction() as tx:
        person = enrol(tx, shop.keeper, [Email(JANE)], NOW, Actor("clerk"))[0]
        keep_facts(tx, [(person, since("order", "2026.1"))], NOW, Actor("clerk"))
    sign_in(centre, shop)
    page = words(centre.get("/mine"))
    assert "order: collected under version 2026.1" in page
    assert "quote: not known, no version is on file for it" in page
    lines = list(csv.DictReader(io.StringIO(centre.get("/mine/copy?as=csv").content.decode())))
    told = {row["what"]: row["since"] for row in lines if row["part"] == "held"}
    assert (told["order.purchases"], told["quote.email"]) == (f"{NOW:%Y-%m-%d} (version 2026.1)", "not known")
    linked = re.findall('href="([^"]*)"', centre.get("/mine/copy?as=html").content.decode())
    assert linked
    assert [link for link in linked if not link.startswith("http://")] == []
    assert any(link.endswith("/policy#collect.order") for link in linked)


def test_staff_see_only_the_items_of_the_purpose_that_they_state(desk, shop, orders):
    from upheld.gate import staff
    from upheld.people.identifiers import Email
    from upheld.record import Actor

    browser = desk("fulfilment")
    asked = words(browser.get("/person"))
    assert "For ordering.fulfil" in asked
    assert "For rights" not in asked
    page = words(browser.post("/person", {"email": JANE, "purpose": "ordering.fulfil"}))
    with shop.record.reading() as conn:
        seen = staff.items(conn, shop.keeper.keys, [Email(JANE)], "ordering.fulfil", NOW, Actor("x", "fulfilment"))
    values = {"order.purchases": "two lamps", "order.phone": "+1 312 555 0142", "quote.company": "Doe Lighting"}
    assert seen & set(values), "the purpose sees something here, or this test shows nothing"
    assert set(values) - seen, "and not everything"
    assert {item for item, value in values.items() if value in page} == seen & set(values)
    assert kinds(shop).count("staff.read") == 1


def test_a_purpose_that_the_role_may_not_ask_for_shows_nothing(desk, shop, orders):
    refused = words(desk("fulfilment").post("/person", {"email": JANE, "purpose": "rights"}), status=403)
    assert "may not ask for `rights`" in refused
    assert "lamps" not in refused
    assert "staff.read" not in kinds(shop)


def test_who_opted_out_is_not_shown_for_advertising(desk, shop, orders):
    from upheld.people.held import Held
    from upheld.postings.queries import in_force
    from upheld.record import Actor
    from upheld.requests.actions import Asked, receive

    browser = desk("marketing")
    with shop.record.transaction() as tx:
        receive(tx, shop.keeper, Asked(Held(email=JANE), "phone", NOW), in_force(tx, NOW), at=NOW, actor=Actor("clerk"))
    page = words(browser.post("/person", {"email": JANE, "purpose": "marketing.email"}))
    assert "nothing under this address that this purpose may see" in page


def test_a_form_without_a_purpose_or_address_asks_for_it(desk, shop):
    browser = desk("support")
    first = re.search(r"<button[^>]*>", browser.get("/person").content.decode().partition("<main")[2])[0]  # which Enter presses
    assert "name=" not in first
    assert "Say what for" in words(browser.post("/person", {"email": JANE}), status=400)
    assert words(browser.post("/person", {"email": "no", "purpose": "rights"}), status=400)
    assert "write the data map first" in words(browser.post("/person", {"email": JANE, "purpose": "rights"}))


def test_a_person_corrects_a_field_and_sees_that_it_is_done(shop, centre, orders, clock):
    from functools import partial

    from upheld.jobs.worker import work
    from upheld.requests import correcting
    from upheld.requests.confirming import by_the_clerk
    from upheld.requests.office import Office
    from upheld.requests.telling import into_outbox
    from upheld.systems.opening import open_system
    from upheld.systems.reading import read_map

    assert centre.get("/mine/correct")["Location"] == "/mine"
    sign_in(centre, shop)
    page = words(centre.get("/mine/correct"))
    assert "Telephone number, in shop, orders" in page
    assert "Correct what we hold" in page
    assert "E-mail address, in" not in page
    assert words(centre.post("/mine/correct", {"where": "0", "value": ""}), status=400)
    assert words(centre.post("/mine/correct", {"where": "99", "value": "x"}), status=400)
    refused = words(centre.post("/mine/correct", {"where": "0", "value": "not a number"}), status=400)
    assert "Write a telephone number in digits" in refused
    assert "Write what should stand there" in words(centre.post("/mine/correct", {"where": "1", "value": "x" * 201}), status=400)
    assert "What you asked for" not in refused
    assert "under way" in words(centre.post("/mine/correct", {"where": "0", "value": "+1 312 555 0188"}, follow=True))
    ways = (lambda: read_map(shop.home.path / "systems.toml"), partial(open_system, home=shop.home))
    office = Office(shop.home, shop.record, shop.keeper, clock, *ways, by_the_clerk, partial(into_outbox, shop.home))
    work(shop.record, correcting.handlers(office), clock, worker="test")
    assert "corrected and checked in 2 records" in words(centre.get("/mine/correct"))
    page = words(centre.get("/mine"))
    assert "+1 312 555 0188" in page
    assert "+1 312 555 0142" not in page


def test_a_correction_that_met_no_record_is_not_called_corrected(shop, centre, orders, clock):
    from sqlalchemy import update

    from upheld.record import Actor
    from upheld.requests import correcting
    from upheld.requests.correcting import Wrong
    from upheld.requests.models import CORRECTION

    wrong = Wrong("shop", "orders", "phone")
    sign_in(centre, shop)
    with shop.record.transaction() as tx:
        numbers = [
            correcting.ask(tx, shop.keeper, JANE, wrong, "+1 312 555 0188", (wrong,), at=NOW, actor=Actor("visitor")) for _ in range(2)
        ]
        tx.execute(update(CORRECTION).where(CORRECTION.c.id == numbers[0]).values(done_at=NOW, rows=0))
        correcting.by_hand(tx, shop.keeper, numbers[1], at=NOW, actor=Actor("clerk"))
    page = words(centre.get("/mine/correct"))
    assert "no record there holds your address: nothing was changed" in page
    assert "corrected by our desk" in page
    assert "corrected and checked" not in page


def test_a_correction_that_a_program_cannot_do_waits_for_a_clerk_who_does_it(desk, shop, orders, clock):
    from upheld.ledger import effects
    from upheld.people.identifiers import Email
    from upheld.people.queries import find
    from upheld.record import Actor
    from upheld.requests import correcting
    from upheld.requests.correcting import Wrong

    wrong = Wrong("shop", "orders", "phone")
    with shop.record.transaction() as tx:
        correcting.ask(tx, shop.keeper, JANE, wrong, "+1 312 555 0188", (wrong,), at=NOW, actor=Actor("visitor"))
    leased = effects.lease(shop.record, NOW, "test", [correcting.KIND])
    with shop.record.transaction() as tx:
        effects.give_up(tx, leased, "can only be corrected by hand", NOW, Actor("worker"))
    browser = desk("support")
    assert "1 correction is not done yet" in words(browser.get("/requests"))
    waits = words(browser.get("/corrections"))
    assert "wants a person can only be corrected by hand" in waits
    assert "0188" not in waits
    assert "What for?" in words(browser.get("/corrections/1"))
    browser.post("/corrections/1", {"purpose": "rights"})
    page = words(browser.get("/corrections/1"))
    assert "+1 312 555 0188" in page
    assert JANE in page
    assert "It is tried again" in words(browser.post("/corrections/1/retry", follow=True))
    assert "Every correction is done" in words(browser.post("/corrections/1/done", follow=True))
    assert words(browser.post("/corrections/1/done"), status=409)
    assert {"correction.retried", "correction.by_hand"} <= set(kinds(shop))
    with shop.record.reading() as conn:
        assert find(conn, shop.keeper.keys, [Email(JANE)])
        assert correcting.waiting(conn) == ()
