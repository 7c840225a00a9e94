"""Checking the whole ledger from inside: every entry hashed again, every stored node and the head compared, kept checkpoints held up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, Row, select

from upheld.errors import No
from upheld.ledger import checkpoint, queries, tree
from upheld.ledger.actions import canonical_bytes
from upheld.ledger.models import ENTRY, HEAD, NODE
from upheld.record import micros

AT_ONCE = 2000  # entries


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the ledger found: its size and root as computed from the entries, and every fault in words."""

    size: int
    root: bytes
    faults: tuple[str, ...]

    def __bool__(self) -> bool:
        return not self.faults


def verify(
    conn: Connection, kept: Sequence[str] = (), key: str | None = None, on_progress: Callable[[int], None] = lambda _: None
) -> Verdict:
    """Hash every entry again and compare all that is stored and the checkpoints kept from earlier.

    `kept` are signed notes, checked with `key`, the public key. `on_progress` hears how many more entries are done.
    Never raises for a fault of the ledger.
    """
    faults: list[str] = []
    olds = _read_kept(kept, key, faults)
    edge: list[bytes] = []
    expected = 0
    last_at = None
    rows = iter(conn.execute(select(ENTRY).order_by(ENTRY.c.id), execution_options={"yield_per": AT_ONCE}))
    while batch := list(islice(rows, AT_ONCE)):
        nodes: dict[tree.Name, bytes] = {}
        for row in batch:
            if expected in olds and olds[expected] != tree.fold(edge):
                faults.append(f"the log of {expected} entries is not the one of the kept checkpoint")
            if fault := _fault_of(row, expected):
                faults.append(fault)
            if last_at is not None and row.at < last_at:
                faults.append(f"entry {row.id} is earlier than the one before it")
            last_at = row.at
            nodes.update(tree.extend(expected, edge, tree.leaf(_bytes(row.canonical))))
            expected += 1
        faults += _differing_nodes(conn, nodes)
        on_progress(len(batch))
    root = tree.fold(edge)
    faults += _faults_of_head(conn, expected, edge)
    faults += _faults_at_end(olds, expected, root)
    return Verdict(expected, root, tuple(faults))


def _read_kept(kept: Iterable[str], key: str | None, faults: list[str]) -> dict[int, bytes]:
    olds: dict[int, bytes] = {}
    for note in kept:
        try:
            old = checkpoint.read(note, key or "")
        except No as no:
            faults.append(f"a kept checkpoint cannot be used: {no.message}")
            continue
        if olds.setdefault(old.size, old.root) != old.root:
            faults.append(f"two kept checkpoints of {old.size} entries contradict each other")
    return olds


def _bytes(stored: bytes | str) -> bytes:
    """What is stored; a stranger's hand may have left a text where bytes belong."""
    return stored.encode("utf-8", "surrogatepass") if isinstance(stored, str) else bytes(stored)


def _fault_of(row: Row[tuple[object, ...]], expected: int) -> str | None:
    if row.id != expected:
        return f"entry {expected} is missing"
    try:
        said = json.loads(row.canonical)
        agrees = canonical_bytes(said) == row.canonical and (said["entry"], said["at"], said["kind"]) == (row.id, micros(row.at), row.kind)
    except (ValueError, LookupError, TypeError):
        agrees = False
    return None if agrees else f"entry {row.id} does not say what its row says"


def _differing_nodes(conn: Connection, nodes: dict[tree.Name, bytes]) -> list[str]:
    faults = []
    for level in sorted({level for level, _ in nodes}):
        places = [place for at, place in nodes if at == level]
        stored = conn.execute(
            select(NODE.c.position, NODE.c.hash).where(NODE.c.level == level, NODE.c.position.between(min(places), max(places)))
        )
        found = {row.position: bytes(row.hash) for row in stored}
        faults += [f"the stored hash {place} of level {level} is wrong" for place in places if found.get(place) != nodes[level, place]]
    return faults


def _faults_of_head(conn: Connection, size: int, edge: list[bytes]) -> list[str]:
    head = conn.execute(select(HEAD)).first()
    if head is None or head.size != size or head.edge != b"".join(edge):
        return [f"the ledger's head is not that of its {size} entries: some were dropped, changed or added"]
    stray = queries.count_nodes(conn) - (size - size.bit_count())
    return [f"{abs(stray)} stored hashes are {'too many' if stray > 0 else 'missing'}"] if stray else []


def _faults_at_end(olds: dict[int, bytes], size: int, root: bytes) -> list[str]:
    faults = [f"the log was cut: it has {size} entries, a kept checkpoint has {old}" for old in olds if old > size]
    if olds.get(size, root) != root:
        faults.append(f"the log of {size} entries is not the one of the kept checkpoint")
    return faults
