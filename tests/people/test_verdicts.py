"""What follows from a likeness: vetoes, the e-mail rule, and two answers that cannot be taken for each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from upheld.people.comparing import compare
from upheld.people.held import Held
from upheld.people.portrait import of_held
from upheld.people.verdicts import contested, doubled, for_showing, for_stopping
from upheld.people.weights import shipped

HOUSE = Path(__file__).parents[2]
JANE = {"first": "Jane", "last": "Doe", "address": "5 Oak Street", "zip": "60601"}


def like(given, **changed):
    return shipped().weigh(compare(of_held(Held(**given)), of_held(Held(**(given | changed)))))


@pytest.mark.parametrize(
    ("changed", "stopping", "showing"),
    [
        ({}, "same", "to review"),
        ({"phone": "312 555 0142"}, "same", "to review"),
        ({"first": "Jaen", "address": "5 Oak St."}, "same", "to review"),
        ({"first": "J."}, "same", "to review"),
        ({"last": "Does"}, "same", "to review"),
        ({"last": "Frost"}, "same", "to review"),
        ({"zip": "60610"}, "same", "to review"),
        ({"first": "Robert"}, "different", "different"),
        ({"first": "June"}, "to review", "to review"),
        ({"first": "Jayn"}, "to review", "to review"),
        ({"last": "Doe Jr"}, "same", "to review"),
        ({"address": "77 Elm Street", "zip": "94103"}, "different", "different"),
    ],
)
def test_a_record_is_stopped_sooner_than_it_is_shown_and_a_spouse_never(changed, stopping, showing):
    found = like(JANE, **changed)
    assert (for_stopping(found).verdict, for_showing(found).verdict) == (stopping, showing), found


def test_another_suffix_and_another_unit_go_to_an_agent():
    father = JANE | {"first": "Bob", "last": "Doe Sr"}
    assert for_stopping(like(father, last="Doe Jr")).verdict == "to review"
    assert for_stopping(like(father, last="Doe Jr")).why == "another generation suffix"
    flat = JANE | {"address": "5 Oak Street Apt 4"}
    assert for_stopping(like(flat, address="5 Oak Street Apt 9")).why == "another unit"
    assert for_stopping(like(flat, address="5 Oak Street")).verdict == "same"


def test_one_letter_of_the_last_name_and_the_next_house_are_not_both_forgiven():
    given = {"first": "Philomena", "last": "Morrison", "address": "108 Deer Trail", "zip": "24028"}
    assert for_stopping(like(given, last="Morison")).verdict == "same"
    assert for_stopping(like(given, address="106 Deer Trail")).verdict == "same"
    assert for_stopping(like(given, last="Morison", address="106 Deer Trail")).verdict == "to review"


def test_a_nickname_is_known_where_the_two_names_changed_places_and_a_name_however_it_is_heard():
    given = {"first": "Michelle", "last": "Dunnett", "address": "55 Main Ave", "zip": "17409"}
    assert for_stopping(like(given, first="Dunnett", last="Shelly")).verdict == "same"
    assert for_stopping(like(given | {"first": "Sean"}, first="Shawn")).verdict == "same"
    assert for_stopping(like(given | {"first": "Elizabeth"}, first="Beth")).verdict == "same"


def test_an_equal_mailbox_is_stopped_whoever_of_a_household_uses_it_and_shown_only_under_the_same_first_name():
    given = {"email": "does@mail.example", "first": "Jane", "last": "Doe"}
    hers, his = like(given), like(given, first="Robert")
    assert (for_stopping(hers).verdict, for_showing(hers).verdict) == ("same", "same")
    assert (for_stopping(his).verdict, for_showing(his).verdict) == ("same", "different")
    strangers = like(
        given | {"address": "5 Oak Street", "zip": "60601"}, first="Robert", last="Frost", address="77 Elm Street", zip="94103"
    )
    assert (for_stopping(strangers).verdict, for_showing(strangers).verdict) == ("to review", "different")
    alone = like({"email": "does@mail.example"})
    assert (for_stopping(alone).verdict, for_showing(alone).verdict) == ("same", "to review")


def test_a_mailbox_that_differs_by_a_slip_is_asked_about_and_never_taken():
    found = like({"email": "jane.doe@mail.example"}, email="jane.deo@mail.example")
    assert (for_stopping(found).verdict, for_showing(found).verdict) == ("to review", "different")


def test_one_thing_that_many_share_is_not_enough():
    assert for_stopping(like({"first": "Jane"})).verdict == "different"
    assert for_stopping(like({"zip": "60601"})).verdict == "different"
    assert for_stopping(like({"phone": "+1 312 555 0142"})).verdict == "different"


def judged(given, *rows):
    asked = of_held(Held(**given))
    return asked, [(said, compare(asked, said)) for said in (of_held(Held(**(given | row))) for row in rows)]


def test_an_initial_decides_nothing_where_another_first_name_that_it_fits_is_on_file_at_the_address():
    asked, ((said, compared), *others) = judged(JANE, {"first": "J."}, {"first": "John"}, {"first": "Robert"})
    assert contested(asked, said, compared, others)
    assert not contested(asked, said, compared, others[1:])
    found = shipped().weigh(compared)
    assert for_stopping(found, contested=True).verdict == "to review"
    for who in ({"address": "9 Elm St"}, {"address": "5 Elm Street"}, {"last": "Frost"}):
        _, elsewhere = judged(JANE, {"first": "John"} | who)
        assert not contested(asked, said, compared, elsewhere)


def test_a_mailbox_that_spells_the_name_out_decides_for_the_initial():
    hers, his = {"first": "J.", "email": "jane.doe@mail.example"}, {"first": "J.", "email": "j.doe@mail.example"}
    for record, doubtful in ((hers, False), (his, True), ({"first": "J.", "email": "john.doe@mail.example"}, True)):
        asked, ((said, compared), *others) = judged(JANE, record, {"first": "John"})
        assert contested(asked, said, compared, others) is doubtful


def test_an_initial_that_was_given_means_nobody_where_two_first_names_fit_it():
    asked, pair = judged(JANE | {"first": "J."}, {"first": "Jane"}, {"first": "John"})
    assert all(contested(asked, said, compared, pair) for said, compared in pair)


def test_a_name_that_two_may_bear_at_one_address_is_never_shown_by_itself():
    records = [of_held(Held(**(JANE | {"email": email}))) for email in ("jane@mail.example", "other@mail.example")]
    assert doubled(records[0], records)
    assert not doubled(records[0], records[:1])
    assert doubled(records[0], [of_held(Held(**(JANE | {"last": "Doe Jr"})))])
    reached = JANE | {"phone": "312 555 0142"}
    assert for_showing(like(reached)).verdict == "same"
    assert for_showing(like(reached), doubled=True).verdict == "to review"
    assert for_showing(like(JANE)).verdict == "to review"


WRONG_USE = """
from upheld.people.verdicts import Showing, for_showing, for_stopping
from upheld.people.weights import Likeness

def show_file(allowed: Showing) -> None: ...

def right(like: Likeness) -> None:
    show_file(for_showing(like))

def wrong(like: Likeness) -> None:
    show_file(for_stopping(like))
"""


def test_code_that_shows_cannot_take_the_verdict_for_stopping(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG_USE)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(HOUSE / "pyproject.toml"), str(wrong)]
    ran = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    faults = [line.partition("wrong.py:")[2] for line in ran.stdout.splitlines() if "error:" in line]
    assert faults == ['11: error: Argument 1 to "show_file" has incompatible type "Stopping"; expected "Showing"  [arg-type]'], ran.stdout
