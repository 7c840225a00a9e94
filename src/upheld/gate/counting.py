"""How often each clause allowed and refused, from the releases of a period as the ledger has them: so a policy's page proves itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, func, select

from upheld.gate.models import DISCLOSURE, RELEASE_RECORDED
from upheld.ledger.queries import entries
from upheld.record.weeks import monday, week_of


@dataclass(frozen=True, slots=True)
class Counted:
    """What one clause did: rows of lists that it let leave, rows that it kept back, and in how many releases it spoke."""

    allowed: int = 0
    refused: int = 0
    releases: int = 0


@dataclass(frozen=True, slots=True)
class Week:
    """The releases of one week: how many lists, and how many rows left in them."""

    releases: int = 0
    rows: int = 0


def by_week(conn: Connection, since: datetime, until: datetime) -> Mapping[datetime, Week]:
    """The releases of each week, by its Monday, from `since` up to but without `until`; a week without any is not in it."""
    query = select(week_of(DISCLOSURE.c.at).label("week"), func.count(), func.sum(DISCLOSURE.c.released)).group_by("week")
    rows = conn.execute(query.where(DISCLOSURE.c.at >= since, DISCLOSURE.c.at < until))
    return {monday(row[0]): Week(int(row[1]), int(row[2])) for row in rows}


def by_clause(conn: Connection, since: datetime, until: datetime) -> Mapping[str, Counted]:
    """By clause, over the releases recorded from `since` up to but without `until`; a clause that never spoke is not in it."""
    first = conn.execute(select(func.min(DISCLOSURE.c.entry)).where(DISCLOSURE.c.at >= since, DISCLOSURE.c.at < until)).scalar()
    allowed, refused, releases = Counter[str](), Counter[str](), Counter[str]()
    for entry in entries(conn, first, RELEASE_RECORDED) if first is not None else ():
        if entry.at >= until:
            break
        permitting = cast("list[str]", entry.body["clauses"])
        refusing = cast("dict[str, int]", entry.body["refused_by"])
        for clause in permitting:
            allowed[clause] += cast("int", entry.body["released"])
        for clause, rows in refusing.items():
            refused[clause] += rows
        releases.update({*permitting, *refusing})
    return {clause: Counted(allowed[clause], refused[clause], releases[clause]) for clause in releases}
