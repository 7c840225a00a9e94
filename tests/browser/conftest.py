"""A browser for all browser tests, and the centre for those that look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import desks
from tests.browser.looking import Looker
from tests.browser.served import ARGUMENTS, Served, chromium, served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The centre, really served, one for all tests."""
    with served(tmp_path_factory.mktemp("centre"), "centre") as site:
        yield site


@pytest.fixture
def look(browser: Browser, centre: Served) -> Iterator[Looker]:
    """A visitor at the centre on a phone (320 px). `look.at(path)` opens a page and holds it to what holds of every page."""
    with Looker.opened(browser, centre.address) as looker:
        yield looker


@pytest.fixture
def desk(browser: Browser, centre: Served) -> Iterator[Looker]:
    """A visitor at a large screen."""
    with Looker.opened(browser, centre.address, width=1200) as looker:
        yield looker


@pytest.fixture
def plain(browser: Browser, centre: Served) -> Iterator[Looker]:
    """A visitor whose browser runs no script at all. Nothing is measured in it (axe is script): only done."""
    with Looker.opened(browser, centre.address, script=False) as looker:
        yield looker


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The console, really served, over a shop with requests in every state; one for all tests."""
    with served(tmp_path_factory.mktemp("console"), "console", desks.stocked) as site:
        yield site


@pytest.fixture(scope="session")
def member(browser: Browser, console: Served):
    """`member("support")`: what the browser of somebody of that role keeps, who signed in with a second factor."""
    return desks.members(browser, console)


@pytest.fixture
def clerk(browser: Browser, console: Served, member) -> Iterator[Looker]:
    """Somebody of the support staff, signed in, on a phone (320 px)."""
    with Looker.opened(browser, console.address, storage_state=member("support")) as looker:
        yield looker


@pytest.fixture
def officer(browser: Browser, console: Served, member) -> Iterator[Looker]:
    """Somebody of the privacy staff, signed in, at a large screen."""
    with Looker.opened(browser, console.address, width=1200, storage_state=member("privacy")) as looker:
        yield looker
