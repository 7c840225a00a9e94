"""A doubtful record beside what the person gave: field by field, how they compare. Of the record nothing is shown that was not given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, select

from upheld.errors import NotFound
from upheld.gate import searching
from upheld.people.actions import Keeper
from upheld.people.held import Held
from upheld.requests.actions import SEALED
from upheld.requests.given import from_bytes
from upheld.requests.models import REQUEST
from upheld.requests.queries import Record, to_review

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "first name": ("first",),
    "last name": ("last",),
    "generation suffix": ("last",),
    "house number": ("address",),
    "street": ("address",),
    "unit": ("address",),
    "zip code": ("zip",),
    "e-mail address": ("email",),
    "telephone number": ("phone",),
    "account": ("account",),
    "name and address": ("first", "last", "address", "zip"),
}
"""Which parts of what was given a comparison speaks of."""


@dataclass(frozen=True, slots=True)
class Beside:
    """One comparison: of what, what the person gave, how the record compares in words, and what that weighs in bits."""

    of: str
    given: str = field(repr=False)
    words: str
    bits: float


@dataclass(frozen=True, slots=True)
class Doubt:
    """One doubtful record, comparison by comparison. `why`: what keeps it from being sure."""

    record: Record
    why: str
    rows: tuple[Beside, ...]


def given_of(conn: Connection, keeper: Keeper, request: int) -> Held:
    """What the person gave. `NotFound` for a request that there is not, or whose person's key was destroyed."""
    row = conn.execute(select(REQUEST.c.person, REQUEST.c.given).where(REQUEST.c.id == request)).first()
    if row is None:
        raise NotFound(f"there is no request {request}: `upheld requests list` shows them")
    return from_bytes(searching.opened(conn, keeper, row.person, SEALED, bytes(row.given)))


def doubts(conn: Connection, keeper: Keeper, request: int) -> tuple[Doubt, ...]:
    """The records of a request that somebody must look at, the likeliest first, each beside what the person gave."""
    found = to_review(conn, request)
    if not found:
        return ()
    given = given_of(conn, keeper, request)
    return tuple(_doubt(one, given) for one in found)


def _doubt(one: Record, given: Held) -> Doubt:
    why = next((words for of, words, _bits in one.evidence if of == searching.WHY), "")
    return Doubt(one, why, tuple(_beside(of, words, bits, given) for of, words, bits in one.evidence if of != searching.WHY))


def _beside(of: str, words: str, bits: float, given: Held) -> Beside:
    parts = (getattr(given, part) for part in PARTS.get(of, ()))
    return Beside(of, ", ".join(part for part in parts if part), words, bits)
