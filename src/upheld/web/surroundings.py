"""What a page reads from the world around it: the home, the record, what time it is. Set once, by the room `site`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from django.conf import settings
from sqlalchemy import Connection

from upheld.home import Home
from upheld.people.actions import Keeper
from upheld.postings.queries import Posted, in_force
from upheld.record import Actor, Record
from upheld.requests.holdings import Systems
from upheld.systems.datamap import DataMap
from upheld.systems.opening import open_system
from upheld.systems.reading import read_map

LIMITS: Final = "limits"
"""By which name Django knows the database that counts lie in."""
VISITOR: Final = Actor("visitor", None)
"""Who acts on a page of the centre without having signed in."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Surroundings:
    """One merchant's home with its record open. One for a whole process: connections are pooled, each page takes one."""

    home: Home
    clock: Callable[[], datetime] = field(default=_now)

    @cached_property
    def record(self) -> Record:
        """The record; opened at the first use, so after the server has made its workers."""
        return Record(self.home.record_url)

    @cached_property
    def keeper(self) -> Keeper:
        """What finds and seals."""
        return Keeper(self.home)

    @cached_property
    def limits_key(self) -> bytes:
        """Under which what is counted is hashed."""
        return self.home.key("web/limits/v1")

    def systems(self) -> Systems:
        """The merchant's own systems as the data map describes them now; none without a map."""
        path = self.home.path / self.home.setting("systems", "map")
        return Systems(read_map(path) if path.exists() else DataMap({}), lambda system: open_system(system, self.home))

    def now(self) -> datetime:
        """The time, in UTC."""
        return self.clock()

    @contextmanager
    def reading(self) -> Iterator[tuple[Connection, Posted]]:
        """An unchanging view of the record, and the policy in force. `NotFound` if none is."""
        with self.record.reading() as conn:
            yield conn, in_force(conn, self.now())

    @contextmanager
    def writing(self) -> Iterator[tuple[Connection, Posted]]:
        """The only writing transaction, and the policy in force. `NotFound` if none is."""
        with self.record.transaction() as tx:
            yield tx, in_force(tx, self.now())


def surroundings() -> Surroundings:
    """Those of this process."""
    found = settings.SURROUNDINGS
    assert isinstance(found, Surroundings)
    return found
