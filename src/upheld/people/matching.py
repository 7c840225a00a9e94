"""Whom the rows of a list meet: all match codes of the record in memory, sorted."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from upheld.people.codes import FULL, UNIT_BITS, UNIT_SHIFT, Code
from upheld.people.columns import Chunk

CODE = np.dtype([("code", "<u8"), ("guard", "<u4")])
"""A code as it is kept in bulk: 12 bytes."""

_SPARE_BITS = 5  # of the filter: one in 32 codes that nobody has passes it
_MOST_BITS = 30  # 128 MiB
_SLICE = 1 << 15  # codes looked at together: what is computed of them stays in the processor's cache


def packed(codes: Iterable[Code]) -> bytes:
    """Codes as bytes, in the form of CODE."""
    return np.array(list(codes), dtype=CODE).tobytes()


class Index:
    """The codes of all people (or of some kinds of identifiers). `match` tells whom each row of a chunk meets."""

    def __init__(self, kept: bytes, owners: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        """`kept`: packed codes one after the other; `owners` and `counts`: whose they are, and how many each."""
        packed_ = np.frombuffer(kept, dtype=CODE)
        codes = np.ascontiguousarray(packed_["code"])  # side by side, they are gathered several times as fast
        order = np.argsort(codes)  # in which order those of one code stand does not matter, and a stable sort takes four times as long
        self.codes = codes[order]
        self._guards = np.ascontiguousarray(packed_["guard"])[order]
        self._persons = np.repeat(owners, counts)[order]
        bits = min(max(len(self.codes).bit_length() + _SPARE_BITS, 16), _MOST_BITS)
        self._shift = np.uint64(64 - bits)
        self._filter = np.zeros(1 << (bits - 3), dtype=np.uint8)
        places = self.codes >> self._shift
        byte = (places >> np.uint64(3)).astype(np.int64)
        if len(byte):
            start = np.flatnonzero(np.concatenate(([True], byte[1:] != byte[:-1])))
            bit = np.left_shift(np.uint8(1), (places & np.uint64(7)).astype(np.uint8))
            self._filter[byte[start]] = np.bitwise_or.reduceat(bit, start)

    def __len__(self) -> int:
        return len(self.codes)

    def match(self, chunk: Chunk) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The meetings: row numbers and persons, parallel, sorted, without repetition. A row may meet several people."""
        slices = range(0, len(chunk.codes), _SLICE)
        asked = np.concatenate([np.empty(0, np.int64), *(at + self._likely(chunk.codes[at : at + _SLICE]) for at in slices)])
        asked = asked[np.argsort(chunk.codes[asked])]  # neighbours are found near each other, which is several times quicker
        wanted = chunk.codes[asked]
        start = np.searchsorted(self.codes, wanted, "left")
        met = start < len(self.codes)
        met[met] = self.codes[start[met]] == wanted[met]
        asked, start, wanted = asked[met], start[met], wanted[met]
        count = np.searchsorted(self.codes, wanted, "right") - start
        position = np.repeat(np.arange(len(asked)), count)
        found = start[position] + (np.arange(len(position)) - (np.cumsum(count) - count)[position])
        fits = ~conflicts(chunk.guards[asked[position]], self._guards[found])
        rows, persons = chunk.rows[asked[position]][fits], self._persons[found][fits]
        order = np.lexsort((persons, rows))
        rows, persons = rows[order], persons[order]
        first = np.ones(len(rows), dtype=np.bool_)
        first[1:] = (rows[1:] != rows[:-1]) | (persons[1:] != persons[:-1])
        return rows[first], persons[first]

    def _likely(self, codes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Where a code may be somebody's."""
        places = codes >> self._shift
        bytes_ = self._filter[(places >> np.uint64(3)).view(np.int64)]
        return np.flatnonzero((bytes_ >> (places.astype(np.uint8) & 7)) & 1)


def conflicts(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """`codes.conflict` for whole columns."""
    suffix, suffix_ = one & 0xF, other & 0xF
    unit, unit_ = (one >> UNIT_SHIFT) & UNIT_BITS, (other >> UNIT_SHIFT) & UNIT_BITS
    of_suffix = (suffix > 0) & (suffix_ > 0) & (suffix != suffix_)
    of_unit = (unit > 0) & (unit_ > 0) & (unit != unit_)
    forbidden: NDArray[np.bool_] = of_suffix | of_unit | ((one & other & FULL) > 0)
    return forbidden
