"""What is counted between two commits: the open days, and the names in use. Memory is bounded: of too many names the heaviest are kept."""

from __future__ import annotations

from collections import Counter as Counts
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from upheld.traffic.actions import Added
from upheld.traffic.books import Register
from upheld.traffic.day import Day
from upheld.traffic.hits import Account, Hits, joined
from upheld.traffic.names import DIRECT, NONE, OWN
from upheld.traffic.parsing.split import Split
from upheld.traffic.reader import Reader, days_of
from upheld.traffic.tables import Table
from upheld.traffic.visitors import LG_STORED, folded, image

I64 = NDArray[np.int64]

MOST_NAMES = {"page": 50_000, "referrer": 50_000, "campaign": 5_000, "country": 1_000}
"""Names of a kind that one run tells apart; what comes under others is `(other)`."""
MOST_HELD = 20_000_000
"""Numbers of several days that are held in memory at once, eight bytes each."""
BATCH = 400_000
"""Lines that are counted at once."""
BATCH_HOURS = 4 * 24
"""The time that such lines are of: each day more takes memory of its own before it is known how much."""


@dataclass(slots=True)
class Counter:
    """The days that are being counted.

    `least`: a sketch of fewer visitors is never given out; `others`: hits, by kind of name, of names that were met when there were
    too many, and are `(other)`.
    """

    reader: Reader
    tables: tuple[Table, ...]
    least: int
    most: dict[str, int] = field(default_factory=lambda: dict(MOST_NAMES))
    days: dict[int, Day] = field(default_factory=dict)
    others: Counts[str] = field(default_factory=Counts)
    _waiting: list[Hits] = field(default_factory=list, repr=False)
    _kept: dict[str, set[int]] = field(default_factory=dict, repr=False)

    def count(self, split: Split, latest: int) -> Account:
        """Count lines; what became of them."""
        hits, account = self.reader.read(split, latest)
        self.put(hits)
        return account

    def put(self, hits: Hits) -> None:
        """Count hits that were read already."""
        if len(hits):
            self._waiting.append(hits)
            hours = abs(int(hits.hour[-1]) - int(self._waiting[0].hour[0]))
            if sum(map(len, self._waiting)) >= BATCH or hours >= BATCH_HOURS:
                self._flush()

    def taken(self) -> list[Added]:
        """What came since the last time, for the record."""
        self._flush()
        self._bound()
        made = []
        for day in self.days.values():
            for growing in day.growing.values():
                table, increase = growing.table, growing.taken()
                if increase is not None:
                    whole = table.crossed and int(increase.visitors[1][-1]) >= self.least
                    sketch = image(folded(growing.sketch(), LG_STORED)) if whole else None
                    made.append(Added(day.day, table, increase, self._names(table), sketch))
        return made

    def holds_too_much(self) -> bool:
        """Whether the days are to be taken, so that the oldest can be forgotten."""
        return len(self.days) > 1 and sum(self._held().values()) > MOST_HELD

    def forget_oldest(self, most: int = MOST_HELD) -> None:
        """Where more is held in memory, forget the oldest days: should more lines of them come, their visitors count anew."""
        held = self._held()
        while len(held) > 1 and sum(held.values()) > most:
            self._forget(min(held))
            del held[min(held)]

    def forget_before(self, day: int) -> None:
        """Days before this one are over: who was who then can be told no more. What waits to be taken of them stays until it was."""
        self._flush()
        for each in [each for each in self.days if each < day]:
            if not any(growing.waits for growing in self.days[each].growing.values()):
                self._forget(each)

    def _held(self) -> dict[int, int]:
        return {number: sum(len(growing) for growing in day.growing.values()) for number, day in self.days.items()}

    def _forget(self, day: int) -> None:
        del self.days[day]
        self.reader.keys.forget(day)

    def _names(self, table: Table) -> list[str] | None:
        return None if table.names is None else self._registers()[table.names].names

    def _registers(self) -> dict[str, Register]:
        reader = self.reader
        return {"page": reader.pages, "country": reader.countries, "referrer": reader.referrers, "campaign": reader.campaigns}

    def _flush(self) -> None:
        if not self._waiting:
            return
        hits, self._waiting = joined(self._waiting), []
        ways = {
            "own": self.reader.referrers.code(OWN),
            "direct": self.reader.referrers.code(DIRECT),
            "none": self.reader.campaigns.code(NONE),
        }
        numbers = hits.hour // 24
        days = days_of(numbers)
        for day in days:
            part = hits if len(days) == 1 else hits.of(numbers == day)
            kept = self.days.setdefault(day, Day(day, self.tables, with_steps=bool(self.reader.site.steps), kernel=self.reader.kernel))
            kept.add(part, **ways)
        if any(len(register) > 4 * self.most[kind] for kind, register in self._registers().items()):
            self._bound()

    def _bound(self) -> None:
        """Keep no more names than are told apart: those that were given out already, and the heaviest of the others."""
        for kind, register in self._registers().items():
            kept = self._kept.setdefault(kind, set())
            if len(register) <= self.most[kind]:
                kept.update(range(1, len(register)))
                continue
            hits = self._weights(kind, len(register))
            fixed = np.array(sorted(kept), dtype=np.int64)
            hits[fixed] = 0
            hits[0] = 0
            room = max(0, self.most[kind] - 1 - len(fixed))
            heaviest = np.argsort(-hits, kind="stable")[:room]
            heaviest = np.sort(heaviest[hits[heaviest] > 0])
            self.others[kind] += int(hits.sum() - hits[heaviest].sum())
            moved = register.keep(np.concatenate((fixed, heaviest)))
            for day in self.days.values():
                day.move(kind, moved)
            self._kept[kind] = set(range(1, len(register)))
            self.reader.forget_names()

    def _weights(self, kind: str, names: int) -> I64:
        total = np.zeros(names, dtype=np.int64)
        for day in self.days.values():
            for growing in day.growing.values():
                if growing.table.names == kind:
                    rows = growing.rows()
                    total[: len(rows)] += rows
        return total
