"""Every night the index is made anew, and which records are one person's is worked out: the safest links are applied, others proposed.

One effect; it plans the next night in the transaction that writes down what it did. Only in a home that has an index: who made one
(`upheld systems index`) has it kept fresh.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from upheld.errors import No
from upheld.home import Home
from upheld.ledger import effects
from upheld.ledger.actions import append
from upheld.ledger.effects import Leased
from upheld.ledger.kinds import NUMBER, declare
from upheld.people.pairing import pairing
from upheld.record import Record
from upheld.requests.attending import attended
from upheld.requests.office import Office
from upheld.requests.pairs import decisions
from upheld.requests.sweeping import next_at
from upheld.systems.indexing import open_index, refresh

KIND: Final = "match.resolve"
RESOLVED: Final = declare(
    "rights.resolved",
    "the index was made anew, and which records are one person's was worked out: clusters applied and refused, pairs proposed",
    records=NUMBER,
    applied=NUMBER,
    proposed=NUMBER,
    refused=NUMBER,
)


def plan_first(record: Record, home: Home, now: datetime) -> None:
    """See to it that the next night is planned for when the settings want nights (`[sweep] at`), if there is an index; or none."""
    due_at = next_at(home, now)
    if due_at is None:
        effects.call_off(record, KIND)
        return
    with record.reading() as conn:
        if effects.places(conn, KIND) and effects.waiting_for(conn, KIND, now) <= {due_at}:
            return
    try:
        open_index(home)
    except No:
        return
    with record.transaction() as tx:
        effects.put_off(tx, KIND, due_at, now)
        if not effects.places(tx, KIND):
            effects.plan(tx, KIND, 0, "index", {}, now, due_at=due_at)


def handlers(office: Office) -> Mapping[str, Callable[[Leased], None]]:
    """By kind of effect, who does it."""
    return {KIND: partial(attended, office, resolve, always=True)}


def resolve(office: Office, leased: Leased) -> None:
    """Make the index anew with its links, and plan the next night. Raises `Failed`, `No`."""
    with office.record.reading() as conn:
        decided = decisions(conn, office.home)
    done = refresh(
        office.home, office.datamap(), office.open_system, office.clock(), decisions=decided, pairing=pairing(office.home)
    )  # fmt: skip
    links = done.links
    with office.record.transaction() as tx:
        at = office.clock()
        counts = {"applied": links.joined, "proposed": len(links.pairs), "refused": links.refused}
        append(tx, RESOLVED, {"records": sum(span.count for span in done.tables), **counts}, at, office.actor)
        effects.done(tx, leased, at, office.actor)
        due_at = next_at(office.home, at)
        if due_at is not None:
            effects.plan(tx, KIND, 0, "index", {}, at, due_at=due_at)
