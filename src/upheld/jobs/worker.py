"""The worker: takes what is due, one effect at a time, until nothing is; several workers at once share the work."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from upheld.ledger import effects
from upheld.ledger.effects import LEASE, Leased
from upheld.record import Record

LOOK_AGAIN: Final = timedelta(seconds=5)
"""How long a worker that follows sleeps at most: another process may have planned something meanwhile."""

Handlers = Mapping[str, Callable[[Leased], None]]
"""By kind of effect, who does it. A handler ends the effect itself, whatever goes wrong."""


def work(record: Record, handlers: Handlers, clock: Callable[[], datetime], *, worker: str = "", hold: timedelta = LEASE) -> int:
    """Do everything that is due now; how many effects were tried. What must be tried again later is left for later."""
    worker, tried = worker or name(), 0
    while leased := effects.lease(record, clock(), worker, handlers.keys(), hold=hold):
        handlers[leased.kind](leased)
        tried += 1
    return tried


def follow(
    record: Record,
    handlers: Handlers,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    *,
    patience: timedelta | None = None,
    hold: timedelta = LEASE,
) -> int:
    """Do what is due, and what becomes due, until nothing is left to do within `patience` (None: for ever); how many were tried."""
    tried = 0
    until = clock() + patience if patience is not None else None
    while True:
        tried += work(record, handlers, clock, hold=hold)
        with record.reading() as conn:
            due = effects.next_due(conn, handlers.keys())
        now = clock()
        if until is not None and (due is None or due > until):
            return tried
        wait = LOOK_AGAIN if due is None else min(max(due - now, timedelta(milliseconds=10)), LOOK_AGAIN)
        sleep(wait.total_seconds())


def name() -> str:
    """What this worker is called in the record: its machine and process."""
    return f"{socket.gethostname()}:{os.getpid()}"
