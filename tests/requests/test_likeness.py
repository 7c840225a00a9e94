"""A misspelt request: the records are found by likeness, an agent looks at them, and nobody else is touched."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.requests.conftest import ask
from tests.requests.offices import World
from upheld.people.held import Held
from upheld.people.weights import shipped
from upheld.requests import queries

HOUSE = Path(__file__).parents[2]
THERESA = ("", "Theresa", "Morrison", "108 Deer Trail", "24028", "")


@pytest.fixture
def world(shop, tmp_path):
    return World(shop, tmp_path)


def test_a_misspelt_call_stops_what_is_surely_theirs_and_leaves_the_household_alone(world):
    """A short form, a slip in the last name and another way to write the street: enough is the same."""
    world.put("crm", THERESA)
    world.put("crm", ("", "Robert", "Morrison", "108 Deer Trail", "24028", ""))
    world.put("crm", ("", "Theresa", "Morrison", "9 Elm Street", "94110", ""))
    received = ask(world.shop, Held(first="Terri", last="Morison", address="108 Deer Trl.", zip="24028-1111"))
    world.work()
    assert world.flags("crm") == [(1, 1), (None, None), (None, None)]
    assert world.whole(received.request).request.state == "complete"


def test_what_may_be_theirs_waits_for_an_agent_and_what_the_agent_says_becomes_a_label(counter):
    counter.put("", "Theresa", "Morrison", "108 Deer Trail", "24028", "")
    words = ("--first", "Theresa", "--last", "Mason", "--address", "108 Deer Trail", "--zip", "24082")
    number = counter.json("requests", "receive", "--how", "phone", *words)["request"]
    counter.upheld("work")
    assert counter.json("requests", "show", number)["request"]["state"] == "to review"
    said = counter.upheld("requests", "review", number)
    assert said.count("\n") == 1
    assert "zip code: nearly the same (+" in said
    for stored in ("Morrison", "24028"):
        assert stored not in said + counter.upheld("requests", "show", number)
    assert counter.marks() == [(None, None)]
    (record,) = counter.json("requests", "review", number)
    counter.upheld("requests", "judge", number, record["id"], "same")
    counter.upheld("work")
    assert counter.marks() == [(1, 1)]
    assert counter.json("requests", "show", number)["request"]["state"] == "complete"
    with counter.record.reading() as conn:
        (label,) = queries.labels(conn)
    assert (label.decision, label.weights) == ("include", shipped().version)


def test_another_person_at_the_address_is_never_proposed(world):
    world.put("crm", ("", "Robert", "Morrison", "108 Deer Trail", "24028", ""))
    received = ask(world.shop, Held(first="Theresa", last="Morrison", address="108 Deer Trail", zip="24028"))
    world.work()
    assert world.whole(received.request).records == ()
    assert world.flags("crm") == [(None, None)]


def test_a_son_of_the_same_name_is_looked_at(world):
    world.put("crm", ("", "Robert", "Morrison Jr", "108 Deer Trail", "24028", ""))
    received = ask(world.shop, Held(first="Robert", last="Morrison Sr", address="108 Deer Trail", zip="24028"))
    world.work()
    (record,) = world.whole(received.request).records
    assert (record.verdict, record.evidence[0][:2]) == ("to review", ("why", "another generation suffix"))


def test_a_slip_in_the_mailbox_is_asked_about_and_the_mailbox_given_is_stopped_at_once(world):
    world.put("crm", ("theresa.morrison@mail.example", *THERESA[1:]))
    received = ask(world.shop, Held(email="theresa.morrison@mial.example"))
    world.work()
    (record,) = world.whole(received.request).records
    assert record.verdict == "to review"
    assert ("e-mail address", "nearly the same") in [one[:2] for one in record.evidence]
    assert world.flags("crm") == [(None, None)]


def test_a_telephone_alone_is_what_was_given_to_be_stopped(world):
    world.put("crm", ("", "Ann", "Frost", "1 Larkspur Row", "00123", "+1 312 555 0143"))
    world.put("crm", ("", "Ann", "Frost", "1 Larkspur Row", "00123", "+1 312 555 0144"))
    ask(world.shop, Held(phone="312 555 0143"))
    world.work()
    assert world.flags("crm")[0] == (1, 1)


WRONG_USE = """
from upheld.gate.searching import Candidate, Own

def show(row: Own) -> None: ...

def wrong(row: Candidate) -> None:
    show(row)
"""


def test_what_may_be_stopped_cannot_be_shown_for_that(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG_USE)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(HOUSE / "pyproject.toml"), str(wrong)]
    ran = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
    faults = [line.partition("wrong.py:")[2] for line in ran.stdout.splitlines() if "error:" in line]
    assert faults == ['7: error: Argument 1 to "show" has incompatible type "Candidate"; expected "Own"  [arg-type]'], ran.stdout


def test_the_ledger_of_a_search_says_counts_alone(world):
    world.put("crm", THERESA)
    ask(world.shop, Held(first="Terri", last="Morison", address="108 Deer Trl.", zip="24028"))
    world.work()
    assert b"Morrison" not in world.shop.bytes()
    assert json.dumps(shipped().version) in json.dumps([one.weights for one in _records(world)])


def _records(world):
    from sqlalchemy import select

    from upheld.requests.models import REQUEST_RECORD

    with world.shop.record.reading() as conn:
        return conn.execute(select(REQUEST_RECORD)).all()
