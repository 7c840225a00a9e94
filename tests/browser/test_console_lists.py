"""Releases, recipients, policy, evidence and overview in a real browser: by keyboard, on a phone, without script, every state sound."""

from __future__ import annotations

import re
import sqlite3

import pytest

from tests.browser import desks
from tests.browser.looking import Looker
from tests.browser.served import wire
from tests.web import sites
from upheld.web import assets

LIST = "email,purchases\nann.lee@mail.example,3\nbob.moss@mail.example,4\n"
TEXT = sites.POLICY.read_text("utf-8")
PAGES = [
    "/", "/releases", "/recipients", "/policies", "/policies/version/2026.1", "/evidence", "/evidence/entry/0", "/evidence/check",
    "/evidence?kind=staff.added",
]  # fmt: skip


@pytest.fixture
def phone(browser, console, member):
    """Somebody of the privacy staff, on a phone (320 px)."""
    with Looker.opened(browser, console.address, storage_state=member("privacy")) as looker:
        yield looker


@pytest.fixture
def marketer(browser, console, member):
    """Somebody of the marketing staff, on a phone."""
    with Looker.opened(browser, console.address, storage_state=member("marketing")) as looker:
        yield looker


def put(console, name, text=LIST):
    inbox = console.house.home.path / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / name).write_text(text)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_sound_on_a_phone_and_by_keyboard(phone, path):
    phone.at(path)
    assert len(phone.by_keyboard()) >= 8


def test_each_entry_of_the_ledger_is_said_in_words_whatever_wrote_it(phone):
    phone.at("/evidence")
    said = phone.page.locator("tbody td .small").all_inner_texts()
    assert len(said) > 20
    assert "" not in said


@pytest.mark.parametrize("path", ["/", "/releases", "/recipients", "/policies", "/policies/version/2026.1", "/evidence"])
def test_a_page_is_sound_in_the_dark_on_a_large_screen(browser, console, member, path):
    with Looker.opened(browser, console.address, width=1200, color_scheme="dark", storage_state=member("privacy")) as dark:
        dark.at(path)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_weighs_little(phone, path):
    kept = "; ".join(f"{each['name']}={each['value']}" for each in phone.page.context.cookies())
    packed, _ = wire(phone.address, path, kept)
    assert packed + len(assets.assets()["upheld.css"].packed) <= 60_000


def test_a_list_goes_out_by_keyboard_alone_without_script(browser, console, member):
    desks.upheld(console, "choices", "record", "ann.lee@mail.example", "--topic", "newsletter", "--in", "--how", "web")
    put(console, "may.csv")
    with Looker.opened(browser, console.address, script=False, storage_state=member("marketing"), accept_downloads=True) as plain:
        page = plain.page
        page.goto(console.address + "/releases")
        page.get_by_label("What for").select_option("marketing.email")
        page.get_by_label("Where its information comes from").select_option("newsletter")
        page.get_by_label("may.csv").press("Space")
        page.get_by_role("button", name="Look at it").press("Enter")
        page.wait_for_url(re.compile(r"/releases/list/\d+"))
        assert "It waits for the worker" in page.locator("main").inner_text()
        desks.upheld(console, "work")
        page.get_by_role("link", name="See how far it is").press("Enter")
        page.get_by_role("button", name="Release 1 rows to ourselves").press("Enter")
        page.wait_for_selector("text=being released")
        desks.upheld(console, "work")
        page.get_by_role("link", name="See how far it is").press("Enter")
        with page.expect_download() as got:
            page.get_by_role("button", name="Download, once").press("Enter")
        assert got.value.path().read_text().splitlines()[1:] == ["ann.lee@mail.example"]
        page.reload()
        assert "Nothing of this list is kept here any more." in page.locator("main").inner_text()
        assert (console.house.home.path / "inbox" / "may.csv").exists()


def test_every_state_of_a_list_is_a_sound_page_and_the_page_follows_the_worker_by_itself(marketer, console):
    page = marketer.at("/releases")
    page.get_by_label("What for").select_option("marketing.email")
    page.locator("#file").set_input_files({"name": "june.csv", "mimeType": "text/csv", "buffer": LIST.encode()})
    page.get_by_role("button", name="Look at it").click()
    page.wait_for_url(re.compile(r"/releases/list/\d+"))
    marketer.fits()
    desks.upheld(console, "work")
    page.wait_for_selector("text=Its columns")  # nobody pressed anything
    marketer.fits()
    page.get_by_text("Only some items, only totals").click()
    marketer.fits()
    page.get_by_label("Where its information comes from").select_option("newsletter")
    page.get_by_role("button", name="Look again", exact=True).click()
    page.wait_for_selector("text=being looked at")
    desks.upheld(console, "work")
    page.wait_for_selector("text=rows may leave")
    marketer.fits()
    page.get_by_role("button", name="Give this list up").click()
    page.wait_for_url("**/releases")
    marketer.fits()


def test_what_is_wrong_with_a_list_is_said_on_a_sound_page(marketer, console):
    page = marketer.at("/releases")
    page.get_by_role("button", name="Look at it").click()
    assert "Choose a list." in page.get_by_role("alert").inner_text()
    marketer.fits()
    page.locator("#file").set_input_files({"name": "odd.csv", "mimeType": "text/csv", "buffer": b"colour\nred\n"})
    page.get_by_role("button", name="Look at it").click()
    page.wait_for_url(re.compile(r"/releases/list/\d+"))
    desks.upheld(console, "work")
    page.wait_for_selector("text=could not be done")
    marketer.fits()


def test_what_left_about_a_person_is_asked_for_by_purpose_and_form(phone):
    page = phone.at("/releases/person")
    desks.for_purpose(page)
    phone.fits()
    page.get_by_label("E-mail address").fill("planted.person@mail.example")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Nothing left about this person.")
    phone.fits()
    assert "planted" not in page.url


def test_a_recipient_is_registered_and_bound_by_keyboard(phone):
    page = phone.at("/recipients")
    page.get_by_label("Short name").press_sequentially("carrier")
    page.get_by_label("Full name").press_sequentially("Carrier Ltd")
    page.get_by_label("Kind").select_option("subcontractor")
    page.get_by_role("button", name="Register").press("Enter")
    page.wait_for_url("**/recipients/carrier")
    phone.fits()
    page.get_by_label("service", exact=True).press("Space")
    page.get_by_role("button", name="Note this contract").press("Enter")
    page.wait_for_selector("text=it counts as none")
    phone.fits()
    for box in page.locator("input[name=terms]").all():
        box.press("Space")
    page.get_by_role("button", name="Note this contract").press("Enter")
    page.wait_for_selector(".state.good")
    phone.fits()
    page.get_by_role("button", name="Note the review").press("Enter")
    page.get_by_role("alert").wait_for()
    phone.fits()
    phone.at("/recipients")


def test_a_version_passes_four_eyes_in_two_browsers(browser, console, member, phone):
    new = TEXT.replace("version: 2026.1", "version: 2026.2").replace("at most 4 times a year", "at most 2 times a year")
    page = phone.at("/policies")
    page.get_by_text("Or paste its text").press("Enter")
    page.get_by_label("The document", exact=True).fill(new.replace("allow survey.thanks", "allow survey.thankz"))
    page.get_by_role("button", name="Check and draft it").press("Enter")
    page.wait_for_selector("text=did you mean")
    phone.fits()
    page.get_by_label("The document", exact=True).fill(new)
    page.get_by_role("button", name="Check and draft it").press("Enter")
    page.wait_for_url(re.compile(r"/policies/draft/\d+"))
    phone.fits()
    assert "people in the record" in page.locator("main").inner_text()
    with Looker.opened(browser, console.address, width=1200, storage_state=member("privacy", "two")) as other:
        other.at("/policies")
        other.page.get_by_role("link", name=re.compile("Draft 1")).click()
        other.page.get_by_role("button", name="Approve").press("Enter")
        other.page.get_by_role("button", name="Post version 2026.2").wait_for()
        other.fits()
        other.page.get_by_role("button", name="Withdraw it").press("Enter")
        other.page.wait_for_selector(".state:has-text('withdrawn')")
        other.fits()


def test_the_ledger_is_checked_and_handed_out(phone):
    page = phone.at("/evidence/check")
    page.get_by_role("button", name="Check now").press("Enter")
    page.get_by_role("status").wait_for()
    assert "entries hold" in page.get_by_role("status").inner_text()
    phone.fits()
    page.goto(phone.address + "/evidence")
    with page.expect_download() as got:
        page.get_by_role("link", name="Download the whole ledger").press("Enter")
    assert got.value.path().read_bytes().startswith(b"upheld ledger export v1\n")


def test_nothing_that_was_planted_is_in_the_log(console):
    assert not re.search(r"planted|ann\.lee|bob\.moss|staff\.example", desks.log_of(console), re.IGNORECASE)


def test_visits_are_sound_on_a_phone_and_a_large_screen_with_a_real_log_and_without(browser, console, member):
    state = member("marketing")
    with Looker.opened(browser, console.address, storage_state=state) as phone:
        phone.at("/visits")
        desks.upheld(console, "traffic", "import", str(desks.REAL_LOG), "--whole")
        phone.at("/visits?begin=2015-05-17&end=2015-05-20")
        assert "2,461" in phone.page.inner_text("main")
    with Looker.opened(browser, console.address, width=1200, storage_state=state) as large:
        large.at("/visits?begin=2015-05-17&end=2015-05-20")
        assert large.page.locator("svg.drawing").count() >= 3


def test_a_pair_of_records_is_judged_by_keyboard_on_a_phone(console, phone, browser, member):
    with sqlite3.connect(console.house.home.path / "crm.db") as db:
        for email in ("ida@mail.example", "frost@mail.example"):
            row = (email, "Ida", "Frost", "1 Larkspur Row", "00123")
            db.execute("INSERT INTO customers (mail, fname, lname, street, zip) VALUES (?, ?, ?, ?, ?)", row)
    desks.upheld(console, "systems", "index")
    page = phone.at("/pairs")
    assert "Frost" not in page.locator("main").inner_text()
    with Looker.opened(browser, console.address, width=1200, color_scheme="dark", storage_state=member("privacy")) as dark:
        dark.at("/pairs")
    page.get_by_role("button", name=re.compile("^One person")).focus()
    page.keyboard.press("Enter")
    page.get_by_text("One person: whoever is taken off").wait_for()
    phone.fits()
