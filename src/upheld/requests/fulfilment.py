"""What is done after a request was received: search each system, stop what is the person's, prove it, tell who must know. Each an effect.

Every handler does its work outside, then writes the result, its ledger entry and what follows from it in one transaction. Killed at any
point, it is done again with the same token; what fails says why and is tried again, while everything else goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, select, update

from upheld.errors import Invalid, NotFound
from upheld.gate import searching
from upheld.gate.linked import by_link, linked
from upheld.gate.searching import Searched
from upheld.ledger import effects
from upheld.ledger.effects import Leased
from upheld.requests import alongside, confirming, joining, proving, telling
from upheld.requests.attending import attended
from upheld.requests.finding import Search, begin, grown, keep, plan_finds, rows_of
from upheld.requests.models import REQUEST_RECORD
from upheld.requests.office import Office
from upheld.requests.settling import outstanding, settle, tell
from upheld.systems.connector import Connector
from upheld.systems.datamap import System, Table

Handler = Callable[[Leased], None]


def handlers(office: Office) -> Mapping[str, Handler]:
    """By kind of effect, who does it."""
    kinds: dict[str, Callable[[Office, Leased], None]] = {
        "request.search": fan_out,
        "request.find": find,
        "request.include": include,
        joining.KIND: joining.join,
        "request.stop": stop,
        "request.prove": proving.prove,
        "request.confirm": confirming.confirm,
        "request.tell": telling.tell,
        "request.remind": telling.remind,
    }

    def then(tx: Connection, leased: Leased, at: datetime) -> None:  # a proof may be due without it, and the request stands otherwise
        proving.plan(tx, leased.subject, at)
        settle(tx, leased.subject, at, office.actor)

    return {kind: partial(attended, office, handler, then=then) for kind, handler in kinds.items()}


def fan_out(office: Office, leased: Leased) -> None:
    """One search a system, so that one that is down holds up no other; and whoever received the person's information is to be told."""
    with office.record.transaction() as tx:
        at = office.clock()
        search = begin(tx, office, leased.subject)
        plan_finds(tx, office, leased.subject, at, round_=1)
        telling.plan(tx, office, search, at)
        effects.done(tx, leased, at, office.actor)
        tell(tx, leased.subject, at)
        settle(tx, leased.subject, at, office.actor)


def find(office: Office, leased: Leased) -> None:
    """Search one system: what is the person's is stopped next, what may be waits for an agent, what else is theirs widens the search."""
    system = _system(office, leased)
    if leased.body["round"] > 1 and not leased.body["again"]:  # to be searched by more than before: the proof does that, after the marks
        with office.record.transaction() as tx:
            at = office.clock()
            if system.kind == "listmonk":  # which is to keep the addresses that were learnt
                _plan_stop(tx, leased, at)
            effects.done(tx, leased, at, office.actor)
            proving.plan(tx, leased.subject, at)
        return
    with office.record.reading() as conn:
        search = begin(conn, office, leased.subject)
    found = alongside.searched(office, system, search, quick=bool(leased.body.get("quick")))
    with office.record.transaction() as tx:
        at = office.clock()
        searching.note(tx, leased.subject, found, at, office.actor)
        same = keep(tx, office, search, found, at)
        if grown(tx, office, search, same, at):
            plan_finds(tx, office, leased.subject, at, round_=int(leased.body["round"]) + 1)
            telling.plan(tx, office, begin(tx, office, leased.subject), at)
        _mark(tx, leased, system, found, search, at)
        joining.plan(tx, office, leased.subject, same, at)
        effects.done(tx, leased, at, office.actor)
        proving.plan(tx, leased.subject, at)
        settle(tx, leased.subject, at, office.actor)


def _mark(tx: Connection, leased: Leased, system: System, found: Searched, search: Search, at: datetime) -> None:
    """After a search: rows to be marked are marked, once however many searches found them; a mail provider keeps all addresses."""
    theirs = [one for one in found.candidates if one.verdict == "same"]
    unmarked = any(not proving.wanted_flags(system.table(one.table), search.topics) <= one.out for one in theirs)
    more = bool(theirs) and any(proving.wanted_flags(table, search.topics) for table in by_link(system))
    if unmarked or more or system.kind == "listmonk":
        _plan_stop(tx, leased, at)


def _plan_stop(tx: Connection, leased: Leased, at: datetime) -> None:
    mine = outstanding(tx, leased.subject)
    if not any((effect.kind, effect.place, effect.state) == ("request.stop", leased.place, "due") for effect in mine):
        effects.plan(tx, "request.stop", leased.subject, leased.place, {"again": int(leased.body["again"])}, at)


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
        if found is not None and grown(tx, office, search, [found], at):
            plan_finds(tx, office, leased.subject, at, round_=1)
            telling.plan(tx, office, begin(tx, office, leased.subject), at)
        effects.plan(tx, "request.stop", leased.subject, leased.place, {"again": 0}, at)
        if found is not None:
            joining.plan(tx, office, leased.subject, [found], at)
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
        theirs = [(place, key) for place, key, _ in rows.values()]
        theirs += [(row.table, row.key) for row in linked(system, connector, theirs)]
        for table in system.tables:
            keys = [key for place, key in theirs if place == table.name]
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
        effects.done(tx, leased, at, office.actor)
        proving.plan(tx, leased.subject, at)
        settle(tx, leased.subject, at, office.actor)


def _suppress(connector: Connector, table: Table, search: Search, topics: Sequence[str], token: str) -> None:
    """A mail provider that can keep addresses it never had keeps these."""
    suppress = getattr(connector, "suppress", None)
    if suppress is not None:
        suppress(table, search.wanted.all, topics, token)


def _system(office: Office, leased: Leased) -> System:
    system = office.system(leased.place)
    if system is None:
        raise NotFound(f"`{leased.place}` is not in the data map any more: put it back, or take the request's place as mended")
    if not system.tables:
        raise Invalid(f"`{leased.place}` has no table in the data map: describe it, or take it out")
    return system
