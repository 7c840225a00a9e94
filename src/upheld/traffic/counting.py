"""Totals of a day as they grow in memory, between two commits to the record.

Of each table: hits, bytes and time by cell, and visitors as pairs of a cell and a coupon, each pair once. A cell with more than MANY
visitors goes on as the registers of a sketch, so a day takes no more memory the more it is visited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from upheld.traffic.parsing.kernel import Kernel
from upheld.traffic.tables import ALL, Table
from upheld.traffic.visitors import LG_K, distinct, estimate, registers, without_repeats

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
U8 = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Group = Callable[[I64], I64]

MANY = 4096
"""Visitors of one cell that are held one by one, as coupons; of more only a sketch is kept."""
MEASURES = ("hits", "size", "micros", "timed")
_SHIFT = np.uint64(32)
_COUPON = np.uint64(0xFFFFFFFF)
_COMPACT_AT = 1 << 20


@dataclass(slots=True)
class Increase:
    """What a commit adds to one table: its cells, what each grew by; of visitors the growth, and how many this key told apart."""

    row: I64
    column: I64
    grown: dict[str, I64]
    visitors: tuple[I64, I64]


@dataclass(slots=True)
class Growing:
    """One table of one day."""

    table: Table
    kernel: Kernel | None = None
    sums: dict[str, I64] = field(default_factory=lambda: {name: np.zeros(0, dtype=np.int64) for name in MEASURES})
    _pairs: U64 = field(default_factory=lambda: np.zeros(0, dtype=np.uint64), repr=False)
    _waiting: list[U64] = field(default_factory=list, repr=False)
    _many: dict[int, U8] = field(default_factory=dict, repr=False)
    _told: dict[str, I64] = field(default_factory=dict, repr=False)

    def add(self, wanted: Bools | None, row: I64, column: I64, size: I64, micros: I64, coupon: U64) -> None:
        """Count lines, or those of them that are wanted."""
        if not len(row):
            return
        self._widen((int(row.max()) + 1) * self.table.columns)
        hits, sizes, times, timed = (self.sums[name] for name in MEASURES)
        by = self.kernel.count if self.kernel else count
        self._waiting.append(by(wanted, (row, column, size, micros, coupon), self.table.columns, (hits, sizes, times, timed)))
        if sum(map(len, self._waiting)) > max(_COMPACT_AT, len(self._pairs)):
            self._compact()

    def _widen(self, cells: int) -> None:
        """Room for so many cells, and for more to come."""
        held = len(self.sums["hits"])
        if cells > held:
            for name, values in self.sums.items():
                self.sums[name] = np.zeros(max(cells, 2 * held), dtype=np.int64)
                self.sums[name][:held] = values

    def taken(self) -> Increase | None:
        """What came since the last time, first by cell, then in sums by row, by column and last of all; nothing of it is taken twice.

        Visitors are told anew each time: of a sum they are those of its cells, each once.
        """
        cells = np.flatnonzero(self.sums["hits"])
        if not len(cells):
            return None
        self._compact()
        grown = {name: values[cells] for name, values in self.sums.items()}
        self.sums = {name: np.zeros(0, dtype=np.int64) for name in MEASURES}
        columns, crossed = self.table.columns, self.table.crossed
        made = [self._increase("cell", cells, grown, lambda cell: cell, lambda group: np.divmod(group, columns))]
        if crossed:
            made.append(self._increase("row", cells, grown, lambda cell: cell // columns, lambda group: (group, _all(group))))
        if self.table.shows_columns or not crossed:
            made.append(self._increase("column", cells, grown, lambda cell: cell % columns, lambda group: (_all(group), group)))
        if crossed:
            made.append(self._increase("all", cells, grown, lambda cell: cell * 0, lambda group: (_all(group), _all(group))))
        return _one_after_another(made)

    def sketch(self) -> U8:
        """The registers of all visitors of the table."""
        self._compact()
        found = registers(self._pairs & _COUPON)
        for held in self._many.values():
            np.maximum(found, held, out=found)
        return found

    def move(self, moved: I64) -> None:
        """Rows have new numbers: 0 takes in those that were forgotten, none of which was ever taken."""
        self._compact()
        columns = self.table.columns

        def to(cell: I64) -> I64:
            return moved[cell // columns] * columns + cell % columns

        cells = np.flatnonzero(self.sums["hits"])
        self.sums = {name: _summed(to(cells), values[cells], int(to(cells).max(initial=-1)) + 1) for name, values in self.sums.items()}
        pairs = to((self._pairs >> _SHIFT).astype(np.int64)).astype(np.uint64)
        self._pairs = self._distinct((pairs << _SHIFT) | (self._pairs & _COUPON))
        many, self._many = self._many, {}
        for cell, held in many.items():
            at = int(to(np.array([cell]))[0])
            self._many[at] = np.maximum(self._many[at], held) if at in self._many else held
        for level, of in (("cell", to), ("row", lambda row: moved[row])):
            if level in self._told:
                old = np.flatnonzero(self._told[level])
                new = np.asarray(of(old))
                self._told[level] = _summed(new, self._told[level][old], int(new.max(initial=-1)) + 1)
        self._spill()

    def __len__(self) -> int:
        """How many numbers of eight bytes are held: visitors by cell, sums that grow, and what was told of each sum."""
        visitors = len(self._pairs) + sum(map(len, self._waiting)) + (len(self._many) << (LG_K - 3))
        timed = 2 * len(self.sums["timed"]) if self.sums["timed"].any() else 0  # else nothing was written there: no memory is taken
        return visitors + 2 * len(self.sums["hits"]) + timed + sum(map(len, self._told.values()))

    @property
    def waits(self) -> bool:
        """Whether something came since the last time it was taken."""
        return bool(self.sums["hits"].any())

    def rows(self) -> I64:
        """Hits by row since the last time they were taken; where columns are steps, of visits alone, for they count what steps do again."""
        cells = np.flatnonzero(self.sums["hits"])
        cells = cells if self.table.crossed else cells[cells % self.table.columns == 0]
        return _summed(cells // self.table.columns, self.sums["hits"][cells], int(cells.max(initial=-1)) // self.table.columns + 1)

    def _distinct(self, numbers: U64) -> U64:
        return self.kernel.distinct(numbers) if self.kernel else distinct(numbers)

    def _compact(self) -> None:
        if self._waiting:
            self._pairs = self._distinct(np.concatenate([self._pairs, *self._waiting]))
            self._waiting = []
            self._spill()

    def _spill(self) -> None:
        """Cells with many visitors go on as sketches."""
        cells = self._pairs >> _SHIFT
        begins = np.flatnonzero(np.concatenate(([True], cells[1:] != cells[:-1]))) if len(cells) else np.zeros(0, dtype=np.int64)
        lengths = np.diff(np.concatenate((begins, [len(cells)])))
        large = np.flatnonzero(lengths > MANY).tolist()
        if self._many:
            held = np.isin(cells[begins].astype(np.int64), list(self._many))
            large = sorted({*large, *np.flatnonzero(held).tolist()})
        kept = np.ones(len(cells), dtype=np.bool_)
        for at in large:
            begin, end = int(begins[at]), int(begins[at] + lengths[at])
            cell, more = int(cells[begin]), registers(self._pairs[begin:end] & _COUPON)
            self._many[cell] = np.maximum(self._many[cell], more) if cell in self._many else more
            kept[begin:end] = False
        if large:
            self._pairs = self._pairs[kept]

    def _increase(self, level: str, cells: I64, grown: dict[str, I64], group: Group, named: Callable[[I64], tuple[I64, I64]]) -> Increase:
        """The increase of groups of cells."""
        key = group(cells)
        groups = without_repeats(np.sort(key))
        place = np.searchsorted(groups, key)
        summed = {name: _summed(place, values, len(groups)) for name, values in grown.items()}
        now = self._visitors(level, group, groups)
        told = self._told.get(level, np.zeros(0, dtype=np.int64))
        more = int(groups.max()) + 1 - len(told)
        told = np.concatenate((told, np.zeros(max(0, more), dtype=np.int64)))
        growth = now - told[groups]
        told[groups] = now
        self._told[level] = told
        return Increase(*named(groups), summed, (growth, now))

    def _visitors(self, level: str, group: Group, wanted: I64) -> I64:
        """How many visitors each of the wanted groups has seen."""
        key = group((self._pairs >> _SHIFT).astype(np.int64)).astype(np.uint64)
        pairs = self._pairs if level == "cell" else self._distinct((key << _SHIFT) | (self._pairs & _COUPON))
        key = pairs >> _SHIFT
        low, high = (np.searchsorted(key, (wanted + more).astype(np.uint64)) for more in (0, 1))
        counts = (high - low).astype(np.int64)
        held: dict[int, U8] = {}
        for cell, many in self._many.items():
            of = int(group(np.array([cell]))[0])
            held[of] = np.maximum(held[of], many) if of in held else many
        for of, many in held.items():
            place = int(np.searchsorted(wanted, of))
            if place < len(wanted) and wanted[place] == of:
                counts[place] = round(estimate(np.maximum(many, registers(pairs[low[place] : high[place]] & _COUPON))))
        return counts


def count(wanted: Bools | None, lines: tuple[I64, I64, I64, I64, U64], columns: int, into: tuple[I64, I64, I64, I64]) -> U64:
    """Count those lines that are wanted (None: all) into their cells; pairs of a cell and a coupon.

    `lines`: the row, column, size, micros and coupon of each; `into`: hits, sizes, micros and timed.
    """
    row, column, size, micros = lines[:4] if wanted is None else tuple(each[wanted] for each in lines[:4])
    coupon = lines[4] if wanted is None else lines[4][wanted]
    cell, (hits, sizes, times, timed) = row * columns + column, into
    cells, known = int(cell.max(initial=-1)) + 1, micros >= 0
    hits[:cells] += np.bincount(cell, minlength=cells)
    sizes[:cells] += np.bincount(cell, weights=size, minlength=cells).astype(np.int64)  # exact below 2^53 bytes
    if known.any():
        times[:cells] += np.bincount(cell[known], weights=micros[known], minlength=cells).astype(np.int64)
        timed[:cells] += np.bincount(cell[known], minlength=cells)
    pairs: U64 = (cell.astype(np.uint64) << _SHIFT) | coupon
    return pairs


def _one_after_another(parts: list[Increase]) -> Increase:
    row, column = (np.concatenate([getattr(part, name) for part in parts]) for name in ("row", "column"))
    grown = {name: np.concatenate([part.grown[name] for part in parts]) for name in MEASURES}
    growth, told = (np.concatenate([part.visitors[at] for part in parts]) for at in (0, 1))
    return Increase(row, column, grown, (growth, told))


def _all(groups: I64) -> I64:
    return np.full(len(groups), ALL, dtype=np.int64)


def _summed(place: I64, values: I64, groups: int) -> I64:
    made = np.zeros(groups, dtype=np.int64)
    np.add.at(made, place, values)
    return made
