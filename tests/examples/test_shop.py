"""The sample shop: real orders, people who do not exist."""

import csv

import pytest

from examples.shop import tables
from examples.shop.people import person


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    return folder, tables.write(folder)


def rows(folder, name):
    with (folder / name).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_every_customer_of_the_real_orders_has_one_made_up_person(shop):
    folder, counted = shop
    assert counted["order lines"] == 541_909
    customers = rows(folder, "customers.csv")
    assert len(customers) == len({row["customer number"] for row in customers}) == 4_372
    assert len({row["email"] for row in customers}) == len({row["phone"] for row in customers}) == 4_372


def test_nobody_can_be_reached(shop):
    for row in rows(shop[0], "customers.csv"):
        assert row["email"].isascii()
        assert row["email"].endswith(".example")
        assert " 555 01" in row["phone"]


def test_purchases_leave_out_what_was_cancelled():
    line = {"CustomerID": "12346.0", "Country": "France", "Description": "CUP", "InvoiceDate": "2011-01-18 10:00:00", "UnitPrice": "1.04"}
    bought = tables.customers([{**line, "InvoiceNo": "1", "Quantity": "2"}, {**line, "InvoiceNo": "C2", "Quantity": "-2"}])
    assert bought[12346].spent == 208
    assert bought[12346].products == {"CUP": 2}
    assert tables.customers([{**line, "CustomerID": ""}]) == {}


def test_a_person_is_always_the_same():
    assert person(12346, "France") == person(12346, "France") != person(12347, "France")


def test_those_who_called_are_customers_however_they_wrote_themselves(shop):
    folder, counted = shop
    known = {row["email"] for row in rows(folder, "customers.csv")} | {row["last name"] for row in rows(folder, "customers.csv")}
    stopped = rows(folder, "stopped.csv")
    assert counted["stopped.csv"] == len(stopped) > 300
    assert all((row["email"].lower() or row["last name"].strip()) in known for row in stopped)
