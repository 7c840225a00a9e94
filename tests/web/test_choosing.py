"""Choices by page: one step each way, the link in a mail, the browser's signal."""

from __future__ import annotations

import re

import pytest

from tests.houses import NOW, later
from tests.web import sites
from tests.web.reading import tokens, words
from upheld.choices.queries import AsOf, standing
from upheld.messages import links
from upheld.people.identifiers import Email
from upheld.people.queries import find
from upheld.requests import queries

ANN = "ann.frost@mail.example"
TOPICS = ("newsletter", "post", "calls", "sharing", "suggestions")


def choices_of(shop, email=ANN):
    with shop.record.reading() as conn:
        people = find(conn, shop.keeper.keys, [Email(email)])
        return standing(conn, *people, TOPICS, AsOf(NOW)).choices if people else None


def link_in(text):
    return re.search(r"http://centre\.localhost:8100(\S+)", text)[1]


def test_every_topic_has_one_button_to_stop_and_one_to_start(centre):
    page = centre.get("/choices").content.decode()
    for topic in TOPICS:
        assert page.count(f'value="{topic}:out"') == page.count(f'value="{topic}:in"') == 1


def test_enter_in_the_field_chooses_nothing_and_the_page_says_what_to_do(shop, centre):
    first = re.search(r"<button[^>]*>", centre.get("/choices").content.decode().partition("<main")[2])[0]  # which Enter presses
    assert "name=" not in first
    for said in ({}, {"choice": ""}, {"choice": "newsletter"}):
        page = words(centre.post("/choices", {"email": ANN, **said}), status=400)
        assert "Please look at this once more Choose one of the buttons." in page
    assert choices_of(shop) is None


def test_a_stop_holds_at_once_and_for_that_topic_alone(shop, centre):
    answer = centre.post("/choices", {"email": ANN, "choice": "post:out"})
    assert answer["Location"].startswith("/track/")
    assert choices_of(shop) == dict.fromkeys(TOPICS, "unset") | {"post": "out"}
    assert "Stops Offers by post" in words(centre.get(answer["Location"]))


def test_a_start_is_confirmed_by_a_click_in_a_mail_and_before_that_nothing_is_kept(shop, centre, clock):
    before = shop.bytes()
    answer = centre.post("/choices", {"email": ANN, "choice": "sharing:in"})
    assert answer["Location"] == "/newsletter/sent"
    assert choices_of(shop) is None
    ((to, text),) = tokens(shop.home.path)
    assert to == ANN
    link = link_in(text)
    assert "frost" not in link
    clock.now = later(minutes=5)
    page = words(centre.get(link))
    assert "Start: Giving your name and address to other companies" in page
    assert choices_of(shop) is None
    assert len(before) <= len(shop.bytes())
    assert centre.post(link).status_code == 302
    assert choices_of(shop) == dict.fromkeys(TOPICS, "unset") | {"sharing": "in"}


def test_an_old_link_never_overrules_a_later_no(shop, centre, clock):
    centre.post("/choices", {"email": ANN, "choice": "sharing:in"})
    link = link_in(tokens(shop.home.path)[0][1])
    clock.now = later(minutes=5)
    assert centre.post(link).status_code == 302
    clock.now = later(minutes=6)
    centre.post("/choices", {"email": ANN, "choice": "sharing:out"})
    clock.now = later(minutes=7)
    page = words(centre.post(link), status=409)
    assert "After it was asked for, it was stopped, and the later word holds." in page
    assert "Ask for it anew" in page
    assert choices_of(shop)["sharing"] == "out"


def test_a_link_that_is_too_old_says_so_and_what_to_do(shop, centre, clock):
    centre.post("/choices", {"email": ANN, "choice": "sharing:in"})
    link = link_in(tokens(shop.home.path)[0][1])
    clock.now = later(days=8)
    for answer in (centre.get(link), centre.post(link)):
        page = words(answer, status=409)
        assert "It was good for a week, and that is over." in page
        assert 'href="/choices"' in answer.content.decode().partition("<main")[2]
    assert choices_of(shop) is None


def test_a_link_clicked_twice_says_yes_once(shop, centre, clock):
    centre.post("/choices", {"email": ANN, "choice": "sharing:in"})
    link = link_in(tokens(shop.home.path)[0][1])
    assert [centre.post(link).status_code for _ in range(2)] == [302, 302]
    from upheld.choices.queries import history

    with shop.record.reading() as conn:
        (person,) = find(conn, shop.keeper.keys, [Email(ANN)])
        assert len(history(conn, person)) == 1


def test_a_link_is_good_for_a_week(shop, centre, clock):
    centre.post("/choices", {"email": ANN, "choice": "sharing:in"})
    link = link_in(tokens(shop.home.path)[0][1])
    clock.now = later(days=7)
    assert centre.get(link).status_code == 200
    clock.now = later(days=7, seconds=1)
    assert centre.get(link).status_code == 409


def test_one_address_is_not_flooded_with_links_by_whoever_asks(shop, centre):
    for number in range(5):
        centre.post("/choices", {"email": ANN, "choice": "sharing:in"}, REMOTE_ADDR=f"203.0.{number}.1")
    assert len(tokens(shop.home.path)) == 3


@pytest.mark.parametrize(("choice", "status"), [("post:maybe", 400), ("", 400), ("no-such-topic:out", 404)])
def test_a_choice_that_the_page_does_not_offer_changes_nothing(shop, centre, choice, status):
    assert centre.post("/choices", {"email": ANN, "choice": choice}).status_code == status
    assert choices_of(shop) is None


def test_a_mail_program_stops_with_one_post_without_cookies_or_token_of_a_form(shop, clock):
    token = links.unsubscribe(shop.home, ANN, "newsletter", NOW)
    clock.now = later(days=900)
    with sites.over("centre", shop, clock) as client:
        program = client(enforce_csrf_checks=True)
        answer = program.post(f"/unsubscribe/{token}", "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 200
        assert choices_of(shop)["newsletter"] == "out"
        assert program.post(f"/unsubscribe/{token}").status_code == 200
    with shop.record.reading() as conn:
        (request,) = queries.listed(conn, ("working",))
    assert (request.channel, request.topics) == ("email", ("newsletter",))


def test_to_look_at_the_unsubscribe_page_changes_nothing(shop, centre):
    token = links.unsubscribe(shop.home, ANN, "newsletter", NOW)
    assert "Offers and news by e-mail" in words(centre.get(f"/unsubscribe/{token}"))
    assert choices_of(shop) is None


def test_a_link_of_one_kind_is_none_of_another(shop, centre):
    token = links.unsubscribe(shop.home, ANN, "newsletter", NOW)
    assert centre.post(f"/confirm/{token}").status_code == 404
    assert centre.post("/unsubscribe/" + token[:-2] + "AA").status_code == 404
    assert centre.post("/unsubscribe/é").status_code == 404
    assert choices_of(shop) is None


def test_the_site_says_to_machines_that_it_honours_the_signal(centre):
    answer = centre.get("/.well-known/gpc.json")
    assert answer.json() == {"gpc": True, "lastUpdate": "2026-05-04"}
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["/", "/policy", "/stop", "/choices", "/newsletter", "/contact", "/sites", "/no-such-page"])
def test_the_signal_is_shown_on_every_page_without_a_question(centre, path):
    heard = centre.get(path, headers={"sec-gpc": "1"}).content.decode()
    assert heard.count("Opt-out request honoured") == 1
    assert "Opt-out request honoured" not in centre.get(path).content.decode()
