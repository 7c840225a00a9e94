"""What is left of lines once they are read: numbers, and the numbers of names. No field here can hold an address, a cookie or a text."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

FATES = ("counted", "robot", "monitor", "signal", "spam", "asset")
"""What became of a line that could be read."""
DEVICES = ("other", "desktop", "phone", "tablet")


@dataclass(frozen=True, slots=True)
class Hits:
    """Lines that count, as columns. `visitor`: a hash under the day's key; `country` numbers names of countries; `micros`: -1 untold."""

    hour: I64
    page: I64
    referrer: I64
    campaign: I64
    step: I64
    status: I64
    country: I64
    device: I64
    visitor: U64
    size: I64
    micros: I64

    def __len__(self) -> int:
        return len(self.hour)

    def of(self, rows: NDArray[np.bool_] | I64) -> Hits:
        """Some of the lines."""
        at = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return Hits(*(getattr(self, each.name).take(at) for each in fields(self)))


@dataclass(slots=True)
class Account:
    """Lines read = counted + robots + rejected, by reason. `personal`: lines from whose names something like a person's was dropped."""

    read: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    personal: int = 0

    def add(self, other: Account) -> None:
        """Put another account's lines to these."""
        self.read += other.read
        self.personal += other.personal
        for mine, theirs in ((self.rejected, other.rejected), (self.fates, other.fates), (self.bytes, other.bytes)):
            mine.update(theirs)

    def demand_whole(self) -> None:
        """Every line has exactly one fate; anything else is a fault of the program."""
        assert self.read == sum(self.rejected.values()) + sum(self.fates.values()), "lines read = counted + robots + rejected"


def joined(parts: list[Hits]) -> Hits:
    """All lines of several."""
    return Hits(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Hits)))
