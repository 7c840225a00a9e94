"""Telling a recipient to stop: it learns nothing of the person that it was not given."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from tests.houses import CLERK, NOW
from tests.requests.conftest import ask
from tests.requests.offices import World
from upheld.gate.mapping import tells
from upheld.gate.orders import Order
from upheld.gate.release import release
from upheld.people.held import Held
from upheld.recipients import actions as recipients

LIST = "email,first,last,address,zip,phone\njane.doe@mail.example,Jane,Doe,5 Oak Street,60601,+1 312 555 0142\n"


def test_a_recipient_does_not_learn_an_email_address_or_telephone_that_the_list_had_and_that_did_not_leave(shop, tmp_path):
    with shop.record.transaction() as tx:
        recipients.add(tx, "acme", "third party", at=NOW, actor=CLERK)
        recipients.vet(tx, "acme", reputable=True, reviewed_on=date(2026, 1, 1), at=NOW, actor=CLERK)
        known = ["marketing.partner"]
        recipients.contract(tx, "acme", known, NOW - timedelta(days=1), None, known=known, at=NOW, actor=CLERK)
    (tmp_path / "list.csv").write_text(LIST)
    order = Order(str(tmp_path / "list.csv"), "marketing.partner", "acme", tmp_path / "out.csv", source="order",
                  mapping=("address=order.shipping address",))  # fmt: skip
    release(shop.home, shop.record, order, lambda: NOW + timedelta(seconds=1), CLERK)
    assert "mail.example" not in (tmp_path / "out.csv").read_text()
    world = World(shop, tmp_path)
    world.now += timedelta(seconds=2)
    given = Held(email="jane.doe@mail.example", first="Jane", last="Doe", address="5 Oak Street", zip="60601", phone="+1 312 555 0142")
    ask(shop, given, at=world.now)
    world.work()
    (told,) = (shop.home.path / "outbox" / "acme").iterdir()
    assert json.loads(told.read_text())["person"] == [{"first": "Jane", "last": "Doe", "address": "5 Oak Street", "zip": "60601"}]


def test_what_an_item_of_another_name_tells_is_said_by_the_data_map():
    items, mapped = ["order.reachable at", "order.who"], {("order.reachable at", "email"), ("order.who", "full"), ("quote.at", "phone")}
    assert [kind for kind in ("email", "postal", "phone", "account") if tells(items, kind, mapped)] == ["email"]
    assert not tells(items, "email")
    assert tells([*items, "order.shipping address"], "postal", mapped)
    assert not tells(["order.who"], "email", mapped)


@pytest.mark.parametrize(
    ("items", "told"),
    [
        (["order.name", "order.shipping address"], ["postal"]),
        (["order.shipping address", "order.purchases"], []),
        (["order.name", "order.purchases"], []),
        (["newsletter.email", "newsletter.name"], ["email"]),
        (["order.work email", "web.ip address", "quote.company"], ["email"]),
        (["order.email address", "order.name"], ["email"]),
        (["order.mobile phone", "order.customer number"], ["phone", "account"]),
        (["order.telephone"], ["phone"]),
    ],
)
def test_what_left_tells_an_identifier_only_if_its_parts_left(items, told):
    assert [kind for kind in ("email", "postal", "phone", "account") if tells(items, kind)] == told
