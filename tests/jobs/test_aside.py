"""A large list is decided by a process of its own: nothing else waits for it, its lease lasts as long as it does, and it may be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from threading import Event

import pytest
from sqlalchemy import select

from tests.gate.conftest import open_shop
from tests.gate.test_ordering import Desk
from upheld.gate import ordering
from upheld.jobs import aside, worker
from upheld.jobs.shift import Shift
from upheld.ledger import effects
from upheld.ledger.models import EFFECT


@pytest.fixture
def desk(tmp_path):
    shop = open_shop(tmp_path)
    yield Desk(shop)
    shop.record.close()


def shift(desk):
    return Shift(desk.shop.home, desk.shop.record, lambda: datetime.now(UTC))


def lease(desk):
    return effects.lease(desk.shop.record, datetime.now(UTC), "test", [ordering.LOOK])


def leased_until(desk):
    with desk.shop.record.reading() as conn:
        return conn.execute(select(EFFECT.c.leased_until).where(EFFECT.c.kind == ordering.LOOK)).scalar_one()


def test_a_worker_has_a_list_decided_aside_and_does_the_rest_itself(desk):
    desk.give()
    assert ordering.LOOK not in shift(desk).handlers
    assert shift(desk).once(threads=1) >= 1
    assert desk.find().state == "looked"
    desk.do(ordering.begin, 1)
    assert shift(desk).follow(aside.LEASE * 0, threads=1) >= 1
    assert desk.find().state == "released"


def test_the_process_of_a_list_ends_in_good_order(desk):
    desk.give()
    leased = lease(desk)
    words = [sys.executable, "-m", "upheld.jobs.aside", str(leased.id), str(leased.fence)]
    env = {**os.environ, "UPHELD_HOME": str(desk.shop.home.path)}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as child:
        said = child.stderr.read()
        assert (child.wait(60), said) == (0, b"")
    assert desk.find().state == "looked"


def test_other_effects_are_done_while_a_list_takes_long(desk, monkeypatch):
    desk.give()
    with desk.shop.record.transaction() as tx:
        effects.plan(tx, "test.short", 1, "", {}, datetime.now(UTC))
    order, working = [], shift(desk)

    def short(leased):
        order.append("short")
        with desk.shop.record.transaction() as tx:
            effects.done(tx, leased, datetime.now(UTC), working.office.actor)

    def long(leased):
        until = time.monotonic() + 20
        while not order and time.monotonic() < until:  # a list that ends only after everything else
            time.sleep(0.01)
        order.append("list")
        with desk.shop.record.transaction() as tx:
            effects.done(tx, leased, datetime.now(UTC), working.office.actor)

    monkeypatch.setattr(working, "handlers", {"test.short": short})
    monkeypatch.setattr(working, "aside", {ordering.LOOK: long})
    working.once(threads=1)
    assert order == ["short", "list"]


def test_a_list_whose_process_dies_each_time_is_given_up_in_words_for_staff(desk, monkeypatch):
    desk.give()
    monkeypatch.setattr(aside.sys, "executable", "false")
    now, working = datetime.now(UTC), shift(desk)
    for tries in range(3):
        worker.work(desk.shop.record, working.aside, lambda passed=tries: now + passed * aside.LEASE)
    assert desk.find().state == "failed"
    assert "more memory" in desk.find().reason


def test_the_lease_lasts_while_the_work_does(desk):
    desk.give()
    leased = lease(desk)
    first = leased_until(desk)

    def work(_leased):
        until = time.monotonic() + 20
        while leased_until(desk) <= first and time.monotonic() < until:
            time.sleep(0.01)

    aside.run(desk.shop.record, leased, work, beat=0.02)
    assert leased_until(desk) > first


def test_whoever_lost_the_lease_stops_at_once(desk, monkeypatch):
    desk.give()
    leased = lease(desk)
    with desk.shop.record.transaction() as tx:
        tx.execute(EFFECT.update().where(EFFECT.c.id == leased.id).values(fence=leased.fence + 1))
    stopped, ended = Event(), []
    monkeypatch.setattr(aside.os, "_exit", lambda code: (ended.append(code), stopped.set()))
    aside.run(desk.shop.record, leased, lambda _leased: stopped.wait(20), beat=0.02)
    assert set(ended) == {aside.OURS_NO_MORE}


def test_the_process_ends_with_the_worker_that_started_it(desk, tmp_path):
    desk.give()
    leased = lease(desk)
    slow = "import time; from upheld.gate import carrying; carrying.handlers = lambda c: {'list.look': lambda leased: time.sleep(60)}"
    words = [sys.executable, "-c", f"{slow}; from upheld.jobs.aside import main; main(['{leased.id}', '{leased.fence}'])"]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, env={**aside.os.environ, "UPHELD_HOME": str(desk.shop.home.path)})
    child.stdin.close()  # as the system does when the worker is killed
    assert child.wait(20) == aside.OURS_NO_MORE


def test_a_worker_that_is_interrupted_takes_the_process_along(desk):
    desk.give()
    over = Event()
    over.set()
    worker.work(desk.shop.record, aside.handlers(desk.carrier, over), lambda: datetime.now(UTC))
    assert desk.find().state == "looking"  # the next worker has it after the lease
