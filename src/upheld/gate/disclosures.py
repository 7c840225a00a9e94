"""What left about one person, to whom, when, and under which clauses: read from the disclosures themselves (P20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pyroaring import BitMap
from sqlalchemy import Connection, func, select

from upheld.gate.asking import demand_readable
from upheld.gate.evidence import holds_any
from upheld.gate.models import DELIVERY, DISCLOSURE
from upheld.people import queries as people
from upheld.people.codes import Keys, tight_codes
from upheld.people.identifiers import Identifier


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One release that a person was in. `state`: `delivered`, or `recorded` while it is not known whether the file appeared."""

    release: int
    at: datetime
    recipient: str
    recipient_kind: str
    purpose: str
    form: str
    items: tuple[str, ...]
    clauses: tuple[str, ...]
    policy_version: str
    state: str
    entry: int


def disclosures(conn: Connection, keys: Keys, identifiers: Sequence[Identifier], year: int | None = None) -> tuple[Disclosed, ...]:
    """All releases that a person was in, oldest first; of one calendar year (UTC) if given. Files that never appeared are left out.

    Found by what is known of the person, and by the match codes of released rows: also somebody who was not known at the time.
    """
    demand_readable(identifiers, keys)
    codes = {code.code for identifier in identifiers for code in tight_codes(identifier, keys)}
    known = BitMap(people.find(conn, keys, identifiers))
    query = select(DISCLOSURE, DELIVERY.c.state).outerjoin(DELIVERY).order_by(DISCLOSURE.c.at, DISCLOSURE.c.id)
    if year is not None:
        query = query.where(DISCLOSURE.c.at >= datetime(year, 1, 1, tzinfo=UTC), DISCLOSURE.c.at < datetime(year + 1, 1, 1, tzinfo=UTC))
    found = []
    for row in conn.execute(query).all():
        if row.state == "undelivered":
            continue
        if (known and BitMap.deserialize(row.persons).intersect(known)) or holds_any(conn, row.id, row.bucket_bits, codes):
            found.append(
                Disclosed(
                    release=row.id,
                    at=row.at,
                    recipient=row.recipient,
                    recipient_kind=row.recipient_kind,
                    purpose=row.purpose,
                    form=row.form,
                    items=tuple(row.items),
                    clauses=tuple(row.clauses),
                    policy_version=row.policy_version,
                    state=row.state or "recorded",
                    entry=row.entry,
                )
            )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Left:
    """One release as it is listed, with nobody in it: when, what for, which items, how many rows, whether the file appeared."""

    release: int
    at: datetime
    recipient: str
    recipient_kind: str
    purpose: str
    form: str
    items: tuple[str, ...]
    clauses: tuple[str, ...]
    policy_version: str
    read: int
    released: int
    refused: int
    rejected: int
    list: str
    state: str
    entry: int


def to_recipient(conn: Connection, recipient: str | None = None, *, before: int | None = None, count: int = 50) -> tuple[Left, ...]:
    """The last releases to one recipient, or to all, before a number; the newest first. `state`: `delivered`, `undelivered`, `recorded`."""
    query = select(DISCLOSURE, DELIVERY.c.state).outerjoin(DELIVERY).order_by(DISCLOSURE.c.id.desc()).limit(count)
    if recipient is not None:
        query = query.where(DISCLOSURE.c.recipient == recipient)
    if before is not None:
        query = query.where(DISCLOSURE.c.id < before)
    return tuple(
        Left(
            row.id, row.at, row.recipient, row.recipient_kind, row.purpose, row.form, tuple(row.items), tuple(row.clauses),
            row.policy_version, row.read, row.released, row.refused, row.rejected, row.input_name, row.state or "recorded", row.entry,
        )
        for row in conn.execute(query)
    )  # fmt: skip


def counts_by_recipient(conn: Connection) -> tuple[tuple[str, int, int], ...]:
    """Every recipient that something left to, with the number of releases and of rows; the one with most rows first."""
    rows = func.sum(DISCLOSURE.c.released)
    query = select(DISCLOSURE.c.recipient, func.count(), rows).group_by(DISCLOSURE.c.recipient).order_by(rows.desc())
    return tuple((row[0], int(row[1]), int(row[2])) for row in conn.execute(query))
