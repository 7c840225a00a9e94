"""Who is meant by the rows of a batch, and who is new: worked out over the codes of all rows together, in the order of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from upheld.people.batches import Batch
from upheld.people.codes import Code, conflict
from upheld.people.identifiers import Identifier
from upheld.people.queries import having, last_person


class Enrolling:
    """Rows being enrolled.

    After `people`: `made` are the new people, `new` are the identifiers to be kept (numbers into `identifiers`), `people_of_new` whose.

    Most rows of a long list are of strangers whose codes nobody else has, in the record or in the batch: they are new people, and nothing
    more is to be asked about them. All others are met one by one, each seeing what the rows before it made known.
    """

    def __init__(self, tx: Connection, rows: Sequence[Sequence[Identifier]], batch: Batch) -> None:
        """`batch` are the codes of the rows' identifiers, one row after the other."""
        self.identifiers = [one for row in rows for one in row]
        self.made: list[int] = []
        self.new: list[int] = []
        self.people_of_new: list[int] = []
        self._batch = batch
        self._ends = np.concatenate(([0], np.cumsum([len(row) for row in rows], dtype=np.int64)))
        self._readable = batch.start[1:] > batch.start[:-1]
        distinct, place, count = np.unique(batch.codes, return_inverse=True, return_counts=True)
        self._known: dict[int, list[tuple[int, int]]] = {}
        for code, kept in having(tx, distinct.tolist()).items():
            self._known[code] = [(guard, person) for guard, person, _ in kept]
        shared = count > 1
        shared |= np.isin(distinct, np.fromiter(self._known, dtype=np.uint64, count=len(self._known)))
        self._is_shared = _any_in(shared[place], batch.start[self._ends])
        self._last_person = last_person(tx)

    @property
    def all_readable(self) -> bool:
        """Whether an identifier of every row can be read."""
        return bool(_any_in(self._readable, self._ends).all())

    def people(self) -> list[tuple[int, ...]]:
        """For each row the people whom its identifiers mean; notes what is new."""
        return [self._people_of(row) for row in range(len(self._ends) - 1)]

    def packed(self) -> list[bytes]:
        """The codes of each new identifier, to be read in bulk."""
        kept, start = self._batch.packed(), self._batch.start
        return [kept[start[number] : start[number + 1]].tobytes() for number in self.new]

    def codes(self, first: int) -> dict[str, Sequence[Any]]:
        """The codes of the new identifiers as columns, in order of their codes, which a large index takes faster; `first` numbers them."""
        start = self._batch.start
        count = (start[1:] - start[:-1])[self.new]
        at = np.repeat(start[self.new] - (np.cumsum(count) - count), count) + np.arange(count.sum())
        identifier = np.repeat(np.arange(first, first + len(self.new)), count)
        person = np.repeat(np.array(self.people_of_new, dtype=np.int64), count)
        signed = self._batch.codes[at].view(np.int64)
        order = np.argsort(signed, kind="stable")
        columns = {"code": signed, "identifier": identifier, "guard": self._batch.guards[at], "person": person}
        return {name: values[order].tolist() for name, values in columns.items()}

    def _people_of(self, row: int) -> tuple[int, ...]:
        numbers = [number for number in range(self._ends[row], self._ends[row + 1]) if self._readable[number]]
        if not numbers:
            return ()
        if not self._is_shared[row]:
            return (self._make(numbers),)  # nobody will ask for these codes
        met = {number: self._met(self._batch.of(number)) for number in numbers}
        everybody = frozenset().union(*met.values())
        if len(everybody) == 1:
            (person,) = everybody
            for number in numbers:
                if any(all(person != known for _, known in self._known.get(code, ())) for code, _ in self._batch.of(number)):
                    self.new.append(number)
                    self.people_of_new.append(person)
                    self._note(person, number)
        elif strangers := [number for number in numbers if not met[number]]:
            person = self._make(strangers)
            everybody |= {person}
            for number in strangers:
                self._note(person, number)
        return tuple(sorted(everybody))

    def _make(self, numbers: Sequence[int]) -> int:
        self._last_person += 1
        self.made.append(self._last_person)
        self.new += numbers
        self.people_of_new += [self._last_person] * len(numbers)
        return self._last_person

    def _met(self, codes: Sequence[Code]) -> frozenset[int]:
        return frozenset(person for code in codes for guard, person in self._known.get(code.code, ()) if not conflict(code.guard, guard))

    def _note(self, person: int, number: int) -> None:
        for code, guard in self._batch.of(number):
            self._known.setdefault(code, []).append((guard, person))


def _any_in(flags: NDArray[np.bool_], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """For each span between two ends, whether any of its flags is set."""
    before = np.concatenate(([0], np.cumsum(flags, dtype=np.int64)))
    held: NDArray[np.bool_] = before[ends[1:]] > before[ends[:-1]]
    return held
