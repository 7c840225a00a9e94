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
class Standings:
    """A table on an engine whose rows each hold the standing code of a person, in the column `code`."""

    engine: Engine
    table: str
    code: str = "code"


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows had one decision; `decision` is None for those without a standing code, for which nothing is permitted."""

    decision: Decision | None
    rows: int


def counts(standings: Standings, table: Table, use: Use) -> list[Counted]:
    """How many rows have which decision; the most frequent first."""
    decisions, joined = _joined(standings, table, use)
    query = exp.select("outcome", exp.alias_(exp.Count(this=exp.Star()), "found")).from_(joined).group_by("outcome")
    found = [Counted(None if outcome is None else decisions[outcome], rows) for outcome, rows in standings.engine.rows(query)]
    return sorted(found, key=lambda each: -each.rows)


def decided(
    standings: Standings, table: Table, use: Use, keys: Sequence[str], *, size: int = 50_000
) -> Iterator[list[tuple[tuple[Any, ...], Decision | None]]]:
    """The `keys` columns of each row with its decision, in lists of at most `size`, in no particular order."""
    decisions, joined = _joined(standings, table, use)
    query = exp.select(*(exp.column(key, quoted=True) for key in keys), "outcome").from_(joined)
    for rows in standings.engine.batches(query, size):
        yield [(row[:-1], None if row[-1] is None else decisions[row[-1]]) for row in rows]


def permitted(standings: Standings, table: Table, use: Use, keys: Sequence[str]) -> list[tuple[Any, ...]]:
    """The `keys` columns of the rows for which everything asked for is permitted, by a bit test: the fastest form, without reasons."""
    query = exp.select(*(exp.column(key, quoted=True) for key in keys)).from_(standings.table)
    return standings.engine.rows(query.where(sql.bit_test(table, use, standings.code, standings.engine.dialect)))


def _joined(standings: Standings, table: Table, use: Use) -> tuple[list[Decision], exp.Subquery]:
    rows, decisions = sql.decision_rows(table, use)
    standings.engine.put(DECISIONS, {"place": "integer", "outcome": "integer"}, rows)
    return decisions, sql.table_join(table, use, standings.table, standings.code, DECISIONS).subquery("decided")
