"""The first page of the console: charts of what is in the record, as of now."""

from __future__ import annotations

import re

from tests.houses import CLERK, NOW, later
from tests.web.reading import words
from upheld.choices.actions import Said, record
from upheld.people.held import Held
from upheld.people.identifiers import Email
from upheld.postings.queries import in_force
from upheld.requests.actions import Asked, receive


def table(answer, name):
    """The rows of a chart's table: label and numbers."""
    figure = answer.content.decode().partition(f'<figure class="chart" id="{name}"')[2].partition("</figure>")[0]
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", figure, re.DOTALL)
    return {label: [int(number.replace(",", "")) for number in re.findall(r'class="number">([\d,]+)<', cells)] for label, cells in rows}


def out(house, email, at):
    with house.record.transaction() as tx:
        record(tx, house.keeper, Said((Email(email),), "sharing", "out", at, "web"), ("sharing",), at=at, actor=CLERK)


def test_an_empty_record_says_what_to_do_first(console):
    page = words(console.get("/"))
    assert "Nothing has happened yet" in page
    assert page.count("Nothing yet.") == 4


def test_requests_are_counted_by_state_and_age(console, shop, clock):
    for number, days in enumerate((0, 3, 9, 20, 40)):
        at = later(days=days)
        with shop.record.transaction() as tx:
            asked = Asked(Held(email=f"p{number}@mail.example"), "phone", at)
            receive(tx, shop.keeper, asked, in_force(tx, at), at=at, actor=CLERK)
    clock.now = later(days=41)
    found = console.get("/")
    assert "Nothing has happened yet" not in words(found)
    assert table(found, "requests")["working"] == [1, 0, 1, 3]
    assert table(found, "requests")["to review"] == [0, 0, 0, 0]


def test_opt_outs_are_people_by_the_week_in_which_they_said_so(console, shop, clock):
    out(shop, "a@mail.example", NOW)  # a Monday
    out(shop, "a@mail.example", later(days=1))
    out(shop, "b@mail.example", later(days=6))
    out(shop, "c@mail.example", later(days=7))
    clock.now = later(days=8)
    assert list(table(console.get("/"), "opt-outs").values())[-3:] == [[0], [2], [1]]
    assert list(table(console.get("/"), "opt-outs"))[-2:] == ["May 4", "May 11"]
