"""`at most N times a PERIOD`: who was given out so often already, from the disclosures themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from upheld.gate.deciding import Outcome
from upheld.gate.evidence import all_codes, persons_of
from upheld.gate.gathering import Gathered
from upheld.gate.models import DELIVERY, DISCLOSURE
from upheld.gate.snapshot import Snapshot
from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.uses import Use

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
    spoke = {clause for decision in outcome.verdicts.decisions if decision.permitted for clause in decision.clauses}
    rules = [rule for policy in snapshot.history for rule in policy.allows if rule.clause in spoke and _caps(rule, policy, use)]
    found = []
    for clause, times, period in sorted({(rule.clause, *_limit(rule)) for rule in rules}):
        releases = _releases(conn, clause, snapshot.at - timedelta(days=_DAYS[period]))
        if len(releases) >= times:
            found.append(Cap(clause, times, tuple(releases)))
    return tuple(found)


def _caps(rule: CompiledRule, policy: Policy, use: Use) -> bool:
    """Whether a rule caps this use: also where another clause's cap is tighter, for that one counts its own releases."""
    return rule.at_most is not None and use.to in rule.recipients and rule.purposes >= set(policy.vocabulary.expand_purpose(use.purpose))


def _limit(rule: CompiledRule) -> tuple[int, str]:
    assert rule.at_most is not None
    return rule.at_most


def _releases(conn: Connection, clause: str, since: datetime) -> list[int]:
    """Releases under a clause since a time; one whose file never appeared gave nobody out."""
    recorded = select(DISCLOSURE.c.id, DISCLOSURE.c.clauses, DELIVERY.c.state).outerjoin(DELIVERY).where(DISCLOSURE.c.at > since)
    return [release.id for release in conn.execute(recorded) if clause in release.clauses and release.state != "undelivered"]


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
