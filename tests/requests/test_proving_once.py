"""A removal reads each system twice: once to find, once to prove, whatever it learns on the way; several at the same time if it may."""

from __future__ import annotations

import threading
import time

import pytest

from tests.houses import NOW
from tests.requests.conftest import ask
from tests.requests.offices import JANE_ROW, World
from upheld.errors import Conflict
from upheld.jobs.worker import work
from upheld.requests.fulfilment import handlers
from upheld.systems.connector import Failed
from upheld.systems.indexing import refresh

SYSTEMS = ("crm", "web", "shop", "mail")
TABLES = ("customers", "orders", "devices")


@pytest.fixture
def world(shop, tmp_path):
    made = World(shop, tmp_path, systems=SYSTEMS)
    for name in SYSTEMS:
        made.put(name)
    return made


class Counted:
    """The house's own connectors, each search of a table counted."""

    def __init__(self, world, before=lambda name: None):
        self.world, self.before, self.searched = world, before, []

    def __call__(self, system):
        connector = self.world.office.open_system(system)
        search = connector.search

        def counted(table, given):
            self.before(system.name)
            self.searched.append((system.name, table.name))
            return search(table, given)

        connector.search = counted
        return connector


def test_every_table_is_searched_once_to_find_and_once_to_prove(world):
    opened, received = Counted(world), ask(world.shop)
    world.work(open_system=opened)
    assert world.whole(received.request).request.state == "complete"
    assert {opened.searched.count(one) for one in opened.searched} == {2}
    assert {name for name, _ in opened.searched} == {*SYSTEMS}


def test_with_an_index_each_table_is_read_through_once_and_what_came_since_is_marked_without_a_failed_proof(world):
    refresh(world.shop.home, world.datamap, world.office.open_system, NOW, processes=1)
    world.put("web", zip="60601-0001")
    opened, received, states = Counted(world), ask(world.shop), set()

    def clock():
        states.update(world.places(received.request).values())
        return world.now

    world.work(open_system=opened, clock=clock)
    assert world.whole(received.request).request.state == "complete"
    assert "failed" not in states
    assert world.flags("web") == [(1, 1), (1, 1)]
    assert {name: opened.searched.count((name, "customers")) for name in SYSTEMS} == {"crm": 1, "web": 2, "shop": 1, "mail": 1}


def test_an_index_does_not_hide_a_copy_that_was_planted_after_the_first_proof(world):
    """A row that comes unmarked between the second mark and the second proof is a failure, index or not."""
    refresh(world.shop.home, world.datamap, world.office.open_system, NOW, processes=1)
    world.put("web", zip="60601-0001")
    received, states, proofs = ask(world.shop), set(), []

    def before(name):
        proofs.append(name)
        if proofs.count("web") == len(TABLES) + 1:  # the second proof begins
            world.put("web", zip="60601 0002")

    def clock():
        states.update(world.places(received.request).values())
        return world.now

    world.work(open_system=Counted(world, before), clock=clock)
    assert "failed" in states
    assert set(world.flags("web")) == {(1, 1)}
    assert world.whole(received.request).request.state == "complete"


def test_what_only_the_later_systems_know_is_marked_in_the_earlier_ones_without_a_failed_proof(world):
    """By e-mail a record of `mail`, by its name and address and second address a device of `crm`."""
    world.put("mail", ("jane.doe@mail.example", "Jane", "Doe", "9 Elm Street", "60601", ""))
    world.put("shop", ("third@mail.example", "Jane", "Doe", "9 Elm Street", "60601", ""))
    with world.db("crm") as db:
        db.execute("INSERT INTO devices VALUES (7, 'third@mail.example', NULL)")
    received, states = ask(world.shop), set()

    def clock():
        states.update(world.places(received.request).values())
        return world.now

    world.work(clock=clock)
    assert "failed" not in states
    assert world.flags("crm", "devices", "out") == [("yes",)]
    moves = [state for state, _ in world.whole(received.request).moves]
    assert moves[-1] == "complete"
    assert "failed" not in moves
    assert world.places(received.request)["crm.devices"] == "stopped"


def test_a_search_that_fails_holds_up_the_proof_of_its_own_system_alone(world):
    down = {"web"}

    def before(name):
        if name in down:
            raise Failed(name, "did not answer in time")

    opened, received = Counted(world, before), ask(world.shop)
    world.work(open_system=opened)
    places = world.places(received.request)
    assert {name.partition(".")[0] for name in places} == {"crm", "shop", "mail"}
    assert places["crm.customers"] == "stopped"
    assert world.whole(received.request).request.state == "failed"
    down.clear()
    world.work(5, open_system=opened)
    assert world.whole(received.request).request.state == "complete"
    assert world.flags("web") == [(1, 1)]


def test_several_threads_search_several_systems_at_once_and_come_to_the_same_end(world):
    together, most, lock = [], [0], threading.Lock()

    def before(name):
        with lock:
            together.append(name)
            most[0] = max(most[0], len(together))
        time.sleep(0.05)
        with lock:
            together.remove(name)

    opened, received = Counted(world, before), ask(world.shop)
    world.put("crm", (*JANE_ROW[:5], ""))
    office = world.office
    doing = handlers(office.__class__(**{name: getattr(office, name) for name in office.__slots__} | {"open_system": opened}))
    tried = work(world.shop.record, doing, lambda: world.now, threads=4, together=doing.keys())
    assert tried >= 1 + 3 * len(SYSTEMS)
    assert world.whole(received.request).request.state == "complete"
    assert most[0] > 1
    assert {opened.searched.count(one) for one in opened.searched} == {2}
    assert {row for name in SYSTEMS for row in world.flags(name)} == {(1, 1)}


def test_if_the_record_says_no_in_one_thread_the_work_ends_and_no_thread_waits_for_ever(world):
    ask(world.shop)

    def broken(leased):
        raise Conflict("the record's disk is full")

    doing = {**handlers(world.office), "request.find": broken}
    with pytest.raises(Conflict):
        work(world.shop.record, doing, lambda: world.now, threads=3, together=doing.keys())
    assert work(world.shop.record, {}, lambda: world.now, threads=2) == 0
