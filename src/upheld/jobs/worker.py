"""The worker: takes what is due, one effect at a time, until nothing is; several workers at once share the work."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from threading import Condition, Event, Thread
from typing import Final

from upheld.errors import No
from upheld.ledger import effects
from upheld.ledger.effects import LEASE, Leased, Lost
from upheld.record import Record

LOOK_AGAIN: Final = timedelta(seconds=5)
"""How long a worker that follows sleeps at most: another process may have planned something meanwhile."""

Handlers = Mapping[str, Callable[[Leased], None]]
"""By kind of effect, who does it, and ends it. A fault of the program that escapes a handler is tried again later."""


def work(
    record: Record,
    handlers: Handlers,
    clock: Callable[[], datetime],
    *,
    worker: str = "",
    hold: timedelta = LEASE,
    threads: int = 1,
    together: Collection[str] = (),
) -> int:
    """Do everything that is due now; how many effects were tried. What must be tried again later is left for later.

    With several `threads`, all but the first do the kinds of effects that are said to bear being done at the same time (`together`).
    """
    crew = _Crew(record, clock, worker or name(), hold)
    more = {kind: handler for kind, handler in handlers.items() if kind in together}
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        others = [pool.submit(crew.serve, more) for _ in range(threads - 1)]
        crew.serve(handlers)
        for other in others:
            other.result()
    return crew.tried


class _Crew:
    """Threads that share what is due: whoever finds nothing waits for what the others' work brings, until nobody is at work."""

    def __init__(self, record: Record, clock: Callable[[], datetime], worker: str, hold: timedelta) -> None:
        self._record, self._clock, self._worker, self._hold = record, clock, worker, hold
        self._changed = Condition()
        self._busy = self._done = self.tried = 0

    def serve(self, handlers: Handlers) -> None:
        """Take one effect after another."""
        while True:
            with self._changed:
                self._busy += 1
                seen = self._done
            leased = None
            try:
                leased = effects.lease(self._record, self._clock(), self._worker, handlers.keys(), hold=self._hold) if handlers else None
                if leased is not None:
                    self._attend(handlers[leased.kind], leased)
            finally:
                with self._changed:
                    self._busy -= 1
                    self._done += leased is not None
                    self.tried += leased is not None
                    self._changed.notify_all()
            with self._changed:
                while leased is None and self._done == seen:
                    if not self._busy:
                        return
                    self._changed.wait()

    def _attend(self, handler: Callable[[Leased], None], leased: Leased) -> None:
        """Do it; a fault of the program is written down and tried again later: one effect must not stop the others."""
        try:
            with self._held(leased):
                handler(leased)
        except No:
            raise  # the record itself does not answer: nobody can go on
        except Exception as fault:  # noqa: BLE001 - whatever it is
            with suppress(Lost), self._record.transaction() as tx:
                effects.again(tx, leased, effects.fault_in_words(fault), self._clock())

    @contextmanager
    def _held(self, leased: Leased) -> Iterator[None]:
        """The lease is renewed for as long as this process is at work, and so is lost with it."""
        over = Event()

        def renew() -> None:
            while not over.wait(self._hold.total_seconds() / 3):
                try:
                    with self._record.transaction() as tx:
                        effects.keep(tx, leased, self._clock() + self._hold)
                except Lost:
                    return
                except No:  # the record is busy: there is time for another try
                    continue

        thread = Thread(target=renew, name=f"holds effect {leased.id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def follow(
    record: Record,
    handlers: Handlers,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    *,
    patience: timedelta | None = None,
    hold: timedelta = LEASE,
    threads: int = 1,
    together: Collection[str] = (),
    over: Event | None = None,
) -> int:
    """Do what is due, and what becomes due, until nothing is left to do within `patience` (None: for ever); how many were tried.

    It also ends when it is `over`.
    """
    tried = 0
    until = clock() + patience if patience is not None else None
    while True:
        tried += work(record, handlers, clock, hold=hold, threads=threads, together=together)
        with record.reading() as conn:
            due = effects.next_due(conn, handlers.keys())
        now = clock()
        if (until is not None and (due is None or due > until)) or (over is not None and over.is_set()):
            return tried
        wait = LOOK_AGAIN if due is None else min(max(due - now, timedelta(milliseconds=10)), LOOK_AGAIN)
        sleep(wait.total_seconds())


def name() -> str:
    """What this worker is called in the record: its machine and process."""
    return f"{socket.gethostname()}:{os.getpid()}"
