"""The pages by which people stop and ask, in a real browser over a real server: by keyboard, on a phone, and without script."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("path", ["/stop", "/choices", "/newsletter", "/contact?region=eu", "/sites", "/newsletter/sent"])
def test_each_page_is_read_by_a_screen_reader_and_fits_a_phone(look, path):
    look.at(path)
    assert look.by_keyboard()[0] == "Skip to the content"


def test_somebody_is_off_every_list_by_keyboard_alone_and_sees_how_it_stands(look):
    page = look.at("/stop")
    page.locator("#id_email").focus()
    page.keyboard.type("sam.stone@mail.example")
    page.keyboard.press("Enter")
    page.wait_for_url("**/track/*")
    assert "off our lists" in page.locator("h1").inner_text()
    look.fits()


def test_what_is_missing_is_said_beside_its_field(look):
    page = look.at("/stop")
    page.locator("#id_first").fill("Sam")
    page.locator("main button.button").first.click()
    page.wait_for_load_state()
    assert "This is needed too" in page.locator("main").inner_text()
    look.fits()


def test_all_of_it_works_without_script(plain):
    page = plain.page
    page.goto(plain.address + "/choices")
    page.locator("#id_email").fill("sam.stone@mail.example")
    page.locator("button[value='newsletter:out']").click()
    page.wait_for_url("**/track/*")
    assert "off our lists" in page.locator("h1").inner_text()
