"""The one change the ledger knows: it grows at its end, inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, select, update

from upheld.errors import Conflict, Invalid
from upheld.ledger import kinds, tree
from upheld.ledger.commitments import commit, fresh_salt
from upheld.ledger.kinds import JSON
from upheld.ledger.models import ACTOR, ENTRY, HEAD, NODE
from upheld.record import Actor, micros
from upheld.record.sets import put

HASH_BYTES = 32
WAITED = timedelta(seconds=60)
"""How far behind the last entry a writer's clock may be: it was read before the writer waited for others, who came in meanwhile."""

_HEAD = select(HEAD.c.size, HEAD.c.at, HEAD.c.edge).with_for_update()
_KNOWN_ACTOR = select(ACTOR.c.id, ACTOR.c.salt).where(ACTOR.c.name == bindparam("name"))
_NEW_ACTOR = insert(ACTOR).returning(ACTOR.c.id)
_MOVE_HEAD = update(HEAD)  # made once: making one costs as much as running it


def append(tx: Connection, kind: str, body: Mapping[str, JSON], at: datetime, actor: Actor) -> int:
    """Add one entry; returns its number (0, 1, 2 …). It exists if and only if the transaction commits.

    Raises `Invalid` for a kind or a body the vocabulary does not know (`kinds`), `Conflict` if the clock went back.
    """
    return append_many(tx, ((kind, body),), at, actor).start


def append_many(tx: Connection, entries: Iterable[tuple[str, Mapping[str, JSON]]], at: datetime, actor: Actor) -> range:
    """Add entries of one time and actor in their order; returns their numbers. Errors as for `append`; then none is added.

    Whoever waited for another writer may have read the clock before that one: such entries are of the last entry's time.
    """
    head = tx.execute(_HEAD).one()
    if head.at is not None and head.at - at > WAITED:
        raise Conflict(f"the clock went back: the last entry is of `{head.at:%Y-%m-%d %H:%M:%S}` UTC; set the clock, or wait until then")
    first, size, at = head.size, head.size, max(at, head.at or at)
    edge = [head.edge[place : place + HASH_BYTES] for place in range(0, len(head.edge), HASH_BYTES)]
    actor_, at_ = _actor(tx, actor), micros(at)
    names: list[str] = []
    canonicals: list[bytes] = []
    nodes: list[tuple[tree.Name, bytes]] = []
    for kind, body in entries:
        kinds.demand(kind, body)
        canonical = canonical_bytes({"actor": actor_, "at": at_, "body": body, "entry": size, "kind": kind})
        nodes += tree.extend(size, edge, tree.leaf(canonical))
        names.append(kind)
        canonicals.append(canonical)
        size += 1
    if canonicals:
        put(tx, ENTRY, {"id": range(first, size), "at": [at] * len(names), "kind": names, "canonical": canonicals})
        named = {"level": [name[0] for name, _ in nodes], "position": [name[1] for name, _ in nodes]}
        put(tx, NODE, named | {"hash": [hash_ for _, hash_ in nodes]})
        tx.execute(_MOVE_HEAD, {"size": size, "at": at, "edge": b"".join(edge)})
    return range(first, size)


def canonical_bytes(entry: Mapping[str, JSON]) -> bytes:
    """The canonical JSON of an entry: sorted keys, no spaces, ASCII, whole numbers only. The bytes that are hashed (RFC 8785 agrees)."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def _actor(tx: Connection, actor: Actor) -> dict[str, JSON]:
    """How entries name an actor: a number, the role, and a commitment to the name, which only the record can open."""
    if actor.role is not None and not kinds.WORD.holds(actor.role):
        raise Invalid("an actor's role must be a word of the policy")
    known = tx.execute(_KNOWN_ACTOR, {"name": actor.name}).first()
    if known is None:
        salt = fresh_salt()
        number = tx.execute(_NEW_ACTOR, {"name": actor.name, "salt": salt}).scalar_one()
    else:
        number, salt = known.id, known.salt
    return {"id": number, "name": commit(actor.name.encode(), salt), "role": actor.role}
