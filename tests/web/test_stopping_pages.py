"""The pages by which people stop, start and ask: each does what it says, at once, and keeps nothing that it need not."""

from __future__ import annotations

import re

import pytest

from tests.houses import NOW, later
from upheld.choices.queries import AsOf, standing
from upheld.messages import links
from upheld.people.identifiers import Email, Postal
from upheld.people.queries import find

TOPICS = ("newsletter", "post", "calls", "sharing", "suggestions")
JANE = "jane.doe@mail.example"


def choices_of(shop, *identifiers, at=NOW):
    with shop.record.reading() as conn:
        return [standing(conn, person, TOPICS, AsOf(at)).choices for person in find(conn, shop.keeper.keys, identifiers)]


def letters(shop):
    folder = shop.home.path / "letters"
    return sorted(path.read_text() for path in folder.glob("*.txt")) if folder.exists() else []


def mailed_link(shop):
    (letter,) = letters(shop)
    return re.search(r"https?://[^/]+(/confirm/\S+)", letter)[1]


@pytest.mark.parametrize("path", ["/", "/stop", "/choices", "/newsletter", "/contact", "/contact?region=eu", "/sites", "/newsletter/sent"])
def test_every_page_opens_without_an_account(centre, path):
    assert centre.get(path).status_code == 200


def test_an_address_alone_takes_somebody_off_every_list_at_once_and_leads_to_a_page_that_names_nobody(shop, centre):
    answer = centre.post("/stop", {"email": JANE})
    assert answer.status_code == 302
    assert JANE not in answer["Location"]
    assert choices_of(shop, Email(JANE)) == [dict.fromkeys(TOPICS, "out")]
    page = centre.get(answer["Location"])
    assert page.status_code == 200
    assert "jane" not in page.content.decode().lower()
    assert page["X-Robots-Tag"] == "noindex"


def test_a_name_and_address_do_as_well(shop, centre):
    given = {"first": "Jane", "last": "Doe", "address": "5 Oak Street", "zip": "60601"}
    assert centre.post("/stop", given).status_code == 302
    assert choices_of(shop, Postal("jane", "doe", "5 oak st", "60601-1234")) == [dict.fromkeys(TOPICS, "out")]


@pytest.mark.parametrize(
    "given",
    [{}, {"email": "not an address"}, {"first": "Jane"}, {"first": "Jane", "last": "Doe", "zip": "60601"}],
    ids=["nothing", "no address", "a first name alone", "no street"],
)
def test_too_little_is_asked_for_once_more_and_nothing_is_recorded(shop, centre, given):
    answer = centre.post("/stop", given)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode() or "error" in answer.content.decode()
    assert choices_of(shop, Email(JANE)) == []


def test_a_tracking_page_that_is_nobodys_is_not_here(centre):
    assert centre.get("/track/nonsense").status_code == 404


def test_one_topic_is_stopped_in_one_step_and_the_others_are_left(shop, centre):
    assert centre.post("/choices", {"email": JANE, "choice": "newsletter:out"}).status_code == 302
    assert choices_of(shop, Email(JANE)) == [dict.fromkeys(TOPICS, "unset") | {"newsletter": "out"}]


def test_starting_holds_only_after_the_click_in_the_mail(shop, centre, clock):
    centre.post("/choices", {"email": JANE, "choice": "suggestions:in"})
    assert choices_of(shop, Email(JANE)) == []
    link = mailed_link(shop)
    assert centre.get(link).status_code == 200
    assert choices_of(shop, Email(JANE)) == []
    clock.now = later(hours=1)
    assert centre.post(link)["Location"] == "/newsletter/confirmed"
    assert choices_of(shop, Email(JANE), at=later(hours=1)) == [dict.fromkeys(TOPICS, "unset") | {"suggestions": "in"}]


def test_a_stop_after_the_mail_is_not_overruled_by_its_link(shop, centre, clock):
    centre.post("/choices", {"email": JANE, "choice": "suggestions:in"})
    link = mailed_link(shop)
    clock.now = later(hours=1)
    centre.post("/choices", {"email": JANE, "choice": "suggestions:out"})
    clock.now = later(hours=2)
    assert centre.post(link).status_code == 409
    assert choices_of(shop, Email(JANE), at=later(hours=2))[0]["suggestions"] == "out"


def test_a_link_runs_out_after_a_week(shop, centre, clock):
    centre.post("/choices", {"email": JANE, "choice": "suggestions:in"})
    link = mailed_link(shop)
    clock.now = later(days=8)
    assert centre.get(link).status_code == 409


def test_an_unknown_topic_is_no_choice(shop, centre):
    assert centre.post("/choices", {"email": JANE, "choice": "everything:out"}).status_code == 404
    assert centre.post("/choices", {"email": JANE, "choice": "newsletter:maybe"}).status_code == 400
    assert choices_of(shop, Email(JANE)) == []


def test_one_address_is_mailed_three_times_an_hour_at_most_and_the_page_never_tells(shop, centre):
    answers = {centre.post("/choices", {"email": JANE, "choice": "suggestions:in"})["Location"] for _ in range(5)}
    assert len(answers) == 1
    assert len(letters(shop)) == 3


def test_the_one_click_of_a_mail_stops_at_once_and_its_page_alone_changes_nothing(shop, centre):
    token = links.unsubscribe(shop.home, JANE, "newsletter", NOW)
    assert JANE not in token
    assert centre.get(f"/unsubscribe/{token}").status_code == 200
    assert choices_of(shop, Email(JANE)) == []
    for _ in range(2):  # a mail program may send it twice
        assert centre.post(f"/unsubscribe/{token}", {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert choices_of(shop, Email(JANE))[0]["newsletter"] == "out"
    assert centre.post(f"/unsubscribe/{token[:-4]}AAAA").status_code == 404


def test_the_signal_is_declared_where_browsers_look_for_it(centre):
    assert centre.get("/.well-known/gpc.json").json() == {"gpc": True, "lastUpdate": "2026-05-04"}


def born(day, month, year):
    return {"day": day, "month": month, "year": year}


def test_the_newsletter_asks_for_an_age_first_where_the_policy_does_and_a_child_gets_no_second_try(shop, centre):
    page = centre.get("/newsletter").content.decode()
    if 'name="year"' not in page:
        pytest.fail("the sample policy asks for the age before the newsletter")
    assert "13" not in re.sub(r"<[^>]+>", " ", page.split("<main")[1].split("</main")[0])
    centre.post("/newsletter", born(1, 1, NOW.year - 10))
    assert 'name="email"' not in centre.get("/newsletter").content.decode()
    centre.post("/newsletter", born(1, 1, 1980))
    assert 'name="email"' not in centre.get("/newsletter").content.decode()
    assert letters(shop) == []


def test_signing_up_takes_a_tick_and_a_click_and_keeps_the_words(shop, centre, clock):
    centre.post("/newsletter", born(1, 1, 1980))
    page = centre.get("/newsletter").content.decode()
    assert 'name="yes"' in page
    assert "checked" not in page
    assert centre.post("/newsletter", {"email": JANE}).status_code == 400
    assert centre.post("/newsletter", {"email": JANE, "yes": "on"}).status_code == 302
    assert choices_of(shop, Email(JANE)) == []
    clock.now = later(minutes=5)
    centre.post(mailed_link(shop))
    assert choices_of(shop, Email(JANE), at=clock.now)[0]["newsletter"] == "in"


def test_only_listed_sites_are_led_to(shop, centre):
    listed = '[[site]]\nname = "Carriers"\naddress = "https://carriers.example/"\npolicy = "https://carriers.example/privacy"\n'
    (shop.home.path / "links.toml").write_text(listed)
    assert "Carriers" in centre.get("/sites").content.decode()
    assert centre.get("/leaving", {"to": "https://carriers.example/track?x=1"}).status_code == 200
    for elsewhere in ("https://evil.example/", "javascript:alert(1)", "//carriers.example/", ""):
        assert centre.get("/leaving", {"to": elsewhere}).status_code == 404
