"""Pairs of records at the console: judged by comparisons in words, and nothing of anybody is shown."""

from __future__ import annotations

import re
import sqlite3
from functools import partial

import pytest

from tests.requests.conftest import CRM, MAP
from tests.web.reading import words
from upheld.ledger.queries import entries
from upheld.requests.pairs import decided
from upheld.systems.indexing import refresh
from upheld.systems.opening import open_system
from upheld.systems.reading import read_map

ROWS = (
    ("rm@mail.example", "Robert", "Morrison", "108 Deer Trail", "24028"),
    ("", "Robert", "Morrison", "108 Deer Trail", "24028"),
    ("", "Bob", "Morrison", "108 Deer Trail", "24028"),
)


@pytest.fixture
def crm(shop, clock):
    """A system in which three records bear one name, and the index of the night."""
    (shop.home.path / "systems.toml").write_text(MAP)
    with sqlite3.connect(shop.home.path / "crm.db") as db:
        db.execute(CRM)
        db.executemany("INSERT INTO customers (email, first, last, street, zip) VALUES (?, ?, ?, ?, ?)", ROWS)
    index(shop, clock)
    return db


def index(shop, clock):
    refresh(shop.home, read_map(shop.home.path / "systems.toml"), partial(open_system, home=shop.home), clock())


def names(browser):
    return re.findall(r'name="pair" value="([^"]+)"', browser.get("/pairs").content.decode())


def kept(shop):
    with shop.record.reading() as conn:
        return sorted(decided(conn).values()), [each.body["decision"] for each in entries(conn, kind="rights.paired")]


def test_a_pair_is_shown_by_places_and_comparisons_and_joined_or_kept_apart(crm, console, shop):
    page = words(console.get("/pairs"))
    assert "crm.customers and crm.customers" in page
    assert "first name" in page
    for stored in ("Morrison", "Robert", "Bob", "Deer", "24028", "rm@"):
        assert stored not in page
    shown = names(console)
    assert len(shown) >= 2
    assert console.post("/pairs/judge", {"pair": shown[0], "decision": "same"})["Location"] == "/pairs"
    assert "One person: whoever is taken off by one of the two is taken off by both" in words(console.get("/pairs"))
    console.post("/pairs/judge", {"pair": shown[1], "decision": "different"})
    assert kept(shop) == ([False, True], ["same", "different"])
    assert names(console) == shown[2:]
    assert "One person or two?" in words(console.get("/requests"))


def test_what_was_made_anew_since_is_not_decided(crm, console, shop, clock):
    (old, *_) = names(console)
    index(shop, clock)
    console.post("/pairs/judge", {"pair": old, "decision": "same"})
    assert "This pair is not proposed any more" in words(console.get("/pairs"))
    console.post("/pairs/judge", {"pair": "x" * 3000, "decision": "same"})
    assert console.post("/pairs/judge", {"pair": names(console)[0], "decision": "perhaps"}).status_code == 400
    assert kept(shop) == ([], [])


def test_without_an_index_or_with_a_system_that_is_silent_the_page_says_so(console, shop, crm):
    (shop.home.path / "crm.db").rename(shop.home.path / "away.db")
    page = words(console.get("/pairs"), status=503)
    assert "`crm` is not where the map says" in page
    (shop.home.path / "away.db").rename(shop.home.path / "crm.db")
    with sqlite3.connect(shop.home.path / "crm.db") as db:
        db.execute("DELETE FROM customers")
    assert "No pair is left to look at." in words(console.get("/pairs"))


def test_a_house_without_an_index_is_told_how_to_make_one(console):
    assert "There is no index yet: run `upheld systems index`" in words(console.get("/pairs"))


def test_only_those_who_may_ask_for_rights_see_pairs(crm, desk):
    assert desk("marketing").get("/pairs").status_code == 403
    assert desk("marketing", name="other@northgate.example").post("/pairs/judge", {"pair": "x", "decision": "same"}).status_code == 403
