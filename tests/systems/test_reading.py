"""A data map is read whole: what it says, or every fault in it with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.errors import Invalid, No, NotFound
from upheld.systems import reading
from upheld.systems.datamap import Column, Flag, Kept, Link

SOUND = """\
# What the shop holds about people.
[shop]
database = "sqlite:///shop.db"

[shop.columns]
customers.id = "key; account"
customers.email = "order.email"
customers.first_name = "first of order.name"
customers.zip = "zip of order.shipping address"
customers.no_mail = "out of post, newsletter when 1 or empty"
customers.consent = "out of calls when 'no'"
customers.colour = "nothing"
orders.id = "key"
orders.customer_id = "link to customers.id"
orders.what = "order.purchases"
"Order Details".OrderID = "key; link to orders.id"
stock = "nothing"

[shop.keeps]
orders = "order under collect.order"

[post]
listmonk = "https://lists.example/api"
user = "upheld"
token_file = "keys/lists.token"

[post.columns]
subscribers.id = "key"
subscribers.email = "newsletter.email"
subscribers.enabled = "out of newsletter when false"
"""


def rules(text):
    """The faults of a text as (line, rule)."""
    return [(fault.place.line, fault.rule) for fault in reading.parse(text).faults]


def test_a_sound_map_says_what_lies_where():
    found = reading.parse(SOUND, folder=Path("/shop"))
    assert found.faults == ()
    shop, post = found.map.systems["shop"], found.map.systems["post"]
    assert (shop.kind, shop.address, post.kind) == ("database", "sqlite:////shop/shop.db", "listmonk")
    assert post.options == {"user": "upheld", "token_file": "keys/lists.token"}
    customers = shop.table("customers")
    assert customers.key == ("id",)
    assert customers.columns[:4] == (
        Column("id", None, "account"),
        Column("email", "order.email", "email"),
        Column("first_name", "order.name", "first"),
        Column("zip", "order.shipping address", "zip"),
    )
    assert customers.flags == (
        Flag("post", "no_mail", 1, null_is_out=True),
        Flag("newsletter", "no_mail", 1, null_is_out=True),
        Flag("calls", "consent", "no"),
    )
    orders = shop.table("orders")
    assert orders.links == (Link(("customer_id",), "customers", ("id",)),)
    assert orders.kept == (Kept(("order.purchases",), "collect.order"),)
    assert shop.table("Order Details").links == (Link(("OrderID",), "orders", ("id",)),)
    assert post.table("subscribers").flags[0].out is False
    assert found.ignored["shop"] == {"stock"}


def test_every_fault_is_found_in_one_run_with_its_line_and_a_suggestion():
    text = SOUND.replace("first of", "frist of").replace("link to customers.id", "link to custmers.id").replace("when 1 or", "if 1 or")
    text = text.replace('user = "upheld"', 'usr = "upheld"').replace("order under", "web under")
    assert rules(text) == [
        (8, "unknown-part"),
        (10, "syntax"),
        (14, "unknown-table"),
        (20, "unknown-item"),
        (24, "unknown-setting"),
    ]
    hints = [fault.hint for fault in reading.parse(text).faults]
    assert "did you mean `first`?" in hints
    assert "did you mean `customers`?" in hints


def test_a_key_of_two_columns_is_one_link_and_a_second_address_another():
    text = '[s]\ndatabase = "sqlite:///s.db"\n[s.columns]\nlines.no = "key; link to orders.no"\nlines.shop = "key; link to orders.shop"\n'
    text += (
        'orders.no = "key"\norders.shop = "key"\norders.bill = "link to places.id"\norders.ship = "link to places.id"\nplaces.id = "key"\n'
    )
    system = reading.parse(text).map.systems["s"]
    assert system.table("lines").links == (Link(("no", "shop"), "orders", ("no", "shop")),)
    assert system.table("orders").links == (Link(("bill",), "places", ("id",)), Link(("ship",), "places", ("id",)))


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://shop:hunter2@db.example/shop",
        "mysql+pymysql://db.example/shop?password=hunter2",
        "postgresql+psycopg://:hunter2@db.example/shop",
    ],
)
def test_a_secret_in_the_map_is_refused_and_never_repeated(address):
    found = reading.parse(SOUND.replace("sqlite:///shop.db", address))
    assert [(fault.place.line, fault.rule) for fault in found.faults] == [(3, "secret-in-map")]
    assert "hunter2" not in repr(found)
    assert "shop" not in found.map.systems


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('database = "oracle://db.example/shop"', "bad-address"),
        ('database = "sqlite://"', "bad-address"),
        ('database = "http://[::1"', "bad-address"),
        ("database = 7", "bad-address"),
        ('databse = "sqlite:///shop.db"', "no-address"),
        ('database = "sqlite:///shop.db"\nwebhook = "https://shop.example"', "no-address"),
        ('webhook = "http://shop.example/upheld"', "bad-address"),
        ('webhook = "https://shop:word@shop.example/upheld"', "secret-in-map"),
        ('webhook = "https://shop.example/upheld"\nidentifiers = "plain"', "syntax"),
        ('webhook = "https://shop.example/upheld"\nencoding = "utf-8"', "unknown-setting"),
        ('listmonk = "http://10.0.0.1:9000"', "bad-address"),
        ('files = "exports"\nencoding = "utf-16"', "syntax"),
        ('files = "exports"\ntimeout = 0', "syntax"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_fault_at_its_line(line, rule):
    found = reading.parse(SOUND.replace('database = "sqlite:///shop.db"', line)).faults
    assert rule in {fault.rule for fault in found}


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('customers.email = "nothing; order.email"', "syntax"),
        ('customers.email = "order.email; order.name"', "syntax"),
        ('customers.email = "email"', "syntax"),
        ('customers.name = "order.name as first"', "syntax"),  # `first of order.name`: as an item it would never be searched
        ("customers.email = 7", "syntax"),
        ('customers = "nothing"\ncustomers.email = "order.email"', "duplicate"),
        ('customers.id = "key"\ncustomers.id = "key"', "duplicate"),
        ('customers.email = "order.email"', "no-key"),
        ('customers.id = "key"\ncustomers.a = "out of post when 1"\ncustomers.b = "out of post when 1"', "duplicate-flag"),
        ("customers.email order.email", "syntax"),
        ('customers.id = "key; link to customers.nr"', "unknown-column"),
    ],
)
def test_what_cannot_be_meant_is_a_fault(line, rule):
    found = rules(f'[shop]\ndatabase = "sqlite:///shop.db"\n[shop.columns]\n{line}\n')
    assert [each[1] for each in found] == [rule]
    assert found[0][0] >= 3


def test_a_file_that_is_none_is_one_line(tmp_path):
    with pytest.raises(NotFound, match="there is no data map"):
        reading.read_map(tmp_path / "systems.toml")
    (tmp_path / "systems.toml").write_bytes(b"[shop]\n\xff")
    with pytest.raises(Invalid, match=r"UTF-8.*:2"):
        reading.read_map(tmp_path / "systems.toml")
    (tmp_path / "systems.toml").write_text("#" * (reading.LARGEST + 1))
    with pytest.raises(Invalid, match="larger than"):
        reading.read_map(tmp_path / "systems.toml")
    (tmp_path / "systems.toml").write_text(SOUND.replace("first of", "frist of").replace("order under", "web under"))
    with pytest.raises(Invalid, match=r"no part `frist` is known \(and 1 more: .*systems.toml:8"):
        reading.read_map(tmp_path / "systems.toml")


def test_a_file_as_deep_or_long_as_one_likes_is_a_fault_not_a_crash():
    for text in ("a = " + "[\n" * 5_000, "a = " + "9" * 3_999, "a" * 5_000, "a = " + "{a=" * 1_300, ".".join("a" * 1_900) + " = 1"):
        assert reading.parse(text).faults


LINES = SOUND.splitlines()
PIECE = st.sampled_from(["nothing", "key", "link to a.b", "out of x when 1", "order.email", "first of", "[shop]", "=", '"', "\n", ".", ";"])


@given(st.lists(st.one_of(st.sampled_from(LINES), PIECE, st.text(max_size=12))).map("\n".join))
def test_no_text_makes_reading_raise_anything_but_a_refusal(text):
    try:
        found = reading.parse(text)
    except No:
        return
    assert all(fault.place.line >= 1 and "\n" not in fault.message for fault in found.faults)


@given(st.integers(0, len(LINES) - 1), st.text(st.characters(exclude_characters='"\\\n', exclude_categories=["Cc", "Cs"]), max_size=30))
def test_whatever_a_line_says_of_a_column_the_others_are_still_read(number, words):
    changed = [f'customers.email = "{words}"' if line.startswith("customers.email") else line for line in LINES]
    found = reading.parse("\n".join(changed))
    assert {fault.place.line for fault in found.faults} <= {1 + LINES.index('customers.email = "order.email"')}
    assert "post" in found.map.systems


@pytest.mark.parametrize("value", ["0", "3601", '"10"', "true", "1.5"])
def test_a_timeout_is_a_number_of_seconds(value):
    text = '[shop]\ndatabase = "sqlite:///shop.db"\ntimeout = {}\n[shop.columns]\ncustomers.id = "key"\n'
    assert reading.parse(text.format(20)).map.systems["shop"].options == {"timeout": 20}
    found = reading.parse(text.format(value))
    assert [(fault.place.line, fault.rule) for fault in found.faults] == [(3, "syntax")]
    assert "seconds" in found.faults[0].message


@pytest.mark.parametrize("address", ["postgresql+psycopg://me@/shop?host=/run/postgresql", "mariadb+pymysql://me@/shop?unix_socket=/run/m"])
def test_a_server_on_a_socket_is_an_address(address):
    found = reading.parse(f'[shop]\ndatabase = "{address}"\n[shop.columns]\ncustomers.id = "key"\n')
    assert (found.faults, found.map.systems["shop"].address) == ((), address)
