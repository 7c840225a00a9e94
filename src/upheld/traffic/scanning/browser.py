"""A real Chromium with an empty profile, driven by Playwright: what a page sends and keeps is noted while a visitor's steps are done."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from upheld.errors import Conflict, Invalid
from upheld.traffic.scanning.seen import Page, Phase, Seen, host_of, page_address, without_values

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, CDPSession, Request, Response
    from playwright.sync_api import Page as Tab

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS: Final = ("--headless", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync")
PATIENCE_MS: Final = 20_000
SIGNAL: Final = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true, configurable: true})"
STORED: Final = """async () => {
  const names = [];
  try { for (const key of Object.keys(localStorage)) names.push(key); } catch {}
  try { for (const key of Object.keys(sessionStorage)) names.push(key); } catch {}
  try { for (const base of await indexedDB.databases()) names.push(base.name); } catch {}
  try { for (const name of await caches.keys()) names.push(name); } catch {}
  return names;
}"""


@contextmanager
def chromium(resolve: Mapping[str, str] | None = None, path: str = "") -> Iterator[Browser]:
    """The browser of this machine, for as long as the context lasts. `resolve` says where hosts lie: `{"shop.example": "127.0.0.1:8080"}`.

    `Invalid` if Playwright or the browser is not there, `Conflict` if it does not start.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise Invalid("a scan needs more than the other commands do: run `pip install 'upheld[scan]'`") from None
    found = path or next(filter(None, map(shutil.which, NAMES)), None)
    if not found or not os.path.exists(found):  # noqa: PTH110 - a path of the user's, looked at once
        raise Invalid("there is no Chromium on this machine: install one, or name it with `--browser`")
    rules = ",".join(f"MAP {host} {to}" for host, to in (resolve or {}).items())
    arguments = [*ARGUMENTS, *([f"--host-resolver-rules={rules}"] if rules else [])]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # root has none: Chromium refuses to start otherwise
    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=found, args=arguments)
        except Error as error:
            raise Conflict(f"the browser `{found}` does not start ({_said(error)}): is it Chromium, and may it run here?") from None
        try:
            yield running
        finally:
            running.close()


class Visit:
    """One visitor with an empty profile. Everything that pages send or keep is noted under the phase of its time."""

    def __init__(self, browser: Browser, phase: Phase, settle: float) -> None:
        self.phase, self.settle = phase, settle
        self.seen: dict[Seen, None] = {}
        signal = phase == "with the signal"
        headers = {"Sec-GPC": "1"} if signal else {}
        self.context: BrowserContext = browser.new_context(
            viewport={"width": 1280, "height": 900}, locale="en-US", extra_http_headers=headers, ignore_https_errors=False
        )
        self.context.set_default_timeout(PATIENCE_MS)
        if signal:
            self.context.add_init_script(SIGNAL)
        self.at = ""
        self._senders: dict[str, str] = {}
        self._status = 0
        self.context.on("request", self._request)
        self.tab: Tab = self.context.new_page()
        self.tab.on("response", self._response)
        self.tab.on("websocket", lambda socket: self._note("request", host_of(socket.url), f"socket {without_values(socket.url)}"))
        self._listen(self.context.new_cdp_session(self.tab))

    def close(self) -> None:
        """End the visit."""
        self.context.close()

    def open(self, address: str) -> Page:
        """Open a page, wait until it is quiet (at most `settle` seconds), scroll through it. A status of 0 says that it does not open."""
        from playwright.sync_api import Error

        self.at = page_address(address)
        self._status = 0
        try:
            self.tab.goto(address, wait_until="load")
        except Error as error:  # an answer without a page has a status all the same; a circle leads nowhere
            return Page(self.at, 0 if "ERR_TOO_MANY_REDIRECTS" in str(error) else self._status)
        self.quieten()
        return Page(page_address(self.tab.url), self._status)

    def quieten(self) -> None:
        """Scroll down and wait: some tags send only then, or late."""
        from playwright.sync_api import Error

        until = time.monotonic() + self.settle
        try:
            self.tab.mouse.wheel(0, 20_000)
            self.tab.wait_for_load_state("networkidle", timeout=self.settle * 1000)
        except Error:
            return  # a page that never is quiet
        self.tab.wait_for_timeout(max(0, min(0.4, until - time.monotonic())) * 1000)

    def keep(self) -> None:
        """Note what the browser keeps now: cookies of all hosts, and the storage of every frame of the page that is open."""
        from playwright.sync_api import Error

        now = time.time()
        for cookie in self.context.cookies():
            lives = cookie.get("expires", -1)
            days = None if lives < 0 else round((lives - now) / 86400)
            self._note("cookie", str(cookie.get("domain", "")).lstrip("."), str(cookie.get("name", "")), days)
        for frame in self.tab.frames:
            try:
                names = frame.evaluate(STORED)
            except Error:
                continue
            for name in names:
                self._note("storage", host_of(frame.url), str(name))

    def leave(self) -> None:
        """Leave the page, so that what it sends at its end is seen too."""
        from playwright.sync_api import Error

        try:
            self.tab.goto("about:blank")
            self.tab.wait_for_timeout(150)
        except Error:
            return

    def noted(self) -> list[Seen]:
        """All that was noted, each request with the script that sent it, as far as the browser said."""
        return [replace(each, sent_by=self._senders.get(each.name.partition(" ")[2], "")) for each in self.seen]

    def _listen(self, session: CDPSession) -> None:
        """Ask the browser which script sends what, and which cookies an answer sets even if they are not kept."""
        hosts: dict[str, str] = {}

        def sent(event: dict[str, Any]) -> None:
            address = event["request"]["url"]
            hosts[event["requestId"]] = host_of(address)
            frames = event["initiator"].get("stack", {}).get("callFrames", [])
            by = next((frame["url"] for frame in frames if frame["url"]), event["initiator"].get("url", ""))
            self._senders[without_values(address)] = page_address(by) if by else ""

        def answered(event: dict[str, Any]) -> None:
            said = next((value for name, value in event["headers"].items() if name.lower() == "set-cookie"), "")
            for line in said.split("\n"):
                name = re.split(r"[=;]", line, maxsplit=1)[0].strip()
                if name and (host := hosts.get(event["requestId"], "")):
                    self._note("cookie", host, name)

        session.on("Network.requestWillBeSent", sent)
        session.on("Network.responseReceivedExtraInfo", answered)
        session.send("Network.enable")

    def _request(self, request: Request) -> None:
        host = host_of(request.url)
        if host:
            self._note("request", host, f"{request.method} {without_values(request.url)}")

    def _response(self, response: Response) -> None:
        if response.request.is_navigation_request() and response.frame == self.tab.main_frame:
            self._status = response.status

    def _note(self, kind: Any, host: str, name: str, days: int | None = None) -> None:  # noqa: ANN401 - a `Kind`
        if host:
            self.seen.setdefault(Seen(self.phase, kind, host, name, self.at, days=days))


def _said(error: Exception) -> str:
    """Its first line: Playwright appends all that the browser wrote."""
    return str(error).partition("\n")[0].removeprefix("BrowserType.launch: ").strip()[:160]
