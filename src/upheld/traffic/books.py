"""Each distinct text is looked at once and becomes a number; lines then carry numbers only.

A `Book` is a cache: it holds hashes and what was found out, never a text. A `Register` holds the names that totals will be told under.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from upheld.traffic.names import OTHER
from upheld.traffic.parsing.kernel import Kernel

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

FIRST_TEXTS = 1 << 16
MOST_TEXTS = 1_000_000
"""Distinct texts a book remembers; then it begins anew."""


class Register:
    """Names of one kind, by number. 0 is `(other)`."""

    def __init__(self) -> None:
        self.names: list[str] = [OTHER]
        self._codes: dict[str, int] = {OTHER: 0}

    def __len__(self) -> int:
        return len(self.names)

    def code(self, name: str) -> int:
        """The number of a name, given now if it has none."""
        found = self._codes.get(name)
        if found is None:
            found = self._codes[name] = len(self.names)
            self.names.append(name)
        return found

    def keep(self, codes: I64) -> I64:
        """Forget all names but these; the new number of each old one, 0 for those forgotten."""
        kept = [int(code) for code in codes if code != 0]
        moved = np.zeros(len(self.names), dtype=np.int64)
        self.names = [OTHER, *(self.names[code] for code in kept)]
        self._codes = {name: code for code, name in enumerate(self.names)}
        moved[kept] = np.arange(1, len(kept) + 1)
        return moved


@dataclass(slots=True)
class Book:
    """What was found out about each distinct text: whole numbers, as many as `look` gives."""

    look: Callable[[str], tuple[int, ...]] = field(repr=False)
    width: int
    most: int = MOST_TEXTS
    kernel: Kernel | None = field(default=None, repr=False)
    _known: int = field(init=False, default=0)
    _keys: U64 = field(init=False, repr=False)
    _slots: NDArray[np.uint32] = field(init=False, repr=False)
    _found: I64 = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.forget()

    def __len__(self) -> int:
        return self._known

    def forget(self) -> None:
        """Begin anew: what was found out may have changed its meaning."""
        self._known = 0
        size = FIRST_TEXTS if self.kernel else 0
        self._keys = np.zeros(size, dtype=np.uint64)
        self._slots = np.zeros(2 * size, dtype=np.uint32)
        self._found = np.zeros((self.width, size), dtype=np.int64)

    def read(self, hashes: U64, text: Callable[[int], str]) -> I64:
        """For each line what was found out about its text, a row for each number; `text` gives the text of a line, asked once of each."""
        if not len(hashes):
            return np.zeros((self.width, 0), dtype=np.int64)
        return self._by_kernel(hashes, text, self.kernel) if self.kernel else self._by_sorting(hashes, text)

    def _by_kernel(self, hashes: U64, text: Callable[[int], str], kernel: Kernel) -> I64:
        """Hashes lie in a table of slots, in the order in which they were met; there is room for all to be new."""
        if self._known > self.most:
            self.forget()
        while self._known + len(hashes) > len(self._keys):
            self._grow(kernel)
        first = np.empty(len(hashes), dtype=np.int64)
        places, known = kernel.encode(hashes, self._keys, self._slots, self._known, first)
        if known > self._known:
            found = [self.look(text(line)) for line in first[: known - self._known].tolist()]
            self._found[:, self._known : known] = np.array(found, dtype=np.int64).T
            self._known = known
        return self._found.take(places, axis=1)

    def _grow(self, kernel: Kernel) -> None:
        """Twice the room."""
        size = 2 * len(self._keys)
        keys, slots = np.zeros(size, dtype=np.uint64), np.zeros(2 * size, dtype=np.uint32)
        kernel.encode(self._keys[: self._known], keys, slots, 0, np.empty(self._known, dtype=np.int64))
        found = np.zeros((self.width, size), dtype=np.int64)
        found[:, : self._known] = self._found[:, : self._known]
        self._keys, self._slots, self._found = keys, slots, found

    def _by_sorting(self, hashes: U64, text: Callable[[int], str]) -> I64:
        """Hashes are kept in order, and sought by halving."""
        order = np.argsort(hashes)
        ordered = hashes[order]
        begins = np.concatenate(([True], ordered[1:] != ordered[:-1]))
        distinct, first = ordered[begins], order[begins]
        self._learn(distinct, first, text)
        found = self._found[:, np.searchsorted(self._keys, distinct)]
        made = np.empty((self.width, len(hashes)), dtype=np.int64)
        made[:, order] = found[:, np.cumsum(begins) - 1]
        return made

    def _learn(self, distinct: U64, first: I64, text: Callable[[int], str]) -> None:
        if self._known + len(distinct) > self.most:
            self.forget()
        place = np.minimum(np.searchsorted(self._keys, distinct), max(0, self._known - 1))
        new = np.flatnonzero(self._keys[place] != distinct) if self._known else np.arange(len(distinct))
        if not len(new):
            return
        found = np.array([self.look(text(line)) for line in first[new].tolist()], dtype=np.int64).reshape(-1, self.width).T
        keys = np.concatenate((self._keys, distinct[new]))
        order = np.argsort(keys)
        self._keys, self._found = keys[order], np.concatenate((self._found, found), axis=1)[:, order]
        self._known = len(keys)
