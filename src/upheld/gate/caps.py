"""`at most N times a PERIOD`: who was given out so often already, from the disclosures themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap
from sqlalchemy import Connection, select

from upheld.gate.evidence import all_codes, holds_any, persons_of
from upheld.gate.models import DELIVERY, DISCLOSURE
from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.uses import Decision, Use

if TYPE_CHECKING:  # a question about one person needs none of what a list does
    from upheld.gate.deciding import Outcome
    from upheld.gate.gathering import Gathered
    from upheld.gate.snapshot import Snapshot

AS_OFTEN = "the person was given out as often as the clause lets"

_DAYS = {"day": 1, "week": 7, "month": 31, "year": 366}
"""A period counts back from now; the longest of its kind, so that it is never too short."""


@dataclass(frozen=True, slots=True)
class Cap:
    """One clause's cap, and the releases under the clause within its period."""

    clause: str
    times: int
    releases: tuple[int, ...]


def caps_of(conn: Connection, snapshot: Snapshot, outcome: Outcome, use: Use) -> tuple[Cap, ...]:
    """The caps that may already be reached: those with as many releases in the period as they allow."""
    found = []
    for clause, times, period in _limits(outcome.verdicts.decisions, snapshot.history, use):
        releases = _releases(conn, clause, snapshot.at - timedelta(days=_DAYS[period]))
        if len(releases) >= times:
            found.append(Cap(clause, times, tuple(release for release, *_ in releases)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a question is about: their numbers, if the record knows them, and the codes of the identifiers that name them."""

    numbers: Collection[int]
    codes: Collection[int]


def spent(
    conn: Connection, decisions: Iterable[Decision], history: Sequence[Policy], use: Use, person: Person, at: datetime, *, now: bool
) -> dict[str, date]:
    """The clauses whose cap this person has reached, each with the first day (UTC) on which a release may give them out again.

    `now`: every release that is recorded counts; else only those up to `at`.
    """
    known, found = BitMap(person.numbers), dict[str, date]()
    for clause, times, period in _limits(decisions, history, use):
        within = timedelta(days=_DAYS[period])
        releases = _releases(conn, clause, at - within)
        was_in = sorted(
            made
            for release, made, bits in releases
            if (now or made <= at) and (bool(persons_of(conn, release).intersect(known)) or holds_any(conn, release, bits, person.codes))
        )
        if len(was_in) >= times:
            free = was_in[-times] + within
            found[clause] = max(found.get(clause, date.min), (free + timedelta(days=1, microseconds=-1)).date())
    return found


def _limits(decisions: Iterable[Decision], history: Sequence[Policy], use: Use) -> list[tuple[str, int, str]]:
    """The clause, times and period of each cap on what these decisions permit."""
    spoke = {clause for decision in decisions if decision.permitted for clause in decision.clauses}
    rules = [rule for policy in history for rule in policy.allows if rule.clause in spoke and _caps(rule, policy, use)]
    return sorted({(rule.clause, *_limit(rule)) for rule in rules})


def _caps(rule: CompiledRule, policy: Policy, use: Use) -> bool:
    """Whether a rule caps this use: also where another clause's cap is tighter, for that one counts its own releases."""
    return rule.at_most is not None and use.to in rule.recipients and rule.purposes >= set(policy.vocabulary.expand_purpose(use.purpose))


def _limit(rule: CompiledRule) -> tuple[int, str]:
    assert rule.at_most is not None
    return rule.at_most


def _releases(conn: Connection, clause: str, since: datetime) -> list[tuple[int, datetime, int]]:
    """Releases under a clause since a time, with their times and bucket bits; one whose file never appeared gave nobody out."""
    columns = (DISCLOSURE.c.id, DISCLOSURE.c.at, DISCLOSURE.c.bucket_bits, DISCLOSURE.c.clauses, DELIVERY.c.state)
    recorded = conn.execute(select(*columns).outerjoin(DELIVERY).where(DISCLOSURE.c.at > since)).all()
    return [(one.id, one.at, one.bucket_bits) for one in recorded if clause in one.clauses and one.state != "undelivered"]


def capped_rows(conn: Connection, caps: Sequence[Cap], gathered: Gathered, outcome: Outcome) -> NDArray[np.bool_]:
    """The rows about somebody who was in as many of a cap's releases as it allows: in each by number, or by a code that left."""
    capped = np.zeros(len(outcome.decided.masks), dtype=np.bool_)
    for cap in caps:
        often = np.zeros(len(capped), dtype=np.int64)
        for release in cap.releases:
            often += _were_in(conn, release, gathered, outcome)
        capped |= often >= cap.times
    return capped


def _were_in(conn: Connection, release: int, gathered: Gathered, outcome: Outcome) -> NDArray[np.bool_]:
    """The rows about somebody who was in a release."""
    there = np.zeros(len(outcome.decided.masks), dtype=np.bool_)
    there[outcome.rows[np.isin(outcome.persons, np.array(persons_of(conn, release), dtype=np.int64))]] = True
    left = all_codes(conn, release)
    if len(left):
        for codes, rows in gathered.chunks():
            places = np.minimum(np.searchsorted(left, codes), len(left) - 1)
            there[rows[left[places] == codes]] = True
    return there
