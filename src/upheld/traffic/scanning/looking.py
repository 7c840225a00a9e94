"""The four passes over the merchant's pages: before a choice, after a refusal, after an acceptance, and with the browser's signal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urldefrag, urlsplit

from upheld.errors import Conflict, Invalid
from upheld.traffic.panel.tags import Tags, is_below
from upheld.traffic.scanning.browser import Visit
from upheld.traffic.scanning.panels import Button, Finder
from upheld.traffic.scanning.seen import Link, Look, Phase, Reached, host_of, page_address

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ANCHORS: Final = (
    "as => as.slice(0, 2000).map(a => [a.href, (a.innerText || a.getAttribute('aria-label') || a.title || '').trim().slice(0, 80)])"
)
THERE: Final = """fragment => [!!document.querySelector('h1, h2, [role=heading]'),
  !!document.querySelector('form button, form input[type=submit], button, [role=button]'),
  !fragment || !!document.getElementById(decodeURIComponent(fragment))]"""
RIGHTS: Final = re.compile(
    r"privacy|do not sell|don't sell|your choices|opt[ -]?out|cookie (settings|choices|preferences)|privacidad|datenschutz|confidentialit",
    re.IGNORECASE,
)
NO_PAGES: Final = re.compile(
    r"\.(pdf|zip|gz|jpe?g|png|gif|svg|webp|mp4|css|js|xml|json|csv|ics|docx?|xlsx?)$|log-?out|sign-?out", re.IGNORECASE
)
MOST_RIGHTS: Final = 12


@dataclass(frozen=True, slots=True)
class Route:
    """What is looked at: the first pages, how many at most in all, and how long each may take to fall silent."""

    addresses: tuple[str, ...]
    tags: Tags
    pages: int = 10
    settle: float = 3.0
    selectors: tuple[tuple[Button, str], ...] = ()

    def is_own(self, host: str) -> bool:
        """Whether a host is the merchant's."""
        own = (*self.tags.sites, *(host_of(each) for each in self.addresses), *(host_of(each) for each in self.tags.rights))
        return any(is_below(host, each) for each in own)


def look(browser: Browser, route: Route) -> Look:
    """All four passes. `Conflict` if the first page does not open at all, `Invalid` if a selector is none."""
    _demand_selectors(browser, route)
    seen = Look()
    _before(browser, route, seen)
    addresses = seen.opened
    finder = Finder(dict(route.selectors))
    choices: tuple[tuple[Phase, Button], ...] = (("after refusal", "refuse"), ("after acceptance", "accept"))
    for phase, button in choices:
        _after(browser, route, seen, finder, addresses, phase, button)
    _signalling(browser, route, seen, finder, addresses)
    return seen


def _demand_selectors(browser: Browser, route: Route) -> None:
    from playwright.sync_api import Error

    tab = browser.new_page()
    for button, selector in route.selectors:
        try:
            tab.locator(selector).count()
        except Error:
            raise Invalid(f"`--{button} {selector}` names no button: give a CSS selector, such as `#{button}`") from None
    tab.close()


def _before(browser: Browser, route: Route, seen: Look) -> None:
    """Find the pages, their links and the panel, having chosen nothing; then follow the links about rights."""
    visit = Visit(browser, "before choice", route.settle)
    finder = Finder(dict(route.selectors))
    try:
        waiting, known = list(route.addresses), set(map(_plain, route.addresses))
        while waiting and len(seen.pages) < max(route.pages, len(route.addresses)):
            address = waiting.pop(0)
            page = visit.open(address)
            if not seen.pages and not page.status:
                raise Conflict(f"`{page_address(address)}` does not open: is it served, and does its name lead there?")
            if not seen.pages and not route.is_own(host_of(page.address)):
                raise Conflict(f"`{page_address(address)}` leads to `{page.address}`: scan that, or add its host to `sites` of `tags.toml`")
            if not seen.pages:
                seen.panels.append(finder.meet(visit))
            if page.address in {each.address for each in seen.pages} or not route.is_own(host_of(page.address)):
                continue  # two links to one page, or one that leads elsewhere
            seen.pages.append(page)
            if page.status:
                seen.opened.append(address)
            visit.keep()
            for link in _links(visit, page.address) if page.status and page.status < 400 else []:
                _sort(link, route, seen, waiting, known)
        visit.leave()
        _follow(visit, seen)
    finally:
        seen.seen += visit.noted()
        visit.close()


def _links(visit: Visit, page: str) -> list[Link]:
    found = visit.tab.eval_on_selector_all("a[href]", ANCHORS)
    return [Link(page, " ".join(words.split()), address) for address, words in found]


def _sort(link: Link, route: Route, seen: Look, waiting: list[str], known: set[str]) -> None:
    """A link leads to our rights, to a page of ours, or to somebody else."""
    host = host_of(link.address)
    if host and not route.is_own(host):
        seen.outbound.append(replace(link, address=f"{urlsplit(link.address).scheme}://{host}/"))
        return
    led_to = parse_qs(urlsplit(link.address).query).get("to", [""])[0] if urlsplit(link.address).path.endswith("/leaving") else ""
    if led_to and host_of(led_to) and not route.is_own(host_of(led_to)):
        seen.outbound.append(replace(link, address=f"{urlsplit(led_to).scheme}://{host_of(led_to)}/", noticed=True))
        return
    if RIGHTS.search(link.words) or any(_plain(link.address) == _plain(each) for each in route.tags.rights):
        seen.links_of_rights.append(link)
        return
    sites = [host_of(each) for each in (*route.addresses, link.page)]
    plain = _plain(link.address)
    if host in sites and plain not in known and not NO_PAGES.search(urlsplit(plain).path):
        known.add(plain)
        waiting.append(plain)


def _follow(visit: Visit, seen: Look) -> None:
    """Where the links about rights lead, each address once."""
    from playwright.sync_api import Error

    once: dict[str, Link] = {}
    for link in seen.links_of_rights:
        once.setdefault(link.address, link)
    kept, visit.seen = visit.seen, {}
    for link in list(once.values())[:MOST_RIGHTS]:
        page = visit.open(link.address)
        try:
            told = visit.tab.evaluate(THERE, urldefrag(link.address).fragment)
        except Error:
            told = [False, False, False]  # what does not open has nothing
        seen.rights.append(Reached(link, page.status, page_address(visit.tab.url) if page.status else "", *told))
    visit.seen = kept  # those pages were opened to see whether they are there


def _after(browser: Browser, route: Route, seen: Look, finder: Finder, addresses: Sequence[str], phase: Phase, button: Button) -> None:
    """Choose on the first page, then look at all of them. Without a panel there is nothing to choose."""
    visit = Visit(browser, "before choice", route.settle)
    try:
        visit.open(addresses[0])
        panel = replace(finder.meet(visit, open_it=True), phase=phase)
        if not (panel.refuse if button == "refuse" else panel.accept):
            seen.panels.append(panel)
            return
        visit.phase = phase if button == "accept" else "before choice"  # what accepting itself sets going is after acceptance
        closed = finder.press(visit, button)
        visit.quieten()
        visit.leave()
        visit.phase = phase
        came_back = False
        for number, address in enumerate(addresses):
            visit.open(address)
            if number == 0:
                came_back = finder.button(visit, "refuse") is not None or finder.button(visit, "accept") is not None
            visit.keep()
        visit.leave()
        seen.panels.append(replace(panel, pressed=True, closed=closed, came_back=came_back))
        seen.seen += [each for each in visit.noted() if each.phase == phase]
    finally:
        visit.close()


def _signalling(browser: Browser, route: Route, seen: Look, finder: Finder, addresses: Sequence[str]) -> None:
    """With `Sec-GPC: 1` and nothing chosen."""
    visit = Visit(browser, "with the signal", route.settle)
    try:
        for number, address in enumerate(addresses):
            visit.open(address)
            if number == 0:
                seen.panels.append(finder.meet(visit, within=1))
            visit.keep()
        visit.leave()
        seen.seen += visit.noted()
    finally:
        visit.close()


def _plain(address: str) -> str:
    """An address without its fragment: the same page."""
    url = urlsplit(address)
    return url._replace(fragment="", path=url.path or "/").geturl()
