"""The page of the law's scenarios: all of them stand there, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "law-scenarios.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.splitlines() if re.match(r"\| \d", line)]
SCENARIOS = 65


def named(cell):
    return re.findall(r"`([^`]+)`", cell)


def functions(path):
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_all_scenarios_stand_there_once_each_with_what_shows_it_or_what_is_missing():
    assert [int(row[0]) for row in ROWS] == list(range(1, SCENARIOS + 1))
    wrong = [row[0] for row in ROWS if row[2] not in {"yes", "in part", "not yet"} or (row[2] == "not yet") != (not named(row[3]))]
    silent = [row[0] for row in ROWS if row[2] != "yes" and len(row[4].rstrip(" |")) < 10]
    assert (wrong, silent) == ([], [])


def test_every_test_that_is_named_exists():
    there = {}
    gone = []
    for row in ROWS:
        for name in named(row[3]):
            file, _, function = name.partition("::")
            found = there.setdefault(file, functions(TESTS / file) if (TESTS / file).is_file() else set())
            if function not in found:
                gone.append((row[0], name))
    assert gone == []


def test_the_numbers_in_the_text_are_those_of_the_table():
    count = Counter(row[2] for row in ROWS)
    said = f"{count['yes']} are shown, {count['in part']} in part, {count['not yet']} not yet"
    assert said in " ".join(PAGE.split())
