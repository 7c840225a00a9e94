"""What a worker does for one home: who does which kind of effect, and what is looked after between effects."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event
from typing import Final

from upheld.gate import carrying
from upheld.home import Home
from upheld.jobs import aside
from upheld.jobs.worker import Handlers, follow, work
from upheld.messages import events, hooks
from upheld.people.actions import Keeper
from upheld.record import Record
from upheld.requests import correcting, resolving, sweeping
from upheld.requests.drafts import forget_words
from upheld.requests.fulfilment import handlers
from upheld.requests.office import WORKER, Office
from upheld.requests.speaking import speaker
from upheld.requests.telling import into_outbox
from upheld.systems.opening import open_system
from upheld.systems.reading import read_map
from upheld.traffic import settling
from upheld.traffic.scanning import job as scans

EVERY: Final = timedelta(hours=1)
"""How often what is too old is looked for."""


class Shift:
    """One worker's work over one home."""

    def __init__(self, home: Home, record: Record, clock: Callable[[], datetime]) -> None:
        self._record, self._clock, self._next_at = record, clock, clock()
        datamap = home.path / home.setting("systems", "map")
        self.office = Office(
            home,
            record,
            Keeper(home),
            clock,
            lambda: read_map(datamap),
            lambda system: open_system(system, home),
            speaker(home, clock),
            lambda instruction: into_outbox(home, instruction),
        )
        self.together = frozenset(handlers(self.office))
        """What several threads may do at once."""
        self._home = home
        self._carrier = carrying.Carrier(home, record, clock, WORKER)
        self.handlers: Handlers = {
            **handlers(self.office),
            **sweeping.handlers(self.office),
            **resolving.handlers(self.office),
            **correcting.handlers(self.office),
            **events.handlers(home, record, clock),
            **scans.handlers(home, record, clock),
        }
        self._over = Event()
        self.aside: Handlers = aside.handlers(self._carrier, self._over)
        """What takes long, each in a process of its own, beside everything else."""

    def once(self, threads: int) -> int:
        """Do everything that is due now; how many effects were tried."""
        self.look_after()
        with self._beside(lambda: work(self._record, self.aside, self._clock)) as lists:
            tried = work(self._record, self.handlers, self._clock, threads=threads, together=self.together)
        self.look_after()  # of what was done just now, programs are told too
        return tried + lists.result() + work(self._record, self.handlers, self._clock)

    def follow(self, patience: timedelta | None, threads: int) -> int:
        """Do also what becomes due, until nothing is left to do within `patience` (None: for ever); how many effects were tried."""
        self.look_after()

        def pause(wait: float) -> None:
            self._over.wait(wait)

        def follow_lists() -> int:
            return follow(self._record, self.aside, self._clock, pause, patience=patience, over=self._over)

        with self._beside(follow_lists) as lists:

            def rest(wait: float) -> None:
                if lists.done():
                    lists.result()  # what kept it from going on keeps us from it
                self.look_after()
                time.sleep(wait)

            tried = follow(self._record, self.handlers, self._clock, rest, patience=patience, threads=threads, together=self.together)
        return tried + lists.result()

    @contextmanager
    def _beside(self, job: Callable[[], int]) -> Iterator[Future[int]]:
        """Do this at the same time; if we end by a fault, it ends as well."""
        with ThreadPoolExecutor(1, "lists") as pool:
            try:
                yield pool.submit(job)
            except BaseException:
                self._over.set()
                raise

    def look_after(self) -> None:
        """Plan what nobody asks for; settle days of visits that are over; each hour, words and lists that are too old go."""
        now = self._clock()
        hooks.plan(self._record, now)
        scans.plan_first(self._record, self._home, now)
        settling.look_after(self._record, now, WORKER)
        if now >= self._next_at:
            self._next_at = now + EVERY
            sweeping.plan_first(self._record, self._home, sweeping.systems_of(self.office.datamap), now)
            resolving.plan_first(self._record, self._home, now)
            with self._record.transaction() as tx:
                forget_words(tx, now, WORKER)
            carrying.look_after(self._carrier)
