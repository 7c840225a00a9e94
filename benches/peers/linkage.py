"""Splink beside this house's matcher, on public files with the settings that its documentation shows."""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from upheld.people import comparing, training
from upheld.people.held import Held
from upheld.people.portrait import Portrait, of_held
from upheld.people.weights import MOST_DIFFERING, Weights, checked

logging.getLogger("splink").setLevel(logging.ERROR)

Scores = list[tuple[float, bool]]
"""Of each pair that was compared: its weight, and whether it truly is one person."""


class Best(NamedTuple):
    """Precision, recall and F1 at the threshold where F1 is highest."""

    precision: float
    recall: float
    f: float
    threshold: float


def best(scores: Scores, true: int) -> Best:
    """The best threshold. `true`: pairs that truly are one person, compared or not."""
    found, right, top = 0, 0, Best(0, 0, 0, 0)
    for at, (weight, same) in enumerate(ordered := sorted(scores, reverse=True)):
        found, right = found + 1, right + same
        if at + 1 < len(ordered) and ordered[at + 1][0] == weight:
            continue
        precision, recall = right / found, right / true
        f = 2 * precision * recall / max(precision + recall, 1e-9)
        if f > top.f:
            top = Best(precision, recall, f, weight)
    return top


# --- public files -------------------------------------------------------------------------------------------------------------------------


def febrl(folder: Path) -> Iterator[tuple[str, Best]]:
    """FEBRL dataset3: 5,000 records of 2,000 people; Splink as its example `febrl3` has it."""
    rows = [{key.strip(): value.strip() or None for key, value in row.items()} for row in _csv(folder / "dataset3.csv")]
    for row in rows:
        row["cluster"] = "-".join(str(row["rec_id"]).split("-")[:2])
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="rec_id",
        blocking_rules_to_generate_predictions=[
            block_on(name) for name in ("soc_sec_id", "given_name", "surname", "date_of_birth", "postcode")
        ],
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
    )
    rules = [
        block_on("soc_sec_id"),
        block_on("given_name", "surname", "date_of_birth"),
        "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
    ]
    yield (
        "Splink, settings of its example",
        _splink(rows, "rec_id", settings, rules, 0.9, [block_on("date_of_birth"), block_on("postcode")]),
    )

    def portrait(row: dict[str, Any]) -> Portrait:
        street = " ".join(part for part in (row["street_number"], row["address_1"], row["address_2"]) if part)
        said = of_held(Held(None, None, None, row["given_name"], row["surname"], street, row["postcode"]))
        return replace(said, accounts=tuple(each for each in (row["soc_sec_id"], row["date_of_birth"]) if each))

    yield "this house, number and date of birth as accounts", _house(rows, portrait)


def fake(folder: Path) -> Iterator[tuple[str, Best]]:
    """Splink's fake_1000: 1,000 records of 251 people; Splink as its example on accuracy has it."""
    rows = [{key: value or None for key, value in row.items()} for row in _csv(folder / "fake_1000.csv")]
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[block_on(name) for name in ("first_name", "surname", "dob", "email")],
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
    )
    rules = [
        "l.first_name = r.first_name and levenshtein(r.dob, l.dob) <= 1",
        "l.surname = r.surname and levenshtein(r.dob, l.dob) <= 1",
        "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",
        "l.email = r.email",
    ]
    sessions = [block_on("dob"), block_on("email"), block_on("first_name", "surname")]
    yield "Splink, settings of its example", _splink(rows, "unique_id", settings, rules, 0.7, sessions)

    def portrait(row: dict[str, Any]) -> Portrait:
        return of_held(Held(row["email"], None, row["dob"], row["first_name"], row["surname"], row["city"], None))

    yield "this house, the date of birth as an account and the city as a street", _house(rows, portrait)


def _csv(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _splink(rows: list[dict[str, Any]], key: str, settings: SettingsCreator, rules: list[Any], recall: float, sessions: list[Any]) -> Best:
    connection = duckdb.connect()
    _load(connection, "people", rows)
    linker = Linker("people", settings, DuckDBAPI(connection))
    linker.training.estimate_probability_two_random_records_match(rules, recall=recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=2)
    for session in sessions:
        linker.training.estimate_parameters_using_expectation_maximisation(session)
    found = linker.inference.predict().as_duckdbpyrelation().select(f"match_weight, {key}_l, {key}_r").fetchall()
    cluster = {str(row[key]): row["cluster"] for row in rows}
    scores = [(float(weight), cluster[str(one)] == cluster[str(other)]) for weight, one, other in found]
    return best(scores, _true(rows))


def _house(rows: list[dict[str, Any]], portrait: Callable[[dict[str, Any]], Portrait]) -> Best:
    """Every pair compared, by the weights that Splink learns on the file itself, as `upheld match train` would."""
    said = [portrait(row) for row in rows]
    weights = learnt(said)
    pairs = _compared(said)
    scores = [(weights.weigh(compared).weight, rows[one]["cluster"] == rows[other]["cluster"]) for one, other, compared in pairs]
    return best(scores, _true(rows))


def learnt(said: Sequence[Portrait]) -> Weights:
    """Weights of these records as `training.train` learns them; first names as dirty as here, which it would refuse, stay at its limit."""
    levels = dict(training.levels(said))
    different, *others = levels["first"]
    levels["first"] = ((min(different[0], MOST_DIFFERING), different[1]), *others)
    return checked(levels, origin="a bench")


def _compared(said: Sequence[Portrait]) -> Iterator[tuple[int, int, comparing.Compared]]:
    """Pairs that share a mailbox, an account, a name, a house and ZIP, or how both names sound."""
    having: dict[tuple[str, ...], set[int]] = {}
    for number, one in enumerate(said):
        keys = [*(("e", mail) for mail in one.emails), *(("a", account) for account in one.accounts), ("f", one.first.main)]
        keys += [("l", part) for part in one.last.parts] + [("z", one.zip), ("s", one.first.sound, one.last.sound), ("l", one.first.main)]
        for key in keys:
            if all(key):
                having.setdefault(key, set()).add(number)
    met = {pair for numbers in having.values() for pair in combinations(sorted(numbers), 2)}
    return ((one, other, comparing.compare(said[one], said[other])) for one, other in met)


def _true(rows: list[dict[str, Any]]) -> int:
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[row["cluster"]] = sizes.get(row["cluster"], 0) + 1
    return sum(size * (size - 1) // 2 for size in sizes.values())


def _load(connection: duckdb.DuckDBPyConnection, name: str, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(f'"{column}" VARCHAR' for column in rows[0])
    connection.execute(f'CREATE TABLE "{name}" ({columns})')
    connection.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(rows[0]))})', [list(row.values()) for row in rows])
