"""One day as it is counted: its tables, and by which way each visitor came, in memory alone and only until the day is over."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from upheld.traffic.counting import Growing
from upheld.traffic.hits import Hits
from upheld.traffic.parsing.kernel import Kernel
from upheld.traffic.tables import CAMPAIGN, REFERRER, TABLES, Table, placed
from upheld.traffic.visitors import coupons

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

MOST_ORIGINS = 2_000_000
"""Visitors of a day whose way is remembered; those beyond came nowhere from."""


@dataclass(slots=True)
class Origins:
    """By which referrer or campaign each visitor first came that day: sorted hashes and a code for each."""

    visitor: U64 = field(default_factory=lambda: np.zeros(0, dtype=np.uint64), repr=False)
    code: I64 = field(default_factory=lambda: np.zeros(0, dtype=np.int64), repr=False)

    def add(self, visitor: U64, code: I64) -> None:
        """Visitors came; the first way of each counts."""
        every, codes = np.concatenate((self.visitor, visitor)), np.concatenate((self.code, code))
        order = np.argsort(every, kind="stable")
        every, codes = every[order], codes[order]
        first = np.concatenate(([True], every[1:] != every[:-1])) if len(every) else np.zeros(0, dtype=np.bool_)
        if len(self.visitor) < MOST_ORIGINS:
            self.visitor, self.code = every[first], codes[first]

    def of(self, visitor: U64, otherwise: int) -> I64:
        """The way of each visitor, `otherwise` if none is known."""
        if not len(self.visitor):
            return np.full(len(visitor), otherwise, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.visitor, visitor), len(self.visitor) - 1)
        return np.where(self.visitor[place] == visitor, self.code[place], otherwise)


@dataclass(slots=True)
class Day:
    """The totals of one day as they grow."""

    day: int
    tables: tuple[Table, ...] = TABLES
    with_steps: bool = False
    kernel: Kernel | None = None
    growing: dict[int, Growing] = field(default_factory=dict, repr=False)
    referrers: Origins = field(default_factory=Origins, repr=False)
    campaigns: Origins = field(default_factory=Origins, repr=False)

    def add(self, hits: Hits, *, own: int, direct: int, none: int) -> None:
        """Count lines of the day.

        `own`: the referrer that is no way from elsewhere; `direct`: the one that means nobody sent the visitor; `none`: no campaign did.
        """
        coupon = self.kernel.coupons(hits.visitor) if self.kernel else coupons(hits.visitor)
        for table in self.tables:
            self._of(table).add(*placed(table, hits), hits.size, hits.micros, coupon)
        if self.with_steps:
            self._add_steps(hits, coupon, own, direct, none)

    def _of(self, table: Table) -> Growing:
        return self.growing.setdefault(table.number, Growing(table, self.kernel))

    def _add_steps(self, hits: Hits, coupon: U64, own: int, direct: int, none: int) -> None:
        sent = ~np.isin(hits.referrer, (own, direct, 0))
        self.referrers.add(hits.visitor[sent], hits.referrer[sent])
        named = ~np.isin(hits.campaign, (none, 0))
        self.campaigns.add(hits.visitor[named], hits.campaign[named])
        done = np.flatnonzero((hits.step > 0) & (hits.status < 400))
        if not len(done):
            return
        ended = hits.of(done)
        for table, origins, otherwise in ((REFERRER, self.referrers, direct), (CAMPAIGN, self.campaigns, none)):
            if table in self.tables:
                code = origins.of(ended.visitor, otherwise)
                self._of(table).add(None, code, ended.step, ended.size, ended.micros, coupon[done])

    def move(self, kind: str, moved: I64) -> None:
        """Names of one kind have new numbers."""
        for table in self.tables:
            if table.names == kind and table.number in self.growing:
                self.growing[table.number].move(moved)
        for name, origins in (("referrer", self.referrers), ("campaign", self.campaigns)):
            if name == kind:
                origins.code = moved[origins.code]
