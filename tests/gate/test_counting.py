"""What each clause allowed and refused, as the page of the policy tells it."""

from __future__ import annotations

from datetime import timedelta

from upheld.gate.counting import Counted, by_clause


def test_a_clause_is_counted_by_the_rows_that_it_let_leave_and_those_it_held_back(shop):
    summary = shop.release()
    with shop.record.reading() as conn:
        counted = by_clause(conn, shop.now() - timedelta(days=1), shop.now() + timedelta(seconds=1))
    allowed = [clause for clause in summary.clauses if counted[clause].allowed == summary.released]
    assert summary.released > 0
    assert allowed == list(summary.clauses)
    refused = {each.clause: each.rows for each in summary.refusals if each.clause}
    assert refused
    assert {clause: counted[clause].refused for clause in refused} == refused
    assert all(each.releases == 1 for each in counted.values())


def test_only_releases_of_the_period_are_counted(shop):
    shop.release()
    at = shop.now()
    with shop.record.reading() as conn:
        whole = by_clause(conn, at - timedelta(days=1), at + timedelta(days=1))
        assert whole
        assert by_clause(conn, at - timedelta(days=2), at - timedelta(days=1)) == {}
        assert by_clause(conn, at + timedelta(days=1), at + timedelta(days=2)) == {}


def test_a_release_after_the_period_ends_the_counting(shop):
    shop.release()
    between = shop.now() + timedelta(hours=1)
    shop.began += timedelta(days=1)
    shop.release(out=str(shop.folder / "second.csv"))
    with shop.record.reading() as conn:
        first = by_clause(conn, between - timedelta(days=2), between)
        both = by_clause(conn, between - timedelta(days=2), between + timedelta(days=3))
    assert {each.releases for each in first.values()} == {1}
    assert max(each.releases for each in both.values()) == 2
    assert Counted() == Counted(0, 0, 0)
