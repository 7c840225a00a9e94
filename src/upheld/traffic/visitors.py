"""Visitors without their names: a key that lives in memory for a day, and sketches from which nobody can be told.

A visitor is a truncated address with a kind of program, hashed (SipHash-2-4) under the day's key. When the key is gone, nobody can
compute the hash again. A *coupon* is what an HLL sketch keeps of a hash: 26 bits of place and the length of a run of zeros.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]

LG_K = 14
"""The registers of a large count, as a power of two: a standard error of 0.8 %."""
LG_STORED = 12
KEPT_BITS = 26
_RANK_BITS = 64 - KEPT_BITS
_ROUNDS = ((0, 1, 13, 2, 3, 16), (0, 3, 21, 2, 1, 17))


@dataclass(slots=True)
class DayKeys:
    """A key for each day that is being read, in memory alone. Whoever forgets it makes the day's hashes meaningless."""

    fresh: Callable[[int], bytes] = secrets.token_bytes
    kept: dict[int, tuple[int, int]] = field(default_factory=dict, repr=False)

    def of(self, day: int) -> tuple[int, int]:
        """The key of a day."""
        if day not in self.kept:
            first, second = struct.unpack("<QQ", self.fresh(16))
            self.kept[day] = (first, second)
        return self.kept[day]

    def forget(self, day: int) -> None:
        """Nobody can tell any more who was who that day."""
        self.kept.pop(day, None)


def visitors(key: tuple[int, int], networks: U64, programs: U64) -> U64:
    """SipHash-2-4 of pairs of numbers under a key."""
    first, second = (np.uint64(part) for part in key)
    initial = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    state = [np.full(len(networks), np.uint64(word) ^ (first, second)[at % 2], dtype=np.uint64) for at, word in enumerate(initial)]
    ending = np.full(len(networks), np.uint64(16 << 56), dtype=np.uint64)
    for word in (networks, programs, ending):
        state[3] ^= word
        _rounds(state, 2)
        state[0] ^= word
    state[2] ^= np.uint64(0xFF)
    _rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _rounds(v: list[U64], count: int) -> None:
    for _ in range(count):
        for a, b, turn, c, d, turn_ in _ROUNDS:
            v[a] += v[b]
            v[b] = _turned(v[b], turn) ^ v[a]
            v[c] += v[d]
            v[d] = _turned(v[d], turn_) ^ v[c]
            if a == 0 and b == 1:
                v[0] = _turned(v[0], 32)
            else:
                v[2] = _turned(v[2], 32)


def _turned(words: U64, by: int) -> U64:
    return (words << np.uint64(by)) | (words >> np.uint64(64 - by))


def coupons(hashes: U64) -> U64:
    """What a sketch keeps of hashes: place in the low 26 bits, rank (1 to 39) above."""
    rest = hashes >> np.uint64(KEPT_BITS)
    bits = np.frexp(rest.astype(np.float64))[1].astype(np.uint64)
    # A float rounds 38 bits never: 53 are exact.
    rank = np.uint64(_RANK_BITS + 1) - bits
    return (rank << np.uint64(KEPT_BITS)) | (hashes & np.uint64((1 << KEPT_BITS) - 1))


def registers(found: U64, lg_k: int = LG_K) -> NDArray[np.uint8]:
    """The registers of a sketch that holds these coupons."""
    made = np.zeros(1 << lg_k, dtype=np.uint8)
    np.maximum.at(made, (found & np.uint64((1 << lg_k) - 1)).astype(np.int64), (found >> np.uint64(KEPT_BITS)).astype(np.uint8))
    return made


def folded(made: NDArray[np.uint8], lg_k: int) -> NDArray[np.uint8]:
    """The same sketch with fewer registers."""
    smaller: NDArray[np.uint8] = made.reshape(-1, 1 << lg_k).max(axis=0)
    return smaller


def image(made: NDArray[np.uint8]) -> bytes:
    """The registers as DataSketches stores a sketch (HLL_8, compact, merged out of order): every library of that family reads it."""
    lg_k = int(made.size).bit_length() - 1
    weight = np.ldexp(1.0, -made.astype(np.int32))
    low, high = float(weight[made < 32].sum()), float(weight[made >= 32].sum())
    zeros = int((made == 0).sum())
    return struct.pack("<8BdddII", 10, 1, 7, lg_k, 0, 0x18, 0, 0x0A, 0.0, low, high, zeros, 0) + made.tobytes()


def estimate(made: NDArray[np.uint8]) -> float:
    """How many different coupons' owners the registers have seen, by DataSketches."""
    from datasketches import hll_sketch

    return float(hll_sketch.deserialize(image(made)).get_estimate())


def distinct(numbers: U64) -> U64:
    """Numbers in order, each once."""
    return without_repeats(np.sort(numbers))


Numbers = TypeVar("Numbers", U64, I64)


def without_repeats(ordered: Numbers) -> Numbers:
    """Sorted numbers, each once."""
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))] if len(ordered) else ordered
