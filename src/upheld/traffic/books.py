"""Each distinct text is looked at once and becomes a number; lines then carry numbers only.

A `Book` is a cache: it holds hashes and what was found out, never a text. A `Register` holds the names that totals will be told under.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from upheld.traffic.names import OTHER

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

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
    _keys: U64 = field(init=False, repr=False)
    _found: I64 = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.forget()

    def __len__(self) -> int:
        return len(self._keys)

    def forget(self) -> None:
        """Begin anew: what was found out may have changed its meaning."""
        self._keys = np.zeros(0, dtype=np.uint64)
        self._found = np.zeros((self.width, 0), dtype=np.int64)

    def read(self, hashes: U64, text: Callable[[int], str]) -> I64:
        """For each line what was found out about its text, a row for each number; `text` gives the text of a line, asked once of each."""
        if not len(hashes):
            return np.zeros((self.width, 0), dtype=np.int64)
        order = np.argsort(hashes)
        ordered = hashes[order]
        begins = np.concatenate(([True], ordered[1:] != ordered[:-1]))
        distinct, first = ordered[begins], order[begins]
        self._learn(distinct, first, text)
        place = np.searchsorted(self._keys, distinct)
        found = self._found[:, place]
        made = np.empty((self.width, len(hashes)), dtype=np.int64)
        made[:, order] = found[:, np.cumsum(begins) - 1]
        return made

    def _learn(self, distinct: U64, first: I64, text: Callable[[int], str]) -> None:
        if len(self._keys) + len(distinct) > self.most:
            self.forget()
        place = np.minimum(np.searchsorted(self._keys, distinct), max(0, len(self._keys) - 1))
        new = np.flatnonzero(self._keys[place] != distinct) if len(self._keys) else np.arange(len(distinct))
        if not len(new):
            return
        found = np.array([self.look(text(line)) for line in first[new].tolist()], dtype=np.int64).T.reshape(self.width, -1)
        keys = np.concatenate((self._keys, distinct[new]))
        order = np.argsort(keys)
        self._keys, self._found = keys[order], np.concatenate((self._found, found), axis=1)[:, order]
