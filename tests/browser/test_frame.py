"""The frame of every page, in a real browser over a real server."""

from __future__ import annotations

from tests.browser.served import wire


def test_the_first_page_is_reached_and_left_by_keyboard_and_fits_a_phone(look):
    look.at("/")
    assert look.by_keyboard()[0] == "Skip to the content"


def test_the_first_page_and_its_stylesheet_weigh_little(centre):
    from upheld.web import assets

    page, _ = wire(centre.address, "/")
    assert page + len(assets.assets()["upheld.css"].packed) <= 60_000


def test_pages_that_are_not_there_are_pages_too(look):
    page = look.at("/no-such-page")
    assert page.locator("h1").inner_text() == "This page is not here"


def test_the_policy_and_what_keeps_it_are_read_by_keyboard_and_weigh_little(look, centre):
    page = look.at("/policy")
    clause = page.locator("#use\\.partners + .kept details")
    clause.locator("summary").focus()
    page.keyboard.press("Enter")
    assert clause.get_attribute("open") is not None
    look.fits()
    from upheld.web import assets

    packed, _ = wire(centre.address, "/policy")
    assert packed + len(assets.assets()["upheld.css"].packed) <= 60_000


def test_the_policy_reads_well_on_a_large_screen_too(desk):
    desk.at("/policy")
    desk.at("/policy/versions")
    desk.at("/policy/print")
