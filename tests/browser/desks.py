"""The console, really served: a shop's system with Jane in it, requests in every state, and staff who sign in with a second factor."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.looking import Looker
from tests.browser.served import Served
from tests.requests.offices import JANE_ROW, World
from tests.web.staffed import code
from tests.web.test_requests_desk import MAP
from upheld.people.held import Held
from upheld.postings.queries import in_force
from upheld.record import Actor
from upheld.requests import correcting, drafts, notes
from upheld.requests.actions import Asked, receive
from upheld.requests.correcting import Wrong
from upheld.requests.models import REQUEST_TOLD
from upheld.requests.reading import read

PASSWORD = "nine brass kettles"
CLERK = Actor("clerk", "support")
REAL_LOG = Path(__file__).parents[2] / "examples" / "data" / "weblog" / "apache_logs.gz"
JANET = Held(first="Janet", last="Doe", address="5 Oak Street", zip="60601")


def stocked(house) -> None:
    """Requests that show every part of the pages: 1 complete, 2 to review, 3 stuck, 4 wanting more, 5 a draft from a mail."""
    folder = house.home.path
    world = World(house, folder, systems=("crm",))

    def work() -> None:
        world.now = datetime.now(UTC)
        world.work()

    world.put("crm", JANE_ROW)
    (folder / "systems.toml").write_text(MAP.format(folder=folder))
    asked(house, Held(email="jane.doe@mail.example"))
    work()
    asked(house, JANET)
    work()
    with house.record.transaction() as tx:  # a recipient who was told
        tx.execute(REQUEST_TOLD.insert().values(id=1, request=2, recipient="gardens", releases=[1], told_at=world.now))
        notes.write(tx, house.keeper, 2, "Calls back on Monday.", at=world.now, actor=CLERK)
    (folder / "crm.db").rename(folder / "away.db")
    asked(house, Held(email="max.reed@mail.example"))
    work()
    (folder / "away.db").rename(folder / "crm.db")
    asked(house, Held(first="Ida", last="Brook"))
    with house.record.transaction() as tx:
        now = datetime.now(UTC)
        letter = read(b"From: eva@mail.example\nSubject: Stop\nMessage-ID: <5@mail.example>\n\nPlease take me off your lists.\n")
        drafts.draft(tx, house.keeper, letter, in_force(tx, now), at=now, actor=CLERK)
    correction(house)


def correction(house) -> None:
    """Jane asked to have her telephone number corrected; nobody did it yet."""
    wrong = Wrong("crm", "customers", "phone")
    with house.record.transaction() as tx:
        correcting.ask(
            tx, house.keeper, "jane.doe@mail.example", wrong, "+1 312 555 0188", (wrong,), at=datetime.now(UTC), actor=Actor("visitor")
        )


def asked(house, given: Held) -> int:
    now = datetime.now(UTC)
    with house.record.transaction() as tx:
        return receive(tx, house.keeper, Asked(given, "phone", now), in_force(tx, now), at=now, actor=CLERK).request


def upheld(site: Served, *words: str) -> str:
    """Run a command over the site's home; what it says."""
    command = [sys.executable, "-m", "upheld.cli.main", "--home", str(site.house.home.path), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def invited(site: Served, role: str, name: str) -> str:
    """Make an account by the command; the path of its one-time link."""
    said = upheld(site, "staff", "add", name, "--role", role)
    return re.search(re.escape(site.address) + r"(/begin/\S+)", said)[1]


def choose_password(page: Page) -> None:
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same once more").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")


def set_up_app(page: Page) -> str:
    """Behind the password: an app with six digits; its key."""
    page.get_by_role("link", name="Set up an app").click()
    key = page.locator("#key").inner_text()
    page.get_by_label("Authenticator code").fill(code(key))
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/codes")
    return key


def members(browser: Browser, site: Served) -> Callable[..., dict]:
    """By role, what a browser keeps in which somebody of it is signed in: signed in once, by the link and an app. `name`: another one."""
    kept: dict[tuple[str, str], dict] = {}

    def of(role: str, name: str = "one") -> dict:
        if (role, name) not in kept:
            path = invited(site, role, f"{role}.{name}@staff.example")
            with Looker.opened(browser, site.address) as looker:
                looker.page.goto(site.address + path)
                choose_password(looker.page)
                set_up_app(looker.page)
                kept[role, name] = looker.page.context.storage_state()
        return kept[role, name]

    return of


def for_purpose(page: Page, purpose: str = "rights") -> None:
    """Say what for, unless this session did so within the last quarter of an hour."""
    if page.locator("h1").inner_text() == "What for?":
        page.get_by_role("button", name=f"For {purpose}").click()
        page.wait_for_selector("text=What for?", state="detached")


def log_of(site: Served) -> str:
    return Path(site.log).read_text()
