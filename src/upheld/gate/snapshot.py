"""One reading of the record: everything that a release, or a question about one person, depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from upheld.choices import queries as choices
from upheld.errors import Refused
from upheld.gate.asked import Asked
from upheld.gate.gathering import Gathered
from upheld.gate.models import RELEASE_ENDED
from upheld.gate.verdicts import COARSE
from upheld.ledger import queries as ledger
from upheld.people import queries as people
from upheld.people.columns import Columns
from upheld.people.matching import Index
from upheld.people.models import FACT
from upheld.policy.compiled import Policy
from upheld.policy.table import Table
from upheld.policy.terms import REGION_PARENTS
from upheld.postings import queries as postings
from upheld.recipients import queries as recipients
from upheld.recipients.terms import demanded

ABOUT_PEOPLE = frozenset({"choice.recorded", "person.enrolled", "person.attached", "person.fact"})
"""Entries after which only the people they are about may have to be decided again."""
WITHOUT_EFFECT = frozenset({RELEASE_ENDED, "policy.drafted", "policy.approved", "policy.withdrawn", "recipient.addressed"})
ROOMS_WITHOUT_EFFECT = ("effect.", "request.", "rights.", "key.", "staff.", "webhook.", "list.")
"""What these rooms do to a person's standing, they do by a choice, which has its own entry; who may ask changes no answer."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the record said at one moment. `mark` is the ledger's size: whatever is recorded later has a later entry.

    `since` are the times from which the policies of `history` applied; `standings` has the standing code of every person by number.
    """

    mark: int
    at: datetime
    history: tuple[Policy, ...]
    since: tuple[datetime, ...]
    table: Table
    index: Index
    standings: choices.Standings
    last_identifier: int
    coarse: NDArray[np.int64]

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that some version of the policy asks about."""
        return tuple(dim.about for dim in self.table.dims if dim.kind == "choice")

    @property
    def nobody(self) -> int:
        """The standing code of somebody who is not known."""
        return choices.nobody(self.table)

    def is_of(self, mark: int, at: datetime) -> bool:
        """Whether reading the record at a time, with its ledger of that size, would give the same."""
        return self.mark == mark and self.at.date() == at.date()

    def of(self, persons: NDArray[np.int64]) -> NDArray[np.int64]:
        """The standing codes of persons, `COARSE` added where the record knows a region that the policy cannot place."""
        return self.standings.codes[persons] + np.isin(persons, self.coarse) * COARSE

    @property
    def sentences(self) -> Mapping[str, str]:
        """The text of each clause; the latest version's where several have it."""
        return {clause.id: clause.text for policy in self.history for clause in policy.document.clauses}

    def still_holds(self, tx: Connection, gathered: Gathered, persons: NDArray[np.int64]) -> bool:
        """Whether nothing was recorded since that could change what was decided about rows of a list, which met these persons."""
        kinds = {entry.kind for entry in ledger.entries(tx, begin=self.mark) if not entry.kind.startswith(ROOMS_WITHOUT_EFFECT)}
        kinds -= WITHOUT_EFFECT
        if not kinds <= ABOUT_PEOPLE:
            return False
        if not kinds:
            return True
        changed = choices.changed_since(tx, self.standings.last_choice, self.standings.last_fact)
        if changed and np.isin(persons, np.fromiter(changed, np.int64, len(changed))).any():
            return False
        rows, _ = gathered.meet(people.later(tx, self.last_identifier))
        return not len(rows)


def take(conn: Connection, asked: Asked, columns: Columns, at: datetime) -> Snapshot:
    """Read the record as far as a list with these columns needs it."""
    table = Table(asked.history)
    if table.size >= COARSE:
        raise Refused("the policies ask more of a person than a list can be decided by: post one that asks about fewer topics and regions")
    return Snapshot(
        mark=ledger.size(conn),
        at=at,
        history=asked.history,
        since=asked.since,
        table=table,
        index=people.index(conn, columns.kinds),
        standings=choices.standing_codes(conn, table, choices.AsOf(today=at)),
        last_identifier=people.last_identifier(conn),
        coarse=_coarse(conn, table),
    )


def _coarse(conn: Connection, table: Table) -> NDArray[np.int64]:
    """The people of whom a region is recorded that is, for this policy, no better than none."""
    dim = next((dim for dim in table.dims if dim.kind == "region"), None)
    if dim is None:
        return np.empty(0, dtype=np.int64)
    named = [region for region in REGION_PARENTS if dim.digit(region) == dim.digit(None)]
    found = conn.execute(select(FACT.c.person).where(FACT.c.fact == "region", FACT.c.value.in_(named)).distinct()).scalars().all()
    return np.array(found, dtype=np.int64)


def ask(conn: Connection, purpose: str, to: str, at: datetime) -> Asked:
    """The policy in force and the recipient. `Refused` if no policy was posted yet, `NotFound` for a recipient that is not registered."""
    posted = postings.history(conn, at)
    if not posted:
        raise Refused("no policy is in force: post one with `upheld policy post POLICY.md`")
    facts = recipients.facts(conn, to, purpose, at, demanded(posted[-1].policy.document.front.law))
    return Asked(
        tuple(one.policy for one in posted),
        tuple(one.since for one in posted),
        facts.kind,
        facts.vetted,
        facts.under_contract,
        facts.lacks,
    )
