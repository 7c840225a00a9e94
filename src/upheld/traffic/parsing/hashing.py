"""Many pieces of one buffer hashed at once: equal pieces have equal numbers, and only who knows this process's keys could foresee them.

Multilinear: the sum of 32-bit words times secret 64-bit keys, then mixed. Two chosen pieces of at most LONGEST bytes meet with a chance
of 2^-33. `kernel.c` computes the same.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST = 2048
"""Bytes of a piece that is hashed; fields are cut there."""
PADDING = 16
"""Bytes that must follow the last one of a buffer, so that whole words can be read at its end."""

U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Keys:
    """Secrets of one process: two for each eight bytes of a piece, one for its length."""

    words: U64

    @classmethod
    def fresh(cls) -> Keys:
        """New ones, from the system's randomness."""
        return cls(np.frombuffer(secrets.token_bytes(8 * (LONGEST // 4 + 1)), dtype=np.uint64))


def windows(buffer: bytes | bytearray) -> U64:
    """The eight bytes from each place of a buffer on, as one number each; nothing is copied."""
    return np.ndarray((len(buffer) - 7,), dtype="<u8", buffer=buffer, strides=(1,))


def hashes(words: U64, at: I64, length: I64, keys: Keys) -> U64:
    """The hash of each piece, `words` being the buffer's `windows`."""
    made = length.astype(np.uint64) * keys.words[-1]
    rows, places, left = np.arange(len(at)), at, length
    for pair in range(LONGEST // 8):
        more = left > 0
        if not more.all():
            rows, places, left = rows[more], places[more], left[more]
        if not len(rows):
            break
        word = words[places + 8 * pair]
        short = left < 8
        word[short] &= (np.uint64(1) << (left[short] << 3).astype(np.uint64)) - np.uint64(1)
        made[rows] += (word & np.uint64(0xFFFFFFFF)) * keys.words[2 * pair] + (word >> np.uint64(32)) * keys.words[2 * pair + 1]
        left = left - 8
    return mixed(made)


def mixed(numbers: U64) -> U64:
    """The same numbers with every bit spread over all."""
    numbers = (numbers ^ (numbers >> np.uint64(32))) * _MIX
    return numbers ^ (numbers >> np.uint64(29))
