"""How many requests there are, by state and age: for the charts, and for nobody's page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, case, func, select

from upheld.requests.models import REQUEST
from upheld.requests.states import State

AGES: Final = (timedelta(days=7), timedelta(days=15), timedelta(days=30))
"""The ages that requests are counted by: younger than a week, up to 15 days, up to 30, older."""


def by_state_and_age(conn: Connection, states: Sequence[State], at: datetime) -> dict[State, tuple[int, ...]]:
    """How many requests are in each of these states, by their age at a time (`AGES`, the last: older than all)."""
    bands = case(*((REQUEST.c.received_at > at - age, number) for number, age in enumerate(AGES)), else_=len(AGES))
    query = select(REQUEST.c.state, bands.label("band"), func.count()).where(REQUEST.c.state.in_(states))
    rows = conn.execute(query.group_by(REQUEST.c.state, "band"))
    found: dict[State, list[int]] = {state: [0] * (len(AGES) + 1) for state in states}
    for state, band, count in rows:
        found[state][band] += count
    return {state: tuple(counts) for state, counts in found.items()}
