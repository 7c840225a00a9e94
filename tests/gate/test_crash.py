"""Killed at any moment, a release leaves no release, or a recorded one whose file the next start completes or marks undelivered."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.gate.conftest import LIST, ME
from upheld.errors import Conflict
from upheld.gate.disclosures import disclosures
from upheld.gate.models import DELIVERY, DISCLOSURE
from upheld.gate.orders import STEPS
from upheld.gate.publishing import part_of
from upheld.gate.recovery import recover
from upheld.ledger.verification import verify
from upheld.people.codes import Keys
from upheld.people.identifiers import Email

CHILD = Path(__file__).with_name("child.py")
RECORDED = STEPS.index("recorded")


def child(shop, what, step="", list_=None, out="out.csv"):
    """Start a release in a process of its own."""
    path = list_ or shop.list()
    places = [str(shop.folder), str(path), str(shop.folder / out)]
    there = {**os.environ, "PYTHONPATH": str(CHILD.parents[2] / "src")}
    return subprocess.Popen([sys.executable, str(CHILD), *places, what, step], stderr=subprocess.PIPE, text=True, env=there)


def finished(process):
    """Wait for it; its exit code and what it said."""
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def ended(shop):
    """The state of every recorded release."""
    with shop.record.reading() as conn:
        rows = conn.execute(select(DISCLOSURE.c.id, DISCLOSURE.c.output_hash, DELIVERY.c.state).outerjoin(DELIVERY)).all()
        assert verify(conn)
    return rows


def hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("step", STEPS)
def test_kill_9_after_any_step_leaves_no_release_or_one_that_the_next_start_completes(shop, step):
    out = shop.folder / "out.csv"
    assert finished(child(shop, "die", step))[0] == -9
    assert out.exists() == (STEPS.index(step) > RECORDED)
    shop.began = datetime.now(UTC)  # the child read the real clock

    after = recover(shop.home, shop.record, shop.now(), ME)

    rows = ended(shop)
    if STEPS.index(step) < RECORDED:
        assert (rows, after, out.exists()) == ([], {}, False)
        assert shop.release().release == 1  # running again is safe, and sweeps away what was left
    else:
        assert [row.state for row in rows] == ["delivered"]
        assert hash_of(out) == rows[0].output_hash
        with pytest.raises(Conflict, match="is there already"):
            shop.release()
    assert out.read_text().count("\n") == 3
    assert not part_of(out).exists()
    assert list((shop.home.path / "work").iterdir()) == []
    assert len(ended(shop)) == 1


@pytest.mark.parametrize("step", ["recorded", "published"])
def test_a_recorded_release_whose_file_is_nowhere_may_have_been_taken_away_and_counts_as_left(shop, step):
    finished(child(shop, "die", step))
    for path in (part_of(shop.folder / "out.csv"), shop.folder / "out.csv"):
        path.unlink(missing_ok=True)
    shop.began = datetime.now(UTC)
    assert recover(shop.home, shop.record, shop.now(), ME) == {}
    assert [row.state for row in ended(shop)] == [None]
    with shop.record.reading() as conn:
        (left,) = disclosures(conn, Keys(shop.home.key), [Email("not@x.example")])
    assert (left.release, left.state) == (1, "recorded")
    assert shop.release().release == 2


def test_a_file_that_was_taken_away_does_not_cost_a_later_release_to_the_same_name(shop):
    finished(child(shop, "die", "published"))
    (shop.folder / "out.csv").unlink()
    finished(child(shop, "die", "recorded", shop.list(LIST.replace("Bob", "Rob"))))
    shop.began = datetime.now(UTC)
    assert recover(shop.home, shop.record, shop.now(), ME) == {2: shop.folder / "out.csv"}
    assert [row.state for row in ended(shop)] == [None, "delivered"]
    assert "Rob" in shop.out()


def test_a_recorded_release_whose_unfinished_file_was_changed_is_marked_undelivered(shop):
    finished(child(shop, "die", "recorded"))
    part_of(shop.folder / "out.csv").write_text("something else")
    shop.began = datetime.now(UTC)
    recover(shop.home, shop.record, shop.now(), ME)
    assert [row.state for row in ended(shop)] == ["undelivered"]
    assert not (shop.folder / "out.csv").exists()
    assert not part_of(shop.folder / "out.csv").exists()


def test_a_release_killed_between_its_files_two_names_is_delivered(shop):
    out = shop.folder / "out.csv"
    finished(child(shop, "die", "recorded"))
    os.link(part_of(out), out)
    shop.began = datetime.now(UTC)
    recover(shop.home, shop.record, shop.now(), ME)
    assert [row.state for row in ended(shop)] == ["delivered"]
    assert not part_of(out).exists()


def waiting(shop, process):
    """Wait until the child stands still at its step."""
    until = time.monotonic() + 60
    while not (shop.folder / "waiting").exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    shop.began = datetime.now(UTC)


@pytest.mark.parametrize("step", ["recorded", "published"])
def test_a_release_that_is_still_running_is_left_to_end_itself(shop, step):
    process = child(shop, "wait", step)
    waiting(shop, process)
    recover(shop.home, shop.record, shop.now(), ME)
    (shop.folder / "go").touch()
    assert finished(process) == (0, "")
    assert [row.state for row in ended(shop)] == ["delivered"]
    assert hash_of(shop.folder / "out.csv") == ended(shop)[0].output_hash


@pytest.mark.parametrize("step", ["mapped", "snapshot", "decided", "written", "synced"])
def test_an_opt_out_of_another_process_that_commits_before_the_release_is_honoured(shop, step):
    process = child(shop, "wait", step)
    waiting(shop, process)
    shop.says(Email("not@x.example"), "sharing")
    (shop.folder / "go").touch()
    assert finished(process) == (0, "")
    assert "Cy" not in shop.out()
    assert shop.out().count("\n") == 2


def test_the_same_file_cannot_be_written_by_two_processes(shop):
    path = shop.list()
    process = child(shop, "wait", "written", path)
    waiting(shop, process)
    with pytest.raises(Conflict, match="another release is writing"):
        shop.release(path)
    (shop.folder / "go").touch()
    assert finished(process) == (0, "")
    assert len(ended(shop)) == 1


def long_list(shop):
    rows = (f"p{number}@x.example,{hashlib.sha256(str(number).encode()).hexdigest()},Q,{number} Elm Rd,10001" for number in range(3000))
    return shop.list("email,first,last,address,zip\n" + "\n".join(rows) + "\n", "long.csv")


@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_a_full_disk_is_one_line_and_leaves_nothing(shop, out):
    code, said = finished(child(shop, "starve", "decided", long_list(shop), out))
    assert (code, said.count("\n")) == (1, 1)
    assert "disk is full" in said
    assert ended(shop) == []
    assert sorted(os.listdir(shop.folder)) == ["home", "long.csv"]
    assert list((shop.home.path / "work").iterdir()) == []


def test_a_disk_that_is_full_before_the_list_is_read_is_one_line(shop):
    code, said = finished(child(shop, "starve", "locked", long_list(shop)))
    assert (code, said.count("\n")) == (1, 1), said
    assert "disk is full" in said
    assert ended(shop) == []


def test_a_clock_that_went_back_stops_the_release(shop):
    shop.began += timedelta(hours=1)
    shop.says(Email("later@x.example"), "sharing")
    shop.began -= timedelta(hours=1)
    with pytest.raises(Conflict, match="clock went back"):
        shop.release()
    assert ended(shop) == []
    assert not (shop.folder / "out.csv").exists()


def test_what_a_dead_release_left_is_swept_away_by_the_next_to_any_file(shop):
    finished(child(shop, "die", "written"))
    assert part_of(shop.folder / "out.csv").exists()
    shop.began = datetime.now(UTC)
    shop.release(shop.list(LIST), out=shop.folder / "other.csv")
    assert not part_of(shop.folder / "out.csv").exists()


def test_running_a_cut_off_release_again_completes_it_and_says_so(shop):
    path = shop.list()
    finished(child(shop, "die", "recorded", path))
    shop.began = datetime.now(UTC)
    with pytest.raises(Conflict, match=r"release 1 to .* is completed now"):
        shop.release(path)
    assert shop.out().count("\n") == 3
    assert [row.state for row in ended(shop)] == ["delivered"]
