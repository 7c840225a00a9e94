"""What clerks write down about a request: sealed like all that people say, read by whoever handles it, and never changed afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, insert, select

from upheld.errors import Invalid, NotFound
from upheld.gate import searching
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, declare
from upheld.people.actions import Keeper
from upheld.record import Actor
from upheld.requests.models import REQUEST, REQUEST_NOTE

PEOPLE: Final = -(1 << 40)
"""The notes of request n are sealed under the key of person PEOPLE - n, who is nobody: so they outlive the key of a draft."""
SEALED: Final = "request note"
LONGEST: Final = 4000  # characters

NOTED = declare("request.noted", "a clerk wrote something down about a request", request=NUMBER, note=NUMBER)


@dataclass(frozen=True, slots=True)
class Note:
    """One note: when, by whom, and what."""

    at: datetime
    by: str
    text: str = field(repr=False)


def write(tx: Connection, keeper: Keeper, request: int, text: str, *, at: datetime, actor: Actor) -> int:
    """Write a note down; its number."""
    if tx.execute(select(REQUEST.c.id).where(REQUEST.c.id == request)).first() is None:
        raise NotFound(f"there is no request {request}: `upheld requests list` shows them")
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise Invalid(f"a note has 1 to {LONGEST} characters: write down what the next clerk must know")
    number = int(tx.execute(select(func.coalesce(func.max(REQUEST_NOTE.c.id), 0))).scalar_one()) + 1
    sealed = keeper.vault.seal(tx, PEOPLE - request, SEALED, text.encode("utf-8", "surrogatepass"))
    tx.execute(insert(REQUEST_NOTE).values(id=number, request=request, at=at, by=actor.name, text=sealed))
    append(tx, NOTED, {"request": request, "note": number}, at, actor)
    return number


def read(conn: Connection, keeper: Keeper, request: int) -> tuple[Note, ...]:
    """The notes of a request, oldest first."""
    rows = conn.execute(select(REQUEST_NOTE).where(REQUEST_NOTE.c.request == request).order_by(REQUEST_NOTE.c.id)).all()
    opened = ((row, searching.opened(conn, keeper, PEOPLE - request, SEALED, bytes(row.text))) for row in rows)
    return tuple(Note(row.at, row.by, text.decode("utf-8", "surrogatepass")) for row, text in opened)
