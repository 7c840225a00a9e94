"""The nightly resolve: the index is made anew, the safest links are applied to stopping, others are proposed and bring nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.requests.offices import World
from upheld.gate.indexed import Finder
from upheld.gate.searching import Wanted
from upheld.home import Home
from upheld.jobs.worker import work
from upheld.ledger import queries as ledger
from upheld.ledger.models import EFFECT
from upheld.people.identifiers import Postal
from upheld.people.weights import shipped
from upheld.requests import resolving
from upheld.systems.indexing import open_index, refresh

THERE = ("", "Theresa", "Morrison", "108 Deer Trail", "24028", "+1 312 555 0142")
MOVED = ("", "Terri", "Morrison", "9 Elm Street", "94110", "+1 312 555 0142")
SPOUSE = ("", "Robert", "Morrison", "108 Deer Trail", "24028", "+1 312 555 0142")
NAMESAKE = ("t@mail.example", "Theresa", "Morrison", "9 Elm Street", "94110", "")


@pytest.fixture
def world(shop, tmp_path):
    made = World(shop, tmp_path, systems=("crm", "web"))
    made.put("crm", THERE), made.put("crm", SPOUSE), made.put("web", MOVED), made.put("web", NAMESAKE)
    return made


def night(world, after=timedelta(days=1)):
    world.now += after
    return work(world.shop.record, resolving.handlers(world.office), lambda: world.now)


def found(world):
    office = world.office
    with Finder(open_index(world.shop.home), office.datamap(), office.open_system, shipped()) as finder:
        candidates = finder.find(Wanted((Postal("Theresa", "Morrison", "108 Deer Trail", "24028"),)))
    return {(one.system, one.key, one.verdict) for one in candidates}


def test_without_an_index_nothing_is_planned(world):
    resolving.plan_first(world.shop.record, world.shop.home, world.now)
    assert night(world) == 0


def test_each_night_links_are_worked_out_and_the_safest_come_along_for_stopping(world):
    office = world.office
    assert refresh(world.shop.home, office.datamap(), office.open_system, world.now).links.joined == 1
    both = {("crm", ("1",), "same"), ("web", ("1",), "same")}
    assert found(world) == both
    with world.db("web") as db:
        db.execute("UPDATE customers SET phone = '+1 312 555 0199' WHERE id = 1")
    assert found(world) == {("crm", ("1",), "same")}
    with world.db("web") as db:
        db.execute("UPDATE customers SET phone = '(312) 555-0142' WHERE id = 1")
    resolving.plan_first(world.shop.record, world.shop.home, world.now)
    with (world.shop.home.path / "upheld.toml").open("a") as file:  # another time of the night, at once and not from the next night on
        file.write('\n[sweep]\nat = "18:00"\n')
    resolving.plan_first(world.shop.record, Home.find(world.shop.home.path), world.now)
    settings = world.shop.home.path / "upheld.toml"
    settings.write_text(settings.read_text().replace('at = "18:00"', 'at = ""'))  # none at all, and the night after all
    resolving.plan_first(world.shop.record, Home.find(world.shop.home.path), world.now)
    assert night(world, timedelta(hours=6)) == 0
    resolving.plan_first(world.shop.record, world.shop.home, world.now)
    settings.write_text(settings.read_text().replace('at = ""', 'at = "18:00"'))
    resolving.plan_first(world.shop.record, Home.find(world.shop.home.path), world.now)
    assert night(world, timedelta(hours=24)) == 1
    assert found(world) == both
    with world.shop.record.reading() as conn:
        (entry,) = [entry for entry in ledger.entries(conn) if entry.kind == "rights.resolved"]
        effects = conn.execute(EFFECT.select().where(EFFECT.c.kind == resolving.KIND)).all()
    assert entry.body == {"records": 4, "applied": 1, "proposed": 1, "refused": 0}
    assert sorted(one.state for one in effects) == ["done", "due"]
    assert night(world) == 1


def test_a_system_that_is_down_leaves_the_index_as_it_was_and_is_tried_again(world):
    office = world.office
    with world.db("web") as db:
        db.execute("UPDATE customers SET phone = NULL")
    refresh(world.shop.home, office.datamap(), office.open_system, world.now)
    with world.db("web") as db:
        db.execute("UPDATE customers SET phone = '312-555-0142'")
    resolving.plan_first(world.shop.record, world.shop.home, world.now)
    (world.folder / "web.db").rename(world.folder / "away.db")
    night(world)
    assert open_index(world.shop.home).links().clusters == ()
    (world.folder / "away.db").rename(world.folder / "web.db")
    assert night(world, timedelta(hours=1)) == 1
    assert len(open_index(world.shop.home).links().clusters) == 1
