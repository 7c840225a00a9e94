"""Which records are one person's, as numbers in a file that is mapped, not read: one request looks up its own without loading all.

The file is one array of 32-bit numbers: how many clusters were refused, how many records are joined, how many pairs are proposed; then
(record, first of its cluster) by record, the same by cluster, and the pairs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from upheld.errors import Invalid
from upheld.people.storing import private

Pairs = NDArray[np.uint32]
_HEAD: Final = 3
_NONE: Pairs = np.zeros((0, 2), dtype=np.uint32)


class Links:
    """The clusters that are applied, pairs that are proposed, how many clusters were refused."""

    def __init__(self, joined: Pairs = _NONE, proposed: Pairs = _NONE, refused: int = 0, by_record: Pairs | None = None) -> None:
        """`joined`: (first of the cluster, record), in order; `proposed`: pairs of records, in order."""
        self._joined, self.pairs, self.refused = joined, proposed, refused
        self._by_record = joined[np.argsort(joined[:, 1])] if by_record is None else by_record

    @classmethod
    def of(cls, clusters: Iterable[Sequence[int]], proposed: Iterable[tuple[int, int]] = (), refused: int = 0) -> Self:
        """The links of these clusters and pairs."""
        joined = sorted((min(cluster), number) for cluster in clusters for number in cluster)
        return cls(_pairs(joined), _pairs(sorted(proposed)), refused)

    @property
    def clusters(self) -> tuple[tuple[int, ...], ...]:
        """Every cluster, each its records in order."""
        return tuple(tuple(number for _, number in of) for _, of in groupby(self._joined.tolist(), key=lambda pair: pair[0]))

    @property
    def joined(self) -> int:
        """How many clusters there are."""
        return len(np.unique(self._joined[:, 0]))

    @property
    def proposed(self) -> tuple[tuple[int, int], ...]:
        """Every pair that is proposed."""
        return tuple((one, other) for one, other in self.pairs.tolist())

    def with_linked(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """These records and all that applied links join them with, in order."""
        found = set(numbers)
        for number in tuple(found):
            at = np.searchsorted(self._by_record[:, 1], number)
            if at < len(self._by_record) and self._by_record[at, 1] == number:
                first = self._by_record[at, 0]
                begin, end = (int(np.searchsorted(self._joined[:, 0], first, side)) for side in ("left", "right"))
                found.update(self._joined[begin:end, 1].tolist())
        return tuple(sorted(found))

    def save(self, path: Path) -> None:
        """Write the links, for their owner alone."""
        head = np.array([self.refused, len(self._joined), len(self.pairs)], dtype=np.uint32)
        with open(path, "wb", opener=private) as file:
            np.save(file, np.concatenate((head, self._by_record.ravel(), self._joined.ravel(), self.pairs.ravel())))
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def load(cls, path: Path) -> Self:
        """The links that were saved. `Invalid` if the file is damaged."""
        try:
            kept = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
            refused, joined, proposed = kept[:_HEAD].tolist()
            by_record, by_cluster, pairs = np.split(kept[_HEAD:], [2 * joined, 4 * joined])
            if kept.dtype != np.uint32 or len(pairs) != 2 * proposed:
                raise ValueError
        except (OSError, ValueError, EOFError) as error:
            raise Invalid("the links are damaged: run `upheld systems index`", place=str(path)) from error
        return cls(by_cluster.reshape(-1, 2), pairs.reshape(-1, 2), refused, by_record.reshape(-1, 2))


def _pairs(pairs: Sequence[tuple[int, int]]) -> Pairs:
    return np.array(pairs, dtype=np.uint32).reshape(-1, 2)
