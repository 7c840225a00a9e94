"""Every change that somebody asks for: a request is received, completed, judged, tried anew, taken back; a recipient acknowledges.

What is asked to stop is stopped at once, by the choice that `receive` records: nothing waits for a search, a proof of identity, or a click.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from upheld.choices.actions import HOW, How, Said, record_many
from upheld.errors import Conflict, Invalid, NotFound
from upheld.ledger import effects
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, WORD, declare, list_of, one_of, optional
from upheld.people.actions import Keeper, keep_facts
from upheld.people.facts import region as region_fact
from upheld.people.held import Held
from upheld.people.identifiers import Identifier
from upheld.policy.behaviour import stops
from upheld.policy.compiled import Policy, undeclared
from upheld.policy.statements import Contact, Stop
from upheld.postings.queries import Posted
from upheld.record import Actor, micros
from upheld.requests.clocks import clocks
from upheld.requests.desks import desk
from upheld.requests.given import as_bytes, claims, identifiers_of, missing, parts_of
from upheld.requests.models import (
    REQUEST,
    REQUEST_ANSWER,
    REQUEST_CLOCK,
    REQUEST_LABEL,
    REQUEST_MESSAGE,
    REQUEST_PERSON,
    REQUEST_PLACE,
    REQUEST_RECORD,
    REQUEST_TOLD,
)
from upheld.requests.settling import PREFIX, move, note, outstanding, settle, tell, undecided
from upheld.requests.states import State

SEALED: Final = "request"
"""The kind under which what a person gave is sealed."""
LONGEST: Final = 400  # characters of one part
HOLDS: Final = "it holds as of now; nothing more is needed from the person"

RECEIVED = declare(
    "request.received",
    "somebody asked to be taken off lists; their wish holds from here",
    request=NUMBER,
    right=WORD,
    topics=list_of(WORD),
    channel=one_of(*HOW),
    region=optional(WORD),
    received_at=NUMBER,
    people=list_of(NUMBER),
    due_at=optional(NUMBER),
)
DRAFTED = declare(
    "request.drafted", "somebody asked, but gave too little to be found", request=NUMBER, channel=one_of(*HOW), received_at=NUMBER
)

DECISIONS: Final = ("include", "not this person", "ask")
JUDGED = declare(
    "request.judged", "an agent decided about a record that may be the person's", request=NUMBER, record=NUMBER, decision=one_of(*DECISIONS)
)
RETRIED = declare("request.retried", "what was not done was asked for again", request=NUMBER, effects=NUMBER)
ANSWERS: Final = ("acknowledged", "refused")
ACKNOWLEDGED = declare("request.acknowledged", "a recipient said that it has stopped", request=NUMBER, recipient=WORD)
REFUSED = declare("request.refused", "a recipient said that it will not stop", request=NUMBER, recipient=WORD)
HANDED_OVER = declare("request.handed_over", "another desk took a request over", request=NUMBER, desk=WORD)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for, as it came in.

    No `topics`: everything that the policy lets anybody of the region stop. `reference` names the message or row it came in: the same one
    again is the same request. `phone_region` is the country of a telephone number that names none.
    """

    given: Held
    channel: How
    received_at: datetime
    topics: tuple[str, ...] = ()
    region: str | None = None
    words: str | None = None
    reference: str | None = None
    right: str = "stop"
    phone_region: str = "US"


@dataclass(frozen=True, slots=True)
class Received:
    """What became of it. `token` is for the person alone, and shown once; None if the request was there already (`again`).

    `words` say to the clerk what is to be said: that it is done, or what is missing.
    """

    request: int
    state: State
    token: str | None
    due_at: datetime | None
    words: str
    again: bool = False


def receive(tx: Connection, keeper: Keeper, asked: Asked, posted: Posted, *, at: datetime, actor: Actor) -> Received:
    """Take in a request, in the caller's transaction: the choice holds from its commit on; effects are planned; one entry says so.

    Enough to find a person is enough: no proof, no further field, no confirmation is asked for. With less it is kept as a draft that says
    what is missing, and nothing is stopped. `Invalid` for words that the policy does not declare.
    """
    reference = hashed(asked.reference) if asked.reference else None
    known = tx.execute(select(REQUEST).where(REQUEST.c.reference == reference)).first() if reference else None
    if known is not None:
        return Received(known.id, known.state, None, known.due_at, f"this came in already, as request {known.id}", again=True)
    asked = readable(asked, posted.policy, at)
    number = _next(tx, REQUEST)
    identifiers = identifiers_of(asked.given, keeper.keys, asked.phone_region)
    token = secrets.token_urlsafe(24)
    where = desk(posted.policy, asked.region)
    row: dict[str, Any] = {
        "id": number, "right": asked.right, "state": "needs more", "channel": asked.channel, "region": asked.region,
        "topics": list(asked.topics or topics_of(posted.policy, asked.region, asked.channel)), "received_at": min(asked.received_at, at),
        "recorded_at": at, "desk": where.name if where else None, "policy_version": posted.version, "person": -number, "given": b"",
        "parts": list(parts_of(asked.given)), "track": hashed(token), "reference": reference,
    }  # fmt: skip
    tx.execute(insert(REQUEST), row)
    if not identifiers:
        tx.execute(
            update(REQUEST).where(REQUEST.c.id == number).values(given=keeper.vault.seal(tx, -number, SEALED, as_bytes(asked.given)))
        )
        note(tx, number, "needs more", at)
        append(tx, DRAFTED, {"request": number, "channel": asked.channel, "received_at": micros(row["received_at"])}, at, actor)
        return Received(
            number, "needs more", token, None, missing(asked.given, keeper.keys, _stops(posted.policy, asked.region), asked.phone_region)
        )
    due_at = _begin(tx, keeper, number, asked, identifiers, posted, at, actor)
    note(tx, number, "working", at)
    return Received(number, "working", token, due_at, HOLDS)


def complete(tx: Connection, keeper: Keeper, request: int, asked: Asked, posted: Posted, *, at: datetime, actor: Actor) -> Received:
    """A draft gets what was missing: from here on it is a request like any other, its clocks still those of the first message.

    `given` is everything now known, not only what was added. Still too little: the draft stays, with what is missing in words.
    """
    row = tx.execute(select(REQUEST).where(REQUEST.c.id == request)).first()
    if row is None:
        raise NotFound(f"there is no request {request}: `upheld requests list` shows them")
    if row.state not in {"draft", "needs more"}:
        raise Conflict(f"request {request} is no draft: it is `{row.state}`")
    asked = readable(asked, posted.policy, at)
    identifiers = identifiers_of(asked.given, keeper.keys, asked.phone_region)
    tx.execute(update(REQUEST).where(REQUEST.c.id == request).values(parts=list(parts_of(asked.given))))
    if not identifiers:
        if row.state == "draft":
            move(tx, request, "draft", "needs more", at, actor)
        sealed = keeper.vault.seal(tx, -request, SEALED, as_bytes(asked.given))
        tx.execute(update(REQUEST).where(REQUEST.c.id == request).values(given=sealed))
        return Received(
            request, "needs more", None, None, missing(asked.given, keeper.keys, _stops(posted.policy, asked.region), asked.phone_region)
        )
    where = desk(posted.policy, asked.region) if asked.region else None
    anew = {"topics": list(asked.topics) or row.topics, "region": asked.region or row.region, "desk": where.name if where else row.desk}
    token = secrets.token_urlsafe(24) if row.state == "draft" else None  # who wrote a message has not been given any yet
    tx.execute(update(REQUEST).where(REQUEST.c.id == request).values(**anew, **({"track": hashed(token)} if token else {})))
    due_at = _begin(tx, keeper, request, asked, identifiers, posted, at, actor)
    move(tx, request, row.state, "working", at, actor)
    _forget(tx, keeper, request)
    return Received(request, "working", token, due_at, HOLDS)


def withdraw(tx: Connection, keeper: Keeper, request: int, *, at: datetime, actor: Actor) -> None:
    """A draft is taken back (it was no request, or the person cannot be reached): what was given is made unreadable."""
    state = tx.execute(select(REQUEST.c.state).where(REQUEST.c.id == request)).scalar()
    if state is None:
        raise NotFound(f"there is no request {request}: `upheld requests list` shows them")
    move(tx, request, state, "withdrawn", at, actor)
    _forget(tx, keeper, request)


def _forget(tx: Connection, keeper: Keeper, request: int) -> None:
    """Nothing that was sealed for a draft can be read any more, and the words of its message are gone."""
    tx.execute(delete(REQUEST_MESSAGE).where(REQUEST_MESSAGE.c.request == request))
    keeper.vault.forget(tx, -request)


def readable(asked: Asked, policy: Policy, at: datetime) -> Asked:
    """The same in the policy's words. `Invalid` for what cannot be taken in as it stands; never for what merely is too little."""
    if asked.right != "stop":
        raise Invalid("only `stop` can be asked for as yet: answer other rights by hand")
    if asked.channel not in HOW:
        raise Invalid(undeclared("channel", asked.channel, HOW))
    for topic in asked.topics:
        if topic not in policy.vocabulary.topics:
            raise Invalid(undeclared("topic", topic, policy.vocabulary.topics))
    if any(len(getattr(asked.given, part) or "") > LONGEST for part in parts_of(asked.given)):
        raise Invalid(f"a part of what was given is longer than {LONGEST} characters: give each part by itself")
    if asked.received_at.utcoffset() is None or at.utcoffset() is None:
        raise Invalid("a time needs a zone: write it as `2026-11-22T10:00:00+00:00`")
    return replace(asked, region=region_fact(asked.region).value) if asked.region else asked


def _stops(policy: Policy, region: str | None) -> tuple[Stop, ...]:
    return tuple(dict.fromkeys(stop for topic in policy.vocabulary.topics for stop in stops(policy, topic, region)))


def hashed(secret: str) -> str:
    """The SHA-256 of a token or reference, as it is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def judge(tx: Connection, record: int, decision: str, *, at: datetime, actor: Actor) -> State:
    """An agent decides about a record that may be the person's; the request's state. Kept as a label, with the weights that judged it.

    `include`: it is theirs, and is stopped next. `not this person`: it stays as it is. `ask`: ask the person something they would know.
    """
    row = tx.execute(select(REQUEST_RECORD).where(REQUEST_RECORD.c.id == record)).first()
    if row is None:
        raise NotFound(f"there is no record {record} to judge: `upheld requests review` shows them")
    if decision not in DECISIONS:
        raise Invalid(undeclared("decision", decision, DECISIONS))
    if row.verdict != "to review" or row.decided in {"include", "not this person"}:
        raise Conflict(f"record {record} is decided already")
    tx.execute(update(REQUEST_RECORD).where(REQUEST_RECORD.c.id == record).values(decided=decision, decided_at=at))
    label = {name: getattr(row, name) for name in ("request", "weight", "evidence", "weights")} | {"record": record, "decision": decision}
    tx.execute(insert(REQUEST_LABEL).values(id=_next(tx, REQUEST_LABEL), at=at, by=actor.name, **label))
    append(tx, JUDGED, {"request": row.request, "record": record, "decision": decision}, at, actor)
    if decision == "include":
        effects.plan(tx, "request.include", row.request, row.system, {"record": record}, at)
    elif not undecided(tx, row.request):
        tell(tx, row.request, at)
    return settle(tx, row.request, at, actor)


def retry(tx: Connection, request: int, *, at: datetime, actor: Actor) -> int:
    """Try anew, now: whatever was given up or waits, and every place that failed its proof; how many effects."""
    if tx.execute(select(REQUEST.c.id).where(REQUEST.c.id == request)).first() is None:
        raise NotFound(f"there is no request {request}: `upheld requests list` shows them")
    mine = [each for each in effects.of(tx, request, PREFIX) if each.state == "given up" or (each.state == "due" and each.reason)]
    later = [each for each in outstanding(tx, request) if each.kind == "request.find" and each.state == "due" and each.due_at > at]
    count = effects.retry(tx, [each.id for each in {each.id: each for each in (*mine, *later)}.values()], at)
    busy = {each.place for each in outstanding(tx, request)}
    failed = select(REQUEST_PLACE.c.system).where(REQUEST_PLACE.c.request == request, REQUEST_PLACE.c.state == "failed").distinct()
    for system in sorted(set(tx.execute(failed).scalars()) - busy):
        effects.plan(tx, "request.find", request, system, {"round": 1, "again": 0}, at)
        count += 1
    append(tx, RETRIED, {"request": request, "effects": count}, at, actor)
    settle(tx, request, at, actor)
    return count


def acknowledge(tx: Connection, request: int, recipient: str, *, at: datetime, actor: Actor, refused: bool = False) -> None:
    """A recipient said that it has stopped, or (`refused`) that it will not; who refused may yet acknowledge, and is not reminded.

    `NotFound` if it was never told about this request, `Conflict` if it is not told yet, or has acknowledged already.
    """
    mine = (REQUEST_TOLD.c.request == request, REQUEST_TOLD.c.recipient == recipient)
    told = tx.execute(select(REQUEST_TOLD).where(*mine)).first()
    if told is None:
        raise NotFound(f"`{recipient}` has nothing to acknowledge of request {request}: `upheld requests show {request}` says who was told")
    if told.told_at is None:
        raise Conflict(f"`{recipient}` is not told yet: run `upheld work`")
    if told.acknowledged_at is not None:
        raise Conflict(f"`{recipient}` has acknowledged request {request} already")
    if not refused:
        tx.execute(update(REQUEST_TOLD).where(*mine).values(acknowledged_at=at))
    answer = {"request": request, "recipient": recipient, "says": ANSWERS[refused], "at": at, "by": actor.name}
    tx.execute(insert(REQUEST_ANSWER).values(id=_next(tx, REQUEST_ANSWER), **answer))
    append(tx, REFUSED if refused else ACKNOWLEDGED, {"request": request, "recipient": recipient}, at, actor)


def hand_over(tx: Connection, request: int, to: str, policy: Policy, *, at: datetime, actor: Actor) -> None:
    """Another desk of the policy answers from here on; the clocks go on. `NotFound` for a request or desk that there is not."""
    row = tx.execute(select(REQUEST.c.desk).where(REQUEST.c.id == request)).first()
    if row is None:
        raise NotFound(f"there is no request {request}: `upheld requests list` shows them")
    desks = {each.desk: None for each in policy.document.statements if isinstance(each, Contact)}
    if to not in desks:
        raise NotFound(undeclared("desk", to, desks))
    if row.desk == to:
        raise Conflict(f"request {request} is with `{to}` already")
    tx.execute(update(REQUEST).where(REQUEST.c.id == request).values(desk=to))
    append(tx, HANDED_OVER, {"request": request, "desk": to}, at, actor)


def _next(tx: Connection, table: Table) -> int:
    return int(tx.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()) + 1


def topics_of(policy: Policy, region: str | None, channel: str) -> tuple[str, ...]:
    """What a removal stops if nobody says what: every topic that the policy's `stop` statements for the region let the channel stop.

    A channel or region that no statement names is never refused: then it is every topic that anybody may stop (P16).
    """
    all_ = policy.vocabulary.topics
    by_channel = [topic for topic in all_ if any(channel in stop.channels for stop in stops(policy, topic, region))]
    return tuple(by_channel or [topic for topic in all_ if stops(policy, topic, region)] or all_)


def _begin(
    tx: Connection, keeper: Keeper, number: int, asked: Asked, identifiers: Sequence[Identifier], posted: Posted, at: datetime, actor: Actor
) -> datetime | None:
    """Make the wish hold, start the clocks, seal what was given, plan the search. The earliest due date."""
    row = tx.execute(select(REQUEST.c.topics, REQUEST.c.received_at).where(REQUEST.c.id == number)).one()
    # The time that a message claims starts the clocks. The choice counts from now: a wrong date must not let an older opt-in win.
    apart = claims(identifiers)
    said = [Said(one, topic, "out", at, asked.channel, asked.words, posted.version) for topic in row.topics for one in apart]
    recorded = record_many(tx, keeper, said, posted.policy.vocabulary.topics, at=at, actor=actor)
    people = sorted({person for one in recorded for person in one.people})
    if asked.region is not None:
        keep_facts(tx, [(person, region_fact(asked.region)) for person in people], at, actor)
    tx.execute(insert(REQUEST_PERSON), [{"request": number, "person": person} for person in people])
    running = clocks(posted.policy, row.topics, asked.region, row.received_at, asked.channel)
    if running:
        tx.execute(
            insert(REQUEST_CLOCK),
            [
                {"request": number, "source": one.source, "due_at": one.due_at, "says": one.says, "confirmed": one.confirmed}
                for one in running
            ],
        )
    due_at = running[0].due_at if running else None
    sealed = keeper.vault.seal(tx, people[0], SEALED, as_bytes(asked.given))
    began = {"state": "working", "person": people[0], "given": sealed, "due_at": due_at}
    tx.execute(update(REQUEST).where(REQUEST.c.id == number).values(**began))
    effects.plan(tx, "request.search", number, "", {}, at)
    said_ = {"request": number, "right": asked.right, "topics": row.topics, "channel": asked.channel, "region": asked.region}
    times = {"received_at": micros(row.received_at), "due_at": micros(due_at) if due_at else None}
    append(tx, RECEIVED, said_ | times | {"people": people}, at, actor)
    return due_at
