"""The changes of this room: a policy is posted, and is in force from its time on (P18); before that it may be withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select

from upheld.errors import Conflict, Invalid, NotFound
from upheld.ledger.actions import append
from upheld.ledger.kinds import HASH, NUMBER, VERSION, declare
from upheld.policy.check import check
from upheld.policy.compiled import Policy
from upheld.policy.document import Document
from upheld.policy.statements import Changes
from upheld.policy.table import Table
from upheld.postings.models import POSTING, UNPOSTING
from upheld.postings.queries import Posted, posted
from upheld.record import Actor, micros

POSTED = declare(
    "policy.posted",
    "a policy was posted, in force from a time; its text and its decision table have these hashes",
    version=VERSION,
    since=NUMBER,
    text=HASH,
    table=HASH,
)
UNPOSTED = declare(
    "policy.unposted",
    "a posted policy was withdrawn before the time from which it was to be in force",
    version=VERSION,
    since=NUMBER,
    text=HASH,
)

SMALLEST = timedelta(microseconds=1)
"""The least by which two times of the record differ."""


@dataclass(frozen=True, slots=True)
class Posting:
    """What was posted, and what it follows (None: it is the first)."""

    posted: Posted
    follows: Posted | None


def post(tx: Connection, document: Document, since: datetime | None = None, *, at: datetime, actor: Actor) -> Posting:
    """Put a document in force from `since` (None: from now, `at`).

    Refused with a reason, and then nothing is done: a document with faults, a time in the past, a time not after the last posted policy's,
    a clock that went back, a version label or text that was posted before, and a further version when the last one does not say how
    changes apply.
    """
    before = demand_postable(tx, document, since, at)
    last = before[-1] if before else None
    since, number = _free(tx, since or at), int(tx.execute(select(func.coalesce(func.max(POSTING.c.id), 0))).scalar_one()) + 1
    policy = Policy(document)
    table = Table([*(each.policy for each in before), policy]).hash
    kept = {"version": policy.version, "since": since, "at": at, "name": document.name, "hash": policy.hash, "table_hash": table}
    tx.execute(insert(POSTING).values(id=number, text=document.text, **kept))
    append(tx, POSTED, {"version": policy.version, "since": micros(since), "text": policy.hash, "table": table}, at, actor)
    return Posting(Posted(policy.version, since, at, document.name, policy.hash, table, policy), last)


def unpost(tx: Connection, version: str, *, at: datetime, actor: Actor) -> Posted:
    """Withdraw a posting that is still to come in force; from now on it counts nowhere. Its text stays kept, its label stays used.

    `NotFound` if no such version is posted. `Conflict` if it is or was in force, or another was posted after it: that one's decision table
    stands on this one, so it has to be withdrawn first.
    """
    standing = posted(tx)
    found = next((each for each in standing if each.version == version), None)
    if found is None:
        raise NotFound(f"no version `{version}` is posted: see `upheld policy history`")
    if found.since <= at:
        raise Conflict(f"version `{version}` has been in force since {_said(found.since)}, and cannot be withdrawn: post another after it")
    if found is not standing[-1]:
        raise Conflict(f"version `{standing[-1].version}` was posted after it: withdraw that one first")
    number = tx.execute(select(POSTING.c.id).where(POSTING.c.version == version)).scalar_one()
    tx.execute(insert(UNPOSTING).values(posting=number, at=at, by=actor.name))
    append(tx, UNPOSTED, {"version": version, "since": micros(found.since), "text": found.hash}, at, actor)
    return found


def _free(tx: Connection, since: datetime) -> datetime:
    """The time, or the smallest later one that no posting has: withdrawn ones keep theirs, and may be posted for it anew."""
    taken = set(tx.execute(select(POSTING.c.since).where(POSTING.c.since >= since)).scalars())
    while since in taken:
        since += SMALLEST
    return since


def demand_postable(conn: Connection, document: Document, since: datetime | None, at: datetime) -> tuple[Posted, ...]:
    """Everything posted before, oldest first; refused for whatever would keep this document from being posted now for `since`."""
    _without_faults(document)
    if not VERSION.holds(document.front.version):
        raise Invalid("the `version` of the front matter is no version: write it as `2026.1`", place=f"{document.name}:1:1")
    before = posted(conn)
    last = before[-1] if before else None
    _in_time(conn, since, at, last)
    for each in before:
        if each.version == document.front.version:
            raise Conflict(f"version `{each.version}` is posted already, since {_said(each.since)}: give the new one another label")
        if each.hash == document.hash:
            raise Conflict(f"this very text is posted already as version `{each.version}`")
    if conn.execute(select(POSTING.c.id).where(POSTING.c.version == document.front.version)).first() is not None:
        raise Conflict(f"version `{document.front.version}` was posted and withdrawn: give the new one another label")
    if last is not None and not any(isinstance(each, Changes) for each in last.policy.document.statements):
        raise Conflict(f"version `{last.version}` does not say how changes apply, so no other may follow: it has no `changes` statement")
    return before


def _without_faults(document: Document) -> None:
    errors = [fault for fault in check(document) if fault.severity == "error"]
    if errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more: run `upheld policy check {document.name}`)" if len(errors) > 1 else ""
        raise Invalid(f"{first.message}{more}", place=f"{document.name}:{first.place.line}:{first.place.column}")


def _in_time(tx: Connection, since: datetime | None, at: datetime, last: Posted | None) -> None:
    latest: datetime | None = tx.execute(select(func.max(POSTING.c.at))).scalar_one()
    if latest is not None and at < latest:
        raise Conflict(f"the clock went back: the last policy was posted at {_said(latest)}; set the clock, or wait until then")
    if since is not None and since < at:
        raise Invalid(f"a policy cannot be posted for the past: it is {_said(at)}; leave out `--at`, or give a time to come")
    if last is not None and (since or at) <= last.since:
        back = f", or withdraw that one with `upheld policy unpost {last.version}`" if last.since > at else ""
        raise Conflict(f"version `{last.version}` is posted for {_said(last.since)}: the next one must be later{back}")


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
