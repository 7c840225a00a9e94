"""Searching the merchant's systems for one person, for the purpose `rights`: what is theirs, what may be, and nobody else's.

Rows are read fresh, compared, and judged; what is read stays in memory. Out of here go verdicts, weights, evidence in words and row keys
(to be sealed by who keeps them). This is also where sealed values are opened for such a search, and nowhere else.

`search` says what is to be stopped (a `Candidate`), `proven` what a person may see who has proven an address (an `Own`). Neither can be
taken for the other: what may be stopped may not therefore be shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, cast

from sqlalchemy import Connection, select

from upheld.gate.linked import shown_by_link
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, WORD, declare
from upheld.people.actions import Keeper
from upheld.people.held import Evidence
from upheld.people.identifiers import Email, Identifier, from_given
from upheld.people.judging import HALF, Judged, judged
from upheld.people.models import IDENTIFIER
from upheld.people.portrait import of_given, of_row
from upheld.people.verdicts import BY_WEIGHT, Showing, Verdict, for_proven
from upheld.people.weights import Weights
from upheld.record import Actor
from upheld.systems.connector import Connector, Found, Key
from upheld.systems.datamap import Part, System, Table
from upheld.systems.held import held
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

WHY: Final = "why"
"""Of what the evidence is that says why an agent must look."""

Beside = Callable[[], Sequence[Found]]
"""Rows of other systems that the same request leads to, read when they are asked for."""


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
    """A row that is to be stopped (`same`), or may be (`to review`). It may not be shown to anybody for that.

    `out`: topics for which the row says that they stopped. `weights`: the version of those that judged. `decided`: what makes it
    theirs whatever it weighs. `half_named`: of the first name it bears an initial, a slip, or nothing.
    """

    system: str
    table: str
    key: Key = field(repr=False)
    verdict: Verdict
    weight: float
    evidence: tuple[Evidence, ...]
    out: frozenset[str]
    identifiers: tuple[Identifier, ...] = field(repr=False)
    weights: str = ""
    half_named: bool = False
    decided: str = ""


@dataclass(frozen=True, slots=True)
class Own:
    """A row that the person may see, because they have proven the very address that it holds, or (`linked`) that of the row it belongs to.

    `further`: what it holds beside what identifies them, as written, by the item of the policy that its column is.
    """

    system: str
    table: str
    showing: Showing
    out: frozenset[str]
    identifiers: tuple[Identifier, ...] = field(repr=False)
    further: tuple[tuple[str, str], ...] = field(repr=False, default=())
    key: Key = field(repr=False, default=())
    linked: bool = False


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


def reached(system: System) -> frozenset[str]:
    """The tables in which anybody can be found: by what their rows say, or by links that end at a table whose rows say it."""
    found = {table.name for table in system.tables if identifying(table)}
    while more := {table.name for table in system.tables if any(link.table in found for link in table.links)} - found:
        found |= more
    return frozenset(found)


def search(system: System, connector: Connector, wanted: Wanted, weights: Weights, beside: Beside = tuple) -> Searched:
    """Search every mapped table of one system, fresh. The connector is closed. Raises `Failed`.

    `beside`: rows of other systems at the same address, asked for only where a record bears half a first name: who else lives there decides
    what it means.
    """
    rows = read(system, connector, wanted.all)
    found = judged_beside(rows, wanted, weights, beside)
    return Searched(system.name, tuple(one for one in found if one.verdict != "different"), len(rows))


def judged_beside(rows: Sequence[Found], wanted: Wanted, weights: Weights, beside: Beside) -> list[Candidate]:
    """Rows of one system judged together, and with what stands beside them where that may matter."""
    found = candidates(rows, wanted, weights)
    if any(one.verdict == "same" and one.half_named for one in found) and (others := beside()):
        return candidates([*rows, *others], wanted, weights)[: len(rows)]
    return found


def proven(system: System, connector: Connector, email: Email, weights: Weights, *, links: bool = False) -> tuple[Own, ...]:
    """The rows of one system that hold this very address, for the person who has proven that it is theirs. Raises `Failed`.

    `links`: and those that belong to them without holding an address, by the links of the data map.
    """
    with closing(connector):
        rows = _searched(system, connector, (email,))
        found = zip(rows, _judged(rows, (email,), weights), strict=True)
        own = [(row, how) for row, one in found if (how := for_proven(one.likeness)).verdict == "same"]
        shown = own + (shown_by_link(system, connector, [row for row, _ in own]) if links and own else [])
        further = {table.name: _further(table, connector, [row.key for row, _ in shown if row.table == table.name])
                   for table in system.tables}  # fmt: skip
    return tuple(
        Own(row.system, row.table, how, row.out, identifiers_of(row), further[row.table].get(row.key, ()), row.key, at >= len(own))
        for at, (row, how) in enumerate(shown)
    )


def _further(table: Table, connector: Connector, keys: Sequence[Key]) -> dict[Key, tuple[tuple[str, str], ...]]:
    """What rows hold beside what identifies their person, by key: each further column is asked for as a part of its own name."""
    items = {column.name: column.item for column in table.columns if column.item and not column.part}
    if not items or not keys:
        return {}
    columns = tuple(replace(column, part=cast("Part", column.name)) for column in table.columns if column.name in items)
    rows = connector.fetch(replace(table, columns=columns, flags=()), keys)
    named = cast("Mapping[str, str]", items)
    return {row.key: tuple((named[name], one) for name, (one,) in row.values.items() if one) for row in rows}


def fetch(table: Table, connector: Connector, row: Key, wanted: Wanted, weights: Weights) -> Candidate | None:
    """One row that somebody decided about, read again; None if it is gone. The connector is closed. Raises `Failed`."""
    with closing(connector):
        rows = connector.fetch(table, [row])
    return next(iter(candidates(rows, wanted, weights)), None)


def candidates(rows: Sequence[Found], wanted: Wanted, weights: Weights) -> list[Candidate]:
    """Rows judged together: who else is on file at an address decides what an initial there means."""
    return [_candidate(row, one) for row, one in zip(rows, _judged(rows, wanted.all, weights), strict=True)]


def read(system: System, connector: Connector, given: Sequence[Identifier]) -> list[Found]:
    """The rows of one system that any of this could mean, to be judged. The connector is closed. Raises `Failed`."""
    with closing(connector):
        return _searched(system, connector, given)


def _searched(system: System, connector: Connector, given: Sequence[Identifier]) -> list[Found]:
    tables = [table for table in system.tables if identifying(table)]
    if not tables:
        connector.live()  # nothing can be found in it, but nobody may call a system searched that does not even answer
    return [found for table in tables for found in connector.search(table, given)]


def _judged(rows: Sequence[Found], given: Sequence[Identifier], weights: Weights) -> list[Judged]:
    return judged(of_given(given), [of_row(held(row)) for row in rows], weights)


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


def _candidate(row: Found, one: Judged) -> Candidate:
    like, stopping = one.likeness, one.stopping
    why = (Evidence(WHY, stopping.why, 0.0),) if stopping.verdict == "to review" else ()
    evidence = (*why, *like.evidence)
    identifiers = identifiers_of(row)
    half = like.compared.first in HALF
    decided = stopping.why if stopping.verdict == "same" and stopping.why != BY_WEIGHT else ""
    return Candidate(
        row.system, row.table, row.key, stopping.verdict, like.weight, evidence, row.out, identifiers, like.weights.version, half, decided
    )  # fmt: skip
