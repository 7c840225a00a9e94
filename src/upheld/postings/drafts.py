"""A version that waits for a second person: drafted by one, approved by another, then posted; each step with its ledger entry.

What was approved is exactly what is posted: the text is kept whole, and once another version was posted in between, the draft is stale,
for its changes were shown against the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection, func, insert, select

from upheld.errors import Conflict, NotFound, Refused
from upheld.ledger.actions import append
from upheld.ledger.kinds import HASH, NUMBER, VERSION, declare, optional
from upheld.policy.document import Document, parse
from upheld.postings.actions import Posting, demand_postable, post
from upheld.postings.models import DRAFT, DRAFT_STEP
from upheld.postings.queries import posted
from upheld.record import Actor, micros

STEPS: Final = ("approved", "withdrawn", "posted")
State = Literal["waits", "approved", "withdrawn", "posted", "stale"]

DRAFTED = declare(
    "policy.drafted",
    "a policy was drafted, to be approved by a second person before it is posted",
    draft=NUMBER,
    version=VERSION,
    text=HASH,
    follows=optional(VERSION),
    since=optional(NUMBER),
)
APPROVED = declare("policy.approved", "a second person approved a drafted policy", draft=NUMBER, text=HASH)
WITHDRAWN = declare("policy.withdrawn", "a drafted policy was withdrawn", draft=NUMBER, text=HASH)


@dataclass(frozen=True, slots=True)
class Step:
    """What was done about a draft, when and by whom."""

    step: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted version. `state`: it waits for a second person, is approved, withdrawn, posted, or stale: another version came first."""

    id: int
    version: str
    since: datetime | None
    follows: str | None
    name: str
    hash: str
    text: str
    at: datetime
    by: str
    state: State
    steps: tuple[Step, ...]

    @property
    def document(self) -> Document:
        """The document, parsed."""
        return parse(self.text, self.name)


def draft(tx: Connection, document: Document, since: datetime | None = None, *, at: datetime, actor: Actor) -> int:
    """Keep a document for a second person to approve; its number. Refused for whatever would keep it from being posted now."""
    before = demand_postable(tx, document, since, at)
    follows = before[-1].version if before else None
    number = int(tx.execute(select(func.coalesce(func.max(DRAFT.c.id), 0))).scalar_one()) + 1
    kept = {"id": number, "version": document.front.version, "since": since, "follows": follows, "hash": document.hash}
    tx.execute(insert(DRAFT).values(**kept, name=document.name, text=document.text, at=at, by=actor.name))
    said = {"draft": number, "version": document.front.version, "text": document.hash, "follows": follows}
    append(tx, DRAFTED, {**said, "since": micros(since) if since else None}, at, actor)
    return number


def approve(tx: Connection, number: int, *, at: datetime, actor: Actor) -> None:
    """Approve a draft that waits. `Refused` for whoever drafted it: four eyes are two people."""
    found = _demand(tx, number, "waits")
    if found.by == actor.name:
        raise Refused(f"draft {number} is your own: somebody else must approve it")
    _step(tx, number, "approved", at, actor)
    append(tx, APPROVED, {"draft": number, "text": found.hash}, at, actor)


def withdraw(tx: Connection, number: int, *, at: datetime, actor: Actor) -> None:
    """Give up a draft that was not posted; it stays readable."""
    found = _demand(tx, number, "waits", "approved", "stale")
    _step(tx, number, "withdrawn", at, actor)
    append(tx, WITHDRAWN, {"draft": number, "text": found.hash}, at, actor)


def post_draft(tx: Connection, number: int, *, at: datetime, actor: Actor) -> Posting:
    """Put an approved draft in force, from the time it was drafted for, or now if that has passed. Otherwise as `post`."""
    found = _demand(tx, number, "approved")
    since = found.since if found.since is not None and found.since > at else None
    done = post(tx, found.document, since, at=at, actor=actor)
    _step(tx, number, "posted", at, actor)
    return done


def find(conn: Connection, number: int) -> Draft:
    """One draft. `NotFound` if there is none of that number."""
    found = next((each for each in drafts(conn) if each.id == number), None)
    if found is None:
        raise NotFound(f"there is no draft {number}: see `upheld policy drafts`")
    return found


def drafts(conn: Connection) -> tuple[Draft, ...]:
    """All drafts, oldest first."""
    history = posted(conn)
    last = history[-1].version if history else None
    steps: dict[int, list[Step]] = {}
    for row in conn.execute(select(DRAFT_STEP).order_by(DRAFT_STEP.c.at)):
        steps.setdefault(row.draft, []).append(Step(row.step, row.at, row.by))
    rows = conn.execute(select(DRAFT).order_by(DRAFT.c.id)).all()
    return tuple(
        Draft(
            row.id, row.version, row.since, row.follows, row.name, row.hash, row.text, row.at, row.by,
            _state(row.follows, last, [each.step for each in steps.get(row.id, ())]), tuple(steps.get(row.id, ())),
        )
        for row in rows
    )  # fmt: skip


def _state(follows: str | None, last: str | None, done: list[str]) -> State:
    if "posted" in done:
        return "posted"
    if "withdrawn" in done:
        return "withdrawn"
    if follows != last:
        return "stale"
    return "approved" if "approved" in done else "waits"


_WHY: Final[dict[State, str]] = {
    "waits": "waits for a second person: somebody else approves it with `upheld policy approve`",
    "approved": "is approved already",
    "withdrawn": "was withdrawn: draft it anew",
    "posted": "is posted already",
    "stale": "was held against an older version than the last posted one: draft it anew",
}


def _demand(conn: Connection, number: int, *states: State) -> Draft:
    found = find(conn, number)
    if found.state not in states:
        raise Conflict(f"draft {number} {_WHY[found.state]}")
    return found


def _step(tx: Connection, number: int, step: str, at: datetime, actor: Actor) -> None:
    tx.execute(insert(DRAFT_STEP).values(draft=number, step=step, at=at, by=actor.name))
