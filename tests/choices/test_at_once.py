"""One file, several processes: at the same moment, or one after the other was killed. Each row is recorded once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.houses import CLERK, later
from upheld.choices import importing
from upheld.choices.importing import IMPORTED, Plan, import_file
from upheld.choices.models import CHOICE
from upheld.ledger import queries as ledger
from upheld.ledger.verification import verify

CHILD = Path(__file__).with_name("child.py")
ROWS, UNREADABLE = 400, (3, 77, 390)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "optouts.csv"
    rows = [f"p{row}@shop.example" if row not in UNREADABLE else "nobody" for row in range(ROWS)]
    path.write_text("\n".join(["email", *rows, '"never closed']) + "\n")
    return path


def child(house, file, die_after=0):
    """Start an import in a process of its own; it waits until it is told to begin."""
    there = {**os.environ, "PYTHONPATH": str(CHILD.parents[2] / "src")}
    words = [sys.executable, str(CHILD), str(house.home.path), str(file), str(die_after)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=there)
    assert process.stdout.readline() == "ready\n"
    return process


def begin(*processes):
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()


def finished(process):
    """Its exit code, and the numbers that it said."""
    said, _ = process.communicate(timeout=120)
    return process.returncode, [int(word) for word in said.split()]


def recorded(house):
    """The choices, the people who made one, and what the ledger says about whole files."""
    with house.record.reading() as conn:
        choices, people = conn.execute(select(func.count(), func.count(CHOICE.c.person.distinct()))).one()
        said = [(entry.body["recorded"], entry.body["rejected"]) for entry in ledger.entries(conn, kind=IMPORTED)]
        assert verify(conn)
    return choices, people, said


READ = ROWS - len(UNREADABLE)
LISTED = len(UNREADABLE) + 1


def test_imports_of_one_file_at_the_same_moment_record_each_row_once(house, file):
    together = [child(house, file) for _ in range(3)]
    begin(*together)
    assert [finished(process) for process in together] == [(0, [READ, LISTED, LISTED])] * 3
    assert recorded(house) == (READ, READ, [(READ, LISTED)])


def test_an_import_goes_on_where_a_killed_one_ended(house, file):
    killed = child(house, file, die_after=7)
    begin(killed)
    assert finished(killed)[0] == -9
    assert 0 < recorded(house)[0] < READ
    following = child(house, file)
    begin(following)
    assert finished(following) == (0, [READ, LISTED, LISTED])
    assert recorded(house) == (READ, READ, [(READ, LISTED)])


def test_a_file_is_recorded_once_more_only_if_that_is_asked_for(house, file):
    plan, clock = Plan("sharing", "out"), lambda: later(days=1)
    for again, times in ((False, 1), (False, 1), (True, 2), (True, 3), (False, 3)):
        import_file(house.record, house.keeper, file, plan, ("sharing",), clock=clock, actor=CLERK, again=again)
        assert recorded(house) == (READ * times, READ, [(READ, LISTED)] * times)


def test_an_import_that_another_overtakes_leaves_the_rest_to_it_and_says_the_same(house, file, monkeypatch):
    monkeypatch.setattr(importing, "ROWS_A_TRANSACTION", 50)
    said = []

    def take_in(advance):
        plan, clock = Plan("sharing", "out"), lambda: later(days=1)
        said.append(import_file(house.record, house.keeper, file, plan, ("sharing",), clock=clock, actor=CLERK, advance=advance))

    take_in(lambda _: said or take_in(lambda _: None))
    assert len(said) == 2
    assert said[0] == said[1]
    assert recorded(house) == (READ, READ, [(READ, LISTED)])
