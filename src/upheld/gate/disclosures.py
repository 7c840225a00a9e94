"""What left about one person, to whom, when, and under which clauses: read from the disclosures themselves (P20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pyroaring import BitMap
from sqlalchemy import Connection, select

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
