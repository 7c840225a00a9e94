"""What was done to accounts of the staff and does not stand in the ledger yet.

Accounts lie in the console's own database, the ledger in the record: no transaction spans both. So a change and the words for its entry
are committed together there, and the entry follows at once. Whoever is killed in between leaves the words; before the next change of an
account, and at the next sign-in of anybody, they are written down, once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection
from sqlalchemy import Connection, select

from upheld.ledger.actions import append
from upheld.ledger.kinds import JSON
from upheld.ledger.models import ENTRY
from upheld.record import Actor, Record, micros, moment

TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS staff_outbox"
    " (kind varchar(40) NOT NULL, body text NOT NULL, at bigint NOT NULL, actor text NOT NULL, role text, PRIMARY KEY (kind, body, at))"
)
ADD: Final = "INSERT INTO staff_outbox (kind, body, at, actor, role) VALUES (%s, %s, %s, %s, %s)"
ALL: Final = "SELECT kind, body, at, actor, role FROM staff_outbox ORDER BY at"
DONE: Final = "DELETE FROM staff_outbox WHERE kind = %s AND body = %s AND at = %s"


def make() -> None:
    """Make the table, as a site begins to serve."""
    with connection.cursor() as cursor:
        cursor.execute(TABLE)


def put(kind: str, body: Mapping[str, JSON], at: datetime, actor: Actor) -> None:
    """Remember what the ledger must say, in the transaction of the change itself."""
    with connection.cursor() as cursor:
        cursor.execute(ADD, [kind, json.dumps(body, sort_keys=True), micros(at), actor.name, actor.role])


def settle(record: Record, at: datetime) -> None:
    """Write into the ledger what is left to be written."""
    with connection.cursor() as cursor:
        cursor.execute(ALL)
        left = cursor.fetchall()
    for kind, body, done_at, name, role in left:
        with record.transaction() as tx:
            if not _stands(tx, kind, json.loads(body), moment(done_at)):
                append(tx, kind, json.loads(body), max(at, moment(done_at)), Actor(name, role))
        with connection.cursor() as cursor:
            cursor.execute(DONE, [kind, body, done_at])


def _stands(tx: Connection, kind: str, body: Any, since: datetime) -> bool:  # noqa: ANN401 - what JSON holds
    """Whether the ledger says it already: somebody was killed after the entry."""
    entries = tx.execute(select(ENTRY.c.canonical).where(ENTRY.c.kind == kind, ENTRY.c.at >= since)).scalars()
    return any(json.loads(bytes(each))["body"] == body for each in entries)
