"""Columns are recognised by name and look, or given; what could be several items is none."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from upheld.errors import Invalid
from upheld.gate.facts import Times, age_of, fact
from upheld.gate.mapping import map_columns
from upheld.gate.regions import region_of
from upheld.policy.terms import Vocabulary

ITEMS = ("order.name", "order.billing address", "order.shipping address", "order.email", "order.phone", "newsletter.email", "web.pages")
WORDS = Vocabulary(purposes=("marketing.post",), items=ITEMS, topics=())
LOOKS = {
    "Email": "a@x.example", "E-Mail Address": "a@x.example", "first": "Ann", "First Name": "Ann", "lastName": "Lee", "surname": "Lee",
    "Street": "1 Oak St", "address": "1 Oak St", "ZIP": "02139", "postcode": "SW1A 1AA", "State": "CA", "country": "Germany",
    "phone": "555-0100", "DOB": "2001-02-03", "age": "34", "customer id": "77", "collected_at": "2026-01-02", "shipping_zip": "02139",
}  # fmt: skip


def mapped(*columns, given=(), source=None, **values):
    samples = [[values.get(column, LOOKS.get(column, "x"))] for column in columns]
    return map_columns(columns, samples, WORDS, given, source)


@pytest.mark.parametrize(
    ("column", "role"),
    [
        ("Email", "email"), ("E-Mail Address", "email"), ("first", "first"), ("First Name", "first"), ("lastName", "last"),
        ("surname", "last"), ("Street", "address"), ("ZIP", "zip"), ("postcode", "zip"), ("State", "state"), ("country", "country"),
        ("phone", "phone"), ("DOB", "birth date"), ("age", "age"), ("customer id", "account"), ("collected_at", "collected"),
        ("shipping_zip", "zip"),
    ],
)  # fmt: skip
def test_a_column_is_recognised_by_its_name_if_its_values_agree(column, role):
    assert mapped(column).columns[0].role == role


def test_a_name_that_its_values_belie_recognises_nothing():
    assert mapped("Email", Email="not an address").columns[0].role is None
    assert mapped("age", age="last year").columns[0].role is None


def test_an_address_is_recognised_by_its_look_where_no_name_says_so():
    assert mapped("column1", column1="a@x.example").columns[0].role == "email"


def test_the_item_is_the_only_one_that_fits():
    assert mapped("phone").columns[0].item == "order.phone"
    assert mapped("first").columns[0].item == "order.name"
    assert mapped("order_email").columns[0].item == "order.email"
    assert mapped("shipping_address").columns[0].item == "order.shipping address"


def test_what_could_be_several_items_is_none_and_says_how_to_choose():
    column = mapped("Email").columns[0]
    assert column.item is None
    assert "`order.email` or `newsletter.email`" in column.why
    assert mapped("Email", source="order").columns[0].item == "order.email"
    assert mapped("Email", given=("Email=newsletter.email",)).columns[0].item == "newsletter.email"


def test_what_was_said_of_the_street_holds_for_the_zip():
    found = mapped("Street", "ZIP", given=("Street=order.shipping address",))
    assert [column.item for column in found.columns] == ["order.shipping address"] * 2


def test_a_role_or_nothing_can_be_given():
    found = mapped("x", "first", given=("x=zip", "first=nothing"))
    assert (found.columns[0].role, found.columns[1].role, found.columns[1].item) == ("zip", None, None)


@pytest.mark.parametrize(
    ("given", "words"),
    [(("nme=zip",), "no column `nme`"), (("first",), "not understood"), (("first=order.nam",), "did you mean `order.name`")],
)
def test_what_was_given_wrongly_is_refused_with_a_suggestion(given, words):
    with pytest.raises(Invalid, match=words):
        mapped("first", given=given)


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        (("Email",), True),
        (("first", "surname", "Street", "ZIP"), True),
        (("first", "surname", "Street"), False),
        (("phone",), True),
        ((), False),
    ],
)
def test_a_list_needs_an_identifier(columns, named):
    found = mapped(*columns, "web.pages")
    if named:
        found.demand_identifier("list")
    else:
        with pytest.raises(Invalid, match="tells whom a row is about"):
            found.demand_identifier("list")


@pytest.mark.parametrize(
    ("said", "region"),
    [
        ({"state": "CA"}, "us-ca"), ({"state": "california", "country": "USA"}, "us-ca"), ({"country": "Germany"}, "de"),
        ({"country": "Canada", "state": "ON"}, "ca"), ({"country": "Atlantis", "state": "CA"}, None), ({"region": "EU"}, "eu"),
        ({"region": "us-ny"}, "us-ny"), ({"state": "zz"}, None), ({"state": "", "country": "US"}, "us"), ({}, None),
        ({"region": "anywhere"}, None), ({"region": "France"}, "fr"),
    ],
)  # fmt: skip
def test_a_place_is_read_or_unknown(said, region):
    assert region_of(said.get("region"), said.get("country"), said.get("state")) == region


TODAY = date(2026, 11, 22)
TIMES = Times(TODAY, (("1", datetime(2025, 1, 1, tzinfo=UTC)), ("2", datetime(2026, 1, 1, tzinfo=UTC))), ("order", "newsletter"))


@pytest.mark.parametrize(
    ("age", "born", "years"),
    [("34", "", 34), ("", "2013-11-22", 13), ("", "2013-11-23", 12), ("40", "2014-01-01", 12), ("", "2030-01-01", None), ("x", "?", None)],
)
def test_an_age_is_the_youngest_that_the_row_says(age, born, years):
    assert age_of(age, born, TODAY) == years


@pytest.mark.parametrize(
    ("version", "collected", "since"),
    [("2", "", "2"), ("9", "", None), ("", "2025-06-01", "1"), ("", "2026-06-01", "2"), ("", "2024-01-01", None), ("1", "2026-06-01", "1")],
)
def test_items_stand_under_the_version_of_their_day(version, collected, since):
    said = fact("origin", {"version": version, "collected": collected}, TIMES)
    assert said == ({"since": dict.fromkeys(TIMES.sources, since)} if since else {})
