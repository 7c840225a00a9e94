"""The one change of this room: a policy is posted, and is in force from its time on (P18)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from upheld.errors import Conflict, Invalid
from upheld.ledger.actions import append
from upheld.ledger.kinds import HASH, NUMBER, VERSION, declare
from upheld.policy.check import check
from upheld.policy.compiled import Policy
from upheld.policy.document import Document
from upheld.policy.statements import Changes
from upheld.policy.table import Table
from upheld.postings.models import POSTING
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
    since = since or at
    policy = Policy(document)
    table = Table([*(each.policy for each in before), policy]).hash
    kept = {"version": policy.version, "since": since, "at": at, "name": document.name, "hash": policy.hash, "table_hash": table}
    tx.execute(insert(POSTING).values(id=len(before) + 1, text=document.text, **kept))
    append(tx, POSTED, {"version": policy.version, "since": micros(since), "text": policy.hash, "table": table}, at, actor)
    return Posting(Posted(policy.version, since, at, document.name, policy.hash, table, policy), last)


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
        raise Conflict(f"version `{last.version}` is posted for {_said(last.since)}: the next one must be later")


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
