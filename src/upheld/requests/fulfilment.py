"""What is done after a request was received: search each system, stop what is the person's, prove it, tell who must know. Each an effect.

Every handler does its work outside, then writes the result, its ledger entry and what follows from it in one transaction. Killed at any
point, it is done again with the same token; what fails says why and is tried again, while everything else goes on.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, insert, select, update

from upheld.choices.actions import Said, record_many
from upheld.errors import Conflict, Invalid, No, NotFound
from upheld.gate import searching
from upheld.gate.searching import Candidate, Searched
from upheld.ledger import effects
from upheld.ledger.effects import Leased, Lost
from upheld.people import queries as people
from upheld.people.identifiers import Identifier
from upheld.requests import confirming, proving, telling
from upheld.requests.finding import Search, begin, keep, rows_of
from upheld.requests.models import REQUEST_PERSON, REQUEST_RECORD
from upheld.requests.office import Office
from upheld.requests.settling import outstanding, settle
from upheld.systems.connector import Connector, Failed
from upheld.systems.datamap import System, Table

Handler = Callable[[Leased], None]
MOST_ROUNDS: Final = 6
"""How often what is found in one system may send the search to the others again: each round follows a link that marketing would follow."""


def handlers(office: Office) -> Mapping[str, Handler]:
    """By kind of effect, who does it."""
    kinds: dict[str, Callable[[Office, Leased], None]] = {
        "request.search": fan_out,
        "request.find": find,
        "request.include": include,
        "request.stop": stop,
        "request.prove": proving.prove,
        "request.confirm": confirming.confirm,
        "request.tell": telling.tell,
        "request.remind": telling.remind,
    }
    return {kind: partial(_attended, office, handler) for kind, handler in kinds.items()}


def _attended(office: Office, handler: Callable[[Office, Leased], None], leased: Leased) -> None:
    """Do it; whatever goes wrong is written down where clerks see it, and tried again unless a person must mend something first."""
    try:
        handler(office, leased)
    except Lost:
        return  # somebody else has it
    except Failed as failed:
        _failed(office, leased, failed.words, again=failed.again)
    except Conflict as no:
        _failed(office, leased, no.message, again=True)
    except No as no:
        _failed(office, leased, no.message, again=False)
    except Exception as fault:  # noqa: BLE001 - one effect must not stop the others; its message may hold a value, so it is not kept
        last = traceback.extract_tb(fault.__traceback__)[-1]
        words = f"met a fault of the program at {Path(last.filename).name}:{last.lineno} ({type(fault).__name__})"
        _failed(office, leased, words, again=True)


def _failed(office: Office, leased: Leased, words: str, *, again: bool) -> None:
    with office.record.transaction() as tx:
        at = office.clock()
        try:
            if again:
                effects.again(tx, leased, words, at)
            else:
                effects.give_up(tx, leased, words, at, office.actor)
        except Lost:
            return
        settle(tx, leased.subject, at, office.actor)


def fan_out(office: Office, leased: Leased) -> None:
    """One search a system, so that one that is down holds up no other; and whoever received the person's information is to be told."""
    systems = office.datamap().systems
    with office.record.transaction() as tx:
        at = office.clock()
        search = begin(tx, office, leased.subject)
        plan_finds(tx, leased.subject, systems, at, round_=1)
        telling.plan(tx, office, search, at)
        effects.done(tx, leased, at, office.actor)
        confirming.advance(tx, leased.subject, at)
        settle(tx, leased.subject, at, office.actor)


def plan_finds(tx: Connection, request: int, systems: Iterable[str], at: datetime, *, round_: int) -> None:
    """Search these systems (again), unless a search of one is waiting already."""
    waiting = {effect.place for effect in outstanding(tx, request) if effect.kind == "request.find" and effect.state == "due"}
    for name in systems:
        if name not in waiting:
            effects.plan(tx, "request.find", request, name, {"round": round_, "again": 0}, at)


def find(office: Office, leased: Leased) -> None:
    """Search one system: what is the person's is stopped next, what may be waits for an agent, what else is theirs widens the search."""
    system = _system(office, leased)
    with office.record.reading() as conn:
        search = begin(conn, office, leased.subject)
    found = searching.search(system, office.open_system(system), search.wanted, search.weights)
    with office.record.transaction() as tx:
        at = office.clock()
        searching.note(tx, leased.subject, found, at, office.actor)
        same = keep(tx, office, search, found, at)
        if _grown(tx, office, search, same, at):
            again = int(leased.body["round"]) + 1
            if again <= MOST_ROUNDS:
                plan_finds(tx, leased.subject, office.datamap().systems, at, round_=again)
            telling.plan(tx, office, begin(tx, office, leased.subject), at)
        _go_on(tx, leased, system, found, search, at)
        effects.done(tx, leased, at, office.actor)
        settle(tx, leased.subject, at, office.actor)


def _go_on(tx: Connection, leased: Leased, system: System, found: Searched, search: Search, at: datetime) -> None:
    """After a search: rows to be marked are marked, else the proof may begin."""
    unmarked = any(
        one.verdict == "same" and not proving.wanted_flags(system.table(one.table), search.topics) <= one.out for one in found.candidates
    )
    kind = "request.stop" if unmarked or system.kind == "listmonk" else "request.prove"
    effects.plan(tx, kind, leased.subject, leased.place, {"again": int(leased.body["again"])}, at)


def include(office: Office, leased: Leased) -> None:
    """An agent said that a record is the person's: read it again, let the choice hold for what it knows them by, stop it."""
    system = _system(office, leased)
    with office.record.reading() as conn:
        search = begin(conn, office, leased.subject)
        row = conn.execute(select(REQUEST_RECORD).where(REQUEST_RECORD.c.id == leased.body["record"])).one()
        key = rows_of(conn, office, search, system.name)[row.id][1]
    found = searching.fetch(system.table(row.place), office.open_system(system), key, search.wanted, search.weights)
    with office.record.transaction() as tx:
        at = office.clock()
        tx.execute(update(REQUEST_RECORD).where(REQUEST_RECORD.c.id == row.id).values(verdict="same"))
        if found is not None and _grown(tx, office, search, [found], at):
            plan_finds(tx, leased.subject, office.datamap().systems, at, round_=1)
            telling.plan(tx, office, begin(tx, office, leased.subject), at)
        effects.plan(tx, "request.stop", leased.subject, leased.place, {"again": 0}, at)
        effects.done(tx, leased, at, office.actor)
        settle(tx, leased.subject, at, office.actor)


def stop(office: Office, leased: Leased) -> None:
    """Mark every row of the person in one system, in each table all or none; a mail provider also learns addresses it has not yet."""
    system = _system(office, leased)
    with office.record.reading() as conn:
        search = begin(conn, office, leased.subject)
        rows = {number: row for number, row in rows_of(conn, office, search, system.name).items() if row[2] == "same"}
    connector = office.open_system(system)
    try:
        for table in system.tables:
            keys = [key for place, key, _ in rows.values() if place == table.name]
            topics = sorted(proving.wanted_flags(table, search.topics))
            if topics and (keys or system.kind == "listmonk"):
                token = f"{leased.token}-{system.tables.index(table)}"
                _suppress(connector, table, search, topics, token)
                if keys:
                    connector.stop(table, keys, topics, token)
    finally:
        connector.close()
    with office.record.transaction() as tx:
        at = office.clock()
        if rows:
            tx.execute(update(REQUEST_RECORD).where(REQUEST_RECORD.c.id.in_(list(rows))).values(stopped_at=at))
        effects.plan(tx, "request.prove", leased.subject, leased.place, dict(leased.body), at)
        effects.done(tx, leased, at, office.actor)
        settle(tx, leased.subject, at, office.actor)


def _suppress(connector: Connector, table: Table, search: Search, topics: Sequence[str], token: str) -> None:
    """A mail provider that can keep addresses it never had keeps these."""
    suppress = getattr(connector, "suppress", None)
    if suppress is not None:
        suppress(table, search.wanted.all, topics, token)


def _grown(tx: Connection, office: Office, search: Search, same: Sequence[Candidate], at: datetime) -> bool:
    """Let the choice hold for what the records know the person by; whether that made us know more of them.

    If records are joined for marketing, they are joined for stopping (Disney). A telephone that others share joins nobody.
    """
    before = people.last_identifier(tx)
    met = set(search.people)
    for one in same:
        identifiers = _own(tx, office, one.identifiers, met)
        if identifiers:
            said = [Said(identifiers, topic, "out", at, search.channel, None, search.version) for topic in search.topics]
            recorded = record_many(tx, office.keeper, said, search.topics, at=at, actor=office.actor)
            met |= {person for done in recorded for person in done.people}
    new = met - set(search.people)
    if new:
        tx.execute(insert(REQUEST_PERSON), [{"request": search.request, "person": person} for person in sorted(new)])
    return bool(new) or people.last_identifier(tx) > before


def _own(tx: Connection, office: Office, identifiers: Sequence[Identifier], met: set[int]) -> tuple[Identifier, ...]:
    keys = office.keeper.keys
    sure = tuple(one for one in identifiers if one.kind != "phone")
    theirs = met | people.find(tx, keys, sure)
    return (*sure, *(one for one in identifiers if one.kind == "phone" and people.find(tx, keys, [one]) <= theirs))


def _system(office: Office, leased: Leased) -> System:
    system = office.system(leased.place)
    if system is None:
        raise NotFound(f"`{leased.place}` is not in the data map any more: put it back, or take the request's place as mended")
    if not system.tables:
        raise Invalid(f"`{leased.place}` has no table in the data map: describe it, or take it out")
    return system
