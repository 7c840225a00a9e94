"""Many requests at once, as a file brings them: the same as receiving them one by one, in a few statements for all."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select

from upheld.choices.actions import Said, record_of
from upheld.errors import Invalid, No
from upheld.ledger import effects
from upheld.ledger.actions import append_many
from upheld.people.actions import Keeper, enrol_many, keep_facts
from upheld.people.batches import Coder
from upheld.people.facts import region as region_fact
from upheld.people.identifiers import Identifier
from upheld.postings.queries import Posted
from upheld.record import Actor, micros
from upheld.record.sets import put
from upheld.requests.actions import HOLDS, RECEIVED, SEALED, Asked, Received, hashed, readable, topics_of
from upheld.requests.clocks import Clock, clocks
from upheld.requests.desks import desk
from upheld.requests.given import as_bytes, claims, identifiers_of, parts_of
from upheld.requests.models import REQUEST, REQUEST_CLOCK, REQUEST_MOVE, REQUEST_PERSON

KNOWN: Final = 500  # references that one question asks about


@dataclass(slots=True)
class _Row:
    """One request that is new: its place among those asked, and what becomes of it."""

    place: int
    asked: Asked
    identifiers: tuple[Identifier, ...]
    reference: str | None
    number: int = 0
    topics: tuple[str, ...] = ()
    received_at: datetime | None = None
    people: tuple[int, ...] = ()
    running: tuple[Clock, ...] = ()
    token: str = ""

    @property
    def due_at(self) -> datetime | None:
        """The earliest of its clocks."""
        return self.running[0].due_at if self.running else None


def receive_many(
    tx: Connection, keeper: Keeper, asked: Sequence[Asked], posted: Posted, *, at: datetime, actor: Actor, coder: Coder | None = None
) -> list[Received | No]:
    """Take in requests, in the caller's transaction, in their order; for each what became of it, or why it was refused.

    As `actions.receive` would, but that too little to find anybody is refused (`Invalid`) and not kept as a draft. `coder`: that of an
    import of many batches.
    """
    answers: list[Received | No | None] = [None] * len(asked)
    rows, repeated = _new(tx, keeper, asked, posted, at, answers)
    if rows:
        _begin(tx, keeper, rows, posted, at, actor, coder)
        for row in rows:
            answers[row.place] = Received(row.number, "working", row.token, row.due_at, HOLDS)
    for place, row in repeated:
        answers[place] = Received(row.number, "working", None, row.due_at, _again(row.number), again=True)
    return [answer for answer in answers if answer is not None]


def _again(number: int) -> str:
    return f"this came in already, as request {number}"


def _new(
    tx: Connection, keeper: Keeper, asked: Sequence[Asked], posted: Posted, at: datetime, answers: list[Received | No | None]
) -> tuple[list[_Row], list[tuple[int, _Row]]]:
    """The requests that are neither known nor refused, and the places of those that repeat one of them. Answers the others."""
    references = [hashed(one.reference) if one.reference else None for one in asked]
    known = _known(tx, [each for each in references if each])
    first: dict[str, _Row] = {}
    rows: list[_Row] = []
    repeated: list[tuple[int, _Row]] = []
    for place, (one, reference) in enumerate(zip(asked, references, strict=True)):
        if reference in known:
            number, state, due_at = known[reference]
            answers[place] = Received(number, state, None, due_at, _again(number), again=True)
        elif reference in first:
            repeated.append((place, first[reference]))
        else:
            try:
                said = readable(one, posted.policy, at)
                identifiers = identifiers_of(said.given, keeper.keys, said.phone_region)
                if not identifiers:
                    raise Invalid("too little to find anybody")
            except No as no:
                answers[place] = no
                continue
            rows.append(_Row(place, said, identifiers, reference))
            if reference:
                first[reference] = rows[-1]
    return rows, repeated


def _known(tx: Connection, references: Sequence[str]) -> dict[str | None, Any]:
    found: dict[str | None, Any] = {}
    for start in range(0, len(references), KNOWN):
        some = REQUEST.c.reference.in_(references[start : start + KNOWN])
        for row in tx.execute(select(REQUEST.c.reference, REQUEST.c.id, REQUEST.c.state, REQUEST.c.due_at).where(some)):
            found[row.reference] = (row.id, row.state, row.due_at)
    return found


def _begin(tx: Connection, keeper: Keeper, rows: Sequence[_Row], posted: Posted, at: datetime, actor: Actor, coder: Coder | None) -> None:
    """Make the wishes hold, start the clocks, seal what was given, plan the searches."""
    number = _last(tx, REQUEST.c.id)
    timed, stopping = _by_policy(posted)
    for ahead, row in enumerate(rows, 1):
        row.number, row.token, row.received_at = number + ahead, secrets.token_urlsafe(24), min(row.asked.received_at, at)
        row.topics = row.asked.topics or stopping(row.asked.region, row.asked.channel)
        row.running = timed(row.topics, row.asked.region, row.received_at, row.asked.channel)
    apart = [claims(row.identifiers) for row in rows]
    everybody = iter(enrol_many(tx, keeper, [one for some in apart for one in some], at, actor, coder=coder))
    said: list[Said] = []
    of_said: list[tuple[int, ...]] = []
    for row, some in zip(rows, apart, strict=True):
        people = row.people = tuple(sorted({person for _ in some for person in next(everybody)}))
        # The time that a row claims starts the clocks. The choice counts from now: a wrong date must not let an older opt-in win.
        one = row.asked
        said += [Said(row.identifiers, topic, "out", at, one.channel, one.words, posted.version) for topic in row.topics]
        of_said += [people] * len(row.topics)
    record_of(tx, said, of_said, at=at, actor=actor)
    facts = ((person, region_fact(row.asked.region)) for row in rows if row.asked.region is not None for person in row.people)
    keep_facts(tx, facts, at, actor)
    _write(tx, keeper, rows, posted, at)
    effects.plan_many(tx, "request.search", [row.number for row in rows], at)
    append_many(tx, ((RECEIVED, _entry(row)) for row in rows), at, actor)


def _by_policy(posted: Posted) -> tuple[Callable[..., tuple[Clock, ...]], Callable[..., tuple[str, ...]]]:
    """The clocks and the topics of a request: most rows of a file have the same."""

    @cache
    def timed(topics: tuple[str, ...], region: str | None, received_at: datetime, channel: str) -> tuple[Clock, ...]:
        return clocks(posted.policy, topics, region, received_at, channel)

    @cache
    def stopping(region: str | None, channel: str) -> tuple[str, ...]:
        return topics_of(posted.policy, region, channel)

    return timed, stopping


def _write(tx: Connection, keeper: Keeper, rows: Sequence[_Row], posted: Posted, at: datetime) -> None:
    sealed = keeper.vault.seal_many(tx, [(row.people[0], SEALED, as_bytes(row.asked.given)) for row in rows])
    desks = {region: desk(posted.policy, region) for region in {row.asked.region for row in rows}}
    names = {region: where.name if where else None for region, where in desks.items()}
    tx.execute(
        insert(REQUEST),
        [
            {
                "id": row.number, "right": row.asked.right, "state": "working", "channel": row.asked.channel, "region": row.asked.region,
                "topics": list(row.topics), "received_at": row.received_at, "recorded_at": at, "desk": names[row.asked.region],
                "policy_version": posted.version, "person": row.people[0], "given": given, "parts": list(parts_of(row.asked.given)),
                "due_at": row.due_at, "track": hashed(row.token), "reference": row.reference,
            }
            for row, given in zip(rows, sealed, strict=True)
        ],
    )  # fmt: skip
    pairs = [(row.number, person) for row in rows for person in row.people]
    put(tx, REQUEST_PERSON, {"request": [number for number, _ in pairs], "person": [person for _, person in pairs]})
    timed = [(row.number, one) for row in rows for one in row.running]
    columns: dict[str, Sequence[Any]] = {"request": [number for number, _ in timed], "source": [one.source for _, one in timed]}
    columns |= {"due_at": [one.due_at for _, one in timed], "says": [one.says for _, one in timed]}
    put(tx, REQUEST_CLOCK, columns | {"confirmed": [one.confirmed for _, one in timed]})
    first = _last(tx, REQUEST_MOVE.c.id) + 1
    moves: dict[str, Sequence[Any]] = {"id": range(first, first + len(rows)), "request": [row.number for row in rows]}
    put(tx, REQUEST_MOVE, moves | {"state": ["working"] * len(rows), "at": [at] * len(rows)})


def _entry(row: _Row) -> dict[str, Any]:
    said = {"request": row.number, "right": row.asked.right, "topics": list(row.topics), "channel": row.asked.channel}
    times = {"received_at": micros(row.received_at or row.asked.received_at), "due_at": micros(row.due_at) if row.due_at else None}
    return said | {"region": row.asked.region} | times | {"people": sorted(row.people)}


def _last(tx: Connection, column: Any) -> int:  # noqa: ANN401 - a column of numbers
    return int(tx.execute(select(func.coalesce(func.max(column), 0))).scalar_one())
