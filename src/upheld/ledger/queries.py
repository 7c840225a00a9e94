"""What can be asked of the ledger. Every answer is computed from what is stored; proofs take O(log n) look-ups."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, func, select, tuple_

from upheld.errors import Invalid, NotFound
from upheld.ledger import tree
from upheld.ledger.actions import HASH_BYTES
from upheld.ledger.kinds import JSON
from upheld.ledger.models import ACTOR, ENTRY, HEAD, NODE

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its number, time, kind and body, who did it (`id`, `name` commitment, `role`), and the bytes that are hashed."""

    id: int
    at: datetime
    kind: str
    body: dict[str, JSON]
    actor: dict[str, JSON]
    canonical: bytes

    @property
    def hash(self) -> bytes:
        """Its leaf hash."""
        return tree.leaf(self.canonical)


def size(conn: Connection) -> int:
    """How many entries there are."""
    return int(conn.execute(select(HEAD.c.size)).scalar_one())


def root(conn: Connection, at_size: int | None = None) -> bytes:
    """The root over all entries, or over the first `at_size`. Raises `Invalid` if there are fewer."""
    if at_size is None:
        edge = conn.execute(select(HEAD.c.edge)).scalar_one()
        return tree.fold([edge[place : place + HASH_BYTES] for place in range(0, len(edge), HASH_BYTES)])
    _demand_size(conn, at_size)
    return _computed(conn, lambda get: tree.subtree(0, at_size, get)) if at_size else tree.EMPTY


def count_nodes(conn: Connection) -> int:
    """How many hashes over whole powers of two are stored: size less the number of ones in size, if all is well."""
    return int(conn.execute(select(func.count()).select_from(NODE)).scalar_one())


def entry(conn: Connection, number: int) -> Entry:
    """One entry. Raises `NotFound`."""
    row = conn.execute(select(ENTRY).where(ENTRY.c.id == number)).first()
    if row is None:
        raise NotFound(f"the ledger has no entry {number}: it holds {size(conn)}, counted from 0")
    return _entry(row.id, row.at, row.kind, row.canonical)


def entries(conn: Connection, begin: int = 0, kind: str | None = None) -> Iterator[Entry]:
    """All entries from `begin` on in order, streaming; of one kind if named."""
    query = select(ENTRY).where(ENTRY.c.id >= begin).order_by(ENTRY.c.id)
    if kind is not None:
        query = query.where(ENTRY.c.kind == kind)
    for row in conn.execute(query, execution_options={"yield_per": 1000}):
        yield _entry(row.id, row.at, row.kind, row.canonical)


def latest(conn: Connection, before: int | None = None, kind: str | None = None, count: int = 50) -> list[Entry]:
    """The last entries before a number (before the end, if not said), newest first; of one kind if named."""
    query = select(ENTRY).order_by(ENTRY.c.id.desc()).limit(count)
    if before is not None:
        query = query.where(ENTRY.c.id < before)
    if kind is not None:
        query = query.where(ENTRY.c.kind == kind)
    return [_entry(row.id, row.at, row.kind, row.canonical) for row in conn.execute(query)]


def kinds_there(conn: Connection) -> dict[str, int]:
    """The kinds of entries that there are, each with its number of entries."""
    return {row[0]: row[1] for row in conn.execute(select(ENTRY.c.kind, func.count()).group_by(ENTRY.c.kind).order_by(ENTRY.c.kind))}


def actors(conn: Connection, numbers: Collection[int]) -> dict[int, str]:
    """The names behind the numbers by which entries name actors: only the record knows them."""
    rows = conn.execute(select(ACTOR.c.id, ACTOR.c.name).where(ACTOR.c.id.in_(sorted(numbers))))
    return {row[0]: row[1] for row in rows}


def inclusion(conn: Connection, number: int, at_size: int | None = None) -> list[bytes]:
    """The proof that entry `number` is in the log of `at_size` (now, if not said): hashes from the bottom up."""
    at_size = size(conn) if at_size is None else at_size
    _demand_size(conn, at_size)
    if not 0 <= number < at_size:
        raise NotFound(f"the ledger of size {at_size} has no entry {number}")
    return _computed(conn, lambda get: tree.inclusion(number, at_size, get))


def consistency(conn: Connection, old: int, at_size: int | None = None) -> list[bytes]:
    """The proof that the log of `at_size` (now, if not said) begins with the log of size `old`."""
    at_size = size(conn) if at_size is None else at_size
    _demand_size(conn, at_size)
    if not 0 <= old <= at_size:
        raise Invalid(f"the ledger of size {at_size} never had size {old}")
    return _computed(conn, lambda get: tree.consistency(old, at_size, get))


def _entry(number: int, at: datetime, kind: str, canonical: bytes) -> Entry:
    read = json.loads(canonical)
    return Entry(number, at, kind, read["body"], read["actor"], canonical)


def _demand_size(conn: Connection, at_size: int) -> None:
    now = size(conn)
    if not 0 <= at_size <= now:
        raise Invalid(f"the ledger holds {now} entries, not {at_size}")


def _computed(conn: Connection, compute: Callable[[Callable[[tree.Name], bytes]], T]) -> T:
    """What `compute` makes of stored hashes: it is first asked which ones it needs, so that they are fetched at once."""
    names: set[tree.Name] = set()

    def note(name: tree.Name) -> bytes:
        names.add(name)
        return tree.EMPTY

    compute(note)
    hashes: dict[tree.Name, bytes] = {}
    leaves = [position for level, position in names if level == 0]
    nodes = [name for name in names if name[0] > 0]
    for row in conn.execute(select(ENTRY.c.id, ENTRY.c.canonical).where(ENTRY.c.id.in_(leaves))) if leaves else ():
        hashes[0, row.id] = tree.leaf(row.canonical)
    for row in conn.execute(select(NODE).where(tuple_(NODE.c.level, NODE.c.position).in_(nodes))) if nodes else ():
        hashes[row.level, row.position] = bytes(row.hash)
    return compute(hashes.__getitem__)
