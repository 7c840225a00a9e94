"""The proof: a fresh search on new connections over every mapped identifying column, after everything was marked.

Each table comes out as stopped, kept under a clause, or failed with the reason; a row of the person that is not marked fails its place, is
searched and marked again, and proven again. Nothing is taken from what earlier steps believed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert

from upheld.errors import NotFound
from upheld.gate import searching
from upheld.gate.linked import by_link, linked
from upheld.gate.searching import Candidate, Searched, Wanted
from upheld.ledger import effects
from upheld.ledger.actions import append
from upheld.ledger.effects import Leased
from upheld.ledger.kinds import NUMBER, WORD, counts_of, declare, one_of
from upheld.requests import alongside
from upheld.requests.finding import NOT_INCLUDED, Search, begin, grown, keep, plan_finds, read_through, rows_of
from upheld.requests.models import REQUEST_PLACE
from upheld.requests.office import Office
from upheld.requests.settling import PREFIX, settle, tell
from upheld.systems.connector import Found, Key
from upheld.systems.datamap import System, Table

BEFORE: Final = frozenset({"request.search", "request.find", "request.include", "request.join", "request.stop"})
"""The effects after which a system is proven."""
STATES: Final = ("stopped", "kept", "failed", "nothing found", "not concerned")

PROVEN = declare(
    "request.proven",
    "a fresh search of one system says in what state its tables are",
    request=NUMBER,
    system=WORD,
    tables=counts_of(one_of(*STATES)),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the proof says of one table: its state, the rows of the person, the clause that keeps them, or why it failed."""

    table: str
    state: str
    rows: int = 0
    clause: str | None = None
    reason: str | None = None


def wanted_flags(table: Table, topics: Iterable[str]) -> frozenset[str]:
    """The topics asked for that the table has a flag for."""
    return frozenset(flag.topic for flag in table.flags) & frozenset(topics)


def outcome(table: Table, rows: Collection[Candidate | Found], topics: Iterable[str], *, reached: bool) -> Outcome:
    """The state of one table in which these rows are the person's. `reached`: the data map says how anybody is found in it."""
    flags = wanted_flags(table, topics)
    if flags and not reached:
        return Outcome(table.name, "failed", 0, None, "the data map names no column to find anybody by: add one")
    unmarked = sum(not flags <= one.out for one in rows)
    if not rows:
        return Outcome(table.name, "nothing found")
    if unmarked:
        are = "rows are" if len(rows) != 1 else "row is"
        return Outcome(table.name, "failed", len(rows), None, f"{unmarked} of {len(rows)} {are} not marked as stopped")
    if flags:
        return Outcome(table.name, "stopped", len(rows))
    if table.kept:
        return Outcome(table.name, "kept", len(rows), table.kept[0].clause)
    if table.flags:
        return Outcome(table.name, "not concerned", len(rows))
    if not searching.identifying(table):
        return Outcome(table.name, "not concerned", len(rows))  # nobody is reached by it but through the row that it belongs to
    reason = "holds the person, but the data map names neither a flag to mark them nor a clause to keep them: add one"
    return Outcome(table.name, "failed", len(rows), None, reason)


def plan(tx: Connection, request: int, at: datetime) -> None:
    """Plan one proof of each system that was searched or marked since its last one, once no search or mark of the request is left to do.

    What failed, and waits to be tried again, holds up its own system alone.
    """
    mine = effects.of(tx, request, PREFIX)
    before = [effect for effect in mine if effect.kind in BEFORE]
    left = [effect for effect in before if effect.state in {"due", "at work"}]
    if any(effect.state == "at work" or (effect.reason is None and effect.due_at <= at) for effect in left):
        return
    last = {effect.place: effect for effect in before if effect.place and effect.state == "done"}
    since = max((effect.id for effect in mine if effect.kind == "request.prove"), default=0)
    rounds = {effect.place: int(effect.body["round"]) for effect in before if effect.kind == "request.find" and effect.id > since}
    proofs = {effect.place: effect.id for effect in mine if effect.kind == "request.prove"}
    read = {effect.place for effect in before if read_through(effect)} | {*proofs}
    stuck = {effect.place for effect in before if effect.state in {"due", "given up"}}
    for place, effect in last.items():
        if place not in stuck and effect.id > proofs.get(place, 0):
            body = {"again": int(effect.body.get("again", 0)), "round": rounds.get(place, 1), "first": place not in read}
            effects.plan(tx, "request.prove", request, place, body, at)


def prove(office: Office, leased: Leased) -> None:
    """Search one system afresh and say in what state each of its tables is."""
    system = office.system(leased.place)
    if system is None:
        raise NotFound(f"`{leased.place}` is not in the data map any more: put it back")
    with office.record.reading() as conn:
        search = begin(conn, office, leased.subject)
        known = {(place, key): how for place, key, how in rows_of(conn, office, search, system.name).values()}
    found = alongside.searched(office, system, search)
    theirs = [one for one in found.candidates if "same" in (one.verdict, known.get((one.table, one.key)))]
    theirs = [one for one in theirs if known.get((one.table, one.key)) not in NOT_INCLUDED]
    doubtful = tuple(one for one in found.candidates if one.verdict == "to review" and (one.table, one.key) not in known)
    first = bool(leased.body.get("first"))
    if (first or int(leased.body.get("round", 1)) > 1) and _further(office, search, system, theirs, known, first=first):
        _widen(office, leased, search, replace(found, candidates=tuple(theirs)))
        return
    rows: list[Candidate | Found] = [*theirs, *_linked(office, system, theirs)]
    there = searching.reached(system)
    outcomes = [
        outcome(table, [one for one in rows if one.table == table.name], search.topics, reached=table.name in there)
        for table in system.tables
    ]
    with office.record.transaction() as tx:
        at = office.clock()
        _keep(tx, leased, outcomes, at)
        keep(tx, office, search, replace(found, candidates=doubtful), at)
        tables = {state: n for state in STATES if (n := sum(each.state == state for each in outcomes))}
        append(tx, PROVEN, {"request": leased.subject, "system": system.name, "tables": tables}, at, office.actor)
        if any(each.rows and each.state == "failed" and wanted_flags(system.table(each.table), search.topics) for each in outcomes):
            _once_more(tx, leased, at)
        effects.done(tx, leased, at, office.actor)
        tell(tx, leased.subject, at)
        settle(tx, leased.subject, at, office.actor)


def _linked(office: Office, system: System, theirs: Sequence[Candidate]) -> list[Found]:
    """The rows that are the person's by a link alone, on a connection of their own."""
    if not theirs or not by_link(system):
        return []
    with closing(office.open_system(system)) as connector:
        return linked(system, connector, ((one.table, one.key) for one in theirs))


def _further(
    office: Office, search: Search, system: System, theirs: Iterable[Candidate], known: Mapping[tuple[str, Key], str], *, first: bool
) -> bool:
    """Whether rows turned up that are not marked, and that only what was learnt since the search leads to: none of them was overlooked.

    `first`: the system was searched by the index alone, and this is the first time that it is read through; all that is new may be so.
    """
    tables = {table.name: table for table in system.tables}
    new = [
        one for one in theirs if known.get((one.table, one.key)) != "same" and not wanted_flags(tables[one.table], search.topics) <= one.out
    ]
    if first:
        return bool(new)
    given = Wanted(search.wanted.given)
    again = [searching.fetch(tables[one.table], office.open_system(system), one.key, given, search.weights) for one in new]
    return bool(new) and not any(one is not None and one.verdict == "same" for one in again)


def _widen(office: Office, leased: Leased, search: Search, found: Searched) -> None:
    """What else is the person's is marked next, and what it leads to is looked for; then the proof is begun anew."""
    with office.record.transaction() as tx:
        at = office.clock()
        searching.note(tx, leased.subject, found, at, office.actor)
        if grown(tx, office, search, keep(tx, office, search, found, at), at):
            plan_finds(tx, office, leased.subject, at, round_=int(leased.body["round"]) + 1)
        effects.plan(tx, "request.stop", leased.subject, leased.place, {"again": int(leased.body["again"])}, at)
        effects.done(tx, leased, at, office.actor)
        settle(tx, leased.subject, at, office.actor)


def _once_more(tx: Connection, leased: Leased, at: datetime) -> None:
    """An unmarked row turned up: find, mark and prove again, at once the first time, then after 1 s, 2 s, 4 s … 1 h."""
    again = int(leased.body.get("again", 0))
    wait = timedelta(seconds=min(2 ** min(again - 1, 12), 3600) if again else 0)
    effects.plan(tx, "request.find", leased.subject, leased.place, {"round": 1, "again": again + 1}, at, due_at=at + wait)


def _keep(tx: Connection, leased: Leased, outcomes: Iterable[Outcome], at: datetime) -> None:
    tx.execute(delete(REQUEST_PLACE).where(REQUEST_PLACE.c.request == leased.subject, REQUEST_PLACE.c.system == leased.place))
    kept = {"request": leased.subject, "system": leased.place, "at": at}
    rows = [
        kept | {"place": one.table, "state": one.state, "rows": one.rows, "clause": one.clause, "reason": one.reason} for one in outcomes
    ]
    if rows:
        tx.execute(insert(REQUEST_PLACE), rows)
