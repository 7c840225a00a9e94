"""From standing codes to what may leave of each row: sets of items as bits, and for every row the decision that was strictest.

A row that matches several persons, or about whom list and record say different things, is decided for each; only what all permit passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from upheld.policy.uses import Decision

FACTS = ("region", "age", "served")
"""Dimensions that a list may fill in where the record does not know."""


class Dim(Protocol):
    """One digit of a standing code."""

    @property
    def kind(self) -> str:
        """`choice`, `region`, `age`, `served` or `since`."""
        ...

    @property
    def values(self) -> Sequence[Any]:
        """Its values, by digit."""
        ...

    @property
    def stride(self) -> int:
        """What one step of it adds to the code."""
        ...


@dataclass(slots=True)
class Verdicts:
    """Decisions met so far, each once. A row's verdict is a decision's number; `masks` says which items each permits (bit i: item i)."""

    items: tuple[str, ...]
    decide: Callable[[int], Decision]
    dims: Sequence[Dim]
    unknown: int
    decisions: list[Decision] = field(default_factory=list)
    masks: list[int] = field(default_factory=list)
    _known: dict[int, int] = field(default_factory=dict)
    _same: dict[Decision, int] = field(default_factory=dict)

    def of_code(self, code: int) -> int:
        """The number of the decision about a standing code."""
        if code not in self._known:
            decision = self.decide(code)
            number = self._same.setdefault(decision, len(self.decisions))
            if number == len(self.decisions):
                self.decisions.append(decision)
                self.masks.append(sum(1 << place for place, item in enumerate(self.items) if item in decision.permitted))
            self._known[code] = number
        return self._known[code]

    def of_codes(self, codes: NDArray[np.int64]) -> NDArray[np.int32]:
        """The same for many codes."""
        if len(codes) and int(codes.max()) < DENSE:  # a look-up instead of sorting millions
            known = np.zeros(int(codes.max()) + 1, dtype=np.int32)
            for code in np.flatnonzero(np.bincount(codes)).tolist():
                known[code] = self.of_code(code)
            return known[codes]
        distinct, places = np.unique(codes, return_inverse=True)
        return np.array([self.of_code(int(code)) for code in distinct], dtype=np.int32)[places]

    def codes_of_person(self, person: int, row: int) -> list[int]:
        """The standing codes that a known person (standing code) may have, of whom a row (standing code as of nobody) says something."""
        (is_coarse, person), (is_vague, row) = (person >= COARSE, person % COARSE), (row >= COARSE, row % COARSE)
        codes = [person]
        for dim in self.dims:
            own, said = person // dim.stride % len(dim.values), row // dim.stride % len(dim.values)
            nothing = self.unknown // dim.stride % len(dim.values)
            is_since = dim.kind == "since"
            is_silent = said == nothing and not is_since and not (dim.kind == "region" and is_vague)
            if own == said or is_silent or (dim.kind not in FACTS and not is_since):
                continue
            told = [code + (said - own) * dim.stride for code in codes]
            # What the record does not know the list may say; where they differ, both count. A version not recorded is the earliest.
            is_told = own == nothing and not is_since and not (dim.kind == "region" and is_coarse)
            codes = told if is_told else codes + told
        return codes

    def of_person(self, person: int, row: int) -> list[int]:
        """The decisions about a known person, of whom a row says something."""
        return sorted({self.of_code(code) for code in self.codes_of_person(person, row)})

    def all_codes(
        self, count: int, standings: NDArray[np.int64] | int, hits: tuple[NDArray[np.int64], NDArray[np.int64]]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every row of a list with every standing code that it is to be decided for; see `decide_rows`."""
        said = np.full(count, standings, dtype=np.int64) if isinstance(standings, int) else standings
        rows, persons = hits
        free = np.ones(count, dtype=np.bool_)
        free[rows] = False
        known = [
            (row, code)
            for row, person in zip(rows.tolist(), persons.tolist(), strict=True)
            for code in self.codes_of_person(person, int(said[row]))
        ]
        met = np.array(known, dtype=np.int64).reshape(-1, 2)
        alone = np.flatnonzero(free)
        return np.concatenate([alone, met[:, 0]]), np.concatenate([said[alone] % COARSE, met[:, 1]])

    def of_pairs(self, persons: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """For pairs of a person's and a row's standing code: what is permitted (bits), and the strictest decision."""
        of_persons, person_at = np.unique(persons, return_inverse=True)
        of_rows, row_at = np.unique(rows, return_inverse=True)
        distinct, places = np.unique(person_at * len(of_rows) + row_at, return_inverse=True)
        masks = np.empty(len(distinct), dtype=np.uint64)
        numbers = np.empty(len(distinct), dtype=np.int32)
        for at, pair in enumerate(distinct.tolist()):
            met = self.of_person(int(of_persons[pair // len(of_rows)]), int(of_rows[pair % len(of_rows)]))
            masks[at] = np.bitwise_and.reduce(np.array([self.masks[number] for number in met], dtype=np.uint64))
            numbers[at] = min(met, key=lambda number: (self.masks[number].bit_count(), number))
        return masks[places], numbers[places]


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about all rows: which items each may show (bits) and which decision was the strictest (-1: names nobody)."""

    masks: NDArray[Any]
    numbers: NDArray[np.int32]


NOBODY = -1
"""A row without a readable identifier: nobody's choice could be looked up, so it does not leave."""
CAPPED = -2
"""A row about a person who was released as often as the policy lets."""
FEW = -3
"""A row whose values fewer people share than totals must cover."""
LOWEST = FEW
COARSE = 1 << 60
"""Added to the standing code of a person, or a row, whose region is known, but too coarsely for the policy (`us`, where it asks for
California): such a region cannot decide, but it can contradict."""
DENSE = 1 << 24
"""Standing codes below this are looked up in an array."""


def decide_rows(
    verdicts: Verdicts, count: int, standings: NDArray[np.int64] | int, hits: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> Decided:
    """Decide `count` rows. `standings`: each row's code as of nobody known; `hits`: rows, and standing codes of persons they match."""
    if isinstance(standings, int):
        number = verdicts.of_code(standings)
        numbers = np.full(count, number, dtype=np.int32)
    else:
        numbers = verdicts.of_codes(standings % COARSE)
    rows, persons = hits
    said = np.full(len(rows), standings, dtype=np.int64) if isinstance(standings, int) else standings[rows]
    bits, strictest = verdicts.of_pairs(persons, said) if len(rows) else (np.empty(0, np.uint64), np.empty(0, np.int32))
    kind = np.uint8 if len(verdicts.items) <= 8 else np.uint64
    masks = np.array(verdicts.masks, dtype=kind)[numbers] if count else np.empty(0, dtype=kind)
    if len(rows):
        _narrow(masks, numbers, rows, bits, strictest, np.array(verdicts.masks, dtype=np.uint64))
    return Decided(masks, numbers)


def _narrow(
    masks: NDArray[Any],
    numbers: NDArray[np.int32],
    rows: NDArray[np.int64],
    bits: NDArray[np.uint64],
    strictest: NDArray[np.int32],
    of_number: NDArray[np.uint64],
) -> None:
    """Put what was decided about matched persons in place of what was decided about nobody; several persons of a row are joined."""
    order = np.lexsort((np.bitwise_count(of_number[strictest]), rows))
    rows, bits, strictest = rows[order], bits[order], strictest[order]
    starts = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
    masks[rows[starts]] = np.bitwise_and.reduceat(bits, starts).astype(masks.dtype)
    numbers[rows[starts]] = strictest[starts]
