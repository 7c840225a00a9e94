"""What agents decided about records, as training reads it: the comparison they saw, and whether it was the same person."""

from __future__ import annotations

from sqlalchemy import Connection, select

from upheld.people.comparing import Compared, of_words
from upheld.requests.models import LINK_DECISION
from upheld.requests.queries import labels


def decided(conn: Connection) -> list[tuple[Compared, bool]]:
    """Every decision that says something; of one record the last. No value of anybody is in it, so it outlives an erasure."""
    last = {one.record: one for one in labels(conn) if one.decision in {"include", "not this person"}}
    pairs = select(LINK_DECISION.c.one, LINK_DECISION.c.other, LINK_DECISION.c.evidence, LINK_DECISION.c.same).order_by(LINK_DECISION.c.id)
    joined = {(row.one, row.other): (of_words(row.evidence), row.same) for row in conn.execute(pairs)}
    return [*((of_words(one.evidence), one.decision == "include") for one in last.values()), *joined.values()]
