"""Deciding on another engine: the policy goes there as SQL, the rows as standing codes, and what all their standings permit comes back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from upheld import engines
from upheld.engines import Kind
from upheld.policy import sql
from upheld.policy.table import Table
from upheld.policy.uses import CHOICES, Standing, Use

ROWS, STANDINGS = "upheld_row", "upheld_standing"
AT_ONCE = 100_000


def masks_of(name: str, address: str | None, table: Table, use: Use, count: int, pairs: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Any:  # noqa: ANN401 - an array
    """Which items each of `count` rows may show (bits), decided by an engine. `pairs`: rows, and standing codes of whom they are about.

    A row of which the engine says nothing may show nothing. `Invalid` if the engine is not installed, or does not answer.
    """
    rows, codes = pairs
    with contextlib.closing(engines.opened(name, address)) as engine:
        columns = sql.standing_columns(table.history)
        distinct = np.unique(codes).tolist()
        engine.put(STANDINGS, {"code": "integer", **_kinds(columns)}, [(code, *_facts(table, code, columns)) for code in distinct])
        engine.put(ROWS, {"list_row": "integer", "code": "integer"}, zip(rows.tolist(), codes.tolist(), strict=True))
        predicates = sql.residuals(table.history, use, engine.dialect)
        masks = np.zeros(count, dtype=np.uint64)
        for batch in engine.batches(_query([predicates[item] for item in (*use.items, *use.totals)]), AT_ONCE):
            found = np.array(batch, dtype=np.int64)
            bits = (found[:, 1:] << np.arange(found.shape[1] - 1)).sum(axis=1)
            masks[found[:, 0]] = bits.astype(np.uint64)
    return masks


def _query(predicates: Sequence[exp.Expr]) -> exp.Select:
    """One row for each row of the list: for each item 1 if every standing permits it, else 0. Positive: what is not TRUE is 0."""
    own = exp.column("list_row", table="r")
    permitted = [
        exp.Min(this=exp.Case(ifs=[exp.If(this=predicate, true=exp.Literal.number(1))], default=exp.Literal.number(0))).as_(f"i{place}")
        for place, predicate in enumerate(predicates)
    ]
    same = exp.EQ(this=exp.column("code", table="r"), expression=exp.column("code", table="s"))
    joined = (
        exp.select(own, *permitted).from_(exp.to_table(ROWS).as_("r")).join(exp.to_table(STANDINGS).as_("s"), on=same, join_type="inner")
    )
    return joined.group_by(own.copy())


def _kinds(columns: dict[str, str]) -> dict[str, Kind]:
    known: dict[str, Kind] = {"integer": "integer", "text": "text", "flag": "flag"}
    return {column: known[kind] for column, kind in columns.items()}


def _facts(table: Table, code: int, columns: dict[str, str]) -> Iterator[object]:
    """A standing as a row of the standing columns."""
    standing: Standing = table.standing(code)
    versions = [policy.version for policy in table.history]
    of: dict[str, object] = {"region": standing.region, "age": standing.age, "served": standing.served}
    for topic, choice in standing.choices.items():
        of[sql.choice_column(topic)] = None if choice == "unknown" else CHOICES.index(choice)
    for source, version in standing.since.items():
        of[sql.since_column(source)] = versions.index(version)
    return (of.get(column, 0 if column.startswith("choice_") else None) for column in columns)
