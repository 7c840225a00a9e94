"""The script of page events in a real browser: it counts, and it is silent for whoever said no."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from tests.browser.served import free_port
from tests.houses import House
from tests.traffic.conftest import local  # noqa: F401 - a fixture
from tests.traffic.test_events import AGENT, fates, running, totals
from tests.web import sites
from upheld.traffic.reader import STEPS
from upheld.traffic.tables import CAMPAIGN, PAGE, REFERRER


@pytest.fixture
def house(tmp_path):
    from datetime import UTC, datetime

    made = House(tmp_path / "home")
    sites.post_policy(made, at=datetime.now(UTC))
    yield made
    made.record.close()


def test_pages_are_counted_and_whoever_said_no_sends_nothing(browser, house, local):  # noqa: F811
    port = free_port()

    @contextmanager
    def visitor(**more):
        context = browser.new_context(user_agent=AGENT, **more)
        sent = []
        page = context.new_page()
        page.on("request", lambda request: sent.append((request.method, request.url.split("/", 3)[3])))
        yield page, sent
        context.close()

    def at(page, path):
        page.goto(f"http://shop.localhost:{local.port}/counted{path}{'&' if '?' in path else '?'}events={port}", wait_until="networkidle")

    with running(house, port):
        with visitor() as (page, sent):
            at(page, "?utm_source=Mail&utm_campaign=Spring&gclid=AbC123&email=ida@mail.example")
            assert ("POST", "e") in sent
            at(page, "?step=order")
            assert sent.count(("POST", "e")) == 3
            assert page.evaluate("[document.cookie, localStorage.length]") == ["", 0]
        with visitor(extra_http_headers={"Sec-GPC": "1"}) as (page, sent):
            page.add_init_script("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})")
            at(page, "")
            assert ("POST", "e") not in sent
        with visitor() as (page, sent):
            refused = {"name": "upheld_choice", "value": "20000.abcdefabcdef.", "url": f"http://shop.localhost:{local.port}/"}
            page.context.add_cookies([refused])
            at(page, "")
            assert ("POST", "e") not in sent
            page.context.add_cookies([{**refused, "value": "20000.abcdefabcdef.visits"}])
            at(page, "")
            assert ("POST", "e") in sent
        with visitor(java_script_enabled=False) as (page, sent):
            at(page, "")
            assert ("GET", "e.gif?p=/quiet") in sent
        with visitor(java_script_enabled=False, extra_http_headers={"Sec-GPC": "1"}) as (page, sent):
            at(page, "")
    assert totals(house.record, PAGE) == {"/counted": 3, "/quiet": 1}
    assert fates(house.record) == {"counted": 5, "signal": 1}
    assert totals(house.record, CAMPAIGN, column=0) == {"mail / - / spring": 1, "(none)": 4}
    assert totals(house.record, REFERRER, column=STEPS.index("order")) == {"(direct)": 1}
    assert b"AbC123" not in house.bytes()
    assert b"ida@mail" not in house.bytes()
