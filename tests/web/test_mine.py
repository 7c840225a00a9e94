"""My information: proven by a code, fresh, complete as far as systems answer, and recorded."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from tests.houses import NOW, later
from tests.requests.offices import SCHEMA
from tests.web import sites
from tests.web.reading import tokens, words
from tests.web.test_choosing import choices_of

JANE = "jane.doe@mail.example"
MAP = """
[crm]
database = "sqlite:///crm.db"

[crm.columns]
customers.id = "key"
customers.mail = "order.email"
customers.fname = "first of order.name"
customers.lname = "last of order.name"
customers.street = "address of order.shipping address"
customers.zip = "zip of order.shipping address"
customers.phone = "order.phone"
customers.no_mail = "out of newsletter when 1"
customers.no_post = "out of post when 1"
"""


@pytest.fixture
def crm(shop):
    """A system with two customers; the map of the home describes it."""
    import sqlite3

    with sqlite3.connect(shop.home.path / "crm.db") as db:
        db.executescript(SCHEMA)
        rows = [
            (JANE.title(), "Jane", "Doe", "5 Oak Street", "60601", "+1 312 555 0142"),
            ("jon.doe@mail.example", "Jon", "Doe", "5 Oak Street", "60601", "+1 312 555 0143"),
        ]
        db.executemany("INSERT INTO customers (mail, fname, lname, street, zip, phone) VALUES (?, ?, ?, ?, ?, ?)", rows)
    (shop.home.path / "systems.toml").write_text(MAP)


def code_in(text):
    return re.search(r"\n([A-Z]{4} [A-Z]{4})\n", text)[1]


def sign_in(visitor, shop, email=JANE):
    assert visitor.post("/mine", {"email": email})["Location"] == "/mine/code"
    return visitor.post("/mine/code", {"code": code_in(tokens(shop.home.path)[-1][1])})


def test_whoever_proves_an_address_sees_the_records_that_hold_it_and_nobody_elses(shop, centre, crm):
    assert sign_in(centre, shop)["Location"] == "/mine"
    page = words(centre.get("/mine"))
    assert "crm, customers One record with your address" in page
    assert "Jane Doe, 5 Oak Street, 60601" in page
    assert "+1 312 555 0142" in page
    assert "Jon" not in page
    assert "order.shipping address collect.order collect.order" in page


@pytest.mark.parametrize("path", ["/mine", "/mine/copy?as=json"])
def test_without_a_proof_nothing_is_shown(shop, centre, crm, path):
    centre.post("/mine", {"email": JANE})
    answer = centre.get(path, follow=True)
    assert "Jane" not in answer.content.decode()
    sign_in(centre, shop)
    assert "Jane" in centre.get(path).content.decode()


def test_a_proof_holds_for_a_quarter_of_an_hour(shop, centre, crm, clock):
    sign_in(centre, shop)
    clock.now = later(minutes=15)
    assert "Jane" in centre.get("/mine").content.decode()
    clock.now = later(minutes=15, seconds=1)
    assert "Send me a code" in words(centre.get("/mine"))
    assert centre.get("/mine/copy?as=json").status_code == 302
    assert centre.post("/mine/choose", {"choice": "post:out"}).status_code == 302
    assert choices_of(shop, JANE) is None


def test_a_code_is_good_for_three_tries_and_ten_minutes(shop, centre, clock):
    centre.post("/mine", {"email": JANE})
    right = code_in(tokens(shop.home.path)[-1][1])
    for _ in range(2):
        assert centre.post("/mine/code", {"code": "BBBB BBBB"}).status_code == 400
    assert centre.post("/mine/code", {"code": "BBBB BBBB"}).status_code == 302
    assert centre.post("/mine/code", {"code": right}).status_code == 302
    assert "Send me a code" in words(centre.get("/mine"))
    centre.post("/mine", {"email": JANE})
    fresh = code_in(tokens(shop.home.path)[-1][1])
    clock.now = later(minutes=10, seconds=1)
    assert centre.post("/mine/code", {"code": fresh})["Location"] == "/mine"
    assert "Send me a code" in words(centre.get("/mine"))


def test_a_code_may_be_typed_as_people_type(shop, centre):
    centre.post("/mine", {"email": JANE})
    code = code_in(tokens(shop.home.path)[-1][1])
    assert centre.post("/mine/code", {"code": f" {code.lower().replace(' ', '-')} "})["Location"] == "/mine"
    assert "Close and sign out" in words(centre.get("/mine"))


def test_another_browser_cannot_use_the_code(shop, clock):
    with sites.over("centre", shop, clock) as client:
        one, other = client(), client()
        one.post("/mine", {"email": JANE})
        code = code_in(tokens(shop.home.path)[-1][1])
        assert other.post("/mine/code", {"code": code})["Location"] == "/mine"
        assert "Send me a code" in words(other.get("/mine"))


def test_the_session_changes_its_name_with_the_proof_and_goes_with_signing_out(shop, centre):
    centre.post("/mine", {"email": JANE})
    before = centre.cookies["upheld-centre"].value
    centre.post("/mine/code", {"code": code_in(tokens(shop.home.path)[-1][1])})
    assert centre.cookies["upheld-centre"].value not in {"", before}
    centre.post("/mine/leave")
    assert "Send me a code" in words(centre.get("/mine"))


def test_choices_need_nothing_typed_and_hold_at_once(shop, centre):
    sign_in(centre, shop)
    assert centre.post("/mine/choose", {"choice": "sharing:in"})["Location"] == "/mine"
    assert choices_of(shop, JANE)["sharing"] == "in"
    centre.post("/mine/choose", {"choice": "sharing:out"})
    assert choices_of(shop, JANE)["sharing"] == "out"
    assert 'value="sharing:out" aria-describedby="topic-sharing" aria-pressed="true"' in centre.get("/mine").content.decode()
    assert centre.post("/mine/choose", {"choice": "sharing:perhaps"}).status_code == 404


def test_whoever_has_proven_an_address_types_none_at_the_choices(shop, centre, clock):
    sign_in(centre, shop)
    page = centre.get("/choices")
    assert 'type="email"' not in page.content.decode()
    assert f"For {JANE}, as you have proven." in words(page)
    assert centre.post("/choices", {"choice": "sharing:in", "email": "other@mail.example"})["Location"] == "/newsletter/confirmed"
    assert choices_of(shop, JANE)["sharing"] == "in"
    assert centre.post("/choices", {"choice": "sharing:out"})["Location"].startswith("/track/")
    assert choices_of(shop, JANE)["sharing"] == "out"
    assert choices_of(shop, "other@mail.example") is None
    clock.now = later(minutes=16)
    assert 'type="email"' in centre.get("/choices").content.decode()
    assert centre.post("/choices", {"choice": "sharing:in"}).status_code == 400


def test_the_newsletter_is_not_started_past_the_age_screen(shop, centre):
    sign_in(centre, shop)
    assert centre.post("/mine/choose", {"choice": "newsletter:in"})["Location"] == "/newsletter"
    assert choices_of(shop, JANE) is None


def test_a_signal_reaches_the_whole_person_once_they_are_known(shop, clock):
    with sites.over("centre", shop, clock) as client:
        visitor = client(headers={"sec-gpc": "1"})
        assert choices_of(shop, JANE) is None
        sign_in(visitor, shop)
        visitor.get("/mine")
    assert choices_of(shop, JANE)["sharing"] == "out"
    assert choices_of(shop, JANE)["newsletter"] == "unset"
    from upheld.requests import queries

    with shop.record.reading() as conn:
        assert [each.channel for each in queries.listed(conn, ("working",))] == ["signal"]


def test_a_copy_comes_in_three_forms_with_the_same_facts(shop, centre, crm):
    sign_in(centre, shop)
    centre.post("/mine/choose", {"choice": "sharing:in"})
    as_json, as_csv, as_html = (centre.get("/mine/copy", {"as": form}) for form in ("json", "csv", "html"))
    held = json.loads(as_json.content)
    rows = list(csv.DictReader(io.StringIO(as_csv.content.decode())))
    values = [JANE.title(), "+1 312 555 0142", "Jane Doe, 5 Oak Street, 60601"]
    assert [value for _, value in held["holdings"][0]["values"]] == values
    as_told = [values[0], f"'{values[1]}", values[2]]  # no spreadsheet takes it for a formula
    assert [row["value"] for row in rows if row["part"] == "value"] == as_told
    assert "Jane Doe, 5 Oak Street" in as_html.content.decode()
    assert [each["says"] for each in held["choices"]] == ["in"]
    assert all("attachment" in each["Content-Disposition"] for each in (as_json, as_csv, as_html))
    assert centre.get("/mine/copy", {"as": "exe"}).status_code == 404


def test_who_received_something_is_told_with_the_clause(shop, centre, tmp_path):
    from tests.houses import CLERK
    from upheld.gate.orders import Order, unwatched
    from upheld.gate.release import release

    path = tmp_path / "list.csv"
    path.write_text(f"email,first,last\n{JANE},Jane,Doe\n", encoding="utf-8")
    order = Order(str(path), purpose="ordering.contact", to="ourselves", source="quote", out=str(tmp_path / "out.csv"))
    assert release(shop.home, shop.record, order, lambda: NOW, CLERK, unwatched).released == 1
    sign_in(centre, shop)
    assert "ourselves May 4, 2026 quote.email, quote.name (ordering.contact) use.contact" in words(centre.get("/mine"))


def test_a_system_that_does_not_answer_is_named_and_the_rest_is_shown(shop, centre, crm):
    broken = MAP.replace("crm", "old")
    (shop.home.path / "systems.toml").write_text(MAP + broken)
    sign_in(centre, shop)
    page = words(centre.get("/mine"))
    assert "some systems did not answer. Please come back later. (old)" in page
    assert "Jane Doe" in page


def test_a_home_that_describes_no_system_says_so(shop, centre):
    sign_in(centre, shop)
    assert "Our systems are not described to this site yet" in words(centre.get("/mine"))


def test_each_showing_is_recorded_by_counts_alone(shop, centre, crm):
    from upheld.ledger.queries import entries

    sign_in(centre, shop)
    centre.get("/mine")
    with shop.record.reading() as conn:
        (entry,) = entries(conn, kind="rights.shown")
    assert entry.body == {"records": 1, "systems": 1, "silent": 0, "releases": 0}


def test_a_policy_that_shows_less_to_the_person_shows_less(shop, centre, crm, clock):
    text = sites.POLICY.read_text("utf-8").replace("version: 2026.1", "version: 2026.2")
    text = text.replace("allow rights to the person using any\n", "allow rights to the person using order.email\n")
    text = text.replace("always rights to the person\n", "")
    sites.post_policy(shop, text, at=later(minutes=1))
    clock.now = later(minutes=2)
    sign_in(centre, shop)
    page = words(centre.get("/mine"))
    assert JANE.title() in page
    assert "Oak Street" not in page
    assert "0142" not in page


def test_the_sites_own_tables_do_not_know_who_signed_in(shop, centre, crm):
    sign_in(centre, shop)
    centre.get("/mine")
    from django.db import connection

    with connection.cursor() as cursor:
        rows = [cursor.execute(f'SELECT * FROM "{table}"').fetchall() for table in connection.introspection.table_names(cursor)]
    assert "jane" not in str(rows).lower()


def test_an_address_changes_only_after_the_new_one_is_proven_and_the_old_one_is_told(shop, centre, crm):
    new = "jane@new.example"
    assert centre.get("/mine/address")["Location"] == "/mine"
    assert centre.get("/mine/address/code")["Location"] == "/mine"
    sign_in(centre, shop)
    assert words(centre.post("/mine/address", {"email": JANE}), status=400)
    assert "A new e-mail address" in words(centre.get("/mine/correct"))
    assert centre.get("/mine/address/code")["Location"] == "/mine/address"
    assert centre.post("/mine/address", {"email": new})["Location"] == "/mine/address/code"
    to, text = tokens(shop.home.path)[-1]
    assert new in to + text
    with shop.record.reading() as conn:
        before = ledger_kinds(conn)
    assert "not the code" in words(centre.post("/mine/address/code", {"code": "BBBB BBBB"}), status=400)
    assert JANE in words(centre.get("/mine"))
    with shop.record.reading() as conn:
        assert "address.moved" not in ledger_kinds(conn)[len(before) :]
    page = words(centre.post("/mine/address/code", {"code": code_in(text)}, follow=True))
    assert "You are known by your new address now" in page
    assert "E-mail address, in crm, customers" in page
    assert new in words(centre.get("/mine"))
    told = [letter.read_text("utf-8") for letter in (shop.home.path / "letters").glob("*.txt")]
    (warning,) = [letter for letter in told if "asked" in letter and "another one instead" in letter]
    assert f"To: {JANE}" in warning
    assert new not in warning


def ledger_kinds(conn):
    from upheld.ledger.queries import entries

    return [each.kind for each in entries(conn)]
