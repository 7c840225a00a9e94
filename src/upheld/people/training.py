"""Match weights trained by Splink on a merchant's own records: how often each level occurs among the records of one person, and of two.

Expectation-maximisation runs in sessions of records that share a mailbox, a telephone and last name, or a name and area, and never of those
that merely share an address: there most pairs are married couples, and the model would learn that one person has two first names. What the
records cannot teach keeps the weights that are shipped. Needs the extra `matching`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

import duckdb

from upheld.errors import Invalid
from upheld.people import comparing
from upheld.people.comparing import FIELDS, Compared
from upheld.people.portrait import Portrait
from upheld.people.weights import FLOOR, Levels, Weights, checked, shipped, sound

FEWEST: Final = 1_000
"""Records below which nothing can be learnt."""
MOST: Final = 300_000
"""Records that are enough to learn from."""
SEED: Final = 7
PAIRS = 4_000_000
"""Pairs of two people that are looked at to learn what people have in common by chance."""
_BY_EMAIL: Final = "l.emails[1] = r.emails[1]"
_BY_PHONE: Final = "l.phones[1] = r.phones[1] AND l.last['whole'] = r.last['whole'] AND l.last['whole'] <> ''"
_BY_NAME: Final = (
    "l.first['main'] = r.first['main'] AND l.last['whole'] = r.last['whole'] AND l.zip[:3] = r.zip[:3] "
    "AND l.first['main'] <> '' AND l.last['whole'] <> '' AND l.zip <> ''"
)
_BY_ACCOUNT: Final = "l.accounts[1] = r.accounts[1]"
SESSIONS: Final = (_BY_EMAIL, _BY_PHONE, _BY_NAME, _BY_ACCOUNT)
"""What the pairs of each session share. Never the address alone."""
_LEARNT: Final = tuple(name for name in FIELDS if name != "suffix")
"""A suffix is seldom given by both, and then by a father and his son as often as by one man: it is left to the vetoes."""
_SHARED: Final = """
UPDATE upheld_said SET "{list}" = [] WHERE "{list}"[1] IN (
    SELECT l."{list}"[1] FROM upheld_said AS l JOIN upheld_said AS r ON l."{list}"[1] = r."{list}"[1] AND l.id < r.id
    WHERE {differs} = 1
)"""
"""A mailbox or telephone under which two first names are on file is nobody's own, and teaches nothing about one person."""


def train(said: Sequence[Portrait], *, origin: str, labels: Iterable[tuple[Compared, bool]] = ()) -> Weights:
    """The weights that these records teach. `labels`: comparisons that an agent decided about; they correct what records say of one person.

    `Invalid` if there are too few records, or if what was learnt contradicts itself (`weights.checked`).
    """
    if len(said) < FEWEST:
        raise Invalid(f"{len(said)} records are too few to learn from: {FEWEST} are needed; the shipped weights go on")
    return checked(_corrected(levels(said), labels), origin=origin)


def levels(said: Sequence[Portrait]) -> Levels:
    """What these records teach, as Splink learns it and before anybody asked whether it is sound."""
    step = max(len(said) // MOST, 1)
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")  # it would write into the answer
        comparing.prepare(connection)
        comparing.table(connection, "upheld_records", list(enumerate(said[::step])))
        told = _told(connection)
    return _levels(told["comparisons"], shipped().levels)


def _told(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What Splink learns, in its own form."""
    from splink import DuckDBAPI, Linker

    loud = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.partition(".")[0] == "splink"]
    before = [one.level for one in loud]
    for one in loud:
        one.setLevel(logging.CRITICAL)  # what was not seen keeps the shipped weights, so there is nothing to tell
    try:
        connection.execute("CREATE OR REPLACE TABLE upheld_said AS SELECT * FROM upheld_records")
        for name in ("emails", "phones"):
            connection.execute(_SHARED.format(list=name, differs=comparing.call("first", "l.{}", "r.{}")))
        linker = Linker("upheld_said", settings(), DuckDBAPI(connection))
        linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS, seed=SEED)
        for session in SESSIONS:
            if _occurs(connection, session):
                linker.training.estimate_parameters_using_expectation_maximisation(session, fix_u_probabilities=True)
        told: dict[str, Any] = linker.misc.save_model_to_json()
    finally:
        for one, level in zip(loud, before, strict=True):
            one.setLevel(level)
    return told


def settings() -> dict[str, Any]:
    """The model for Splink: every field with the levels of `comparing`, the most alike first."""
    comparisons = []
    for field, words in ((name, FIELDS[name]) for name in _LEARNT):
        level = comparing.call(field, "{}_l", "{}_r")
        levels: list[dict[str, Any]] = [{"sql_condition": f"{level} = 0", "label_for_charts": words[0], "is_null_level": True}]
        numbers = range(len(words) - 1, 1, -1)
        levels += [{"sql_condition": f"{level} = {number}", "label_for_charts": words[number]} for number in numbers]
        levels.append({"sql_condition": "ELSE", "label_for_charts": words[1]})
        comparisons.append({"output_column_name": f"{field}_level", "comparison_levels": levels})
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "id",
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": list(SESSIONS),
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
    }


def _occurs(connection: duckdb.DuckDBPyConnection, rule: str) -> bool:
    """Whether enough pairs fulfil a session's rule."""
    query = f"SELECT count(*) FROM (SELECT 1 FROM upheld_said AS l JOIN upheld_said AS r ON l.id < r.id AND {rule} LIMIT 50)"  # noqa: S608 - a rule of this module
    return bool(connection.execute(query).fetchall()[0][0] >= 50)


def _levels(comparisons: Sequence[dict[str, Any]], otherwise: Levels) -> Levels:
    made: dict[str, tuple[tuple[float, float], ...]] = dict(otherwise)
    for field, told in zip(_LEARNT, comparisons, strict=True):
        words = FIELDS[field]
        known = {one.get("label_for_charts"): one for one in told["comparison_levels"]}
        pairs = []
        for number in range(1, len(words)):
            one, fallback = known[words[number]], otherwise[field][number - 1]
            m, u = one.get("m_probability"), one.get("u_probability")
            trained = isinstance(m, float) and isinstance(u, float)
            pairs.append((max(m, FLOOR), max(u, FLOOR)) if trained else fallback)
        made[field] = tuple(pairs) if sound(field, tuple(pairs)) else otherwise[field]  # too few records say too little of it
    return made


def _corrected(learnt: Levels, labels: Iterable[tuple[Compared, bool]]) -> Levels:
    """The shares among one person's records, drawn towards what agents decided: a level with 20 labels counts half."""
    counts = {field: [0] * len(words) for field, words in FIELDS.items()}
    for compared, same in labels:
        if same:
            for field, level in compared._asdict().items():
                counts[field][level] += 1
    made: dict[str, tuple[tuple[float, float], ...]] = {}
    for field, pairs in learnt.items():
        said = sum(counts[field][1:])
        share = said / (said + 20)
        made[field] = tuple(
            ((1 - share) * m + share * max(counts[field][number] / said, FLOOR) if said else m, u) for number, (m, u) in enumerate(pairs, 1)
        )
    return made
