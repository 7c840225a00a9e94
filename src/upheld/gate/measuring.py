"""The door for totals: what may be told of visits, of at least how many people, under which clauses. Nothing is told without a `Permit`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from datetime import datetime

from sqlalchemy import Connection

from upheld.errors import Refused
from upheld.policy.table import Table
from upheld.policy.uses import Standing, Use
from upheld.postings import queries as postings

PURPOSE = "measurement"
_DOOR = object()


@dataclass(frozen=True, slots=True)
class Permit:
    """The items that may be told as totals of at least `people` people, the clauses that say so, and the policy's version and hash."""

    items: frozenset[str]
    people: int
    clauses: tuple[str, ...]
    version: str
    policy_hash: str
    given_by: InitVar[object] = None

    def __post_init__(self, given_by: object) -> None:
        """Only this door gives permits: whoever makes one up has none."""
        if given_by is not _DOOR:
            raise TypeError("a permit comes from `gate.measuring.permit` alone")


def permit(conn: Connection, items: Sequence[str], at: datetime, *, asked_by: str | None = None) -> Permit:
    """What may be told of `items` as totals, to ourselves, of visitors of whom nothing is known but that they did not say no.

    `Refused` if nothing may be. Where the policy names no number, one person is enough for it, and so for us.
    """
    posted = postings.history(conn, at) or (postings.in_force(conn, at),)
    history = tuple(each.policy for each in posted)
    policy = history[-1]
    known = tuple(item for item in dict.fromkeys(items) if item in policy.vocabulary.items)
    if not known:
        raise Refused("the policy does not say that it collects anything of visits: it needs `collect web: ip address, pages, …`")
    topics = dict.fromkeys((topic for each in history for topic in each.vocabulary.topics), "unset")
    sources = dict.fromkeys((item.partition(".")[0] for item in known), policy.version)
    standing = Standing(choices=topics, since=sources)  # type: ignore[arg-type] # `unset` is a choice
    decision = Table(history).decide(Use(PURPOSE, totals=known, asked_by=asked_by), standing)
    if not decision.permitted:
        reason = decision.reasons[0]
        raise Refused(f"visits may not be measured: {reason.because}; what would change it: {reason.change}")
    people = decision.obligations.people or 1
    return Permit(frozenset(decision.permitted), people, decision.clauses, decision.version, decision.policy_hash, _DOOR)
