"""Drafts: what came in by e-mail, read and proposed to an agent. Nothing is stopped until one confirms, and nothing is lost until then.

A draft has its number and its clocks from the message on. What the person wrote lies sealed under the draft's own key, which is destroyed
when the draft is confirmed or withdrawn. Nobody's wish runs out because nobody looked (Ford): after a while only the words go.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select

from upheld.choices.actions import How
from upheld.errors import Conflict, NotFound
from upheld.gate import searching
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, declare, list_of
from upheld.people.actions import Keeper
from upheld.people.held import Held
from upheld.policy.statements import Contact
from upheld.postings.queries import Posted
from upheld.record import Actor, micros
from upheld.requests.actions import SEALED, topics_of
from upheld.requests.clocks import clocks
from upheld.requests.desks import desk
from upheld.requests.given import as_bytes, from_bytes, parts_of
from upheld.requests.models import REQUEST, REQUEST_MESSAGE
from upheld.requests.reading import Letter
from upheld.requests.settling import note
from upheld.requests.wishes import wishes

MESSAGE: Final = "request message"
"""The kind under which the words of a message are sealed."""
WORDS_STAY: Final = timedelta(days=30)

FORGOTTEN = declare("request.words_forgotten", "words of messages that lay for a month were deleted; the drafts stay", messages=NUMBER)
CAME_IN = declare("request.came_in", "a message was put before an agent, one draft a person", drafts=list_of(NUMBER), received_at=NUMBER)


@dataclass(frozen=True, slots=True)
class Drafted:
    """What became of one message: the numbers of its drafts; none, and why, if it was put before nobody. `again`: it came in before."""

    requests: tuple[int, ...]
    marks: tuple[tuple[str, ...], ...] = ()
    parts: tuple[tuple[str, ...], ...] = ()
    again: bool = False
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as the agent reads it: what was proposed, the message's own words (empty when they went), and what to look at."""

    request: int
    channel: How
    region: str | None
    received_at: datetime
    marks: tuple[str, ...]
    given: Held = field(repr=False)
    subject: str = field(repr=False, default="")
    text: str = field(repr=False, default="")


def draft(
    tx: Connection,
    keeper: Keeper,
    letter: Letter,
    posted: Posted,
    *,
    at: datetime,
    actor: Actor,
    ours: Collection[str] = (),
    channel: How = "email",
    region: str | None = None,
) -> Drafted:
    """Put a message before an agent: a draft for each person it seems to be about, in the caller's transaction. Nothing is stopped by it.

    `ours`: more addresses of our own. `region`: where the sender says that they live. The same message again makes no second draft; what
    a machine sent makes none at all.
    """
    if letter.automatic:
        return Drafted((), why_not="no person wrote it: an automatic answer, or a report of mail not delivered")
    known = tuple(tx.execute(select(REQUEST.c.id).where(REQUEST.c.reference.in_(_references(letter))).order_by(REQUEST.c.id)).scalars())
    if known:
        return Drafted(known, again=True)
    proposed = wishes(letter, [*_contacts(posted), *ours])
    first = int(tx.execute(select(func.coalesce(func.max(REQUEST.c.id), 0))).scalar_one()) + 1
    numbers = tuple(range(first, first + len(proposed)))
    came_at = min(letter.came_at or at, at)
    words = json.dumps([letter.subject, letter.text], ensure_ascii=False).encode("utf-8", "surrogatepass")
    sealed = keeper.vault.seal_many(
        tx,
        [(-number, SEALED, as_bytes(wish.given)) for number, wish in zip(numbers, proposed, strict=True)]
        + [(-number, MESSAGE, words) for number in numbers],
    )
    shared = _shared(posted, came_at, channel, region) | {"received_at": came_at, "recorded_at": at}
    tx.execute(
        insert(REQUEST),
        [
            shared | {"id": number, "person": -number, "given": given, "parts": list(parts_of(wish.given)),
                      "track": _hash(secrets.token_urlsafe(24)), "reference": reference}
            for number, wish, given, reference in zip(numbers, proposed, sealed, _references(letter), strict=False)
        ],
    )  # fmt: skip
    kept = [
        {"request": number, "words": one, "marks": list(wish.marks), "recorded_at": at}
        for number, wish, one in zip(numbers, proposed, sealed[len(numbers) :], strict=True)
    ]
    tx.execute(insert(REQUEST_MESSAGE), kept)
    for number in numbers:
        note(tx, number, "draft", at)
    append(tx, CAME_IN, {"drafts": list(numbers), "received_at": micros(came_at)}, at, actor)
    return Drafted(numbers, tuple(wish.marks for wish in proposed), tuple(parts_of(wish.given) for wish in proposed))


def _contacts(posted: Posted) -> list[str]:
    return [each.email for each in posted.policy.document.statements if isinstance(each, Contact) and each.email]


def opened(conn: Connection, keeper: Keeper, request: int) -> Draft:
    """A draft with its values, for the agent who must confirm it. `NotFound`, or `Conflict` if it is none (any more)."""
    row = conn.execute(select(REQUEST).where(REQUEST.c.id == request)).first()
    if row is None:
        raise NotFound(f"there is no request {request}: `upheld requests list` shows them")
    if row.state not in {"draft", "needs more"}:
        raise Conflict(f"request {request} is no draft: it is `{row.state}`")
    given = from_bytes(searching.opened(conn, keeper, -request, SEALED, bytes(row.given)))
    message = conn.execute(select(REQUEST_MESSAGE).where(REQUEST_MESSAGE.c.request == request)).first()
    subject, text, marks = "", "", ()
    if message is not None:
        subject, text = json.loads(searching.opened(conn, keeper, -request, MESSAGE, bytes(message.words)).decode("utf-8", "surrogatepass"))
        marks = tuple(message.marks)
    return Draft(request, row.channel, row.region, row.received_at, marks, given, subject, text)


def forget_words(tx: Connection, at: datetime, actor: Actor) -> int:
    """Delete the words of messages that nobody has confirmed or withdrawn for a month; the drafts and what was given stay. How many."""
    gone = int(tx.execute(delete(REQUEST_MESSAGE).where(REQUEST_MESSAGE.c.recorded_at <= at - WORDS_STAY)).rowcount)
    if gone:
        append(tx, FORGOTTEN, {"messages": gone}, at, actor)
    return gone


def _shared(posted: Posted, came_at: datetime, channel: How, region: str | None) -> dict[str, Any]:
    topics = topics_of(posted.policy, region, channel)
    running, where = clocks(posted.policy, topics, region, came_at), desk(posted.policy, region)
    return {
        "right": "stop", "state": "draft", "channel": channel, "region": region, "topics": list(topics),
        "desk": where.name if where else None, "policy_version": posted.version, "due_at": running[0].due_at if running else None,
    }  # fmt: skip


def _references(letter: Letter) -> list[str]:
    """What names the message as each of its drafts, from the first on."""
    return [_hash(f"message {letter.reference} {number}") for number in range(8)]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
