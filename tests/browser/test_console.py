"""Staff at the console, in a real browser over a real server: signing in, a call, requests; by keyboard, on a phone, without script."""

from __future__ import annotations

import re
import time
from urllib.error import HTTPError

import pytest

from tests.browser import desks
from tests.browser.looking import Looker, passkeys
from tests.browser.served import wire
from tests.web.staffed import code
from upheld.requests import queries
from upheld.web import assets


def test_somebody_begins_by_a_link_and_signs_in_by_password_and_app_without_script(browser, console):
    path = desks.invited(console, "support", "ana@staff.example")
    with Looker.opened(browser, console.address, script=False) as plain:
        page = plain.page
        page.goto(console.address + path)
        desks.choose_password(page)
        page.goto(console.address + "/")
        assert page.url == console.address + "/account"  # a password alone opens nothing, even now
        key = desks.set_up_app(page)
        page.goto(console.address + "/")
        assert page.locator("h1").inner_text() == "Overview"
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("Email").fill("ana@staff.example")
        page.get_by_label("Password").fill(desks.PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/sign-in/second")
        page.get_by_label("Code").fill(code(key))
        page.keyboard.press("Enter")
        page.wait_for_url(console.address + "/")
        assert "ana" not in page.url


def test_a_passkey_made_behind_the_link_signs_in_alone_and_every_page_of_it_is_sound(browser, console):
    path = desks.invited(console, "privacy", "bo@staff.example")
    with Looker.opened(browser, console.address) as look, passkeys(look.page):
        page = look.at(path)
        desks.choose_password(page)
        look.fits()
        page.get_by_role("link", name="Add a passkey").click()
        look.fits()
        page.get_by_role("button", name="Add a passkey").click()
        page.wait_for_url("**/account/codes")
        look.fits()
        look.at("/account")
        look.at("/account/passkeys")
        look.at("/")
        page.get_by_role("button", name="Sign out").click()
        look.fits()
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(console.address + "/")
        assert "privacy" in page.locator("main").inner_text()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("Email").fill("bo@staff.example")
        page.get_by_label("Password").fill(desks.PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/sign-in/second")
        look.fits()
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url(console.address + "/")


def test_a_device_without_the_passkey_is_told_so_and_lets_nobody_in(browser, console):
    with Looker.opened(browser, console.address) as look, passkeys(look.page):
        page = look.at("/sign-in")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.get_by_role("alert").wait_for()
        assert "No passkey was used" in page.get_by_role("alert").inner_text()
        look.fits()
        look.at("/account/app")
        assert "/sign-in" in page.url


def test_setting_up_an_app_is_a_sound_page(browser, console):
    path = desks.invited(console, "support", "cy@staff.example")
    with Looker.opened(browser, console.address) as look:
        page = look.at(path)
        desks.choose_password(page)
        look.at("/account/app")
        page.get_by_label("Authenticator code").fill("000000")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        look.fits()


def test_a_whole_call_by_keyboard_alone_without_script_in_well_under_a_minute(browser, console, member):
    with Looker.opened(browser, console.address, script=False, storage_state=member("support")) as plain:
        page, began = plain.page, time.monotonic()
        visited = []
        page.on("framenavigated", lambda frame: visited.append(frame.url))
        page.goto(console.address + "/intake")
        page.wait_for_selector("button:focus", timeout=5000)
        page.keyboard.press("Enter")
        page.wait_for_selector("input[name=email]:focus")
        page.keyboard.type("planted.caller@mail.example")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=No record matches")
        page.wait_for_selector("button:focus")
        page.keyboard.press("Enter")  # confirm: it has the focus
        page.wait_for_url("**/intake/done")
        said = page.locator("blockquote").inner_text()
        assert "You are off our lists as of now" in said
        page.wait_for_selector("a:focus")
        page.keyboard.press("Enter")  # the next call
        page.wait_for_selector("text=What for?")
        assert time.monotonic() - began < 60
        assert "planted" not in " ".join(visited) + desks.log_of(console)
    number = int(re.search(r"Your number is (\d+)", said)[1])
    with console.house.record.reading() as conn:
        assert queries.request(conn, number).state == "working"


def test_enter_in_a_field_after_a_look_looks_again_and_receives_nothing(browser, console, member):
    with Looker.opened(browser, console.address, storage_state=member("support")) as look:
        page = look.at("/intake")
        desks.for_purpose(page)
        page.get_by_label("E-mail address").fill("never.seen@mail.example")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=No record matches")
        page.get_by_label("E-mail address").fill("jane.doe@mail.example")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=1 record matches")
        assert page.url == console.address + "/intake"
        page.get_by_label("E-mail address").fill("never.seen@mail.example")
        page.get_by_role("button", name="Confirm").press("Enter")
        page.wait_for_selector("text=was not looked at before")
        look.fits()
        assert page.url == console.address + "/intake"


def test_every_step_of_a_call_is_a_sound_page_on_a_phone(clerk):
    clerk.at("/intake")
    page = clerk.page
    desks.for_purpose(page)
    clerk.fits()
    page.get_by_label("E-mail address").fill("jane.doe@mail.example")
    page.get_by_role("button", name="Look", exact=True).click()
    page.wait_for_selector("text=1 record matches")
    clerk.fits()
    assert "Oak Street" not in page.locator("main").inner_text()
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/intake/done")
    clerk.fits()


def test_the_queue_and_its_search_are_sound_pages(clerk):
    page = clerk.at("/requests")
    assert "Requests" in clerk.by_keyboard(40)
    assert page.locator("tbody tr").count() >= 4
    page.get_by_text("Show only some").click()
    clerk.fits()
    clerk.at("/requests?state=withdrawn")
    clerk.at("/requests")
    page.get_by_label("Number, e-mail address or telephone number").fill("jane.doe@mail.example")
    page.keyboard.press("Enter")
    page.wait_for_url("**/requests/search")
    clerk.fits()
    assert page.locator("tbody tr").count() >= 1


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_a_request_in_any_state_is_a_sound_page(clerk, officer, number):
    for look in (clerk, officer):
        look.at(f"/requests/{number}")
        desks.for_purpose(look.page)
        look.fits()
        assert "late by" not in look.page.locator("main").inner_text()


def test_doubt_retry_note_and_answer_are_done_by_keyboard_alone(clerk):
    page = clerk.at("/requests/2")
    desks.for_purpose(page)
    page.get_by_role("button", name="Ask the person").press("Enter")
    page.wait_for_selector("text=Noted: the person is to be asked")
    page.get_by_role("button", name="It has stopped").press("Enter")
    page.wait_for_selector("text=gardens has stopped: noted")
    page.get_by_label("What the next clerk must know").press_sequentially("Sister calls on Friday.")
    page.get_by_role("button", name="Keep this note").press("Enter")
    page.wait_for_selector("text=Your note is kept")
    clerk.at("/requests/3")
    desks.for_purpose(page)
    page.get_by_role("button", name="Try again now").press("Enter")
    page.wait_for_selector("text=tried again.")
    clerk.fits()


def test_a_person_is_looked_at_for_a_purpose_by_keyboard_and_no_address_names_them(clerk):
    page = clerk.at("/person")
    page.get_by_label("E-mail address").press_sequentially("jane.doe@mail.example")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Say what for")
    clerk.fits()
    assert "5 Oak Street" not in page.locator("main").inner_text()
    page.get_by_role("button", name="For ordering.contact").press("Enter")
    page.wait_for_selector("text=What may be seen for ordering.contact")
    clerk.fits()
    assert "5 Oak Street" in page.locator("main").inner_text()
    assert page.url == clerk.address + "/person"


def test_a_correction_that_waits_is_done_by_hand_by_keyboard_alone(clerk):
    page = clerk.at("/corrections")
    page.get_by_role("link", name="1", exact=True).press("Enter")
    page.wait_for_url("**/corrections/1")
    desks.for_purpose(page)
    clerk.fits()
    page.get_by_role("button", name="I have corrected it by hand").press("Enter")
    page.wait_for_selector("text=Every correction is done")
    clerk.fits()


@pytest.mark.parametrize("path", ["/", "/intake", "/person", "/requests", "/sign-in", "/account"])
def test_a_page_is_sound_in_the_dark(browser, console, member, path):
    kept = None if path == "/sign-in" else member("support")
    with Looker.opened(browser, console.address, width=1200, color_scheme="dark", storage_state=kept) as dark:
        dark.at(path)


@pytest.mark.parametrize("path", ["/", "/intake", "/requests", "/requests/2", "/person"])
def test_a_page_weighs_little(clerk, path):
    page = clerk.at(path)
    desks.for_purpose(page)
    kept = "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())
    packed, _ = wire(clerk.address, path, kept)
    assert packed + len(assets.assets()["upheld.css"].packed) <= 60_000


def test_nothing_that_was_planted_is_in_the_log(console):
    with pytest.raises(HTTPError, match="404"):
        wire(console.address, "/no-such-page/planted.person")
    assert re.search(r"warning django\.request 404 no page", desks.log_of(console)), "the site does log"
    assert not re.search(r"jane|reed|brook|planted|staff\.example", desks.log_of(console), re.IGNORECASE)
