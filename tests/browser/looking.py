"""What holds of every page, looked at in a real browser: no violation for axe, no sideways scrolling on a phone, no foreign request.

With `SCREENSHOTS=folder` every page looked at is photographed there, for a person to look at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

ACTIVE = """(() => {
  const e = document.activeElement;
  return e === document.body ? '' : (e.innerText || e.name || e.id || e.value).trim();
})()"""
"""The words of what has the focus."""


class Looker:
    """A visitor's browser at one site."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.asked: list[str] = []
        self.faults: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda message: self.faults.append(message.text) if message.type == "error" else None)

    @classmethod
    @contextmanager
    def opened(cls, browser: Browser, address: str, *, width: int = 320, script: bool = True, **more) -> Iterator[Looker]:
        # axe itself is script that a test puts in; `bypass_csp` lets it in, and pages hold none of their own (tests/web/test_frame.py)
        context = browser.new_context(
            viewport={"width": width, "height": 700}, java_script_enabled=script, bypass_csp=True, locale="en-US", **more
        )
        context.set_default_timeout(20_000)
        try:
            yield cls(context.new_page(), address)
        finally:
            context.close()

    def at(self, path: str) -> Page:
        """Open a page and hold it to the house's rules."""
        self.asked.clear()
        answer = self.page.goto(self.address + path)
        assert answer is not None
        self.fits()
        return self.page

    def fits(self, *, status: int | None = None) -> None:
        """Hold the page that is open to the house's rules."""
        violations = Axe().run(self.page).response["violations"]
        told = [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in violations]
        assert told == [], f"axe at {self.page.url}: {told}"
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} scrolls sideways by {wide} px"
        foreign = [url for url in self.asked if not url.startswith(self.address) and not url.startswith("data:")]
        assert foreign == []
        assert [fault for fault in self.faults if "Content Security Policy" in fault] == []
        self.photograph()

    def photograph(self) -> None:
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            name = re.sub(r"[^a-z0-9]+", "-", self.page.url.removeprefix(self.address).lower()).strip("-")[:60] or "start"
            size = self.page.viewport_size
            Path(folder).mkdir(exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}-{size['width'] if size else 0}.png", full_page=True)

    def by_keyboard(self, most: int = 60) -> list[str]:
        """What the tab key reaches, in order, by its words."""
        self.page.evaluate("document.activeElement && document.activeElement.blur()")
        reached: list[str] = []
        for _ in range(most):
            self.page.keyboard.press("Tab")
            words = self.page.evaluate(ACTIVE)
            if not words:
                break
            reached.append(words)
        return reached


@contextmanager
def passkeys(page: Page) -> Iterator[None]:
    """A device that keeps passkeys, with somebody's finger on it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": device | {"automaticPresenceSimulation": True}})
    yield
    session.detach()
