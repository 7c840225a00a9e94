"""Scans and choices in the panel, written down on both databases, with their entries in the ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.test_panel import TAGS
from tests.houses import CLERK
from tests.web.sites import POLICY
from tests.web.test_sites_pages import REPORT
from upheld.errors import Conflict, Invalid, NotFound
from upheld.ledger.queries import entries
from upheld.policy.compiled import Policy
from upheld.traffic.panel.actions import choose
from upheld.traffic.panel.queries import Counted, chosen, counted
from upheld.traffic.panel.script import panel
from upheld.traffic.panel.tags import read_tags
from upheld.traffic.scanning import queries
from upheld.traffic.scanning.actions import record_scan

NOW = datetime.now(UTC)
RECEIPT = "00ff" * 8


@pytest.fixture
def shown(tmp_path):
    path = tmp_path / "tags.toml"
    path.write_text(TAGS.replace("{port}", "1"))
    return panel(read_tags(path), Policy.read(POLICY), None, "https://privacy.shop.example")


def last_entry(store):
    with store.record.reading() as conn:
        return json.loads([*entries(conn)][-1].canonical)


def test_a_scan_is_written_down_whole_and_its_entry_counts_what_was_found(store):
    with store.record.reading() as conn, pytest.raises(NotFound, match="no scan was made yet"):
        queries.last(conn)
    for report in ({**REPORT, "findings": []}, REPORT):
        with store.record.transaction() as tx:
            record_scan(tx, report, datetime.now(UTC), CLERK)
    with store.record.reading() as conn:
        newest, first = queries.scans(conn)
        assert queries.last(conn) == queries.one(conn, 2) == newest
        with pytest.raises(NotFound, match="no scan of this number"):
            queries.one(conn, 3)
    assert (newest.report, first.errors, newest.errors) == (REPORT, 0, 1)
    body = last_entry(store)["body"]
    assert body == {"scan": 2, "pages": 1, "errors": 1, "warnings": 0, "findings": {"unnamed-tracker": 1}, "report": newest.hash}


def test_a_scan_cannot_be_changed_afterwards(store):
    with store.record.transaction() as tx:
        record_scan(tx, REPORT, datetime.now(UTC), CLERK)
    with pytest.raises(Exception, match="only grows"), store.record.transaction() as tx:
        tx.exec_driver_sql("DELETE FROM site_scan")


def test_choices_are_counted_and_found_by_their_receipt(store, shown):
    for allowed, region in ((["visits", "offers"], "us-ca"), (["offers"], None), ([], "de")):
        with store.record.transaction() as tx:
            choose(tx, shown, shown.mark, RECEIPT, allowed, region, at=datetime.now(UTC), actor=CLERK)
    with store.record.reading() as conn:
        assert [(one.allowed, one.region) for one in chosen(conn, RECEIPT)] == [
            (("offers", "visits"), "us-ca"),
            (("offers",), None),
            ((), "de"),
        ]
        assert chosen(conn, "0" * 32) == ()
        assert counted(conn, NOW - timedelta(days=1)) == Counted(1, 1, 1)
        assert counted(conn, NOW + timedelta(days=1)) == Counted(0, 0, 0)
        with pytest.raises(Invalid, match="a receipt is 32 hexadecimal digits"):
            chosen(conn, "ff")
    body = last_entry(store)["body"]
    assert (body["allowed"], body["region"], body["panel"]) == ([], "de", shown.hash)
    assert RECEIPT not in json.dumps(body)


def test_a_choice_that_no_panel_offered_is_refused(store, shown):
    for allowed, mark, fault in ((["sold"], shown.mark, Invalid), ([], "0" * 12, Conflict), ([], shown.mark[:5], Conflict)):
        with pytest.raises(fault), store.record.transaction() as tx:
            choose(tx, shown, mark, RECEIPT, allowed, None, at=datetime.now(UTC), actor=CLERK)
    with store.record.reading() as conn:
        assert chosen(conn, RECEIPT) == ()
