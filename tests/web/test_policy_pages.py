"""The policy's pages: the posted text itself, what keeps it, how often, and what changed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.houses import NOW, later
from tests.web import sites
from tests.web.reading import words
from upheld.policy.document import parse

TEXT = sites.POLICY.read_text("utf-8")
NEXT = (
    TEXT.replace("version: 2026.1", "version: 2026.2")
    .replace("at most four times a year", "at most twice a year")
    .replace("at most 4 times a year", "at most 2 times a year")
)


def test_every_clause_of_the_posted_text_stands_under_its_own_address_with_its_rules(centre):
    page = centre.get("/policy").content.decode()
    clauses = [clause.id for clause in parse(TEXT).clauses]
    assert len(clauses) > 30
    assert [clause for clause in clauses if f'id="{clause}"' not in page and clause != "top"] == []
    assert page.count("<details>") > 20
    assert 'href="#use.partners"' in page


def test_the_page_says_since_when_it_is_in_force(centre):
    assert "Version 2026.1, in force since May 4, 2026, 12:00 UTC" in words(centre.get("/policy"))


def test_the_page_for_paper_has_every_rule_open(centre):
    page = centre.get("/policy/print").content.decode()
    assert "<details>" not in page
    assert "<details open>" in page


def test_a_later_version_takes_over_at_its_time_and_the_earlier_stays_readable(shop, centre, clock):
    sites.post_policy(shop, NEXT, at=later(hours=1))
    assert "Version 2026.1" in words(centre.get("/policy"))
    clock.now = later(hours=2)
    assert "Version 2026.2" in words(centre.get("/policy"))
    earlier = words(centre.get("/policy/version/2026.1"))
    assert "It was replaced on May 4, 2026, 13:00 UTC" in earlier
    assert "at most four times a year" in earlier
    assert "at most twice a year" not in earlier


def test_what_changed_is_told_as_uses_and_as_words(shop, centre, clock):
    sites.post_policy(shop, NEXT, at=later(hours=1))
    clock.now = later(hours=2)
    told = centre.get("/policy/compare", {"from": "2026.1", "to": "2026.2"}).content.decode()
    assert "<del>four times</del> <ins>twice</ins>" in told
    assert "Narrower" in told
    assert "Wider" not in told
    assert "use.partners" in told


def test_a_version_that_never_was_is_not_compared_nor_shown(centre):
    assert centre.get("/policy/version/2026.9").status_code == 404
    assert centre.get("/policy/compare", {"from": "2026.1", "to": "<script>"}).status_code == 404
    assert centre.get("/policy/compare").status_code == 404


def test_a_version_of_the_future_is_not_shown_before_its_time(shop, centre, clock):
    sites.post_policy(shop, NEXT, at=later(hours=1))
    assert centre.get("/policy/version/2026.2").status_code == 404
    clock.now = later(hours=1)
    assert centre.get("/policy/version/2026.2").status_code == 200


def test_beside_each_clause_stands_how_often_it_allowed_and_refused_this_month(shop, centre, clock, tmp_path):
    from tests.houses import CLERK
    from upheld.gate.orders import Order, unwatched
    from upheld.gate.release import release

    list_ = tmp_path / "list.csv"
    list_.write_text("email,first,last\nin@x.example,Bob,Moss\nnot@x.example,Cy,Day\n", encoding="utf-8")
    assert "In May 2026 no list was asked for that this part speaks of" in words(centre.get("/policy"))
    order = Order(str(list_), purpose="ordering.contact", to="ourselves", source="quote", out=str(tmp_path / "out.csv"))
    summary = release(shop.home, shop.record, order, lambda: NOW, CLERK, unwatched)
    assert summary.released == 2
    clock.now = later(minutes=1)
    assert "In May 2026 this part let 2 records leave and held 0 back, in 1 list" in words(centre.get("/policy"))
    clock.now = NOW + timedelta(days=40)
    assert "In June 2026 no list" in words(centre.get("/policy"))


def test_where_no_policy_is_in_force_the_page_says_that_it_is_not_here(tmp_path, clock):
    from tests import houses

    empty = houses.House(tmp_path / "empty")
    with sites.over("centre", empty, clock) as client:
        assert client().get("/policy").status_code == 404
    empty.record.close()


@pytest.mark.parametrize("path", ["/policy", "/policy/versions", "/policy/print"])
def test_a_page_that_is_read_cannot_be_written_to(centre, path):
    assert centre.post(path).status_code == 405
