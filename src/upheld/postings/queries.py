"""Every read about posted policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, func, select

from upheld.errors import NotFound
from upheld.policy.compiled import Policy
from upheld.postings.models import POSTING, UNPOSTING


@dataclass(frozen=True, slots=True)
class Posted:
    """A policy in force from `since` until the next one's `since`."""

    version: str
    since: datetime
    at: datetime
    name: str
    hash: str
    table_hash: str
    policy: Policy


def history(conn: Connection, at: datetime) -> tuple[Posted, ...]:
    """The policies in force up to a time, oldest first: the last one is in force then. Empty if none was."""
    return tuple(each for each in posted(conn) if each.since <= at)


def posted(conn: Connection) -> tuple[Posted, ...]:
    """All posted policies, oldest first, those of the future too; without those that were withdrawn before they were in force."""
    columns = [POSTING.c[name] for name in ("version", "since", "at", "name", "hash", "table_hash", "text")]
    standing = select(*columns).outerjoin(UNPOSTING).where(UNPOSTING.c.posting.is_(None))
    rows = conn.execute(standing.order_by(POSTING.c.since)).all()
    return tuple(
        Posted(version, since, at, name, hash_, table, compiled(text, name)) for version, since, at, name, hash_, table, text in rows
    )


def changes(conn: Connection) -> int:
    """How often something was posted or withdrawn: while it is the same, so is what is posted."""
    postings, withdrawn = (select(func.count()).select_from(table).scalar_subquery() for table in (POSTING, UNPOSTING))
    return int(conn.execute(select(postings + withdrawn)).scalar_one())


def in_force(conn: Connection, at: datetime) -> Posted:
    """The policy in force at a time. `NotFound` if none is."""
    found = history(conn, at)
    if not found:
        raise NotFound("no policy is in force: post one with `upheld policy post FILE`")
    return found[-1]


@lru_cache(maxsize=64)
def compiled(text: str, name: str) -> Policy:
    """The policy of a text; compiled once."""
    return Policy.parse(text, name)
