"""Deciding one use for all rows of a table of standings, on whatever engine holds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from upheld.engines import Engine
from upheld.policy import sql
from upheld.policy.table import Table
from upheld.policy.uses import Decision, Use

DECISIONS = "upheld_decisions"
"""The table that one use's decisions are put under while it is decided."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows had one decision; `decision` is None for those without a standing code, for which nothing is permitted."""

    decision: Decision | None
    rows: int


def counts(engine: Engine, table: Table, use: Use, standings: str, column: str = "code") -> list[Counted]:
    """How many rows of `standings`, whose standing code is in `column`, have which decision; the most frequent first."""
    decisions = _put(engine, table, use)
    joined = sql.table_join(table, use, standings, column, DECISIONS).subquery("decided")
    query = exp.select("outcome", exp.alias_(exp.Count(this=exp.Star()), "found")).from_(joined).group_by("outcome")
    found = [Counted(None if outcome is None else decisions[outcome], rows) for outcome, rows in engine.rows(query)]
    return sorted(found, key=lambda each: -each.rows)


def decided(
    engine: Engine, table: Table, use: Use, standings: str, keys: Sequence[str], column: str = "code", *, size: int = 50_000
) -> Iterator[list[tuple[tuple[Any, ...], Decision | None]]]:
    """The `keys` columns of each row of `standings` with its decision, in lists of at most `size`, in no particular order."""
    decisions = _put(engine, table, use)
    joined = sql.table_join(table, use, standings, column, DECISIONS).subquery("decided")
    query = exp.select(*(exp.column(key, quoted=True) for key in keys), "outcome").from_(joined)
    for rows in engine.batches(query, size):
        yield [(row[:-1], None if row[-1] is None else decisions[row[-1]]) for row in rows]


def permitted(engine: Engine, table: Table, use: Use, standings: str, keys: Sequence[str], column: str = "code") -> list[tuple[Any, ...]]:
    """The `keys` columns of the rows for which everything asked for is permitted, by a bit test: the fastest form, without reasons."""
    query = exp.select(*(exp.column(key, quoted=True) for key in keys)).from_(standings)
    return engine.rows(query.where(sql.bit_test(table, use, column, engine.dialect)))


def _put(engine: Engine, table: Table, use: Use) -> list[Decision]:
    rows, decisions = sql.decision_rows(table, use)
    engine.put(DECISIONS, {"place": "integer", "outcome": "integer"}, rows)
    return decisions
