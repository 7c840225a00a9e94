"""Records that are joined for marketing with one that a request found come along with it, in whatever system they lie (Disney 2026).

Only in a home that has an index: it knows which records the last night joined. An effect of its own, as a system that is down must not hold
up the others: what can be read is stopped, and the effect is tried again for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from upheld.errors import Conflict
from upheld.gate import searching
from upheld.gate.joining import JOINED, Joining
from upheld.gate.searching import WHY, Candidate, Searched
from upheld.ledger import effects
from upheld.ledger.effects import Leased
from upheld.people.held import Evidence
from upheld.requests import proving, telling
from upheld.requests.alongside import Reader
from upheld.requests.finding import Search, begin, grown, keep, plan_finds, rows_of
from upheld.requests.office import Office
from upheld.requests.pairs import decisions
from upheld.requests.settling import outstanding, settle
from upheld.systems.connector import Found, Key
from upheld.systems.indexing import is_there, open_index

KIND: Final = "request.join"


def plan(tx: Connection, office: Office, request: int, same: Sequence[Candidate], at: datetime) -> None:
    """Look for what is joined with these, if there is an index; unless that is planned already."""
    if same and is_there(office.home) and not any(each.kind == KIND and each.state == "due" for each in outstanding(tx, request)):
        effects.plan(tx, KIND, request, "", {}, at)


def join(office: Office, leased: Leased) -> None:
    """Find what is joined with the records found so far, and have it stopped. `Conflict` if a system is silent: then the rest is done."""
    index = open_index(office.home)
    with office.record.reading() as conn:
        search = begin(conn, office, leased.subject)
        theirs = _theirs(conn, office, search)
        decided = decisions(conn, office.home)
    reader = Reader(office, index)
    sure = [number for number in index.blind.candidates(search.wanted.all, index.keys, "tight").tolist() if reader.place(number) in theirs]
    rows = Joining(index, decided).joined(sure, reader.read).values()
    found = [(row.system, _joined(row, search)) for row in rows if (row.system, row.table, row.key) not in theirs]
    with office.record.transaction() as tx:
        at = office.clock()
        _keep(tx, office, search, found, at)
        if not reader.silent:
            effects.done(tx, leased, at, office.actor)
            proving.plan(tx, leased.subject, at)
            settle(tx, leased.subject, at, office.actor)
    if reader.silent:
        raise Conflict(f"`{reader.silent[0]}` did not answer: what is joined there waits")


def _keep(tx: Connection, office: Office, search: Search, found: Sequence[tuple[str, Candidate]], at: datetime) -> None:
    same: list[Candidate] = []
    for name in sorted({system for system, _ in found}):
        mine = Searched(name, tuple(one for system, one in found if system == name), 0)
        searching.note(tx, search.request, replace(mine, read=len(mine.candidates)), at, office.actor)
        same += keep(tx, office, search, mine, at)
        effects.plan(tx, "request.stop", search.request, name, {"again": 0}, at)
    if same and grown(tx, office, search, same, at):
        plan_finds(tx, office, search.request, at, round_=2)
        telling.plan(tx, office, begin(tx, office, search.request), at)


def _theirs(conn: Connection, office: Office, search: Search) -> set[tuple[str, str, Key]]:
    """The rows that count as the person's so far."""
    return {
        (name, place, key)
        for name in office.datamap().systems
        for place, key, verdict in rows_of(conn, office, search, name).values()
        if verdict == "same"
    }


def _joined(row: Found, search: Search) -> Candidate:
    (one,) = searching.candidates([row], search.wanted, search.weights)
    return replace(one, verdict="same", evidence=(Evidence(WHY, JOINED, 0.0), *one.evidence))
