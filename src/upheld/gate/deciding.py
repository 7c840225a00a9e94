"""Deciding a whole list: from one reading of the record to what may leave of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upheld.gate import facts
from upheld.gate.by_engine import masks_of
from upheld.gate.gathering import Gathered
from upheld.gate.lists import OpenList
from upheld.gate.mapping import ColumnMap
from upheld.gate.snapshot import Snapshot
from upheld.gate.verdicts import NOBODY, Decided, Verdicts, decide_rows
from upheld.gate.workbench import Workbench
from upheld.policy.uses import Use


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided about a list, and who of the known persons its permitted rows are about.

    `not_given`: in how many rows the list says a fact that counts as not given, by the fact's role (`age`, `collected`).
    """

    verdicts: Verdicts
    decided: Decided
    rows: NDArray[np.int64]
    persons: NDArray[np.int64]
    not_given: Mapping[str, int]

    def same_as(self, other: Outcome) -> bool:
        """Whether the same cells may leave."""
        return bool(np.array_equal(self.decided.masks, other.decided.masks))

    def without(self, which: NDArray[np.bool_], why: int) -> Outcome:
        """The same, less some rows, for a reason that is no decision's (`verdicts.CAPPED`, `verdicts.FEW`)."""
        _bar(self.decided.masks, self.decided.numbers, which & (self.decided.masks != 0), why)
        return self

    @property
    def released_persons(self) -> NDArray[np.int64]:
        """The known persons whom permitted rows are about, each once, sorted."""
        found: NDArray[np.int64] = np.unique(self.persons[self.decided.masks[self.rows] != 0])
        return found


def decide_list(
    opened: OpenList,
    mapping: ColumnMap,
    bench: Workbench,
    gathered: Gathered,
    snapshot: Snapshot,
    use: Use,
    engine: tuple[str, str | None] = ("duckdb", None),
) -> Outcome:
    """Decide every row. On another engine than DuckDB, what leaves is what the engine permits, and never more than the table does."""
    table = snapshot.table
    row = table.row(use)
    verdicts = Verdicts((*use.items, *use.totals), row.decide_code, row.dims, snapshot.nobody)
    times = facts.Times(
        snapshot.at.date(),
        tuple((policy.version, since) for policy, since in zip(snapshot.history, snapshot.since, strict=True)),
        snapshot.history[-1].vocabulary.sources,
    )
    said, not_given = facts.standings(opened, mapping, bench, table, snapshot.topics, times, {dim.kind for dim in row.dims})
    rows, persons = gathered.meet(snapshot.index)
    hits = (rows, snapshot.of(persons))
    decided = decide_rows(verdicts, opened.rows, said, hits)
    if engine[0] != "duckdb":
        found = masks_of(*engine, table, use, opened.rows, verdicts.all_codes(opened.rows, said, hits))
        np.bitwise_and(decided.masks, found.astype(decided.masks.dtype), out=decided.masks)
    _withhold_unread(decided, gathered, mapping, verdicts.items)
    _bar(decided.masks, decided.numbers, ~gathered.named, NOBODY)
    return Outcome(verdicts, decided, rows, persons, not_given)


def _withhold_unread(decided: Decided, gathered: Gathered, mapping: ColumnMap, items: Sequence[str]) -> None:
    """An address or number that cannot be read does not leave: nobody can tell whose it is, and so what that person chose."""
    for place, rows in gathered.unread.items():
        item = mapping.columns[place].item
        if item in items:
            shown = decided.masks != 0
            decided.masks[rows] &= ~decided.masks.dtype.type(1 << items.index(item))
            decided.numbers[shown & (decided.masks == 0)] = NOBODY


def _bar(masks: NDArray[Any], numbers: NDArray[np.int32], which: NDArray[np.bool_], number: int) -> None:
    masks[which] = 0
    numbers[which] = number
