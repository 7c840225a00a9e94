"""A correction: asked for by whoever proved an address, written where it lies, read back, and followed by what they chose."""

from __future__ import annotations

import pytest

from tests.houses import later
from tests.requests.conftest import ask as ask_to_stop
from tests.requests.offices import CUSTOMERS, JANE_ROW, Email, Phone, World, household
from upheld.choices.queries import AsOf, standing
from upheld.errors import Invalid, Refused
from upheld.jobs.worker import work
from upheld.ledger.queries import entries
from upheld.people.queries import find
from upheld.postings.queries import in_force
from upheld.record import Actor
from upheld.requests import correcting
from upheld.requests.correcting import Wrong
from upheld.systems.datamap import Column, Table

JANE, PHONE = "jane.doe@mail.example", "+1 312 555 0177"
WRONG = Wrong("crm", "customers", "phone")


@pytest.fixture
def world(shop, tmp_path):
    return household(shop, tmp_path)


def ask(world, wrong=WRONG, value=PHONE, email=JANE):
    shop = world.shop
    with shop.record.transaction() as tx:
        may = correcting.offered(world.datamap, in_force(tx, world.now).policy)
        return correcting.ask(tx, shop.keeper, email, wrong, value, may, at=world.now, actor=Actor("visitor"))


def do(world):
    return work(world.shop.record, correcting.handlers(world.office), lambda: world.now, worker="test")


def state(world, email=JANE):
    with world.shop.record.reading() as conn:
        return correcting.of(conn, world.shop.keeper, email)[0]


def phones(world):
    with world.db("crm") as db:
        return [row[0] for row in db.execute("SELECT phone FROM customers ORDER BY id")]


def test_the_record_that_holds_the_address_is_corrected_and_nobody_elses(world):
    ask(world)
    assert state(world).done_at is None
    do(world)
    assert phones(world) == [PHONE, "+1 312 555 0143"]
    assert (state(world).done_at, state(world).rows) == (world.now, 1)
    with world.shop.record.reading() as conn:
        told = [each for each in entries(conn) if each.kind.startswith("correction.")]
    assert [each.kind for each in told] == ["correction.asked", "correction.done"]
    assert b"555 0" not in b"".join(each.canonical for each in told)


def test_what_was_stopped_stays_stopped_under_the_new_number(world):
    ask_to_stop(world.shop)
    world.now = later(minutes=1)
    ask(world)
    do(world)
    with world.shop.record.reading() as conn:
        (person,) = find(conn, world.shop.keeper.keys, [Phone(PHONE)])
        assert find(conn, world.shop.keeper.keys, [Email(JANE)]) == {person}
        assert standing(conn, person, ("post",), AsOf(world.now)).choices == {"post": "out"}


def test_an_address_that_no_record_holds_corrects_nothing(world):
    ask(world, email="nobody@mail.example")
    do(world)
    assert phones(world) == [JANE_ROW[5], "+1 312 555 0143"]
    assert state(world, "nobody@mail.example").rows == 0


def test_a_system_that_is_away_is_tried_again_until_it_is_done(world, tmp_path):
    ask(world)
    (tmp_path / "crm.db").rename(tmp_path / "away.db")
    do(world)
    assert state(world).done_at is None
    assert state(world).reason
    (tmp_path / "away.db").rename(tmp_path / "crm.db")
    world.now = later(hours=2)
    do(world)
    assert state(world).rows == 1


def test_what_does_not_stay_written_is_not_called_corrected(world):
    with world.db("crm") as db:
        db.execute(
            "CREATE TRIGGER stubborn AFTER UPDATE OF phone ON customers BEGIN UPDATE customers SET phone = 'old' WHERE id = NEW.id; END"
        )
    ask(world)
    do(world)
    assert (state(world).done_at, state(world).reason) == (None, "did not keep what was written")


@pytest.mark.parametrize(
    ("wrong", "value", "refusal"),
    [
        (Wrong("crm", "customers", "email"), "x@mail.example", Refused),
        (Wrong("crm", "orders", "phone"), PHONE, Refused),
        (WRONG, "  ", Invalid),
        (WRONG, "x" * 201, Invalid),
        (WRONG, "1\x00", Invalid),
        (WRONG, "not a number", Invalid),
        (WRONG, "12", Invalid),
        (Wrong("crm", "customers", "zip"), "the same", Invalid),
    ],
)
def test_what_cannot_be_corrected_so_is_refused_and_plans_nothing(world, wrong, value, refusal):
    with pytest.raises(refusal):
        ask(world, wrong, value)
    assert do(world) == 0


@pytest.mark.parametrize(
    ("part", "value"), [("phone", "(312) 555-0177 x5"), ("phone", "+49 30 901820"), ("zip", "60601-1234"), ("zip", "SW1A 1AA")]
)
def test_what_can_be_read_is_written_as_it_was_given(world, part, value):
    ask(world, Wrong("crm", "customers", part), value)
    do(world)
    with world.db("crm") as db:
        assert db.execute(f"SELECT {part} FROM customers ORDER BY id").fetchone() == (value,)


def test_only_places_that_hold_an_e_mail_address_are_offered(shop, tmp_path):
    parcels = Table("parcels", ("id",), (Column("id", None), Column("name", "order.name", "full")))
    world = World(shop, tmp_path, ("crm",), (CUSTOMERS, parcels))
    with shop.record.reading() as conn:
        offered = correcting.offered(world.datamap, in_force(conn, world.now).policy)
    assert WRONG in offered
    assert {each.table for each in offered} == {"customers"}


def test_a_policy_without_the_right_offers_nothing(world):
    from tests.requests.conftest import POLICY, post_policy

    text = POLICY.read_text("utf-8").replace(", correct", "")
    post_policy(world.shop, text.replace("2026.1", "2026.2"), at=later(minutes=1))
    with world.shop.record.reading() as conn:
        assert correcting.offered(world.datamap, in_force(conn, later(minutes=2)).policy) == ()
