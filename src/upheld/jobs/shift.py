"""What a worker does for one home: who does which kind of effect, and what is looked after between effects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from upheld.gate import carrying
from upheld.home import Home
from upheld.jobs.worker import Handlers
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
            **carrying.handlers(self._carrier),
        }

    def look_after(self) -> None:
        """Plan what nobody asks for: events that programs are not told of yet, sweeps; each hour, words and lists that are too old go."""
        now = self._clock()
        hooks.plan(self._record, now)
        scans.plan_first(self._record, self._home, now)
        if now >= self._next_at:
            self._next_at = now + EVERY
            sweeping.plan_first(self._record, self._home, sweeping.systems_of(self.office.datamap), now)
            resolving.plan_first(self._record, self._home, now)
            with self._record.transaction() as tx:
                forget_words(tx, now, WORKER)
            carrying.look_after(self._carrier)
