"""Events become totals: a group at a time is read, its hits go to the journal, and only then is it acknowledged; totals go to the record.

Killed at any moment, what was acknowledged is in the record or in the journal, exactly once: how far a journal was read is written in the
transaction that adds its totals. Who was who lived in memory only: hits from a journal count as one visitor's, so never as too many.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections import Counter as Counts
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import select

from upheld.errors import Conflict, Refused
from upheld.gate.measuring import Permit, permit
from upheld.home import Home
from upheld.policy.compiled import Policy
from upheld.postings import queries as postings
from upheld.record import Actor, Record
from upheld.traffic import settling
from upheld.traffic.actions import Added, Reached, add
from upheld.traffic.configured import site
from upheld.traffic.counter import Counter
from upheld.traffic.events import journal
from upheld.traffic.events.journal import Group, Journal
from upheld.traffic.events.told import STEP_PAGES
from upheld.traffic.hits import Account, Hits
from upheld.traffic.models import LOG
from upheld.traffic.parsing.hashing import Keys
from upheld.traffic.parsing.split import Row, of_rows
from upheld.traffic.reader import Reader
from upheld.traffic.tables import PEOPLE_ITEM, TABLES
from upheld.traffic.visitors import DayKeys

FOLDER: Final = "events"
TAKER: Final = Actor("events", None)
_NAMED: Final = ("page", "referrer", "campaign", "country")
_log = logging.getLogger("upheld.events")


@dataclass(slots=True)
class Waiting:
    """Totals on their way to the record, and the journal that they are also in."""

    added: list[Added]
    account: Account
    journal: Path
    reached: Reached


class Taker:
    """Takes events in, for one home. One process alone: visitors are told apart by a key in its memory."""

    def __init__(self, home: Home, record: Record, clock: Callable[[], datetime]) -> None:
        self.home, self.record, self.clock = home, record, clock
        self.folder = home.path / FOLDER
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._lock = _locked(self.folder)
        self.refused: str | None = None
        self.permit, self.policy = _permitted(record, clock())
        self.signal_counted = 0
        self._keys = Keys.fresh()
        self.counter = self._counter()
        self._account = Account()
        for left in journal.waiting(self.folder):
            self._recover(left)
        self._journal = Journal(self.folder)

    def take(self, rows: Sequence[Row], signals: int = 0) -> None:
        """Read events and write their hits down; on return they are durable. `signals`: how many more came with a browser's no."""
        if self.refused is not None:
            raise Refused(self.refused)
        account = Account()
        hits: Hits | None = None
        if rows:
            latest = int(self.clock().timestamp()) // 3600 + 24
            hits, account = self.counter.reader.read(of_rows(rows, self._keys), latest)
        account.read += signals
        account.fates["signal"] += signals
        if hits is None or not len(hits):
            self._journal.append({name: [] for name in journal.COLUMNS}, _plain(account))
        else:
            self._journal.append(self._group(hits), _plain(account))
            self.counter.put(hits)
        self._account.add(account)

    def turn(self) -> Waiting | None:
        """Close the journal and begin another; what it held, as totals for the record. None if nothing came."""
        if not self._account.read:
            return None
        added, account = self.counter.taken(), self._account
        full, self._journal, self._account = self._journal, Journal(self.folder), Account()
        full.close()
        return Waiting(added, account, full.path, Reached(None, full.name, "", 0, full.size))

    def put(self, waiting: Waiting) -> None:
        """Totals into the record, then the journal goes. Days that are over are settled. Safe to repeat."""
        at = self.clock()
        with self.record.transaction() as tx:
            if tx.execute(select(LOG.c.id).where(LOG.c.head == waiting.reached.head)).first() is None:
                add(tx, waiting.added, waiting.account, waiting.reached, policy=self.permit.policy_hash, at=at, actor=TAKER)
            settling.settle_due(tx, self.policy, self.permit, at=at, actor=TAKER)
        journal.forget(waiting.journal)

    def look_again(self) -> None:
        """What the policy in force allows now; and days that are over are forgotten."""
        try:
            self.permit, self.policy = _permitted(self.record, self.clock())
            self.refused = None
        except Refused as no:
            self.refused = no.message
            return
        self.counter.forget_before(settling.over_before(self.clock()))
        self.counter.forget_oldest()

    def close(self) -> None:
        """Put what waits into the record, and let go of the folder."""
        left = self.turn()
        if left is not None:
            self.put(left)
        self._journal.close()
        journal.forget(self._journal.path)
        os.close(self._lock)

    def _counter(self) -> Counter:
        own = site(self.home, self.policy)
        own = replace(own, steps=(*own.steps, *((page, step) for step, page in STEP_PAGES.items())))
        tables = tuple(each for each in TABLES if {PEOPLE_ITEM, *each.items} <= self.permit.items)
        return Counter(Reader(own, DayKeys()), tables, self.permit.people)

    def _group(self, hits: Hits) -> Group:
        """Hits by name, equal ones put together: what the journal may hold."""
        registers = self._registers()
        columns = [getattr(hits, name) for name in journal.COLUMNS[:-1]]
        rows, counts = np.unique(np.column_stack(columns), axis=0, return_counts=True)
        group: Group = {name: rows[:, at].tolist() for at, name in enumerate(journal.COLUMNS[:-1])}
        for name in _NAMED:
            group[name] = [registers[name].names[code] for code in group[name]]
        group["hits"] = counts.tolist()
        return group

    def _registers(self) -> dict[str, Any]:
        reader = self.counter.reader
        return {"page": reader.pages, "referrer": reader.referrers, "campaign": reader.campaigns, "country": reader.countries}

    def _recover(self, path: Path) -> None:
        """What a journal holds that the record does not: its hits, of visitors whom nobody knows any more."""
        name, groups = journal.read(path)
        with self.record.reading() as conn:
            known = conn.execute(select(LOG.c.offset).where(LOG.c.head == name)).first()
        if known is None:
            counter, account, end = self._counter(), Account(), 0
            self.counter, kept = counter, self.counter
            for place, group, said in groups:
                end = place
                account.add(_account(said))
                if group["hour"]:
                    counter.put(self._hits(group))
            if account.read:
                self.put(Waiting(counter.taken(), account, path, Reached(None, name, "", 0, end)))
                _log.warning("events that an earlier process had acknowledged were counted: %d", account.read)
            self.counter = kept
        journal.forget(path)

    def _hits(self, group: Group) -> Hits:
        registers, times = self._registers(), np.array(group["hits"], dtype=np.int64)
        columns: dict[str, Any] = {name: np.array(group[name], dtype=np.int64) for name in journal.COLUMNS if name not in (*_NAMED, "hits")}
        for name in _NAMED:
            columns[name] = np.array([registers[name].code(each) for each in group[name]], dtype=np.int64)
        every = {name: np.repeat(column, times) for name, column in columns.items()}
        number = int(times.sum())
        nobody = np.full(number, np.uint64(1 << 63), dtype=np.uint64)
        zero, untold = np.zeros(number, dtype=np.int64), np.full(number, -1, dtype=np.int64)
        return Hits(**every, visitor=nobody, size=zero, micros=untold)


def demand_possible(home: Home, record: Record, at: datetime) -> None:
    """`Conflict` if another process takes events in, `Refused` or `NotFound` if the policy in force lets nobody count visits."""
    folder = home.path / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    os.close(_locked(folder))
    _permitted(record, at)


WAIT: Final = timedelta(seconds=60)
"""How long totals wait before they go to the record."""


def _permitted(record: Record, at: datetime) -> tuple[Permit, Policy]:
    with record.reading() as conn:
        items = (PEOPLE_ITEM, *(item for table in TABLES for item in table.items))
        return permit(conn, items, at), postings.in_force(conn, at).policy


def _locked(folder: Path) -> int:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise Conflict("another process takes events in for this home: one alone can tell visitors apart") from None
    return handle


def _plain(account: Account) -> dict[str, int]:
    return {name: count for name, count in {**account.fates, **{f"!{why}": n for why, n in account.rejected.items()}}.items() if count}


def _account(said: dict[str, int]) -> Account:
    fates = Counts({name: count for name, count in said.items() if not name.startswith("!")})
    rejected = Counts({name[1:]: count for name, count in said.items() if name.startswith("!")})
    return Account(sum(said.values()), rejected, fates)
