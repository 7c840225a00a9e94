"""The match weights in use: the newest that were trained on the merchant's own records, else those that are shipped."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from upheld.errors import Conflict
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, declare
from upheld.people.models import MATCH_WEIGHTS
from upheld.people.weights import Weights, loaded, shipped
from upheld.record import Actor

TRAINED = declare(
    "rights.trained", "match weights were learnt from the merchant's records and agents' decisions", records=NUMBER, labels=NUMBER
)


def in_use(conn: Connection) -> Weights:
    """The weights to judge by. Those of an older version of the comparison give way to the shipped ones, for no removal waits for them."""
    kept = conn.execute(select(MATCH_WEIGHTS.c.body).order_by(MATCH_WEIGHTS.c.id.desc()).limit(1)).scalar()
    if kept is None:
        return shipped()
    try:
        return loaded(bytes(kept))
    except Conflict:
        return shipped()


def put_in_use(tx: Connection, weights: Weights, *, records: int, labels: int, at: datetime, actor: Actor) -> None:
    """Judge by these weights from now on; they were learnt from so many records and decisions."""
    number = int(tx.execute(select(func.coalesce(func.max(MATCH_WEIGHTS.c.id), 0))).scalar_one()) + 1
    tx.execute(insert(MATCH_WEIGHTS).values(id=number, version=weights.version, body=weights.as_bytes(), at=at, by=actor.name))
    append(tx, TRAINED, {"records": records, "labels": labels}, at, actor)
