"""The worker goes on: a fault of the program in one effect is written down, without what it was about, and holds up no other."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.houses import CLERK, NOW
from upheld.errors import Conflict
from upheld.jobs.worker import work
from upheld.ledger import effects

SECRET = "somebody@mail.example"


class Shop:
    """Three effects of two kinds; `broken` is what the first kind meets, None once it is mended."""

    def __init__(self, house, broken):
        self.house, self.broken, self.now, self.done = house, broken, NOW, []
        with house.record.transaction() as tx:
            for subject, kind in ((1, "test.one"), (2, "test.two"), (3, "test.two")):
                effects.plan(tx, kind, subject, "", {}, NOW)

    def one(self, leased):
        if self.broken:
            raise self.broken
        self.two(leased)

    def two(self, leased):
        with self.house.record.transaction() as tx:
            effects.done(tx, leased, self.now, CLERK)
        self.done.append(leased.subject)

    def work(self, **later):
        self.now += timedelta(**later)
        return work(self.house.record, {"test.one": self.one, "test.two": self.two}, lambda: self.now)

    def effect(self):
        with self.house.record.reading() as conn:
            return effects.of(conn, 1)[0]


def test_a_fault_in_one_effect_holds_up_no_other_and_is_tried_again(house):
    shop = Shop(house, ValueError(SECRET))
    assert shop.work() == 3
    assert shop.done == [2, 3]
    assert shop.effect().state == "due"
    assert "met a fault of the program at test_worker.py" in shop.effect().reason
    assert SECRET.encode() not in house.bytes()
    assert shop.work() == 0  # not before its time
    shop.broken = None
    assert shop.work(seconds=1) == 1
    assert shop.effect().state == "done"


def test_if_the_record_itself_says_no_the_worker_ends_and_the_effect_is_taken_up_later(house):
    shop = Shop(house, Conflict("the record's disk is full"))
    with pytest.raises(Conflict, match="disk is full"):
        shop.work()
    shop.broken = None
    assert shop.work(minutes=2) == 3
    assert sorted(shop.done) == [1, 2, 3]


def test_what_takes_longer_than_its_lease_stays_with_the_worker_that_lives(house):
    shop = Shop(house, None)
    taken = []

    def slow(leased):
        time.sleep(1.0)
        taken.append(effects.lease(house.record, datetime.now(UTC), "another", ["test.one"]))
        shop.two(leased)

    work(house.record, {"test.one": slow}, lambda: datetime.now(UTC), hold=timedelta(seconds=0.6))
    assert taken == [None]
    assert shop.effect().state == "done"
