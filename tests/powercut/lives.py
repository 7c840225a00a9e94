"""Lives of a record that the power cuts short: act, lose power, look what is left, act on.

A *lineage* is one record through ten lives. The power goes at a random moment of each, and beside that at up to seven earlier ones, each on
a copy of the disk as it was then: so acting, which takes the time, serves several cuts. After every cut all that was ever acknowledged
must be there, the ledger must verify, SQLite's own check be clean, and of the transaction under way all or nothing must have happened.
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
LIVES_PER_LINEAGE = 10
BESIDE = 7  # cuts beside the one that ends a life
MOST_OPERATIONS = 300  # writes and syncs between two cuts: up to some ten actions
logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # that a connection cannot be closed without power is no news
_DRIVES = count()

Told = dict[str, set[Hashable]]
"""What was acknowledged, by the name of the action."""


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

    def hear(self, told: Told, name: str, key: Hashable) -> None:
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

    def lineage(self, seed: int) -> Outcome:
        """One record through ten lives; ends early if something was lost."""
        chance, outcome = random.Random(seed), Outcome()
        self.drive.put_in(self.template.copy())
        told: Told = {action.name: set() for action in self.actions}
        numbers = count(1)
        for _ in range(LIVES_PER_LINEAGE):
            try:
                beside = self._live(chance, numbers, told, outcome)
            except Exception as error:  # noqa: BLE001 - damage that shows only when the record is used again
                outcome.broken += 1
                outcome.faults.append(f"seed {seed}: cannot go on: {type(error).__name__}")
                break
            kept = self.drive.disk
            for disk, told_by_then in beside:
                self._put_in(disk, outcome)
                if not self._is_all_there(told_by_then, outcome, seed):
                    break
            self._put_in(kept, outcome)
            if not self._is_all_there(told, outcome, seed):
                break
        self.record.close()
        return outcome

    def _put_in(self, disk: Disk, outcome: Outcome) -> None:
        """The power is back, and this is what is left."""
        self.record.close()
        self.drive.put_in(disk)
        outcome.cuts += 1

    def _live(self, chance: random.Random, numbers: count[int], told: Told, outcome: Outcome) -> list[tuple[Disk, Told]]:
        """Act until the power goes: at a random write or sync, often very soon, while SQLite has hardly recovered.

        Also what the disk would be, had the power gone at some moments before, with what was acknowledged by then.
        """
        disk, beside = self.drive.disk, list[tuple[Disk, Told]]()
        disk.power_for = chance.randint(1, 6 if chance.random() < 0.2 else MOST_OPERATIONS)

        def cut() -> None:
            beside.append((disk.after_cut(chance), {name: set(keys) for name, keys in told.items()}))

        disk.at = dict.fromkeys(chance.sample(range(1, disk.power_for), min(BESIDE, disk.power_for - 1)), cut)
        try:
            while True:
                action, number = chance.choice(self.actions), next(numbers)
                action.do(self.record, number, BEGIN + timedelta(seconds=number), partial(outcome.hear, told, action.name))
        except Exception:
            if not disk.dead:
                raise
        self.record.close()
        self.drive.cut(chance)
        return beside

    def _is_all_there(self, told: Told, outcome: Outcome, seed: int) -> bool:
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
