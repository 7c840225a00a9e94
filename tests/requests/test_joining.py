"""Joined for marketing, joined for stopping: what the night joined comes along with a request, in whatever system it lies."""

from __future__ import annotations

import pytest

from tests.requests.conftest import ask
from tests.requests.offices import World
from upheld.gate.joining import JOINED
from upheld.people.held import Held
from upheld.systems.indexing import refresh

THERE = ("", "Theresa", "Morrison", "108 Deer Trail", "24028", "+1 312 555 0142")
MOVED = ("", "Terri", "Morrison", "9 Elm Street", "94110", "(312) 555-0142")
SPOUSE = ("", "Robert", "Morrison", "9 Elm Street", "94110", "+1 312 555 0142")
NAMESAKE = ("t@mail.example", "Theresa", "Morrison", "7 Oak Avenue", "60601", "")
GIVEN = Held(first="Theresa", last="Morrison", address="108 Deer Trail", zip="24028")


@pytest.fixture
def world(shop, tmp_path):
    made = World(shop, tmp_path, systems=("crm", "web"))
    made.put("crm", THERE), made.put("web", MOVED), made.put("web", SPOUSE), made.put("web", NAMESAKE)
    return made


def index(world):
    return refresh(world.shop.home, world.office.datamap(), world.office.open_system, world.now)


def test_a_record_at_another_address_comes_along_and_nobody_else_at_that_address(world):
    index(world)
    request = ask(world.shop, GIVEN).request
    world.work()
    assert (world.flags("crm"), world.flags("web")) == ([(1, 1)], [(1, 1), (None, None), (None, None)])
    found = world.whole(request)
    assert found.request.state == "complete"
    assert world.places(request)["web.customers"] == "stopped"
    assert [one.evidence[0][:2] for one in found.records if one.system == "web"] == [("why", JOINED)]
    assert "web" in found.confirmation


def test_without_an_index_and_after_a_link_was_broken_nothing_is_joined(world):
    ask(world.shop, GIVEN)
    world.work()
    assert world.flags("web") == [(None, None)] * 3
    index(world)
    with world.db("web") as db:
        db.execute("UPDATE customers SET phone = '312 555 0199' WHERE id = 1")
    ask(world.shop, GIVEN)
    world.work()
    assert world.flags("web") == [(None, None)] * 3


def test_a_system_that_is_down_is_stopped_later_and_until_then_the_request_is_not_complete(world):
    index(world)
    (world.folder / "web.db").rename(world.folder / "away.db")
    request = ask(world.shop, GIVEN).request
    world.work()
    assert world.flags("crm") == [(1, 1)]
    assert world.whole(request).request.state == "failed"
    (world.folder / "away.db").rename(world.folder / "web.db")
    world.work(after=7_200)
    assert world.flags("web") == [(1, 1), (None, None), (None, None)]
    assert world.whole(request).request.state == "complete"


@pytest.mark.parametrize(("other", "verdicts"), [("John", ["to review"]), ("Robert", ["same"])])
def test_who_lives_at_the_address_as_another_system_says_decides_what_an_initial_means(world, other, verdicts):
    world.put("crm", ("", "J.", "Frost", "5 Larkspur Row", "00123", ""))
    world.put("web", ("", other, "Frost", "5 Larkspur Row", "00123", ""))
    index(world)
    request = ask(world.shop, Held(first="Jane", last="Frost", address="5 Larkspur Row", zip="00123")).request
    world.work()
    assert [one.verdict for one in world.whole(request).records] == verdicts
    assert world.whole(request).request.state == {"same": "complete", "to review": "to review"}[verdicts[0]]
