"""Searching the merchant's systems for one person, for the purpose `rights`: what is theirs, what may be, and nobody else's.

Rows are read fresh, compared, and judged; what is read stays in memory. Out of here go verdicts, weights, evidence in words and row keys
(to be sealed by who keeps them). This is also where sealed values are opened for such a search, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection, select

from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, WORD, declare
from upheld.people.actions import Keeper
from upheld.people.codes import Keys, conflict, tight_codes
from upheld.people.held import Evidence
from upheld.people.identifiers import Identifier, from_given
from upheld.people.models import IDENTIFIER
from upheld.record import Actor
from upheld.systems.connector import Connector, Found, Key
from upheld.systems.datamap import System, Table
from upheld.systems.held import identifiers as identifiers_of
from upheld.vault.opening import open_sealed

SEARCHED = declare(
    "rights.searched",
    "one system was searched for one person, for the purpose rights",
    request=NUMBER,
    system=WORD,
    read=NUMBER,
    same=NUMBER,
    review=NUMBER,
)

Verdict = Literal["same", "to review", "different"]
WEIGHTS: Final = "tight"
"""The version of the weights that judge."""
SURE: Final = 40.0  # bits: an identifier is the same as a whole


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is searched for: what the person gave, and what else is known to be theirs (`linked`: one identifier each)."""

    given: tuple[Identifier, ...] = field(repr=False)
    linked: tuple[Identifier, ...] = field(default=(), repr=False)

    @property
    def all(self) -> tuple[Identifier, ...]:
        """Everything to search by, without repetition."""
        return tuple(dict.fromkeys((*self.given, *self.linked)))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that is (`same`), or may be (`to review`), the person's. `out`: topics for which the row says that they stopped."""

    system: str
    table: str
    key: Key = field(repr=False)
    verdict: Verdict
    weight: float
    evidence: tuple[Evidence, ...]
    out: frozenset[str]
    identifiers: tuple[Identifier, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search of one system found, and how many rows it looked at."""

    system: str
    candidates: tuple[Candidate, ...]
    read: int

    def of(self, table: str, verdict: Verdict = "same") -> tuple[Candidate, ...]:
        """The candidates of one table with a verdict."""
        return tuple(one for one in self.candidates if (one.table, one.verdict) == (table, verdict))


def identifying(table: Table) -> bool:
    """Whether rows of a table say who they are about."""
    return any(part in table.parts() for part in ("email", "phone", "account", "last", "full"))


def search(system: System, connector: Connector, wanted: Wanted, keys: Keys) -> Searched:
    """Search every mapped table of one system, fresh. The connector is closed. Raises `Failed`."""
    found: list[Candidate] = []
    read = 0
    with closing(connector):
        for table in filter(identifying, system.tables):
            rows = connector.search(table, wanted.all)
            read += len(rows)
            found += judged(rows, wanted, keys)
    return Searched(system.name, tuple(found), read)


def fetch(table: Table, connector: Connector, row: Key, wanted: Wanted, keys: Keys) -> Candidate | None:
    """One row that somebody decided about, read again; None if it is gone. The connector is closed. Raises `Failed`."""
    with closing(connector):
        rows = connector.fetch(table, [row])
    return next((_candidate(found, wanted, keys) for found in rows), None)


def judged(rows: Iterable[Found], wanted: Wanted, keys: Keys) -> list[Candidate]:
    """The rows that are or may be the person's."""
    candidates = (_candidate(found, wanted, keys) for found in rows)
    return [one for one in candidates if one.verdict != "different"]


def note(tx: Connection, request: int, searched: Searched, at: datetime, actor: Actor) -> None:
    """The ledger entry of a search: counts only."""
    verdicts = [one.verdict for one in searched.candidates]
    counts = {"read": searched.read, "same": verdicts.count("same"), "review": verdicts.count("to review")}
    append(tx, SEARCHED, {"request": request, "system": searched.system, **counts}, at, actor)


def opened(conn: Connection, keeper: Keeper, person: int, kind: str, sealed: bytes) -> bytes:
    """What was sealed for a request under a person's key. `NotFound` if that key was destroyed."""
    return open_sealed(conn, keeper.vault, person, kind, sealed)


def known(conn: Connection, keeper: Keeper, people: Sequence[int]) -> tuple[Identifier, ...]:
    """Everything that the people are known by, to search for them. `NotFound` if the key of one was destroyed."""
    query = select(IDENTIFIER.c.person, IDENTIFIER.c.kind, IDENTIFIER.c.sealed).where(IDENTIFIER.c.person.in_(people))
    rows = conn.execute(query.order_by(IDENTIFIER.c.id)).all()
    return tuple(dict.fromkeys(from_given(row.kind, open_sealed(conn, keeper.vault, row.person, row.kind, row.sealed)) for row in rows))


def _candidate(found: Found, wanted: Wanted, keys: Keys) -> Candidate:
    identifiers = identifiers_of(found)
    verdict, weight, evidence = _likest(identifiers, wanted, keys)
    return Candidate(found.system, found.table, found.key, verdict, weight, evidence, found.out, identifiers)


def _likest(identifiers: Sequence[Identifier], wanted: Wanted, keys: Keys) -> tuple[Verdict, float, tuple[Evidence, ...]]:
    """How like a row is to whom we want: by an identifier that is the same as a whole."""
    theirs = {code.code: code.guard for one in identifiers for code in tight_codes(one, keys)}
    for one in wanted.all:
        if any(code.code in theirs and not conflict(code.guard, theirs[code.code]) for code in tight_codes(one, keys)):
            return "same", SURE, (Evidence(_KINDS[one.kind], "the same", SURE),)
    return "different", 0.0, ()


_KINDS: Final = {"email": "e-mail address", "postal": "name and address", "phone": "telephone number", "account": "account"}
