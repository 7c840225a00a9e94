"""Whom a request searches for, and the rows it has found so far: kept sealed, one row once."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from upheld.choices.actions import How, Said, record_many
from upheld.errors import Conflict, No
from upheld.gate import searching
from upheld.gate.indexed import Finder, covers
from upheld.gate.searching import Beside, Candidate, Searched, Wanted
from upheld.home import Home
from upheld.ledger import effects
from upheld.ledger.effects import Effect
from upheld.people import queries as people
from upheld.people.codes import tight_codes
from upheld.people.identifiers import Identifier
from upheld.people.trained import in_use
from upheld.people.weights import Weights
from upheld.requests.actions import SEALED
from upheld.requests.given import from_bytes, identifiers_of
from upheld.requests.models import REQUEST, REQUEST_DOUBT, REQUEST_PERSON, REQUEST_RECORD
from upheld.requests.office import Office
from upheld.requests.settling import outstanding
from upheld.systems.connector import Key
from upheld.systems.datamap import System
from upheld.systems.indexing import Index, open_index

ROW: Final = "request row"
"""The kind under which the key of a row elsewhere is sealed."""
NOT_THEIRS: Final = "not this person"
NOT_INCLUDED: Final = (NOT_THEIRS, "ask")
"""What an agent decides of a record that is not to be stopped: somebody else's, or the person must be asked first."""
MOST_ROUNDS: Final = 6
"""How often what is found in one system may send the search to the others again: each round follows a link that marketing would follow."""


@dataclass(frozen=True, slots=True)
class Search:
    """A request as its handlers need it. `person`: whose key seals. `wanted` is what was given, and what else is known to be theirs."""

    request: int
    person: int
    people: tuple[int, ...]
    topics: tuple[str, ...]
    channel: How
    version: str
    received_at: datetime
    wanted: Wanted = field(repr=False)
    weights: Weights = field(repr=False)


def begin(conn: Connection, office: Office, request: int) -> Search:
    """Open what a request needs. `NotFound` if the person's key was destroyed since: then there is nobody to search for."""
    row = conn.execute(select(REQUEST).where(REQUEST.c.id == request)).one()
    people = tuple(conn.execute(select(REQUEST_PERSON.c.person).where(REQUEST_PERSON.c.request == request).order_by("person")).scalars())
    given = identifiers_of(from_bytes(searching.opened(conn, office.keeper, row.person, SEALED, bytes(row.given))), office.keeper.keys)
    linked = tuple(one for one in searching.known(conn, office.keeper, people) if one not in given)
    wanted, weights = Wanted(given, linked), in_use(conn)
    return Search(request, row.person, people, tuple(row.topics), row.channel, row.policy_version, row.received_at, wanted, weights)


def by_index(office: Office, system: System, search: Search, beside: Beside = tuple) -> Searched | None:
    """The rows of one system by the index of all systems, read fresh; None if there is none to go by, and the system must be read through.

    Nobody is missed by it: what was written since the index was made, the proof finds.
    """
    index = _index(office)
    if index is None or not covers(index, system):
        return None
    with suppress(Conflict), Finder(index, office.datamap(), office.open_system, search.weights) as finder:
        return finder.find_in(system, search.wanted, beside)
    return None


def _index(office: Office) -> Index | None:
    """The index of all systems, if there is one that can be used."""
    try:
        return open_index(office.home)
    except No:
        return None


def keep(tx: Connection, office: Office, search: Search, found: Searched, at: datetime) -> list[Candidate]:
    """Write down the rows that a search found, each once; those that count as the person's.

    What an agent has decided stays decided; what an agent has not yet looked at may become sure, never the other way round.
    """
    before = {(place, key): (number, verdict) for number, (place, key, verdict) in rows_of(tx, office, search, found.system).items()}
    number = int(tx.execute(select(func.coalesce(func.max(REQUEST_RECORD.c.id), 0))).scalar_one())
    same: list[Candidate] = []
    new: list[tuple[int, Candidate]] = []
    for one in found.candidates:
        known = before.get((one.table, one.key))
        verdict = one.verdict if known is None or (known[1], one.verdict) == ("to review", "same") else known[1]
        if known is None:
            number += 1
            new.append((number, one))
        elif verdict != known[1]:
            tx.execute(update(REQUEST_RECORD).where(REQUEST_RECORD.c.id == known[0]).values(**_judgement(one)))
        if verdict == "same":
            same.append(one)
    if new:
        sealed = office.keeper.vault.seal_many(tx, [(search.person, ROW, _bytes(one.key)) for _, one in new])
        kept = {"request": search.request, "system": found.system, "found_at": at}
        rows = [
            kept | {"id": id_, "place": one.table, "key": key} | _judgement(one)
            for (id_, one), key in zip(new, sealed, strict=True)
        ]  # fmt: skip
        tx.execute(insert(REQUEST_RECORD), rows)
        doubt = [
            {"record": id_, "row": row_code(office.home, found.system, one.table, one.key)} for id_, one in new if one.verdict != "same"
        ]
        if doubt:
            tx.execute(insert(REQUEST_DOUBT), doubt)
    return same


def row_code(home: Home, system: str, table: str, key: Key) -> str:
    """A keyed hash of a row elsewhere: the same row the same, and nothing to whoever has not the key."""
    said = json.dumps([system, table, *key], ensure_ascii=False).encode("utf-8", "surrogatepass")
    return hmac.digest(home.key("requests/row/v1"), said, "sha256").hex()


def in_doubt(conn: Connection) -> frozenset[str]:
    """The rows (`row_code`) that an agent called somebody else's, or has not looked at yet."""
    others = (REQUEST_RECORD.c.decided.is_(None) & (REQUEST_RECORD.c.verdict == "to review")) | REQUEST_RECORD.c.decided.in_(NOT_INCLUDED)
    query = select(REQUEST_DOUBT.c.row).join_from(REQUEST_DOUBT, REQUEST_RECORD).where(others)
    return frozenset(conn.execute(query).scalars())


def rows_of(conn: Connection, office: Office, search: Search, system: str) -> dict[int, tuple[str, Key, str]]:
    """The rows of one system that a request knows: by number the table, the key, and how it counts (`same`, `to review`, not theirs)."""
    columns = [REQUEST_RECORD.c[name] for name in ("id", "place", "key", "verdict", "decided")]
    rows = conn.execute(select(*columns).where(REQUEST_RECORD.c.request == search.request, REQUEST_RECORD.c.system == system)).all()
    found: dict[int, tuple[str, Key, str]] = {}
    for row in rows:
        key = tuple(json.loads(searching.opened(conn, office.keeper, search.person, ROW, bytes(row.key))))
        found[row.id] = row.place, key, row.decided if row.decided in NOT_INCLUDED else row.verdict
    return found


def readable(wanted: Sequence[Any], office: Office) -> bool:
    """Whether anything can be searched for."""
    return any(tight_codes(one, office.keeper.keys) for one in wanted)


def _judgement(one: Candidate) -> dict[str, Any]:
    evidence = [[each.of, each.words, round(each.bits, 1)] for each in one.evidence]
    return {"verdict": one.verdict, "weight": round(one.weight, 1), "evidence": evidence, "weights": one.weights}


def _bytes(key: Key) -> bytes:
    return json.dumps(list(key), ensure_ascii=False).encode("utf-8", "surrogatepass")


def plan_finds(tx: Connection, office: Office, request: int, at: datetime, *, round_: int) -> None:
    """Search every system (again), unless a search of it is waiting already; at first by the index (`quick`) where it covers a system."""
    if round_ > MOST_ROUNDS:
        return
    waiting = {effect.place for effect in outstanding(tx, request) if effect.kind == "request.find" and effect.state == "due"}
    systems = office.datamap().systems
    index = _index(office) if round_ == 1 else None
    for name, system in systems.items():
        if name not in waiting:
            quick = index is not None and covers(index, system)
            effects.plan(tx, "request.find", request, name, {"round": round_, "again": 0, "quick": quick}, at)


def read_through(effect: Effect) -> bool:
    """Whether a search reads its whole system; the others went by the index, or left it to the proof."""
    return effect.kind == "request.find" and not effect.body.get("quick") and bool(effect.body["round"] == 1 or effect.body["again"])


def grown(tx: Connection, office: Office, search: Search, same: Sequence[Candidate], at: datetime) -> bool:
    """Let the choice hold for what the records know the person by; whether that made us know more of them.

    If records are joined for marketing, they are joined for stopping (Disney). A telephone that others share joins nobody.
    """
    before = people.last_identifier(tx)
    # Other threads may have learnt of people since this search began.
    known = set(tx.execute(select(REQUEST_PERSON.c.person).where(REQUEST_PERSON.c.request == search.request)).scalars())
    met = set(search.people) | known
    for one in same:
        identifiers = _own(tx, office, one.identifiers, met)
        if identifiers:
            said = [Said(identifiers, topic, "out", at, search.channel, None, search.version) for topic in search.topics]
            recorded = record_many(tx, office.keeper, said, search.topics, at=at, actor=office.actor)
            met |= {person for done in recorded for person in done.people}
    new = met - known
    if new:
        tx.execute(insert(REQUEST_PERSON), [{"request": search.request, "person": person} for person in sorted(new)])
    return bool(new) or people.last_identifier(tx) > before


def _own(tx: Connection, office: Office, identifiers: Sequence[Identifier], met: set[int]) -> tuple[Identifier, ...]:
    keys = office.keeper.keys
    sure = tuple(one for one in identifiers if one.kind != "phone")
    theirs = met | people.find(tx, keys, sure)
    return (*sure, *(one for one in identifiers if one.kind == "phone" and people.find(tx, keys, [one]) <= theirs))
