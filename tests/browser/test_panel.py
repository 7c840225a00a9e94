"""The choice panel on a page of the merchant's, in a real browser: the page on one host, the centre on another, the tags on others."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.served import served
from tests.traffic.conftest import local  # noqa: F401 - a fixture
from upheld.traffic.panel.queries import chosen, counted

TAGS = """
sites = ["shop.localhost"]
cookies = ["session"]

[[tag]]
name = "visits"
company = "Visit Counters Ltd"
hosts = ["counters.localhost"]
script = "http://counters.localhost:{port}/c.js"
takes = ["tracking.pages"]
purpose = "measurement"
cookies = ["_vc*"]
storage = ["_vc*"]

[[tag]]
name = "offers"
company = "Offer Network Inc"
hosts = ["offers.localhost"]
takes = ["tracking.pages"]
purpose = "measurement"

[[tag]]
name = "sold"
company = "Address Traders"
hosts = ["sold.localhost"]
script = "http://sold.localhost/x.js"
takes = ["tracking.pages"]
purpose = "marketing.partner"
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory, local):  # noqa: F811
    def prepare(house):
        (house.home.path / "tags.toml").write_text(TAGS.replace("{port}", str(local.port)))

    with served(tmp_path_factory.mktemp("panelled"), "centre", prepare) as site:
        yield site


class Visitor:
    def __init__(self, page, address):
        self.page, self.address, self.sent, self.posted, self.faults = page, address, [], [], []
        page.on("request", lambda request: self.sent.append(request.url))
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)

    def open(self, more=""):
        self.sent.clear()
        self.page.goto(self.address + more, wait_until="networkidle")
        return self.page

    @property
    def others(self):
        found = [url for url in self.sent if "//counters." in url or "//offers." in url]
        return sorted({url.partition("localhost")[0] + url.rpartition("/")[2] for url in found})

    @property
    def panel(self):
        return self.page.locator("upheld-panel .panel")

    def cookies(self):
        return {cookie["name"]: cookie["value"] for cookie in self.page.context.cookies() if cookie["domain"] == "shop.localhost"}

    def photograph(self, name):
        if os.environ.get("SCREENSHOTS"):
            self.page.screenshot(path=Path(os.environ["SCREENSHOTS"]) / f"panel-{name}.png")


@pytest.fixture
def visit(browser, shop, local):  # noqa: F811
    @contextmanager
    def opened(*, width=320, **more):
        context = browser.new_context(viewport={"width": width, "height": 700}, locale="en-US", **more)
        context.set_default_timeout(20_000)
        centre = shop.address.rpartition(":")[2]
        try:
            yield Visitor(context.new_page(), f"http://shop.localhost:{local.port}/panelled?centre={centre}")
        finally:
            context.close()

    return opened


ALL = ["http://counters.c.js", "http://counters.held.gif", "http://counters.held.js", "http://offers.offer.js"]


def until(holds):
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def receipt(page):
    return page.evaluate("localStorage.upheld_receipt")


def served_script(shop):
    host = shop.address.removeprefix("http://")
    asked = urllib.request.Request(f"http://127.0.0.1:{host.rpartition(':')[2]}/panel.js", headers={"Host": host})
    with urllib.request.urlopen(asked) as answer:
        return answer.read().decode()


def recorded(shop, page):
    number = receipt(page)
    with shop.house.record.reading() as conn:
        return [one.allowed for one in chosen(conn, number)]


def test_nothing_runs_before_a_choice_and_refusing_is_one_step_beside_accepting(visit, shop):
    with visit() as visitor:
        page = visitor.open()
        assert visitor.panel.is_visible()
        assert visitor.others == []
        refuse, accept = (page.get_by_role("button", name=name, exact=True).bounding_box() for name in ("Refuse", "Accept"))
        assert (refuse["y"], refuse["height"]) == (accept["y"], accept["height"])
        assert abs(refuse["width"] - accept["width"]) <= 1
        assert visitor.cookies() == {}
        page.get_by_role("button", name="Refuse", exact=True).click()
        assert visitor.panel.count() == 0
        until(lambda: recorded(shop, page) == [()])
        visitor.open()
        assert visitor.panel.count() == 0
        assert visitor.others == []
        assert visitor.cookies()["upheld_choice"].endswith(".")
        assert visitor.faults == []
        visitor.photograph("foot")


def test_what_is_accepted_runs_at_once_and_on_the_next_page_until_it_is_taken_back(visit, shop):
    with visit() as visitor:
        page = visitor.open()
        page.get_by_role("button", name="Accept", exact=True).click()
        until(lambda: visitor.others == ALL)
        assert "sold" not in str(visitor.sent)  # the policy does not bear it out, so it is not even asked about
        visitor.open()
        assert visitor.others == ALL
        assert page.evaluate("[window.held, window.offered, upheld.allowed('visits'), upheld.allowed('sold')]") == [True, True, True, False]
        assert "_vc" in visitor.cookies()
        visitor.sent.clear()
        with page.expect_navigation():
            page.get_by_role("button", name="Cookie settings").press("Enter")
            page.get_by_role("button", name="Refuse", exact=True).press("Enter")
        page.wait_for_load_state("networkidle")
        assert visitor.others == []
        assert "_vc" not in visitor.cookies()
        assert page.evaluate("Object.keys(localStorage)") == ["upheld_receipt"]
        until(lambda: recorded(shop, page) == [("offers", "visits"), ()])


def test_one_of_two_can_be_allowed(visit, shop):
    with visit() as visitor:
        page = visitor.open()
        page.get_by_text("Who, and what for").click()
        page.get_by_label("Offer Network Inc: measuring how our sites and our marketing perform").check()
        page.get_by_role("button", name="Accept only these").click()
        until(lambda: visitor.others == ["http://offers.offer.js"])
        until(lambda: recorded(shop, page) == [("offers",)])


def test_the_browsers_signal_is_a_refusal_without_a_question(visit):
    with visit(extra_http_headers={"Sec-GPC": "1"}) as visitor:
        visitor.page.add_init_script("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})")
        page = visitor.open("&region=us-ca")
        assert visitor.panel.count() == 0
        assert page.get_by_role("status").inner_text() == "Opt-out request honoured"
        assert visitor.others == []
        visitor.photograph("signal")


def test_where_visitors_need_not_be_asked_tags_run_until_they_are_refused(visit):
    with visit() as visitor:
        page = visitor.open("&region=us-ca")
        assert visitor.panel.count() == 0
        assert visitor.others == ALL
        with page.expect_navigation():
            page.get_by_role("button", name="Cookie settings").click()
            page.get_by_role("button", name="Refuse", exact=True).click()
        visitor.open("&region=us-ca")
        assert visitor.others == []
    with visit() as elsewhere:
        elsewhere.open("&region=de")
        assert elsewhere.panel.is_visible()


def test_a_choice_holds_for_twelve_months_a_refusal_whatever_becomes_of_the_tags(visit, shop, local):  # noqa: F811
    today = int(time.time() // 86400)
    with visit() as visitor:
        page = visitor.open()
        mark = served_script(shop).partition('"mark":"')[2][:12]

        def with_choice(days, of, names):
            value = {"name": "upheld_choice", "value": f"{today - days}.{of}.{names}", "url": f"http://shop.localhost:{local.port}/"}
            page.context.add_cookies([value])
            visitor.open()
            return visitor.panel.count(), len(visitor.others)

        assert with_choice(365, mark, "") == (0, 0)
        assert with_choice(366, mark, "") == (1, 0)
        assert with_choice(365, mark, "visits+offers") == (0, 4)
        assert with_choice(366, mark, "visits+offers") == (1, 0)
        assert with_choice(1, "0" * 12, "") == (0, 0)  # refused before the tags changed: not asked again within the year
        assert with_choice(1, "0" * 12, "visits") == (1, 3)  # what was allowed still is; what is new is asked about
        assert with_choice(1, mark, "sold+visits") == (0, 3)


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (320, "dark"), (1280, "light")])
def test_the_panel_has_no_fault_for_axe_fits_a_phone_and_comes_first_for_the_keyboard(visit, width, scheme):
    with visit(width=width, color_scheme=scheme) as visitor:
        page = visitor.open()
        visitor.photograph(f"{width}-{scheme}")
        page.keyboard.press("Tab")
        reached = "document.activeElement.shadowRoot.activeElement.textContent"
        assert page.evaluate(reached) == "Refuse"
        page.keyboard.press("Tab")
        assert page.evaluate(reached) == "Accept"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.get_by_role("link", name="What the policy says: Visit Counters Ltd").is_visible()
        visitor.photograph(f"{width}-{scheme}-open")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert page.get_by_role("region", name="May software of others run here?").is_visible()
    # axe is a script that a test puts in, which the page's own rules forbid
    with visit(width=width, color_scheme=scheme, bypass_csp=True) as visitor:
        page = visitor.open()
        page.get_by_text("Who, and what for").click()
        faults = [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in Axe().run(page).response["violations"]]
        assert faults == []


def test_the_panel_opens_and_closes_by_keyboard_without_a_change(visit):
    with visit() as visitor:
        page = visitor.open("&region=us")
        opener = page.get_by_role("button", name="Cookie settings")
        opener.press("Enter")
        assert visitor.panel.is_visible()
        page.keyboard.press("Escape")
        assert visitor.panel.count() == 0
        assert page.evaluate("document.activeElement.shadowRoot.activeElement.textContent") == "Cookie settings"
        assert visitor.cookies() == {"_vc": "1"}


def test_an_older_browser_gets_the_same_panel(visit):
    with visit(bypass_csp=True) as visitor:
        visitor.page.add_init_script("delete window.CSSStyleSheet")
        page = visitor.open()
        box = visitor.panel.bounding_box()
        assert (box["x"], round(box["y"] + box["height"])) == (0, 700)  # styled: at the foot of the screen
        page.get_by_role("button", name="Refuse", exact=True).click()
        assert visitor.panel.count() == 0


def test_the_panel_speaks_spanish_on_a_spanish_page(visit):
    with visit() as visitor:
        page = visitor.open("&lang=es")
        assert page.get_by_role("button", name="Rechazar").is_visible()


def test_every_choice_has_its_entry_in_the_ledger(shop):
    with shop.house.record.reading() as conn:
        kept = conn.exec_driver_sql("SELECT canonical FROM ledger_entry WHERE kind = 'panel.chosen'").scalars()
        bodies = [json.loads(one)["body"] for one in kept]
        found = counted(conn, datetime(2020, 1, 1, tzinfo=UTC))
    assert len(bodies) == found.everything + found.some + found.nothing
    assert all(set(body) == {"choice", "receipt", "panel", "allowed", "version", "region"} for body in bodies)
