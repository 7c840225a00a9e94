"""The power may go at any moment: what was acknowledged is there afterwards, and of what was under way all or nothing."""

import random

import pytest

from tests.powercut import lives, shim
from tests.powercut.deeds import DEEDS
from tests.powercut.disk import SECTOR, Disk, Drive, File
from upheld.errors import Refused
from upheld.record import Record


def test_three_hundred_power_cuts_lose_nothing_acknowledged():
    seen = lives.run(DEEDS, 300)
    assert seen.cuts >= 300
    assert set(seen.by_action) == {deed.name for deed in DEEDS}
    assert seen.acknowledged > 100, "the power went too early: the test showed nothing"
    assert (seen.lost, seen.broken, seen.faults) == (0, 0, [])


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_a_weaker_setting_would_lose_what_was_acknowledged(synchronous):
    seen = lives.run(DEEDS, 160, synchronous=synchronous)
    assert seen.lost > 10, "the cuts cannot show a loss: the test above would pass whatever the record does"
    assert seen.cuts_that_lost > 2


def test_an_unsynced_write_survives_in_torn_sectors():
    seen = set()
    for seed in range(200):
        file = File(kept=bytearray(4 * SECTOR), unsynced=[(SECTOR // 2, b"x" * 2 * SECTOR)])
        left = file.after_cut(random.Random(seed)).kept
        seen.add(tuple(left[at : at + SECTOR // 2].count(b"x") for at in range(0, 4 * SECTOR, SECTOR // 2)))
    assert len(seen) == 2**3  # three sectors are touched, each survives or not
    assert {sum(parts) for parts in seen} >= {0, 2 * SECTOR}


def test_what_was_synced_stays_and_deletions_may_be_undone():
    file = File(unsynced=[(0, b"kept")])
    file.sync()
    file.unsynced.append((2, None))
    back = set()
    for seed in range(50):
        disk = Disk()
        disk.files, disk.deleted = {"a": File(bytearray(file.seen), bytearray(file.kept), list(file.unsynced), True)}, {"b": file}
        left = disk.after_cut(random.Random(seed))
        assert bytes(left.files["a"].kept) in (b"kept", b"ke")
        back.add("b" in left.files)
    assert back == {True, False}


def test_a_disk_that_cannot_keep_a_write_ahead_log_is_refused(tmp_path):
    record = Record(f"sqlite:///{tmp_path}/record.db", dbapi=shim.module(Drive("no-log"), exclusive=False))
    with pytest.raises(Refused, match="cannot keep a write-ahead log: put the record on a local disk"):
        record.create()
    record.close()
