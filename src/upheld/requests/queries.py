"""Every read about requests. Nothing here shows a value that was given or is stored anywhere: parts by name, places, states, words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from upheld.errors import NotFound
from upheld.ledger import effects
from upheld.record.sets import among
from upheld.requests.confirmed import apart
from upheld.requests.models import (
    REQUEST,
    REQUEST_ANSWER,
    REQUEST_CLOCK,
    REQUEST_LABEL,
    REQUEST_MOVE,
    REQUEST_PERSON,
    REQUEST_PLACE,
    REQUEST_RECORD,
    REQUEST_TOLD,
)
from upheld.requests.settling import PREFIX
from upheld.requests.states import OPEN, State


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a clerk sees it in a list. Of the recipients who were told to stop: who `refused`, and who is `silent` as yet."""

    id: int
    right: str
    state: State
    channel: str
    region: str | None
    topics: tuple[str, ...]
    received_at: datetime
    due_at: datetime | None
    desk: str | None
    parts: tuple[str, ...]
    refused: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One record that is, or may be, the person's. `evidence`: what was compared, how it came out in words, and its weight in bits."""

    id: int
    request: int
    system: str
    place: str
    verdict: str
    weight: float
    evidence: tuple[tuple[str, str, float], ...]
    decided: str | None
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True)
class Place:
    """What the last proof found in one table of one system."""

    system: str
    place: str
    state: str
    rows: int
    clause: str | None
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What a recipient of the person's information was told, and whether it answered. `refused_at`: it said that it will not stop."""

    request: int
    recipient: str
    releases: tuple[int, ...]
    told_at: datetime | None
    reminded_at: datetime | None
    acknowledged_at: datetime | None
    refused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """One decision of an agent about a record, with the weight and evidence that were before their eyes."""

    request: int
    record: int
    decision: str
    weight: float
    evidence: tuple[tuple[str, str, float], ...]
    weights: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Step:
    """An effect in words: what is to be done where, how it stands, and why it is not done yet."""

    effect: int
    what: str
    place: str
    state: str
    tries: int
    reason: str | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything about one request. `confirmation`: what the person was told; `confirmed`: how and when, for the house alone."""

    request: Request
    people: tuple[int, ...]
    clocks: tuple[tuple[str, datetime, str, bool], ...]
    moves: tuple[tuple[State, datetime], ...]
    records: tuple[Record, ...]
    places: tuple[Place, ...]
    told: tuple[Told, ...]
    steps: tuple[Step, ...]
    confirmation: str | None
    confirmed: str | None


_LISTED = [REQUEST.c[name] for name in Request.__slots__ if name not in {"refused", "silent"}]


def request(conn: Connection, number: int) -> Request:
    """One request. `NotFound`."""
    row = conn.execute(select(*_LISTED).where(REQUEST.c.id == number)).first()
    if row is None:
        raise NotFound(f"there is no request {number}: `upheld requests list` shows them")
    return _requests(conn, [row])[0]


def listed(conn: Connection, states: Sequence[State]) -> tuple[Request, ...]:
    """The requests in these states, the most urgent first."""
    query = select(*_LISTED).where(REQUEST.c.state.in_(states)).order_by(REQUEST.c.due_at.is_(None), REQUEST.c.due_at, REQUEST.c.id)
    return _requests(conn, conn.execute(query).all())


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue, and how many requests there are in all that it was asked for."""

    requests: tuple[Request, ...]
    count: int


def queue(conn: Connection, states: Sequence[State], desk: str | None = None, *, begin: int = 0, most: int = 50) -> Queue:
    """The requests in these states, of one desk or of all, the most urgent first: `most` of them from number `begin` on."""
    where = [REQUEST.c.state.in_(states)] + ([REQUEST.c.desk == desk] if desk else [])
    query = select(*_LISTED).where(*where).order_by(REQUEST.c.due_at.is_(None), REQUEST.c.due_at, REQUEST.c.id).offset(begin).limit(most)
    count = conn.execute(select(func.count()).select_from(REQUEST).where(*where)).scalar_one()
    return Queue(_requests(conn, conn.execute(query).all()), int(count))


def of_people(conn: Connection, people: Iterable[int]) -> tuple[Request, ...]:
    """Every request that means any of these people, the newest first."""
    mine = select(REQUEST_PERSON.c.request).where(among(conn, REQUEST_PERSON.c.person, people))
    return _requests(conn, conn.execute(select(*_LISTED).where(REQUEST.c.id.in_(mine)).order_by(REQUEST.c.id.desc())).all())


def ended(conn: Connection, found: Iterable[Request]) -> dict[int, datetime]:
    """When each of these requests that are over came to its end, by its number; those that are open are not among them."""
    over = [one.id for one in found if one.state not in OPEN]
    last = select(REQUEST_MOVE.c.request, func.max(REQUEST_MOVE.c.at)).where(among(conn, REQUEST_MOVE.c.request, over))
    return {number: at for number, at in conn.execute(last.group_by(REQUEST_MOVE.c.request)) if at is not None}


def whole(conn: Connection, number: int) -> Whole:
    """Everything about one request. `NotFound`."""
    found = request(conn, number)
    clocks = select(REQUEST_CLOCK.c.source, REQUEST_CLOCK.c.due_at, REQUEST_CLOCK.c.says, REQUEST_CLOCK.c.confirmed)
    moves = select(REQUEST_MOVE.c.state, REQUEST_MOVE.c.at).where(REQUEST_MOVE.c.request == number).order_by(REQUEST_MOVE.c.id)
    places = select(*(REQUEST_PLACE.c[name] for name in Place.__slots__)).where(REQUEST_PLACE.c.request == number)
    words, how = apart(conn.execute(select(REQUEST.c.confirmation).where(REQUEST.c.id == number)).scalar_one())
    return Whole(
        request=found,
        people=people_of(conn, number),
        clocks=tuple(
            (row[0], row[1], row[2], row[3])
            for row in conn.execute(clocks.where(REQUEST_CLOCK.c.request == number).order_by(REQUEST_CLOCK.c.due_at))
        ),
        moves=tuple((row.state, row.at) for row in conn.execute(moves)),
        records=records(conn, number),
        places=tuple(Place(*row) for row in conn.execute(places.order_by(REQUEST_PLACE.c.system, REQUEST_PLACE.c.place))),
        told=told(conn, number),
        steps=tuple(
            Step(each.id, each.kind.removeprefix(PREFIX), each.place, each.state, each.tries, each.reason, each.due_at)
            for each in effects.of(conn, number, PREFIX)
        ),
        confirmation=words,
        confirmed=how,
    )


def records(conn: Connection, number: int) -> tuple[Record, ...]:
    """The records found for a request, the likeliest first."""
    query = select(*(REQUEST_RECORD.c[name] for name in Record.__slots__)).where(REQUEST_RECORD.c.request == number)
    rows = conn.execute(query.order_by(REQUEST_RECORD.c.weight.desc(), REQUEST_RECORD.c.id))
    return tuple(_record(row) for row in rows)


def to_review(conn: Connection, number: int | None = None) -> tuple[Record, ...]:
    """The records that somebody must look at, of one request or of all, the likeliest first."""
    query = select(*(REQUEST_RECORD.c[name] for name in Record.__slots__)).where(
        REQUEST_RECORD.c.verdict == "to review", REQUEST_RECORD.c.decided.is_(None) | (REQUEST_RECORD.c.decided == "ask")
    )
    if number is not None:
        query = query.where(REQUEST_RECORD.c.request == number)
    return tuple(_record(row) for row in conn.execute(query.order_by(REQUEST_RECORD.c.weight.desc(), REQUEST_RECORD.c.id)))


def told(conn: Connection, number: int | None = None) -> tuple[Told, ...]:
    """Who was told to stop, and how they answered: about one request, or about all, in the order of requests."""
    return _told_about(conn, None if number is None else [number])


def _told_about(conn: Connection, numbers: Sequence[int] | None) -> tuple[Told, ...]:
    kept = ("request", "recipient", "releases", "told_at", "reminded_at", "acknowledged_at")
    query = select(*(REQUEST_TOLD.c[name] for name in kept)).order_by(REQUEST_TOLD.c.request, REQUEST_TOLD.c.id)
    refusals = select(REQUEST_ANSWER.c.request, REQUEST_ANSWER.c.recipient, REQUEST_ANSWER.c.at).where(REQUEST_ANSWER.c.says == "refused")
    if numbers is not None:
        query = query.where(among(conn, REQUEST_TOLD.c.request, numbers))
        refusals = refusals.where(among(conn, REQUEST_ANSWER.c.request, numbers))
    refused = {(row.request, row.recipient): row.at for row in conn.execute(refusals.order_by(REQUEST_ANSWER.c.id))}
    return tuple(_told(row, refused.get((row.request, row.recipient))) for row in conn.execute(query))


def labels(conn: Connection) -> tuple[Label, ...]:
    """What agents decided about records, in order: what weights can be learned from. No value, no row's key."""
    query = select(*(REQUEST_LABEL.c[name] for name in Label.__slots__)).order_by(REQUEST_LABEL.c.id)
    return tuple(Label(**_mapping(row) | {"evidence": _evidence(row.evidence)}) for row in conn.execute(query))


def people_of(conn: Connection, number: int) -> tuple[int, ...]:
    """The people whom a request means."""
    return tuple(conn.execute(select(REQUEST_PERSON.c.person).where(REQUEST_PERSON.c.request == number).order_by("person")).scalars())


def tracked(conn: Connection, token: str) -> Whole:
    """The request of a tracking token. `NotFound` for any other: nothing tells a wrong token from an old one."""
    hash_ = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
    number = conn.execute(select(REQUEST.c.id).where(REQUEST.c.track == hash_)).scalar()
    if number is None:
        raise NotFound("no request has this token: look whether all of it was given")
    return whole(conn, number)


def _requests(conn: Connection, rows: Sequence[Any]) -> tuple[Request, ...]:
    made = [_mapping(row) for row in rows]
    answers: dict[int, dict[str, list[str]]] = {}
    for one in _told_about(conn, [each["id"] for each in made]) if made else ():
        how = "refused" if one.refused_at else "silent" if one.told_at and not one.acknowledged_at else "answered"
        answers.setdefault(one.request, {}).setdefault(how, []).append(one.recipient)
    return tuple(
        Request(
            **each | {"topics": tuple(each["topics"]), "parts": tuple(each["parts"])},
            refused=tuple(answers.get(each["id"], {}).get("refused", ())),
            silent=tuple(answers.get(each["id"], {}).get("silent", ())),
        )
        for each in made
    )


def _record(row: object) -> Record:
    made = _mapping(row)
    return Record(**made | {"evidence": _evidence(made["evidence"])})


def _told(row: object, refused_at: datetime | None) -> Told:
    made = _mapping(row)
    holds = refused_at is not None and made["acknowledged_at"] is None and made["told_at"] is not None and refused_at >= made["told_at"]
    return Told(**made | {"releases": tuple(made["releases"]), "refused_at": refused_at if holds else None})


def _evidence(kept: Sequence[Sequence[Any]]) -> tuple[tuple[str, str, float], ...]:
    return tuple((of, words, bits) for of, words, bits in kept)


def _mapping(row: object) -> dict[str, Any]:
    return dict(row._mapping)  # type: ignore[attr-defined]  # noqa: SLF001 - SQLAlchemy's own name
