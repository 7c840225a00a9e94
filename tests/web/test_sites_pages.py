"""*Our sites* at the console: the last scan with its evidence, the tags beside their clauses, and where pages lead."""

from __future__ import annotations

import pytest

from tests.browser.test_panel import TAGS
from tests.houses import CLERK, NOW
from tests.web.reading import words
from upheld.traffic.scanning.actions import record_scan

FOUND = {
    "rule": "unnamed-tracker",
    "message": "`static.hotjar.com` is Hotjar, site analytics; no declared tag names it",
    "page": "https://shop.example/",
    "hint": "declare it in `tags.toml`, or take it from the page",
    "evidence": ["before choice: GET https://static.hotjar.com/c/x.js?sv on https://shop.example/"],
    "severity": "error",
}
REPORT = {
    "pages": [{"address": "https://shop.example/", "status": 200}],
    "hosts": [{"host": "static.hotjar.com", "known": "Hotjar, site analytics", "tag": None, "phases": ["before choice"], "requests": 1}],
    "outbound": [
        {"host": "carriers.example", "address": "https://carriers.example/", "words": "Our carrier", "pages": ["https://shop.example/"]},
        {"host": "banks.example", "address": "https://banks.example/", "words": "Our bank", "pages": ["https://shop.example/pay"]},
    ],
    "findings": [FOUND],
}


@pytest.fixture
def scanned(shop):
    (shop.home.path / "tags.toml").write_text(TAGS.replace("{port}", "1"))
    (shop.home.path / "links.toml").write_text('[[site]]\nname = "Banks"\naddress = "https://banks.example/"\nreviewed_on = 2026-03-01\n')
    with shop.record.transaction() as tx:
        record_scan(tx, {**REPORT, "findings": []}, NOW, CLERK)
        record_scan(tx, REPORT, NOW, CLERK)
    return shop


def test_the_page_shows_what_was_found_with_its_evidence_and_what_each_tag_may(scanned, console):
    page = words(console.get("/sites"))
    assert "one error" in page
    assert "before choice: GET https://static.hotjar.com/c/x.js?sv on https://shop.example/" in page
    assert "visits Visit Counters Ltd measurement collect.tracking as the policy says" in page
    assert "sold Address Traders marketing.partner collect.tracking does not run no clause allows" in page
    assert "carriers.example not listed" in page
    assert "banks.example listed" in page


def test_an_earlier_scan_is_shown_too_and_one_that_is_not_there_is_not(scanned, console):
    assert "Nothing was found that was not promised." in words(console.get("/sites?scan=1"))
    assert console.get("/sites?scan=99").status_code == 404


def test_before_the_first_scan_the_page_says_what_to_do(console):
    page = words(console.get("/sites"))
    assert "No scan was made yet." in page
    assert "No tag is declared: nothing of others may run." in page


def test_a_role_that_may_neither_measure_nor_audit_does_not_see_it(scanned, desk):
    clerk = desk("support")
    assert clerk.get("/sites").status_code == 403
    assert "Our sites" not in words(clerk.get("/"))
    assert desk("marketing", "mae@staff.example").get("/sites").status_code == 200
