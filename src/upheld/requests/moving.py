"""An e-mail address that changes: whoever has proven the old one and the new one is one person, and every place that holds the old follows.

From this moment on what was stopped under the old address is stopped under the new one, whatever was chosen under it before.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from upheld.choices.actions import Said, record_many
from upheld.choices.queries import AsOf, standing
from upheld.errors import Invalid, Refused
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, declare
from upheld.people.actions import Keeper, enrol
from upheld.people.identifiers import Email
from upheld.people.normal import email as normal_email
from upheld.policy.behaviour import right
from upheld.policy.compiled import Policy
from upheld.record import Actor
from upheld.requests.correcting import EMAIL, Wrong, write_down
from upheld.systems.datamap import DataMap

MOVED = declare(
    "address.moved",
    "somebody who proved two addresses asked to be known by the second: so many places are corrected",
    person=NUMBER,
    places=NUMBER,
)


def places(datamap: DataMap) -> tuple[Wrong, ...]:
    """Where an e-mail address stands, as the map says."""
    systems = datamap.systems.values()
    return tuple(Wrong(system.name, table.name, EMAIL) for system in systems for table in system.tables if table.parts().get(EMAIL))


def demand_other(policy: Policy, old: str, new: str) -> None:
    """`Refused` if nobody has the right, `Invalid` unless the new address is another one."""
    if not right(policy, "correct", None):
        raise Refused("this is corrected at the desk: ask there")
    if normal_email(new) in {"", normal_email(old)}:
        raise Invalid("write the new address, another one than before")


def move(tx: Connection, keeper: Keeper, policy: Policy, datamap: DataMap, old: str, new: str, *, at: datetime, actor: Actor) -> int:
    """Have every place that holds the old address hold the new one; both were proven. How many places are asked."""
    demand_other(policy, old, new)
    both = (Email(old), Email(new))
    people = enrol(tx, keeper, both, at, actor)
    topics = policy.vocabulary.topics
    chosen = [standing(tx, person, topics, AsOf(at)).choices for person in people]
    stopped = [topic for topic in topics if any(each[topic] == "out" for each in chosen)]
    if len(people) > 1 and stopped:  # the new address was known already: it is now stopped as well
        record_many(tx, keeper, [Said(both, topic, "out", at, "web") for topic in stopped], topics, at=at, actor=actor)
    asked = places(datamap)
    for wrong in asked:
        write_down(tx, keeper, old, wrong, new, at=at, actor=actor)
    append(tx, MOVED, {"person": people[0], "places": len(asked)}, at, actor)
    return len(asked)
