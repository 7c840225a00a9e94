"""What became of a list, in numbers that add up: read = released + refused + rejected, and each refusal under the sentence that made it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upheld.gate.caps import AS_OFTEN
from upheld.gate.mapping import ColumnMap
from upheld.gate.verdicts import CAPPED, FEW, LOWEST, NOBODY, Decided
from upheld.policy.uses import Decision, Obligations, Reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """So many rows (or cells of one item) refused by one clause. `clause` None: no clause speaks of such a use at all."""

    clause: str | None
    sentence: str | None
    because: str
    change: str
    rows: int
    item: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnOutcome:
    """What became of one column: `released`, `released in part`, `refused`, or `dropped` (no item of the policy)."""

    column: str
    item: str | None
    outcome: str
    why: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a list. `release` None: a dry run, or nothing left. `cells`: items withheld from rows that were released.

    `notes`: what was left out because the order did not say enough.
    """

    list: str
    purpose: str
    recipient: str
    policy_version: str
    policy_hash: str
    read: int
    released: int
    refused: int
    rejected: int
    persons: int
    refusals: tuple[Refusal, ...]
    cells: tuple[Refusal, ...]
    columns: tuple[ColumnOutcome, ...]
    clauses: tuple[str, ...]
    obligations: Obligations
    release: int | None = None
    out: str | None = None
    input_hash: str | None = None
    output_hash: str | None = None
    rejects: str | None = None
    completed_earlier: bool = False
    notes: tuple[str, ...] = ()


def refusals(decided: Decided, decisions: Sequence[Decision], sentences: Mapping[str, str], capped_by: str | None) -> tuple[Refusal, ...]:
    """The refused rows, each counted once: under the first reason of its strictest decision."""
    found: Counter[tuple[str | None, str, str]] = Counter()
    for number, rows in tally(decided.numbers[decided.masks == 0]):
        found[_first_reason(number, decisions, capped_by)] += rows
    return tuple(
        Refusal(clause, sentences.get(clause or ""), because, change, rows) for (clause, because, change), rows in found.most_common()
    )


def tally(numbers: NDArray[np.int32]) -> list[tuple[int, int]]:
    """How often each number of a decision occurs, without sorting millions of them."""
    counts = np.bincount(numbers - LOWEST)
    return [(int(number) + LOWEST, int(counts[number])) for number in np.flatnonzero(counts)]


def _first_reason(number: int, decisions: Sequence[Decision], capped_by: str | None) -> tuple[str | None, str, str]:
    if number == NOBODY:
        return None, "the row names nobody: no identifier in it can be read", "a readable e-mail address, or name, address and zip"
    if number == CAPPED:
        return capped_by, AS_OFTEN, "waiting until the period is over"
    if number == FEW:
        return None, "fewer people share the row's values than totals must cover", "fewer columns, so that more people share their values"
    reasons = decisions[number].reasons
    if not reasons:
        return None, "the engine permits none of it, though the policy's own table does", "another `--engine`; and a report of this fault"
    return reasons[0].clause, reasons[0].because, reasons[0].change


def cells(decided: Decided, decisions: Sequence[Decision], sentences: Mapping[str, str]) -> tuple[Refusal, ...]:
    """The items withheld from released rows, each counted once: under the first reason that names it."""
    found: Counter[tuple[str | None, str, str, str]] = Counter()
    for number, rows in tally(decided.numbers[decided.masks != 0]):
        first: dict[str, Reason] = {}
        for reason in decisions[number].reasons if number >= 0 else ():
            for item in reason.items:
                first.setdefault(item, reason)
        for item, reason in first.items():
            found[reason.clause, reason.because, reason.change, item] += rows
    return tuple(
        Refusal(clause, sentences.get(clause or ""), because, change, rows, item)
        for (clause, because, change, item), rows in found.most_common()
    )


def column_outcomes(mapping: ColumnMap, items: Sequence[str], some: int, every: int, why: Mapping[str, str]) -> tuple[ColumnOutcome, ...]:
    """What became of each column. `some` and `every`: items (bits) that some and all released rows show."""
    outcomes = []
    for column in mapping.columns:
        if column.item is None:
            outcomes.append(ColumnOutcome(column.column, None, "dropped", column.why))
        elif column.item not in items:
            outcomes.append(ColumnOutcome(column.column, column.item, "dropped", "not asked for"))
        else:
            bit = items.index(column.item)
            outcome = "released" if every >> bit & 1 else "released in part" if some >> bit & 1 else "refused"
            outcomes.append(ColumnOutcome(column.column, column.item, outcome, None if outcome == "released" else why.get(column.item)))
    return tuple(outcomes)


def whys(decisions: Sequence[Decision]) -> Mapping[str, str]:
    """Why an item was refused, in the words of the first decision that refused it; rather of one that released the rest of its row."""
    found: dict[str, str] = {}
    for decision in sorted(decisions, key=lambda each: not each.permitted):
        for reason in decision.reasons:
            for item in reason.items:
                found.setdefault(item, reason.because)
    return found


def joined(decisions: Sequence[Decision]) -> Obligations:
    """The obligations of several decisions together: the largest number of people, the tightest cap per period."""
    people = max((decision.obligations.people or 0 for decision in decisions), default=0)
    tightest: dict[str, int] = {}
    for decision in decisions:
        for times, period in decision.obligations.at_most:
            tightest[period] = min(times, tightest.get(period, times))
    return Obligations(people or None, tuple(sorted((times, period) for period, times in tightest.items())))
