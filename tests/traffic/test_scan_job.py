"""The hourly scan, done by `upheld work`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.traffic.running import upheld
from upheld.home import Home
from upheld.ledger import effects
from upheld.traffic.scanning.job import KIND, WORKER, plan_first
from upheld.traffic.scanning.queries import scans


def test_pages_of_the_settings_are_looked_at_and_the_next_time_is_planned(posted, local):
    settings = posted.home.path / "upheld.toml"
    before = upheld(posted, "work")
    assert before.out == "nothing is due\n"
    settings.write_text(settings.read_text() + f'\n[scan]\npages = "http://silent.localhost:{local.port}/"\n')
    (posted.home.path / "tags.toml").write_text('sites = ["localhost"]\n')
    done = upheld(posted, "work")
    assert (done.code, done.out, done.err) == (0, "1 step tried\n", "")
    with posted.record.reading() as conn:
        (made,) = scans(conn)
        first, following = effects.of(conn, 0, KIND)
    assert (first.state, following.state) == ("done", "due")
    assert following.due_at - first.due_at >= timedelta(hours=1)
    assert [page["status"] for page in made.report["pages"]] == [200]
    assert upheld(posted, "work").out == "nothing is due\n"
    assert f"1  {made.at:%Y-%m-%d %H:%M}  1 pages" in upheld(posted, "traffic", "scans").out


def test_a_scan_whose_worker_was_killed_is_made_by_the_next(posted, local):
    settings = posted.home.path / "upheld.toml"
    settings.write_text(settings.read_text() + f'\n[scan]\npages = "http://silent.localhost:{local.port}/"\n')
    long_ago = datetime.now(UTC) - timedelta(minutes=2)
    plan_first(posted.record, Home.find(posted.home.path), long_ago)
    killed = effects.lease(posted.record, long_ago, "killed", (KIND,))
    assert upheld(posted, "work").out == "1 step tried\n"
    with pytest.raises(effects.Lost), posted.record.transaction() as tx:
        effects.done(tx, killed, datetime.now(UTC), WORKER)
    with posted.record.reading() as conn:
        assert len(scans(conn)) == 1
        assert [each.state for each in effects.of(conn, 0, KIND)] == ["done", "due"]


def test_a_site_that_does_not_answer_is_tried_again_and_the_reason_is_kept(posted):
    settings = posted.home.path / "upheld.toml"
    settings.write_text(settings.read_text() + '\n[scan]\npages = "http://shop.localhost:1/"\n')
    upheld(posted, "work")
    with posted.record.reading() as conn:
        (waiting,) = effects.of(conn, 0, KIND)
        assert scans(conn) == ()
    assert waiting.state == "due"
    assert waiting.reason == "`http://shop.localhost:1/` does not open: is it served, and does its name lead there?"


def test_a_time_that_is_none_is_refused_before_anything_is_done(posted):
    settings = posted.home.path / "upheld.toml"
    settings.write_text(settings.read_text() + '\n[scan]\npages = "http://shop.localhost:1/"\nevery_minutes = "often"\n')
    said = upheld(posted, "work")
    assert (said.code, said.err) == (2, "upheld: `every_minutes` in `[scan]` must be a whole number of at least 5\n")
