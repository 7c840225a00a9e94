"""What agents decided about records, as training reads it: the comparison they saw, and whether it was the same person."""

from __future__ import annotations

from sqlalchemy import Connection

from upheld.people.comparing import Compared, of_words
from upheld.requests.queries import labels


def decided(conn: Connection) -> list[tuple[Compared, bool]]:
    """Every decision that says something; of one record the last. No value of anybody is in it, so it outlives an erasure."""
    last = {one.record: one for one in labels(conn) if one.decision in {"include", "not this person"}}
    return [(of_words(one.evidence), one.decision == "include") for one in last.values()]
