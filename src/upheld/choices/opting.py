"""Opting in, in two steps: a click on a link that was mailed says yes, once. An older link never overrules a later no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from upheld.choices.actions import Recorded, Said, record_many
from upheld.choices.queries import history
from upheld.errors import Conflict
from upheld.people.actions import Keeper
from upheld.people.queries import find
from upheld.record import Actor


def confirm(
    tx: Connection, keeper: Keeper, said: Sequence[Said], topics: Sequence[str], *, asked_at: datetime, at: datetime, actor: Actor
) -> list[Recorded]:
    """Record the opt-ins that somebody confirmed, as of now; those that hold already by this very link are not recorded again.

    `Conflict` if the person said no to one of them after the link was asked for: then they must ask anew.
    """
    fresh: list[Said] = []
    for one in said:
        since = [
            choice
            for person in find(tx, keeper.keys, one.identifiers)
            for choice in history(tx, person)
            if choice.topic == one.topic and choice.recorded_at >= asked_at
        ]
        if any(choice.says == "out" for choice in since):
            raise Conflict("this was stopped after the link was sent: sign up again to change it")
        if not since:
            fresh.append(replace(one, at=at))
    return record_many(tx, keeper, fresh, topics, at=at, actor=actor)
