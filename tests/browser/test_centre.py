"""A customer's journeys through the centre, in a real browser: on a phone, by keyboard, without script, with the signal."""

from __future__ import annotations

import re

import pytest

from tests.browser.looking import Looker, passkeys
from tests.web.reading import tokens
from upheld.choices.queries import AsOf, standing
from upheld.people.identifiers import Email
from upheld.people.queries import find

PAGES = [
    "/",
    "/stop",
    "/choices",
    "/newsletter",
    "/newsletter/sent",
    "/mine",
    "/contact?region=eu",
    "/ask",
    "/ask/sent",
    "/sites",
    "/policy/versions",
]


def choices_of(site, email):
    from datetime import UTC, datetime

    with site.house.record.reading() as conn:
        people = find(conn, site.house.keeper.keys, [Email(email)])
        topics = ("newsletter", "post", "sharing")
        return standing(conn, *people, topics, AsOf(datetime.now(UTC))).choices if people else None


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_fault_for_axe_and_fits_a_phone(look, path):
    look.at(path)
    assert len(look.by_keyboard()) >= 8


@pytest.mark.parametrize("path", ["/", "/stop", "/choices", "/contact"])
def test_a_page_has_no_fault_in_the_dark_nor_on_a_large_screen(browser, centre, path):
    with Looker.opened(browser, centre.address, width=1200, color_scheme="dark") as dark:
        dark.at(path)


def test_somebody_is_off_every_list_by_keyboard_alone_without_script(plain, centre):
    page = plain.page
    page.goto(centre.address + "/")
    page.get_by_role("link", name="Take me off your lists").first.press("Enter")
    page.get_by_label("E-mail address").press_sequentially("rosa.stone@mail.example")
    page.keyboard.press("Enter")
    page.wait_for_url("**/track/*")
    assert page.locator("h1").inner_text() == "You are off our lists as of now"
    assert "rosa" not in page.url
    assert set(choices_of(centre, "rosa.stone@mail.example").values()) == {"out"}


def test_what_is_wrong_is_said_where_it_is_wrong(look, centre):
    page = look.at("/stop")
    page.get_by_label("First name").fill("Rosa")
    page.get_by_role("button", name="Take me off every list").click()
    assert page.get_by_role("alert").inner_text().startswith("Please look at this once more")
    assert page.get_by_label("Last name").get_attribute("aria-invalid") == "true"
    look.fits()


def test_the_link_to_a_request_is_a_good_page_too(look):
    page = look.at("/stop")
    page.get_by_label("E-mail address").fill("ida.brook@mail.example")
    page.get_by_role("button", name="Take me off every list").click()
    page.wait_for_url("**/track/*")
    look.fits()


def test_one_topic_is_stopped_by_one_button(look, centre):
    page = look.at("/choices")
    page.get_by_label("Your e-mail address").fill("max.reed@mail.example")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Choose one of the buttons")
    look.fits()
    assert choices_of(centre, "max.reed@mail.example") is None
    page.locator("button[value='post:out']").click()
    page.wait_for_url("**/track/*")
    assert choices_of(centre, "max.reed@mail.example") == {"newsletter": "unset", "post": "out", "sharing": "unset"}


def test_the_newsletter_is_signed_up_for_in_two_steps(look, centre):
    page = look.at("/newsletter")
    for label, value in (("Day", "4"), ("Month", "5"), ("Year", "1990")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Go on").click()
    look.fits()
    page.get_by_label("E-mail address").fill("eva.lake@mail.example")
    assert not page.get_by_role("checkbox").is_checked()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/newsletter/sent")
    text = next(text for to, text in tokens(centre.house.home.path) if to == "eva.lake@mail.example")
    link = next(line for line in text.splitlines() if line.startswith(centre.address))
    look.at(link.removeprefix(centre.address))
    assert choices_of(centre, "eva.lake@mail.example") is None
    page.get_by_role("button", name="Yes, start it").click()
    page.wait_for_url("**/newsletter/confirmed")
    look.fits()
    assert choices_of(centre, "eva.lake@mail.example")["newsletter"] == "in"


def test_the_browsers_signal_is_shown_in_its_place(browser, centre):
    with Looker.opened(browser, centre.address, extra_http_headers={"Sec-GPC": "1"}) as signalling:
        page = signalling.at("/choices")
        assert page.get_by_role("status").inner_text().startswith("Opt-out request honoured")


def test_the_whole_site_speaks_spanish(browser, centre):
    with Looker.opened(browser, centre.address) as visitor:
        page = visitor.at("/stop")
        page.get_by_role("button", name="Español").click()
        assert page.locator("html").get_attribute("lang") == "es"
        visitor.fits()


def test_a_mail_link_stops_by_one_button(look, centre):
    from datetime import UTC, datetime

    from upheld.messages import links

    token = links.unsubscribe(centre.house.home, "tom.field@mail.example", "newsletter", datetime.now(UTC))
    page = look.at(f"/unsubscribe/{token}")
    page.get_by_role("button", name="Stop").click()
    assert page.locator("h1").inner_text() == "Stopped"
    look.fits()
    assert choices_of(centre, "tom.field@mail.example")["newsletter"] == "out"


def test_somebody_opens_what_is_theirs_with_a_mailed_code_and_takes_a_copy(look, centre):
    page = look.at("/mine")
    page.get_by_label("E-mail address").fill("una.hill@mail.example")
    page.get_by_role("button", name="Send me a code").click()
    page.wait_for_url("**/mine/code")
    look.fits()
    text = next(text for to, text in tokens(centre.house.home.path) if to == "una.hill@mail.example")
    page.get_by_label("Code").fill(text.split("\n\n")[2])
    page.get_by_role("button", name="Open my information").click()
    page.wait_for_url("**/mine")
    look.fits()
    page.locator("button[value='post:out']").click()
    page.wait_for_load_state()
    assert page.locator("button[value='post:out']").get_attribute("aria-pressed") == "true"
    assert choices_of(centre, "una.hill@mail.example")["post"] == "out"
    with page.expect_download() as copy:
        page.get_by_role("link", name="For programs (JSON)").click()
    assert copy.value.suggested_filename == "my-information.json"


def test_somebody_changes_their_address_by_a_code_sent_to_the_new_one(look, centre):
    page = look.at("/mine")
    for path, address in (("/mine", "ed@mail.example"), ("/mine/address", "ed@new.example")):
        look.at(path)
        page.locator("main input[name=email]").fill(address)
        page.get_by_role("button", name="Send me a code").click()
        page.wait_for_url(f"**{path}/code")
        look.fits()
        page.get_by_label("Code").fill(codes(centre, address))
        page.locator("main form button").first.click()
        page.wait_for_url("**/mine" if path == "/mine" else "**/mine/correct")
    look.fits()
    assert page.get_by_text("You are known by your new address now").is_visible()


def codes(centre, address):
    """The code in the newest mail to an address."""
    sent = [text for to, text in tokens(centre.house.home.path) if to == address]
    return re.search(r"\n([A-Z]{4} [A-Z]{4})\n", sent[-1])[1]


def test_a_passkey_opens_what_a_code_opened_before(look, centre):
    page = look.at("/mine")
    page.get_by_label("E-mail address").fill("ivo.bell@mail.example")
    page.get_by_role("button", name="Send me a code").click()
    page.wait_for_url("**/mine/code")
    text = next(text for to, text in tokens(centre.house.home.path) if to == "ivo.bell@mail.example")
    page.get_by_label("Code").fill(text.split("\n\n")[2])
    page.get_by_role("button", name="Open my information").click()
    page.wait_for_url("**/mine")
    look.at("/mine/correct")
    look.at("/mine")
    with passkeys(page):
        page.get_by_role("link", name="Next time with a passkey").click()
        look.fits()
        page.get_by_role("button", name="Add a passkey").click()
        page.get_by_text("From now on this passkey opens your information").wait_for()
        look.fits()
        look.at("/mine")
        page.get_by_role("button", name="Close and sign out").click()
        look.at("/mine")
        page.get_by_role("button", name="Open with a passkey").click()
        page.get_by_text("For ivo.bell@mail.example").wait_for()
        assert "ivo" not in page.url
