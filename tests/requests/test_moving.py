"""An e-mail address changes: every place follows once, whoever is killed in between; what was stopped stays stopped."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.houses import NOW
from tests.kills.lives import nursery
from tests.kills.merchant import Merchant, person
from tests.requests.conftest import ask as ask_to_stop
from tests.requests.offices import Email, household
from tests.requests.test_kills import Clock, kill_through
from upheld.choices.actions import Said, record
from upheld.choices.queries import AsOf, standing
from upheld.errors import Invalid
from upheld.jobs.worker import work
from upheld.ledger.queries import entries
from upheld.ledger.verification import verify
from upheld.people.identifiers import Phone
from upheld.people.queries import find
from upheld.postings.queries import in_force
from upheld.record import Actor
from upheld.requests import correcting, moving
from upheld.requests.correcting import Wrong
from upheld.systems.reading import read_map

JANE, NEW = "jane.doe@mail.example", "jane@new.example"
VISITOR = Actor("visitor")


@pytest.fixture
def world(shop, tmp_path):
    return household(shop, tmp_path)


def move(world, new=NEW):
    shop = world.shop
    with shop.record.transaction() as tx:
        policy = in_force(tx, world.now).policy
        return moving.move(tx, shop.keeper, policy, world.datamap, JANE, new, at=world.now, actor=VISITOR)


def do(world):
    work(world.shop.record, correcting.handlers(world.office), lambda: world.now, worker="test")


def mails(world):
    with world.db("crm") as db:
        return [row[0] for row in db.execute("SELECT mail FROM customers ORDER BY id")]


def chosen(world, email, topic="post"):
    with world.shop.record.reading() as conn:
        return {standing(conn, one, (topic,), AsOf(world.now)).choices[topic] for one in find(conn, world.shop.keeper.keys, [Email(email)])}


def test_the_records_of_the_old_address_hold_the_new_one_and_nobody_elses(world):
    places = move(world)
    assert places == len(moving.places(world.datamap)) > 1
    do(world)
    assert mails(world) == [NEW, "jon.doe@mail.example"]
    with world.shop.record.reading() as conn:
        told = [each for each in entries(conn) if each.kind.startswith(("correction.", "address."))]
        assert sum(one.rows for one in correcting.of(conn, world.shop.keeper, NEW)) == 1
        assert find(conn, world.shop.keeper.keys, [Email(NEW)]) == find(conn, world.shop.keeper.keys, [Email(JANE)])
    assert [each.kind for each in told] == ["correction.asked"] * places + ["address.moved"] + ["correction.done"] * places
    assert b"new.example" not in b"".join(each.canonical for each in told)


def test_what_was_stopped_under_the_old_address_is_stopped_under_one_that_was_known_before(world):
    ask_to_stop(world.shop)
    with world.shop.record.transaction() as tx:
        record(tx, world.shop.keeper, Said((Email(NEW),), "post", "in", NOW, "web"), ("post",), at=NOW, actor=VISITOR)
    assert chosen(world, NEW) == {"in"}
    world.now += timedelta(minutes=1)
    move(world)
    assert chosen(world, NEW) == chosen(world, JANE) == {"out"}


@pytest.mark.parametrize("new", ["", "nobody", JANE.upper()])
def test_no_address_or_the_same_one_is_none(world, new):
    with pytest.raises(Invalid, match="another one than before"):
        move(world, new)


def test_a_place_that_no_program_can_write_waits_for_a_clerk_and_what_the_clerk_wrote_is_the_persons(world):
    ask_to_stop(world.shop)
    world.now += timedelta(minutes=1)
    with world.shop.record.transaction() as tx:
        may = (Wrong("crm", "customers", "phone"),)
        number = correcting.ask(tx, world.shop.keeper, JANE, may[0], "+1 312 555 0177", may, at=world.now, actor=VISITOR)
    real = world.office.open_system

    class Reading:
        """A connector that can write no correction."""

        def __init__(self, system):
            self._real = real(system)

        def __getattr__(self, name):
            if name == "correct":
                raise AttributeError(name)
            return getattr(self._real, name)

    world.office = replace(world.office, open_system=Reading)
    do(world)
    with world.shop.record.reading() as conn:
        (one,) = correcting.waiting(conn)
    assert (one.given_up, one.reason) == (True, "can only be corrected by hand")
    with world.db("crm") as db:
        db.execute("UPDATE customers SET phone = '+1 312 555 0177', street = '9 Elm Street' WHERE id = 1")
    with world.shop.record.transaction() as tx:
        correcting.by_hand(tx, world.shop.keeper, number, at=world.now, actor=Actor("robin", "support"))
    do(world)
    with world.shop.record.reading() as conn:
        people = find(conn, world.shop.keeper.keys, [Phone("+1 312 555 0177")])
        assert people == find(conn, world.shop.keeper.keys, [Email(JANE)])
        assert standing(conn, *people, ("post",), AsOf(world.now)).choices == {"post": "out"}


def test_killed_before_each_step_an_address_is_moved_everywhere_once(tmp_path, postgres_server):
    with postgres_server.database() as url:
        merchant, clock, died = Merchant(tmp_path / "home", url, 2), Clock(), defaultdict(list)
        old = person(0)[0]
        at = clock.later(seconds=1)
        with merchant.record.transaction() as tx:
            datamap = read_map(merchant.folder / "systems.toml")
            asked = moving.move(tx, merchant.keeper, in_force(tx, at).policy, datamap, old, NEW, at=at, actor=VISITOR)
        with nursery(merchant.folder) as workers:
            kill_through(workers, clock, died)
        with closing(sqlite3.connect(merchant.folder / "crm.db")) as db:
            assert [
                db.execute(f"SELECT count(*) FROM {table} WHERE email = ?", (NEW,)).fetchone() for table in ("customers", "orders")
            ] == [
                (1,),
                (1,),
            ]
        steps = [step for (kind, _), found in died.items() if kind == correcting.KIND for step in found]
        assert {"UPDATE", "INSERT", "commit"} <= set(steps)
        with merchant.record.reading() as conn:
            done = correcting.of(conn, merchant.keeper, NEW)
            assert verify(conn)
            assert [each.kind for each in entries(conn)].count("correction.done") == asked
        assert sum(each.rows or 0 for each in done) == 2
        merchant.record.close()
