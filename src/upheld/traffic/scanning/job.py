"""The hourly scan: an effect that plans its successor in the transaction that writes down what it found, so that it outlives a kill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from upheld.errors import Invalid, No
from upheld.home import Home
from upheld.ledger import effects
from upheld.ledger.effects import Leased, Lost
from upheld.record import Actor, Record
from upheld.traffic.scanning.actions import record_scan
from upheld.traffic.scanning.report import as_plain
from upheld.traffic.scanning.scanning import Asked, read, scan

KIND: Final = "site.scan"
WORKER: Final = Actor("worker", None)
SHORTEST: Final = timedelta(minutes=5)


def pages_of(home: Home) -> tuple[str, ...]:
    """The pages that `[scan]` names; none: no scan is made by itself."""
    return tuple(home.setting("scan", "pages").split())


def every(home: Home) -> timedelta:
    """How often. `Invalid` for what is no number of minutes, or too few."""
    said = home.setting("scan", "every_minutes")
    if not said.isdigit() or timedelta(minutes=int(said[:6])) < SHORTEST:
        raise Invalid(f"`every_minutes` in `[scan]` must be a whole number of at least {SHORTEST.seconds // 60}")
    return timedelta(minutes=int(said[:6]))


def plan_first(record: Record, home: Home, at: datetime) -> None:
    """See to it that a scan is planned, if pages are named and none is."""
    if not pages_of(home):
        return
    every(home)  # says now what is wrong with it
    with record.reading() as conn:
        if effects.next_due(conn, (KIND,)) is not None:
            return
    with record.transaction() as tx:
        if effects.next_due(tx, (KIND,)) is None:
            effects.plan(tx, KIND, 0, "", {}, at)


def handlers(home: Home, record: Record, clock: Callable[[], datetime]) -> Mapping[str, Callable[[Leased], None]]:
    """Who does it."""

    def look(leased: Leased) -> None:
        try:
            said = as_plain(scan(Asked(pages_of(home)), read(record, home.path, None, clock()))) if pages_of(home) else None
        except No as no:
            with record.transaction() as tx:
                effects.again(tx, leased, no.message, clock())
            return
        try:
            with record.transaction() as tx:
                if said is not None:
                    record_scan(tx, said, clock(), WORKER)
                effects.done(tx, leased, clock(), WORKER)
                if said is not None:
                    effects.plan(tx, KIND, 0, "", {}, clock(), due_at=max(leased.due_at + every(home), clock()))
        except Lost:
            return  # another worker looked meanwhile, and wrote down what it saw

    return {KIND: look}
