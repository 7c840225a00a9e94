"""Phone intake and requests at the console: a call from the first word to the confirmation, and all that a desk does afterwards."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import insert

from tests.requests.offices import JANE_ROW, World
from tests.web.reading import words
from upheld.ledger.queries import entries
from upheld.people.held import Held
from upheld.postings.queries import in_force
from upheld.record import Actor
from upheld.requests import drafts, queries
from upheld.requests.actions import Asked, acknowledge, receive
from upheld.requests.models import REQUEST_TOLD
from upheld.requests.reading import read

MAP = """\
[crm]
database = "sqlite:///{folder}/crm.db"

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
def world(shop, tmp_path, clock):
    """The shop's systems, with Jane in one of them, and an office that works."""
    made = World(shop, tmp_path, systems=("crm",))
    made.put("crm", JANE_ROW)
    (shop.home.path / "systems.toml").write_text(MAP.format(folder=tmp_path))
    return made


@pytest.fixture
def support(desk):
    return desk("support")


def kinds(shop):
    with shop.record.reading() as conn:
        return [each.kind for each in entries(conn)]


def asked(shop, now, given=None, **more):
    given = given or Held(email="jane.doe@mail.example")
    with shop.record.transaction() as tx:
        return receive(tx, shop.keeper, Asked(given, "phone", now, **more), in_force(tx, now), at=now, actor=Actor("clerk", "support"))


def open_request(browser, number, purpose="rights"):
    assert browser.post(f"/requests/{number}", {"purpose": purpose})["Location"] == f"/requests/{number}"
    return browser.get(f"/requests/{number}")


def call(browser, do, **given):
    return browser.post("/intake", {"do": do, **given})


def mark(answer):
    """What the page carries of the words that it looked for."""
    return re.search(r'name="looked" value="(\w+)"', answer.content.decode())[1]


def confirm(browser, **given):
    """Look, and confirm what was looked at."""
    return call(browser, "receive", **given, looked=mark(call(browser, "look", **given)))


def test_a_call_from_the_purpose_to_the_confirmation(support, shop, world):
    assert "What for?" in words(support.get("/intake"))
    assert support.post("/intake", {"purpose": "rights"})["Location"] == "/intake"
    page = words(support.get("/intake"))
    assert "What the caller says" in page
    assert "closed now opens Monday, 06:00" in page  # Monday noon in UTC is five in the morning there
    answer = call(support, "look", email="jane.doe@mail.example", call="c1")
    looked = words(answer)
    assert "1 record matches" in looked
    assert "crm, customers" in looked
    assert "e-mail address: the same" in looked
    assert "Oak Street" not in looked  # never a stored value
    assert kinds(shop)[-1] == "rights.looked"
    assert call(support, "receive", email="jane.doe@mail.example", call="c1", looked=mark(answer))["Location"] == "/intake/done"
    read_out = words(support.get("/intake/done"))
    assert "You are off our lists as of now" in read_out
    assert "Your number is 1" in read_out
    token = re.search(r"/track/(\S+)", read_out)[1]
    with shop.record.reading() as conn:
        assert queries.tracked(conn, token).request.channel == "phone"
    assert "What for?" in words(support.get("/intake"))  # the next call is another person


def test_the_page_of_a_request_says_beside_its_state_that_a_recipient_has_not_answered_or_refuses(support, shop, world, clock):
    number = asked(shop, clock()).request
    world.now = clock()
    world.work()
    with shop.record.transaction() as tx:
        tx.execute(insert(REQUEST_TOLD).values(id=1, request=number, recipient="gardens", releases=[], told_at=clock()))
    page = words(open_request(support, number))
    assert "gardens was told, and has not answered." in page.partition("Time left")[0]
    with shop.record.transaction() as tx:
        acknowledge(tx, number, "gardens", at=clock(), actor=Actor("clerk", "support"), refused=True)
    page = words(support.get(f"/requests/{number}"))
    assert "gardens was told, and refuses to stop." in page.partition("Time left")[0]
    assert "has not answered" not in page


def test_a_form_that_is_sent_twice_is_one_request(support, shop, world):
    support.post("/intake", {"purpose": "rights"})
    confirm(support, email="jane.doe@mail.example", call="c7")
    support.post("/intake", {"purpose": "rights"})
    confirm(support, email="jane.doe@mail.example", call="c7")
    assert "Your number is 1" in words(support.get("/intake/done"))
    with shop.record.reading() as conn:
        assert len(queries.listed(conn, ("working",))) == 1


def test_only_what_was_looked_at_is_received_and_anything_else_is_looked_at_instead(support, shop, world):
    support.post("/intake", {"purpose": "rights"})
    first = mark(call(support, "look", email="max.reed@mail.example", call="c1"))
    for said in ({"looked": first}, {}, {"looked": "x"}):
        answer = call(support, "receive", email="jane.doe@mail.example", call="c1", **said)
        page = words(answer)
        assert "Nothing was received: what stands below was not looked at before" in page
        assert "1 record matches" in page
        assert "request.received" not in kinds(shop)
    assert call(support, "receive", email="jane.doe@mail.example", call="c2", looked=mark(answer)).status_code == 200  # another call
    assert call(support, "receive", email="jane.doe@mail.example", call="c1", looked=mark(answer))["Location"] == "/intake/done"
    assert "request.received" in kinds(shop)


def test_enter_in_a_field_looks_before_and_after_the_first_look(support, shop, world):
    support.post("/intake", {"purpose": "rights"})
    for answer in (support.get("/intake"), call(support, "look", email="jane.doe@mail.example")):
        first = re.search(r"<button[^>]*>", answer.content.decode().partition("<main")[2])[0]  # which Enter presses
        assert 'value="look"' in first


def test_what_is_missing_is_said_and_nothing_is_searched(support, shop, world):
    support.post("/intake", {"purpose": "rights"})
    looked = words(call(support, "look", first="Jane", last="Doe", address="5 Oak Street"))
    assert "ask for the zip code" in looked
    assert "rights.looked" not in kinds(shop)
    confirm(support, first="Jane", last="Doe", address="5 Oak Street")
    assert "cannot find you by it yet" in words(support.get("/intake/done"))


def test_a_caller_may_stop_only_some_of_it(support, shop, world):
    support.post("/intake", {"purpose": "rights"})
    confirm(support, email="jane.doe@mail.example", topics=["post"], region="us-ca")
    with shop.record.reading() as conn:
        found = queries.request(conn, 1)
    assert (found.topics, found.region) == (("post",), "us-ca")
    read_out = words(support.get("/intake/done"))
    assert "This is stopped as of now, and nothing else: Offers by post." in read_out
    assert "You are off our lists" not in read_out


def test_a_system_that_is_silent_is_named(support, shop, world, tmp_path):
    (tmp_path / "crm.db").unlink()
    support.post("/intake", {"purpose": "rights"})
    assert "do not answer now" in words(call(support, "look", email="jane.doe@mail.example"))


def test_the_queue_shows_the_most_urgent_first_with_clocks_in_words(support, shop, clock):
    assert "Nothing is open" in words(support.get("/requests"))
    asked(shop, clock())
    asked(shop, clock(), Held(first="Jane"))
    page = words(support.get("/requests"))
    assert "2 requests" in page
    assert re.search(r"1 \d+ (days|hours) left .*Under way.* 2 no clock Needs more", page)
    assert "1 request," in words(support.get("/requests?state=needs+more"))
    assert "None is so" in words(support.get("/requests?state=failed"))
    with shop.record.reading() as conn:
        due = queries.request(conn, 1).due_at
    clock.now = due.replace(year=due.year + 1)
    assert "late by 365 days" in words(support.get("/requests"))


def test_a_finished_request_shows_the_day_of_its_end_and_not_the_day_it_was_due(support, shop, world, clock):
    asked(shop, clock())
    world.work()
    with shop.record.reading() as conn:
        found = queries.request(conn, 1)
        assert found.state == "complete"
        assert found.due_at.month != clock().month or found.due_at.day != clock().day  # or this test shows nothing
        assert queries.ended(conn, [found]) == {1: clock()}
    assert re.search(r"done May 4, 2026 Complete", words(support.get("/requests?state=complete")))
    assert re.search(r"done May 4, 2026 Complete", words(support.post("/requests/search", {"what": "jane.doe@mail.example"})))
    assert re.search(r"Time left done May 4, 2026", words(open_request(support, 1)))


def test_a_search_is_by_number_or_by_what_somebody_says_and_is_a_reading(support, shop, clock):
    asked(shop, clock())
    assert support.post("/requests/search", {"what": "1"})["Location"] == "/requests/1"
    before = kinds(shop).count("staff.read")
    assert "Requests of this person" in words(support.post("/requests/search", {"what": "Jane.Doe@mail.example"}))
    assert "No request of such a person" in words(support.post("/requests/search", {"what": "+1 312 555 0199"}))
    assert kinds(shop).count("staff.read") == before + 2
    assert support.get("/requests/search").status_code == 405


def test_a_request_asks_for_the_purpose_and_then_shows_all_that_happened(support, shop, clock, world):
    asked(shop, clock())
    world.work()
    assert "What for?" in words(support.get("/requests/1"))
    page = words(open_request(support, 1))
    assert "crm, customers stopped 1" in page
    assert "What happened" in page
    assert "jane" not in page.lower()
    assert "late" not in page
    assert kinds(shop).count("staff.read") == 1


def test_notes_hand_over_and_retries_are_one_button_each(support, shop, clock, world, tmp_path):
    (tmp_path / "crm.db").rename(tmp_path / "away.db")
    asked(shop, clock())
    world.work()
    page = words(open_request(support, 1))
    assert "What is not done yet" in page
    (tmp_path / "away.db").rename(tmp_path / "crm.db")
    assert "is tried again" in words(support.post("/requests/1/retry", follow=True)).replace("steps are", "step is")
    world.work()
    assert world.places(1)["crm.customers"] == "stopped"
    assert "Calls back on Monday" in words(support.post("/requests/1/note", {"text": "Calls back on Monday"}, follow=True))
    desks = re.findall(r"<option>([^<]+)</option>", support.get("/requests/1").content.decode().partition("Hand over")[2])
    page = words(support.post("/requests/1/desk", {"desk": desks[0]}, follow=True))
    assert f"{desks[0]} has it from now on" in page
    assert "a note has 1 to 4000 characters" in words(support.post("/requests/1/note", {"text": " "}), status=400)
    assert {"request.noted", "request.handed_over", "request.retried"} <= set(kinds(shop))


def test_what_may_be_the_callers_is_shown_with_what_keeps_it_from_being_sure(support, shop, world):
    support.post("/intake", {"purpose": "rights"})
    looked = words(call(support, "look", first="Janet", last="Doe", address="5 Oak St", zip="60601"))
    assert "may be theirs" in looked
    assert "a first name that is alike, but another" in looked
    assert "0142" not in looked
    assert "jane.doe@mail.example" not in looked


def test_a_doubtful_record_stands_beside_what_was_given_and_never_shows_its_own(support, shop, clock, world):
    asked(shop, clock(), Held(first="Janet", last="Doe", address="5 Oak Street", zip="60601"))
    world.work()
    page = words(open_request(support, 1))
    assert "In doubt for: a first name that is alike, but another" in page
    assert "first name Janet alike, yet another name" in page
    assert "zip code 60601 the same" in page
    assert "jane.doe@mail.example" not in page
    assert "0142" not in page
    assert "to be asked" in words(support.post("/requests/1/judge", {"record": 1, "decision": "ask"}, follow=True))
    assert "It stays as it is" in words(support.post("/requests/1/judge", {"record": 1, "decision": "different"}, follow=True))
    assert words(support.post("/requests/1/judge", {"record": 1, "decision": "same"}), status=409)
    assert words(support.post("/requests/1/judge", {"record": 99, "decision": "same"}), status=404)
    assert kinds(shop).count("request.judged") == 2


def test_a_draft_is_read_completed_or_taken_back(support, shop, clock):
    for number, text in enumerate(("Please remove me.", "Please take me off.")):
        letter = read(f"From: eva{number}@mail.example\nSubject: Stop\nMessage-ID: <{number}@mail.example>\n\n{text}\n".encode())
        with shop.record.transaction() as tx:
            drafts.draft(tx, shop.keeper, letter, in_force(tx, clock()), at=clock(), actor=Actor("clerk"))
    page = words(open_request(support, 1))
    assert "Please remove me." in page
    assert "It holds as of now" in words(support.post("/requests/1/complete", {"email": "eva0@mail.example"}, follow=True))
    open_request(support, 2)
    assert "It is taken back" in words(support.post("/requests/2/withdraw", follow=True))
    with shop.record.reading() as conn:
        assert [queries.request(conn, number).state for number in (1, 2)] == ["working", "withdrawn"]


@pytest.mark.parametrize("path", ["/intake", "/requests", "/requests/1", "/requests/search"])
def test_staff_whose_role_may_not_ask_for_rights_see_none_of_it(desk, shop, clock, path):
    asked(shop, clock())
    browser = desk("marketing")
    answer = browser.post(path) if path.endswith("search") else browser.get(path)
    assert "`marketing` staff may not ask for `rights`" in words(answer, status=403)
    assert "Phone intake" not in browser.get("/").content.decode()


def test_a_button_without_its_token_changes_nothing(desk, shop, clock):
    asked(shop, clock())
    browser = desk("support", enforce_csrf_checks=True)
    assert browser.post("/requests/1/note", {"text": "x"}).status_code == 403
    assert "request.noted" not in kinds(shop)
