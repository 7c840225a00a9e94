"""Signing up for the newsletter: the age screen, the yes, the link; and that nothing is kept of a child."""

from __future__ import annotations

import re

import pytest

from tests.houses import NOW, later
from tests.web import sites
from tests.web.reading import tokens, words
from tests.web.test_choosing import choices_of, link_in
from tests.web.test_mine import sign_in

ANN = "ann.frost@mail.example"
ADULT = {"day": "4", "month": "5", "year": "1990"}
TURNS_13_TODAY = {"day": "4", "month": "5", "year": "2013"}
TURNS_13_TOMORROW = {"day": "5", "month": "5", "year": "2013"}
YES = {"email": ANN, "yes": "on"}


def rows(shop):
    from upheld.record import METADATA

    with shop.record.reading() as conn:
        return {table.name: conn.execute(table.select()).all() for table in METADATA.sorted_tables}


def test_whoever_is_old_enough_signs_up_in_two_steps_with_the_words_kept(shop, centre, clock):
    assert "When were you born?" in words(centre.get("/newsletter"))
    assert centre.post("/newsletter", ADULT)["Location"] == "/newsletter"
    page = centre.get("/newsletter").content.decode()
    assert "checked" not in page
    assert centre.post("/newsletter", YES)["Location"] == "/newsletter/sent"
    assert choices_of(shop) is None
    ((to, text),) = tokens(shop.home.path)
    assert to == ANN
    clock.now = later(hours=1)
    assert centre.post(link_in(text)).status_code == 302
    assert choices_of(shop)["newsletter"] == "in"
    from upheld.choices.queries import history
    from upheld.people.identifiers import Email
    from upheld.people.queries import find

    with shop.record.reading() as conn:
        (choice,) = history(conn, *find(conn, shop.keeper.keys, [Email(ANN)]))
    assert choice.words.startswith("Yes, send me offers and news by e-mail")
    assert (choice.version, choice.how) == ("2026.1", "web")


def test_the_screen_has_no_hint_at_the_wanted_answer(centre):
    page = words(centre.get("/newsletter"))
    assert "13" not in page
    assert "child" not in page.lower()
    assert "old enough" not in page.lower()


@pytest.mark.parametrize(("born", "passes"), [(TURNS_13_TODAY, True), (TURNS_13_TOMORROW, False)])
def test_the_thirteenth_birthday_decides(centre, born, passes):
    centre.post("/newsletter", born)
    assert ("Sign up" in words(centre.get("/newsletter"))) is passes


def test_a_child_gets_no_second_try_and_nothing_is_kept(shop, centre):
    before = rows(shop)
    centre.post("/newsletter", TURNS_13_TOMORROW)
    for _ in range(2):
        assert "We kept nothing of what you entered" in words(centre.post("/newsletter", ADULT))
    assert "We kept nothing" in words(centre.post("/newsletter", YES))
    assert tokens(shop.home.path) == []
    assert rows(shop) == before
    assert set(centre.session.keys()) == {"age screen"}


@pytest.mark.parametrize(
    "born", [{}, {"day": "31", "month": "2", "year": "1990"}, {"day": "1", "month": "1", "year": "2026"}, {"day": "x"}]
)
def test_what_is_no_date_is_asked_again_without_an_answer(centre, born):
    passed = centre.post("/newsletter", born)
    if born.get("year") == "2026":  # a day that has been: an answer like any other
        assert "We cannot sign you up" in words(centre.get("/newsletter"))
    else:
        page = words(passed, status=400)
        assert not re.search(r"\b(19|20)\d\d\b", page), "an example is a hint at the wanted answer"
        assert "When were you born?" in words(centre.get("/newsletter"))


def test_a_day_to_come_is_no_birthday(centre):
    assert centre.post("/newsletter", {"day": "5", "month": "5", "year": "2026"}).status_code == 400
    assert centre.post("/newsletter", {"day": "5", "month": "5", "year": "1800"}).status_code == 400
    assert "When were you born?" in words(centre.get("/newsletter"))


def test_without_a_tick_there_is_no_mail(shop, centre):
    centre.post("/newsletter", ADULT)
    answer = centre.post("/newsletter", {"email": ANN})
    assert "Tick this if you want our newsletter" in words(answer, status=400)
    assert tokens(shop.home.path) == []


def test_a_start_of_the_newsletter_passes_the_screen_first(shop, centre):
    assert centre.post("/choices", {"email": ANN, "choice": "newsletter:in"})["Location"] == "/newsletter"
    assert tokens(shop.home.path) == []


def test_the_address_that_was_typed_is_kept_through_the_screen_and_stands_in_no_address(centre):
    answer = centre.post("/choices", {"email": ANN, "choice": "newsletter:in"})
    assert ANN not in answer["Location"]
    assert ANN not in centre.get("/newsletter").content.decode()
    assert centre.post("/newsletter", ADULT)["Location"] == "/newsletter"
    assert f'value="{ANN}"' in centre.get("/newsletter").content.decode()
    centre.post("/newsletter", YES)
    assert set(centre.session.keys()) == {"age screen"}
    assert centre.post("/choices", {"email": ANN, "choice": "newsletter:in"})["Location"] == "/newsletter/sent"


def test_nothing_that_was_typed_is_kept_of_a_child(centre):
    centre.post("/choices", {"email": ANN, "choice": "newsletter:in"})
    assert centre.session["typed"] == ANN
    centre.post("/newsletter", TURNS_13_TOMORROW)
    assert set(centre.session.keys()) == {"age screen"}
    assert centre.post("/choices", {"email": ANN, "choice": "newsletter:in"})["Location"] == "/newsletter"
    assert set(centre.session.keys()) == {"age screen"}


def test_whoever_has_proven_an_address_signs_up_without_typing_it_or_a_mail(shop, centre):
    sign_in(centre, shop, ANN)
    mails = len(tokens(shop.home.path))
    assert centre.post("/choices", {"choice": "newsletter:in"})["Location"] == "/newsletter"
    centre.post("/newsletter", ADULT)
    page = centre.get("/newsletter")
    assert 'type="email"' not in page.content.decode()
    assert f"For {ANN}, as you have proven." in words(page)
    assert "Tick this" in words(centre.post("/newsletter", {"sign up": "1"}), status=400)
    assert centre.post("/newsletter", {"yes": "on", "email": "other@mail.example"})["Location"] == "/newsletter/confirmed"
    assert choices_of(shop)["newsletter"] == "in"
    assert choices_of(shop, "other@mail.example") is None
    assert len(tokens(shop.home.path)) == mails


def test_a_policy_that_asks_no_age_shows_no_screen(shop, clock):
    text = sites.POLICY.read_text("utf-8").replace("version: 2026.1", "version: 2026.2")
    text = text.replace("ask age before newsletter, registration, survey\n", "ask age before registration\n")
    sites.post_policy(shop, text, at=later(hours=1))
    clock.now = later(hours=2)
    with sites.over("centre", shop, clock) as client:
        assert "Sign up" in words(client().get("/newsletter"))
    clock.now = NOW
    with sites.over("centre", shop, clock) as client:
        assert "When were you born?" in words(client().get("/newsletter"))


def test_a_mail_leaves_over_a_real_server(shop, clock):
    import email
    import email.policy

    from aiosmtpd.controller import Controller

    from tests.browser.served import free_port
    from upheld.home import Home

    taken = []

    class Taking:
        async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - the library's name
            taken.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
            return "250 OK"

    port = free_port()
    with (shop.home.path / "upheld.toml").open("a") as settings:
        settings.write(f'\n[mail]\nserver = "smtp://127.0.0.1:{port}"\nsender = "privacy@shop.example"\n')
    shop.home = Home.find(shop.home.path)
    with sites.over("centre", shop, clock) as client:
        visitor = client()
        visitor.post("/newsletter", ADULT)
        assert visitor.post("/newsletter", YES).status_code == 409  # nobody listens yet
        controller = Controller(Taking(), hostname="127.0.0.1", port=port)
        controller.start()
        try:
            assert visitor.post("/newsletter", YES).status_code == 302
        finally:
            controller.stop()
    ((to, message),) = taken
    assert to == [ANN]
    assert "http://centre.localhost:8100/confirm/" in message.get_content()
    assert ANN not in message.get_content()
