"""Releases, for a program: a list of the inbox is looked at, released by the worker, handed out once. Its key binds the purpose."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from upheld.access.queries import Key
from upheld.errors import NotFound
from upheld.gate import carrying, ordering
from upheld.record import Actor
from upheld.web.api.messages import Given, ListState, LookedAt, Numbered, RefusedRows, Wanted
from upheld.web.surroundings import Surroundings

PIECE: Final = 1 << 18
KINDS: Final = {".csv": "text/csv; charset=utf-8", ".parquet": "application/vnd.apache.parquet"}


@dataclass(frozen=True, slots=True)
class Handout:
    """A released file, open, that has no name any more: read to its end, nothing of the list is left here."""

    handle: int
    name: str
    folder: Path

    @property
    def kind(self) -> str:
        """What kind of file it is."""
        return KINDS[Path(self.name).suffix]

    def pieces(self) -> Generator[bytes]:
        """The file, piece by piece; then what was kept of the list is deleted."""
        try:
            with os.fdopen(self.handle, "rb") as file:
                while piece := file.read(PIECE):
                    yield piece
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


def give(around: Surroundings, key: Key, sent: Wanted) -> Given:
    """Have a list looked at. `Refused` for a purpose that the key is not bound to."""
    key.demand_purpose(sent.purpose)
    asked = ordering.Asked(
        sent.purpose,
        sent.to,
        tuple(sent.items),
        tuple(sent.totals),
        sent.people,
        tuple(sent.chosen_by),
        tuple(f"{column}={what}" for column, what in sent.columns.items()),
        sent.source,
    )
    with around.record.transaction() as tx:
        number = ordering.order(tx, around.home, sent.list, None, asked, at=around.now(), actor=_actor(key))
    return Given(number, "looking")


def state(around: Surroundings, key: Key, number: int) -> ListState:
    """How far a list is, and what was found of it."""
    found = _mine(around, key, number)
    seen = carrying.looked(around.home, found) if found.state != "looking" else None
    told = None
    if seen is not None:
        rows = [RefusedRows(one["clause"], one["because"], one["change"], one["rows"]) for one in seen["refusals"]]
        told = LookedAt(seen["read"], seen["released"], seen["refused"], seen["rejected"], rows, list(seen["notes"]))
    return ListState(found.id, found.state, found.asked.purpose, found.asked.to, found.release, found.reason, told)


def begin(around: Surroundings, key: Key, sent: Numbered) -> Given:
    """Release a list that was looked at: the worker does, as soon as it can."""
    _mine(around, key, sent.number)
    with around.record.transaction() as tx:
        ordering.begin(tx, sent.number, at=around.now(), actor=_actor(key))
    return Given(sent.number, "releasing")


def discard(around: Surroundings, key: Key, sent: Numbered) -> Given:
    """Give a list up, and delete what is kept of it."""
    found = _mine(around, key, sent.number)
    with around.record.transaction() as tx:
        ordering.discard(tx, sent.number, at=around.now(), actor=_actor(key))
    shutil.rmtree(found.folder(around.home), ignore_errors=True)
    return Given(sent.number, "discarded")


def fetch(around: Surroundings, key: Key, sent: Numbered) -> Handout:
    """The released file, once."""
    found = _mine(around, key, sent.number)
    with around.record.transaction() as tx:
        handle = ordering.fetch(tx, around.home, sent.number, at=around.now(), actor=_actor(key))
    return Handout(handle, f"release-{found.release}{found.out(around.home).suffix}", found.folder(around.home))


def _mine(around: Surroundings, key: Key, number: int) -> ordering.Ordered:
    """A list for a purpose of the key; any other is as if it were not there."""
    with around.record.reading() as conn:
        found = ordering.find(conn, number)
    if not key.covers(found.asked.purpose):
        raise NotFound(f"there is no list {number}")
    return found


def _actor(key: Key) -> Actor:
    return Actor(f"program {key.name}", None)
