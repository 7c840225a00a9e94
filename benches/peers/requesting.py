"""Splink alone on requests, one link of a table of requests to a table of records: as it comes, and with three repairs.

Both read the normal forms of this house, which is more than Splink would have by itself. Plain: sessions on the mailbox, the telephone and
the address, and a threshold of 5 bits. Repaired: no session on the address, an equal mailbox is a rule, another first name or suffix
forbids, and 10 bits.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benches.asking import Answer
from benches.customers import Asker, World
from upheld.people import comparing
from upheld.people.portrait import Portrait, of_given, of_held

logging.getLogger("splink").setLevel(logging.ERROR)

COLUMNS: Final = ("unique_id", "first", "last", "suffix", "house", "street", "unit", "zip", "zip3", "email", "phone", "sound", "sounds")
BLOCKS: Final = [
    block_on("email"), block_on("phone", "last"), block_on("house", "zip", "sound"), block_on("last", "zip"),
    block_on("house", "street", "zip3"), block_on("first", "last", "zip3"), block_on("house", "zip", "sounds"),
]  # fmt: skip
PLAIN, REPAIRED = 5.0, 10.0


def answers(made: World, askers: Sequence[Asker]) -> Iterator[tuple[str, list[Answer], float]]:
    """By name what Splink says of each request, and the seconds of processor time that it took."""
    began = time.process_time()
    connection = duckdb.connect()
    _load(connection, "records", [_row(f"r{number}", of_held(row.held)) for number, row in enumerate(made.rows)])
    _load(connection, "requests", [_row(f"q{number}", of_given(asker.given)[0]) for number, asker in enumerate(askers)])
    loaded = time.process_time() - began
    plain = [block_on("email"), block_on("phone"), block_on("house", "street", "zip")]
    repaired = [block_on("email"), block_on("phone", "last"), block_on("first", "last", "zip3")]
    for name, sessions in (("Splink, plain", plain), ("Splink, repaired", repaired)):
        began = time.process_time()
        found = _predicted(connection, sessions)
        made_ = _repaired(found, made, askers) if sessions is repaired else _plain(found, askers)
        yield name, made_, loaded + time.process_time() - began


def _plain(found: list[tuple[float, int, int]], askers: Sequence[Asker]) -> list[Answer]:
    said: list[list[int]] = [[] for _ in askers]
    for weight, request, record in found:
        if weight >= PLAIN:
            said[request].append(record)
    return [Answer(one) for one in said]


def _repaired(found: list[tuple[float, int, int]], made: World, askers: Sequence[Asker]) -> list[Answer]:
    said: list[list[int]] = [[] for _ in askers]
    for weight, request, record in found:
        compared = comparing.compare(of_given(askers[request].given)[0], of_held(made.rows[record].held))
        forbidden = comparing.DIFFERENT in (compared.first, compared.suffix)
        if compared.email == comparing.SAME or (weight >= REPAIRED and not forbidden):
            said[request].append(record)
    return [Answer(one) for one in said]


def _predicted(connection: duckdb.DuckDBPyConnection, sessions: Sequence[Any]) -> list[tuple[float, int, int]]:
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("first", [0.92, 0.8]),
            cl.JaroWinklerAtThresholds("last", [0.92, 0.8]),
            cl.ExactMatch("suffix"),
            cl.LevenshteinAtThresholds("house", [1]),
            cl.JaroWinklerAtThresholds("street", [0.92, 0.8]),
            cl.ExactMatch("unit"),
            cl.LevenshteinAtThresholds("zip", [1]),
            cl.LevenshteinAtThresholds("email", [1, 2]),
            cl.ExactMatch("phone"),
        ],
        blocking_rules_to_generate_predictions=BLOCKS,
        retain_matching_columns=False,
    )
    linker = Linker(["requests", "records"], settings, DuckDBAPI(connection), input_table_aliases=["q", "r"])
    linker.training.estimate_probability_two_random_records_match(
        [block_on("email"), block_on("first", "last", "house", "zip")], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=4e6, seed=2)
    for session in sessions:
        linker.training.estimate_parameters_using_expectation_maximisation(session)
    pairs = linker.inference.predict(threshold_match_weight=-10).as_duckdbpyrelation()
    rows = pairs.select("match_weight, unique_id_l, unique_id_r").fetchall()
    pairs_ = [(float(weight), *sorted((str(one), str(other)))) for weight, one, other in rows]  # `q…` comes before `r…`
    return [(weight, int(request[1:]), int(record[1:])) for weight, request, record in pairs_]


def _row(number: str, said: Portrait) -> tuple[str | None, ...]:
    values = (
        number, said.first.main, said.last.whole, str(said.suffix or ""), said.where.house, said.where.street, said.where.unit, said.zip,
        said.zip[:3], "".join(said.emails[:1]), "".join(said.phones[:1]), said.last.sound, said.first.sound,
    )  # fmt: skip
    return tuple(value or None for value in values)


def _load(connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[tuple[str | None, ...]]) -> None:
    import pyarrow as pa

    columns = {column: pa.array([row[at] for row in rows], pa.string()) for at, column in enumerate(COLUMNS)}
    connection.register("upheld_loaded", pa.table(columns))
    connection.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM upheld_loaded')
    connection.unregister("upheld_loaded")
