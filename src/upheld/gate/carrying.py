"""Carrying out what was ordered about lists: the worker looks at a list, and releases it; a page only reads how far it is.

Killed at any moment it is done again: looking changes nothing, and a release is one by the file it writes, which is found recorded.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from upheld.errors import Conflict, Invalid, No
from upheld.gate import ordering
from upheld.gate.models import DELIVERY, DISCLOSURE
from upheld.gate.ordering import LOOK, RELEASE, Ordered, State
from upheld.gate.publishing import hash_of
from upheld.gate.recovery import recover
from upheld.gate.release import release
from upheld.gate.summary import Summary
from upheld.home import Home
from upheld.ledger import effects
from upheld.ledger.effects import Leased, Lost
from upheld.record import Actor, Record

LOOKED: Final = "looked.json"
PROGRESS: Final = "progress.json"
PAUSE: Final = 0.25  # seconds between two notes of how far it is
TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Carrier:
    """What it takes: the home, its record, a clock."""

    home: Home
    record: Record
    clock: Callable[[], datetime]
    actor: Actor = field(default=Actor("worker", None))


def handlers(carrier: Carrier) -> Mapping[str, Callable[[Leased], None]]:
    """By kind of effect, who does it."""
    return {LOOK: partial(_attended, carrier, _look), RELEASE: partial(_attended, carrier, _release)}


def look_after(carrier: Carrier) -> None:
    """Give up what nobody went on with, and delete what is done with."""
    with carrier.record.transaction() as tx:
        ordering.forget(tx, carrier.clock(), carrier.actor)
    ordering.clean(carrier.home, carrier.record)


def looked(home: Home, ordered: Ordered) -> dict[str, Any] | None:
    """What the last look found, as `Summary` has it; None if it is not there (any more)."""
    return _read(ordered.folder(home) / LOOKED)


def progress(home: Home, ordered: Ordered) -> dict[str, Any]:
    """How far the worker is: the `step` done last, rows `done` `of` all; empty before it begins."""
    return _read(ordered.folder(home) / PROGRESS) or {}


def _attended(carrier: Carrier, handler: Callable[[Carrier, Ordered], tuple[State, int | None]], leased: Leased) -> None:
    """Do it, and write down what became of it; what was refused is said where staff see it."""
    with carrier.record.reading() as conn:
        ordered = ordering.find(conn, leased.subject)
    state: State
    release_, reason = None, None
    try:
        state, release_ = handler(carrier, ordered)
    except Conflict as no:
        if leased.tries < TRIES:  # another process has it, or the record moved: once more
            return _again(carrier, leased, no.message)
        state, reason = "failed", no.message
    except No as no:
        state, reason = "failed", no.message
    except Exception as fault:  # noqa: BLE001 - one list must not stop the others; a fault's message may hold a value, so it is not kept
        if leased.tries < TRIES:
            return _again(carrier, leased, f"met a fault of the program ({type(fault).__name__})")
        state, reason = "failed", f"met a fault of the program ({type(fault).__name__}): report it"
    return _settled(carrier, leased, ordered, state, release_, reason)


def broke_off(carrier: Carrier, leased: Leased, reason: str) -> None:
    """Whoever was at it ended without a word: once more, and after the third time staff are told."""
    if leased.tries < TRIES:
        return _again(carrier, leased, reason)
    with carrier.record.reading() as conn:
        ordered = ordering.find(conn, leased.subject)
    return _settled(carrier, leased, ordered, "failed", None, reason)


def _settled(carrier: Carrier, leased: Leased, ordered: Ordered, state: State, release_: int | None, reason: str | None) -> None:
    try:
        with carrier.record.transaction() as tx:
            at = carrier.clock()
            effects.done(tx, leased, at, carrier.actor)
            said = None if reason is None else _unplaced(reason, carrier.home, ordered)
            ordering.settle(tx, ordered.id, state, at, release=release_, reason=said)
    except Lost:
        return  # somebody else has it, and ends it


def _again(carrier: Carrier, leased: Leased, reason: str) -> None:
    try:
        with carrier.record.transaction() as tx:
            effects.again(tx, leased, reason, carrier.clock())
    except Lost:
        return


def _look(carrier: Carrier, ordered: Ordered) -> tuple[State, int | None]:
    """A dry run: what would leave, and why the rest would not."""
    found = release(
        carrier.home, carrier.record, ordered.order(carrier.home, None), carrier.clock, _actor(ordered), _watch(carrier.home, ordered)
    )
    _write(ordered.folder(carrier.home) / LOOKED, _plain(found, ordered))
    return "looked" if found.released else "nothing", None


def _release(carrier: Carrier, ordered: Ordered) -> tuple[State, int | None]:
    """The release itself, once: if its file was recorded already, that one counts."""
    out, known = ordered.out(carrier.home), looked(carrier.home, ordered) or {}
    recover(carrier.home, carrier.record, carrier.clock(), carrier.actor)
    with carrier.record.reading() as conn:
        mine = select(DISCLOSURE.c.id, DELIVERY.c.state).outerjoin(DELIVERY).where(DISCLOSURE.c.output_path == str(out))
        before = conn.execute(mine.order_by(DISCLOSURE.c.id.desc()).limit(1)).first()
    if before is not None and before.state != "undelivered":
        if before.state is None:
            raise Conflict("another worker is at it")
        return "released", int(before.id)
    if known.get("input_hash") != hash_of(ordered.source(carrier.home)):
        raise Invalid("the list was changed since it was looked at: look again")
    done = release(
        carrier.home, carrier.record, ordered.order(carrier.home, out), carrier.clock, _actor(ordered), _watch(carrier.home, ordered)
    )
    return ("released", done.release) if done.release is not None else ("nothing", None)


def _unplaced(reason: str, home: Home, ordered: Ordered) -> str:
    """The same words with the list called as it was given, not by its private place."""
    return (
        reason.replace(str(ordered.source(home)), ordered.list)
        .replace(str(ordered.folder(home)), ordered.list)
        .replace(str(home.path), "HOME")
    )


def _actor(ordered: Ordered) -> Actor:
    return Actor(ordered.by, ordered.role or None)


def _watch(home: Home, ordered: Ordered) -> Callable[[str, int, int], None]:
    place = ordered.folder(home) / PROGRESS
    last = 0.0

    def watch(step: str, done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PAUSE:
            last = now
            _write(place, {"step": step, "done": done, "of": of})

    return watch


def _plain(found: Summary, ordered: Ordered) -> dict[str, Any]:
    """What a page needs; the list is called as it was given, not by its private place."""
    return asdict(found) | {"list": ordered.list, "rejects": None, "out": None}


def _write(place: Path, what: Mapping[str, Any]) -> None:
    unfinished = place.with_name(f".{place.name}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(what, file)
    unfinished.replace(place)


def _read(place: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
