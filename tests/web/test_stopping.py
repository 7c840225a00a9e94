"""Being taken off every list by a page: what is enough, what holds at once, and what the link shows until the proof."""

from __future__ import annotations

import pytest

from tests.houses import NOW, later
from tests.web import sites
from tests.web.reading import words
from upheld.choices.queries import AsOf, standing
from upheld.people.identifiers import Email, Postal
from upheld.people.queries import find
from upheld.record import Actor
from upheld.requests import queries

TOPICS = ("newsletter", "post", "calls", "sharing", "suggestions")
JANE = {"first": "Jane", "last": "Doe", "address": "5 Oak Street", "zip": "60601"}


def choices_of(shop, *identifiers):
    with shop.record.reading() as conn:
        (person,) = find(conn, shop.keeper.keys, identifiers)
        return standing(conn, person, TOPICS, AsOf(NOW)).choices


def requests_of(shop):
    with shop.record.reading() as conn:
        return queries.listed(conn, ("needs more", "working", "to review", "failed", "complete"))


@pytest.mark.parametrize(
    ("given", "identifier"),
    [({"email": "jane.doe@mail.example"}, Email("jane.doe@mail.example")), (JANE, Postal("Jane", "Doe", "5 Oak St.", "60601"))],
)
def test_either_way_is_enough_and_it_holds_from_that_moment_on(shop, centre, given, identifier):
    answer = centre.post("/stop", given)
    assert answer.status_code == 302
    assert choices_of(shop, identifier) == dict.fromkeys(TOPICS, "out")
    (request,) = requests_of(shop)
    assert (request.channel, request.topics, request.state) == ("web", TOPICS, "working")
    page = words(centre.get(answer["Location"]))
    assert "You are off our lists as of now" in page
    assert "Everywhere by May" in page


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "Give an e-mail address, or your name, address and zip code"),
        ({"email": "jane at mail"}, "This is not an e-mail address"),
        (JANE | {"zip": ""}, "This is needed too"),
        ({"first": "Jane"}, "This is needed too"),
        ({"email": "x" * 300 + "@mail.example"}, "at most 254 characters"),
    ],
)
def test_too_little_is_said_beside_the_form_and_nothing_is_kept(shop, centre, given, says):
    answer = centre.post("/stop", given)
    assert answer.status_code == 400
    assert says in words(answer, status=400)
    assert requests_of(shop) == ()
    assert centre.post("/stop", JANE).status_code == 302  # the same client, whole


def test_the_words_on_the_button_are_kept_with_the_choice(shop, centre):
    centre.post("/stop", {"email": "jane.doe@mail.example"})
    from upheld.choices.queries import history

    with shop.record.reading() as conn:
        (person,) = find(conn, shop.keeper.keys, [Email("jane.doe@mail.example")])
        assert {choice.words for choice in history(conn, person)} == {"Take me off every list"}


def test_the_link_says_at_the_end_what_was_done_where(shop, centre, clock, tmp_path):
    from tests.requests.offices import World

    world = World(shop, tmp_path)
    world.put("crm")
    link = centre.post("/stop", {"email": "jane.doe@mail.example"})["Location"]
    world.work()
    clock.now = later(minutes=1)
    (request,) = requests_of(shop)
    assert request.state == "complete"
    page = words(centre.get(link))
    assert "You are off our lists" in page
    assert "Done and proven" in page
    assert "crm, customers one record stopped" in page
    assert "You asked us on 2026-05-04 to stop" in page
    assert "to be said or written" not in page  # a note for a clerk
    assert "jane" not in page.lower()


def test_who_stopped_one_topic_is_told_that_it_was_stopped_and_not_that_they_are_off_every_list(shop, centre, clock, tmp_path):
    from tests.requests.offices import World

    world = World(shop, tmp_path)
    world.put("crm")
    link = centre.post("/choices", {"email": "jane.doe@mail.example", "choice": "post:out"})["Location"]
    page = words(centre.get(link))
    assert "Stopped as of now: Offers by post" in page
    assert "You are off our lists" not in page
    assert "Nothing that we send" not in page
    world.work()
    page = words(centre.get(link))
    assert "Stopped: Offers by post Done and proven" in page
    assert "You are off our lists" not in page


def test_a_link_that_is_not_ours_is_a_page_that_is_not_here(centre):
    assert centre.get("/track/" + "x" * 32).status_code == 404
    link = centre.post("/stop", {"email": "jane.doe@mail.example"})["Location"]
    assert centre.get(link).status_code == 200
    assert centre.get(link[:-1]).status_code == 404


def test_a_late_request_says_so(shop, centre, clock):
    link = centre.post("/stop", {"email": "jane.doe@mail.example"})["Location"]
    assert "This is late" not in words(centre.get(link))
    clock.now = later(days=40)
    assert "This is late" in words(centre.get(link))


def test_no_value_of_a_person_is_in_an_address_or_the_log_or_the_sites_own_tables(shop, clock, caplog):
    with sites.over("centre", shop, clock) as client:
        visitor = client()
        seen = []
        for given in ({"email": "planted.person@mail.example"}, {**JANE, "last": "Planted"}):
            answer = visitor.post("/stop", given)
            seen.append(answer["Location"])
            visitor.get(answer["Location"])
        visitor.post("/stop", {"email": "planted.person@mail"})
        from django.db import connection

        with connection.cursor() as cursor:
            tables = connection.introspection.table_names(cursor)
            rows = [cursor.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables]
    assert "lanted" not in "".join(seen)
    assert "lanted" not in caplog.text
    assert len(tables) > 5
    assert "lanted" not in str(rows)
    assert b"lanted" not in shop.bytes()


def test_what_is_sent_very_often_from_one_network_is_put_off(centre):
    answers = [centre.post("/stop", {}).status_code for _ in range(31)]
    assert answers == [400] * 30 + [429]
    assert centre.get("/stop").status_code == 200
    assert centre.post("/stop", JANE, REMOTE_ADDR="203.0.113.9").status_code == 302


def test_the_actor_of_a_page_is_the_visitor(shop, centre):
    from upheld.ledger.queries import entries

    centre.post("/stop", {"email": "jane.doe@mail.example"})
    with shop.record.reading() as conn:
        actors = {entry.actor["id"] for entry in entries(conn, kind="request.received")}
        names = conn.exec_driver_sql("SELECT id, name FROM ledger_actor").all()
    assert [name for number, name in names if number in actors] == [Actor("visitor").name]


def test_who_says_where_they_live_has_that_regions_desk_and_clocks(shop, centre):
    assert centre.post("/stop", {"email": "jane.doe@mail.example", "region": "de"}).status_code == 302
    assert centre.post("/stop", {"email": "jim@mail.example"}).status_code == 302
    assert centre.post("/stop", {"email": "jim@mail.example", "region": "nowhere"}).status_code == 400
    german, other = sorted(requests_of(shop), key=lambda one: one.id)
    assert (german.desk, other.desk) == ("information security", "customer service")
    assert german.due_at < other.due_at
