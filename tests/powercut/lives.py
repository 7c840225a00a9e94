"""Lives of a record that the power cuts short: act, lose power, look what is left, act on.

A *lineage* is one record through ten cuts. After every cut everything that was ever acknowledged must be there, the ledger must verify,
SQLite's own check must be clean, and of the transaction under way all or nothing must have happened.
"""

from __future__ import annotations

import logging
import random
import tempfile
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

from sqlalchemy import Connection

from tests.powercut import shim
from tests.powercut.disk import Disk, Drive
from upheld.ledger.verification import verify
from upheld.record import Record

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CUTS_PER_LINEAGE = 10
MOST_OPERATIONS = 120  # writes and syncs between two cuts: up to about eight actions
logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # that a connection cannot be closed without power is no news
_DRIVES = count()


@dataclass(frozen=True)
class Action:
    """Something our own code does.

    `do(record, number, at, told)` calls `told` with a key after each transaction that it believes committed; `found` lists those keys.
    """

    name: str
    do: Callable[[Record, int, datetime, Callable[[Hashable], None]], None]
    found: Callable[[Connection], set[Hashable]]


@dataclass
class Outcome:
    """What was seen over many cuts."""

    cuts: int = 0
    acknowledged: int = 0
    lost: int = 0
    cuts_that_lost: int = 0
    broken: int = 0
    by_action: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def hear(self, told: dict[str, set[Hashable]], name: str, key: Hashable) -> None:
        """An action says that something is committed."""
        told[name].add(key)
        self.acknowledged += 1
        self.by_action[name] = self.by_action.get(name, 0) + 1

    def add(self, other: Outcome) -> None:
        for name in ("cuts", "acknowledged", "lost", "cuts_that_lost", "broken"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name, times in other.by_action.items():
            self.by_action[name] = self.by_action.get(name, 0) + times
        self.faults = (self.faults + other.faults)[:20]


class World:
    """A drive, a record on it, and the disk as it is when all is prepared."""

    def __init__(self, actions: list[Action], folder: Path, synchronous: str | None = None, checkpoint_pages: int = 1000) -> None:
        self.actions = actions
        self.drive = Drive(f"powercut-{next(_DRIVES)}")
        self.record = Record(f"sqlite:///{folder}/record.db", dbapi=shim.module(self.drive, synchronous, checkpoint_pages))
        self.record.create()
        self.record.close()
        self.template: Disk = self.drive.disk.copy()

    def lineage(self, seed: int, cuts: int = CUTS_PER_LINEAGE) -> Outcome:
        """One record through so many cuts; ends early if something was lost."""
        chance, outcome = random.Random(seed), Outcome()
        self.drive.put_in(self.template.copy())
        told: dict[str, set[Hashable]] = {action.name: set() for action in self.actions}
        numbers = count(1)
        for _ in range(cuts):
            try:
                self._live(chance, numbers, told, outcome)
            except Exception as error:  # noqa: BLE001 - damage that shows only when the record is used again
                outcome.broken += 1
                outcome.faults.append(f"seed {seed}: cannot go on: {type(error).__name__}")
                break
            if not self._is_all_there(told, outcome, seed):
                break
        self.record.close()
        return outcome

    def _live(self, chance: random.Random, numbers: count[int], told: dict[str, set[Hashable]], outcome: Outcome) -> None:
        """Act until the power goes: at a random write or sync, often very soon, while SQLite has hardly recovered."""
        self.drive.disk.power_for = chance.randint(1, 6 if chance.random() < 0.2 else MOST_OPERATIONS)
        try:
            while True:
                action, number = chance.choice(self.actions), next(numbers)
                action.do(self.record, number, BEGIN + timedelta(seconds=number), partial(outcome.hear, told, action.name))
        except Exception:
            if not self.drive.disk.dead:
                raise
        self.record.close()
        self.drive.cut(chance)
        outcome.cuts += 1

    def _is_all_there(self, told: dict[str, set[Hashable]], outcome: Outcome, seed: int) -> bool:
        try:
            with self.record.reading() as conn:
                found = {action.name: action.found(conn) for action in self.actions}
                verdict = verify(conn)
                sound = conn.exec_driver_sql("PRAGMA integrity_check").scalar()
        except Exception as error:  # noqa: BLE001 - a record that cannot even be read is what this looks for
            outcome.broken += 1
            outcome.cuts_that_lost += 1
            outcome.lost += sum(map(len, told.values()))
            outcome.faults.append(f"seed {seed}: cannot be read: {type(error).__name__}")
            return False
        lost = sum(len(told[name] - found[name]) for name in told)
        extra = sum(len(found[name] - told[name]) for name in told)
        faults = [*verdict.faults, *(["SQLite's own check fails"] if sound != "ok" else [])]
        if extra > 1:
            faults.append(f"{extra} things are there that nobody was told of, and one at most was under way")
        outcome.lost += lost
        outcome.cuts_that_lost += lost > 0
        outcome.broken += bool(faults)
        outcome.faults += [f"seed {seed}: {fault}" for fault in faults]
        for name in told:
            told[name] |= found[name]  # what was under way and survived is there for good
        return not lost and not faults


def run(actions: list[Action], cuts: int, seed: int = 0, synchronous: str | None = None) -> Outcome:
    """So many cuts, over lineages with checkpoints at different distances."""
    total = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        worlds = [World(actions, Path(folder), synchronous, pages) for pages in (1000, 16, 5)]
        for number in count(seed):
            if total.cuts >= cuts:
                return total
            total.add(worlds[number % len(worlds)].lineage(number))
    raise AssertionError
