"""From a received request to the proof: every record stopped in every system, nobody else's, and nothing called done that is not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import event

from tests.houses import CLERK
from tests.requests.conftest import JANE, JANE_BY_POST, TOPICS, ask
from tests.requests.offices import JANE_ROW, World
from upheld.choices.queries import AsOf, standing
from upheld.gate.searching import Candidate, Searched
from upheld.ledger import queries as ledger
from upheld.people.held import Held
from upheld.people.identifiers import Email, Postal
from upheld.people.queries import find
from upheld.requests import actions, queries
from upheld.requests.finding import begin, keep, rows_of
from upheld.systems.datamap import Column, Flag, Link, Table

ANN_ROW = ("ann@mail.example", "Ann", "Frost", "1 Larkspur Row", "00123", "+1 312 555 0143")


@pytest.fixture
def world(shop, tmp_path):
    return World(shop, tmp_path)


def test_a_removal_marks_every_record_in_every_system_and_proves_it_and_touches_nobody_else(world):
    world.put("crm"), world.put("crm", ANN_ROW), world.put("web")
    with world.db("crm") as db:
        db.execute("INSERT INTO orders VALUES (1, 'jane.doe@mail.example')")
    received = ask(world.shop)
    world.work()
    assert world.flags("crm") == [(1, 1), (None, None)]
    assert world.flags("web") == [(1, 1)]
    assert world.whole(received.request).request.state == "complete"
    assert world.places(received.request) == {
        "crm.customers": "stopped", "crm.orders": "kept", "crm.devices": "nothing found",
        "web.customers": "stopped", "web.orders": "nothing found", "web.devices": "nothing found",
    }  # fmt: skip


def test_the_person_is_told_what_was_stopped_where_and_when_and_no_value_is_in_it(world):
    world.put("crm")
    received = ask(world.shop)
    world.work()
    whole = world.whole(received.request)
    told = whole.confirmation
    assert "Stopped in crm, customers: 1 record, checked 2026-05-04 12:00 UTC." in told
    assert (
        whole.confirmed == "to be said or written to the person by phone, 2026-05-04 12:00 UTC"
    )  # a clerk's, and no word of it the person's
    assert "to be said" not in told
    assert "jane" not in told.lower()


def test_a_request_of_somebody_with_no_record_is_complete_and_the_wish_holds(world):
    received = ask(world.shop)
    world.work()
    whole = world.whole(received.request)
    assert whole.request.state == "complete"
    assert "We found no record of you" in whole.confirmation


def test_what_marketing_would_join_is_stopped_jointly(world):
    """By e-mail the record in one system, by its name and address the record in the other, by that one's e-mail a device."""
    world.put("crm")
    world.put("web", ("second@mail.example", *JANE_ROW[1:5], ""))
    with world.db("crm") as db:
        db.execute("INSERT INTO devices VALUES (7, 'second@mail.example', NULL)")
    received = ask(world.shop)
    world.work()
    assert world.flags("web") == [(1, 1)]
    assert world.flags("crm", "devices", "out") == [("yes",)]
    assert world.whole(received.request).request.state == "complete"
    with world.shop.record.reading() as conn:
        for known in (Email("second@mail.example"), Postal(*JANE_ROW[1:5])):
            people = find(conn, world.shop.keeper.keys, [known])
            assert [standing(conn, person, TOPICS, AsOf(world.now)).choices["sharing"] for person in people] == ["out"]


def test_a_telephone_of_a_household_joins_nobody(world):
    world.put("crm")
    ask(world.shop, Held(first="John", last="Doe", address="5 Oak Street", zip="60601", phone="+1 312 555 0142"), topics=("calls",))
    world.work()
    before = world.flags("crm")
    world.put("crm", ("jim@mail.example", "Jim", "Roe", "9 Elm Street", "60601", "+1 312 555 0199"))
    ask(world.shop, Held(email="jim@mail.example"))
    world.work()
    assert world.flags("crm") == [*before, (1, 1)]


def test_a_planted_unmarked_copy_fails_the_proof_and_the_next_try_stops_it_and_proves_again(world):
    """Between the mark and the proof somebody imports the person again."""
    world.put("crm")
    received = ask(world.shop)
    opened = []

    def open_(system):
        opened.append(system.name)
        if opened.count("crm") == 3:  # the third time is the proof: after the search and the mark
            world.put("crm", zip="60601-0001")
        return world.office.open_system(system)

    states = set()

    def clock():
        states.update(world.places(received.request).values())
        return world.now

    world.work(open_system=open_, clock=clock)
    assert "failed" in states
    assert set(world.flags("crm")) == {(1, 1)}
    whole = world.whole(received.request)
    assert [state for state, _ in whole.moves] == ["working", "failed", "working", "complete"] or whole.request.state == "complete"
    assert world.places(received.request)["crm.customers"] == "stopped"


def test_a_system_that_takes_its_marks_back_is_never_complete_and_is_tried_ever_later(world):
    world.put("crm")
    with world.db("crm") as db:
        db.execute("CREATE TRIGGER stubborn AFTER UPDATE ON customers BEGIN UPDATE customers SET no_post = NULL WHERE id = NEW.id; END")
    received = ask(world.shop)
    tried = [world.work(after) for after in (0, 0.5, 0.6, 1, 1.1)]
    assert tried[0] > 0
    whole = world.whole(received.request)
    assert whole.request.state == "failed"
    assert [each.reason for each in whole.places if each.state == "failed"] == ["1 of 1 row is not marked as stopped"]
    assert whole.confirmation is None
    with world.db("crm") as db:
        db.execute("DROP TRIGGER stubborn")
    world.work(3600)
    assert world.whole(received.request).request.state == "complete"


def test_a_system_that_is_down_holds_up_no_other_and_is_tried_again(world):
    world.put("crm"), world.put("web")
    (world.folder / "crm.db").rename(world.folder / "away")
    received = ask(world.shop)
    world.work()
    whole = world.whole(received.request)
    assert whole.request.state == "failed"
    assert [(step.what, step.place, step.reason) for step in whole.steps if step.state != "done"] == [
        ("find", "crm", "is not where the map says: is it there, and readable")
    ]
    assert world.flags("web") == [(1, 1)]
    (world.folder / "away").rename(world.folder / "crm.db")
    assert world.work(0.5) == 0
    world.work(0.5)
    assert world.flags("crm") == [(1, 1)]
    assert world.whole(received.request).request.state == "complete"


def test_a_table_that_the_map_names_and_the_system_has_not_waits_for_a_person(world):
    with world.db("crm") as db:
        db.execute("DROP TABLE devices")
    received = ask(world.shop)
    world.work()
    world.work(99999)
    (step,) = [step for step in world.whole(received.request).steps if step.state != "done"]
    assert (step.state, step.reason) == ("given up", "has not all tables that the map names: mend the data map")
    with world.db("crm") as db:
        db.execute("CREATE TABLE devices (id INTEGER PRIMARY KEY, owner, out)")
    with world.shop.record.transaction() as tx:
        assert actions.retry(tx, received.request, at=world.now, actor=CLERK) == 1
    world.work()
    assert world.whole(received.request).request.state == "complete"


def test_a_system_that_may_only_be_read_fails_with_what_must_be_mended(world):
    world.put("crm")
    received = ask(world.shop)

    def read_only(system):
        connector = world.office.open_system(system)
        event.listen(connector._engine, "connect", lambda made, _: made.execute("PRAGMA query_only = ON"))
        return connector

    world.work(open_system=read_only)
    whole = world.whole(received.request)
    assert whole.request.state == "failed"
    assert any(step.state == "given up" and "may not be written to" in step.reason for step in whole.steps)
    with world.shop.record.transaction() as tx:
        actions.retry(tx, received.request, at=world.now, actor=CLERK)
    world.work()
    assert world.whole(received.request).request.state == "complete"


def test_a_table_with_neither_flag_nor_clause_is_named_until_the_map_is_mended(world):
    system = world.datamap.systems["web"]
    bare = tuple(replace(table, kept=()) for table in system.tables)
    world.datamap = replace(world.datamap, systems={"web": replace(system, tables=bare)})
    with world.db("web") as db:
        db.execute("INSERT INTO orders VALUES (1, 'jane.doe@mail.example')")
    received = ask(world.shop)
    world.work()
    assert world.whole(received.request).request.state == "failed"
    assert "names neither a flag" in next(each.reason for each in world.whole(received.request).places if each.state == "failed")


def nameless(world):
    """The data map of `crm` names a flag, and of whom the rows are no more than first names."""
    (world.folder / "crm.db").unlink()
    with world.db("crm") as db:
        db.execute("CREATE TABLE callers (id INTEGER PRIMARY KEY, fname, email, no_mail INT)")
        db.execute("INSERT INTO callers VALUES (1, 'Jane', 'jane.doe@mail.example', NULL)")
    columns = (Column("id", None), Column("fname", "order.name", "first"))
    table = Table("callers", ("id",), columns, (Flag("newsletter", "no_mail", 1),))
    crm = replace(world.datamap.systems["crm"], tables=(table,))
    world.datamap = replace(world.datamap, systems={"crm": crm})
    return crm


def test_a_flagged_table_in_which_nobody_can_be_found_fails_until_the_map_names_a_column_to_find_them_by(world):
    crm = nameless(world)
    received = ask(world.shop)
    world.work()
    world.work(7200)
    whole = world.whole(received.request)
    assert (whole.request.state, [step for step in whole.steps if step.state != "done"]) == ("failed", [])
    assert [(each.state, each.rows, each.reason) for each in whole.places] == [
        ("failed", 0, "the data map names no column to find anybody by: add one")
    ]
    table = crm.tables[0]
    mended = replace(table, columns=(*table.columns, Column("email", "order.email", "email")))
    world.datamap = replace(world.datamap, systems={"crm": replace(crm, tables=(mended,))})
    with world.shop.record.transaction() as tx:
        actions.retry(tx, received.request, at=world.now, actor=CLERK)
    world.work()
    assert world.whole(received.request).request.state == "complete"
    assert world.flags("crm", "callers", "no_mail") == [(1,)]


def test_a_link_to_a_table_in_which_nobody_can_be_found_leads_to_nobody(world):
    crm = nameless(world)
    with world.db("crm") as db:
        db.execute("CREATE TABLE calls (no INTEGER PRIMARY KEY, caller INT, no_mail INT)")
    link = Link(("caller",), "callers", ("id",))
    calls = Table("calls", ("no",), (Column("no", None),), (Flag("newsletter", "no_mail", 1),), links=(link,))
    callers = replace(crm.tables[0], flags=())
    world.datamap = replace(world.datamap, systems={"crm": replace(crm, tables=(callers, calls))})
    received = ask(world.shop)
    world.work()
    assert world.places(received.request) == {"crm.callers": "nothing found", "crm.calls": "failed"}


def test_topics_that_such_a_table_has_no_flag_for_are_not_held_up_by_it(world):
    nameless(world)
    received = ask(world.shop, topics=("calls",))
    world.work()
    assert world.places(received.request) == {"crm.callers": "nothing found"}


def test_a_system_in_which_nobody_can_be_found_is_opened_all_the_same_and_fails_if_it_does_not_answer(world):
    nameless(world)
    (world.folder / "crm.db").unlink()
    received = ask(world.shop, topics=("calls",))
    world.work()
    whole = world.whole(received.request)
    assert whole.request.state == "failed"
    assert any(step.reason == "is not where the map says: is it there, and readable" for step in whole.steps)


def test_a_person_whose_key_was_destroyed_stays_stopped_though_nobody_can_be_searched_for(world):
    received = ask(world.shop)
    with world.shop.record.transaction() as tx:
        (person,) = queries.people_of(tx, received.request)
        world.shop.keeper.vault.forget(tx, person)
    world.work()
    assert world.whole(received.request).request.state == "failed"
    with world.shop.record.reading() as conn:
        assert find(conn, world.shop.keeper.keys, [Email("JANE.DOE@mail.example")]) == {person}
        assert standing(conn, person, TOPICS, AsOf(world.now)).choices == dict.fromkeys(TOPICS, "out")


def test_nothing_personal_is_kept_in_clear_by_any_of_it(world):
    world.put("crm"), world.put("web", ("second@mail.example", *JANE_ROW[1:]))
    ask(world.shop, JANE_BY_POST)
    ask(world.shop, JANE)
    world.work()
    everything = world.shop.bytes()
    for planted in (b"jane.doe", b"Jane.Doe", b"second@mail", b"Oak Street", b"555 0142"):
        assert planted not in everything
    with world.shop.record.reading() as conn:
        assert {"rights.searched", "request.proven", "effect.ended"} <= {entry.kind for entry in ledger.entries(conn)}


def test_two_workers_at_once_and_a_fault_of_the_program_lose_nothing(world):
    world.put("crm")
    received = ask(world.shop)

    def broken(system):
        raise RuntimeError("jane.doe@mail.example")

    world.work(open_system=broken)
    whole = world.whole(received.request)
    reasons = {step.reason for step in whole.steps if step.reason}
    assert reasons
    assert all("met a fault of the program at test_fulfilment.py" in reason for reason in reasons)
    assert "jane" not in json.dumps([step.reason for step in whole.steps])
    world.work(1)
    assert world.whole(received.request).request.state == "complete"


def test_whom_an_agent_wants_asked_first_is_not_stopped_by_anything_found_later(world):
    request = ask(world.shop).request
    world.work()
    doubtful = Candidate("crm", "customers", ("99",), "to review", 1.0, (), frozenset(), ())
    with world.shop.record.transaction() as tx:
        search = begin(tx, world.office, request)
        keep(tx, world.office, search, Searched("crm", (doubtful,), 1), world.now)
        (record,) = (one.id for one in queries.whole(tx, request).records if one.verdict == "to review")
        actions.judge(tx, record, "ask", at=world.now, actor=CLERK)
        assert keep(tx, world.office, search, Searched("crm", (replace(doubtful, verdict="same"),), 1), world.now) == []
        assert [how for _, key, how in rows_of(tx, world.office, search, "crm").values() if key == ("99",)] == ["ask"]
