"""What the statements other than rules answer: how long, by which desk, by which way, within which time, and who inside may ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from upheld.errors import NotFound
from upheld.policy.compiled import Policy, undeclared
from upheld.policy.statements import AskAge, Changes, Contact, Duration, Keep, NoticeOnLeaving, Right, Stop, Topic
from upheld.policy.terms import REGION_PARENTS, within

S = TypeVar("S", Stop, Right, Contact)

ANYONE = "anyone"

_HOURS = {"hour": 1.0, "day": 24.0, "business day": 24.0 * 7 / 5, "week": 168.0, "month": 730.5, "year": 8766.0}


@dataclass(frozen=True, slots=True)
class Retention:
    """How long an item may be kept, and by which clause: from when it was collected, or from the last contact with the person."""

    duration: Duration
    after_last_contact: bool
    clause: str


def hours(duration: Duration) -> float:
    """About how long a duration is, in hours: to compare durations, never to count a deadline."""
    return duration.count * _HOURS[duration.unit]


def retention(policy: Policy, item: str) -> tuple[Retention, ...]:
    """All limits on keeping an item, the tightest first; it goes when the first of them is due. Empty: the policy sets none.

    `NotFound` for an item that is not declared.
    """
    if item not in policy.vocabulary.items:
        raise NotFound(undeclared("item", item, policy.vocabulary.items))
    found = [
        Retention(each.duration, each.after_last_contact, each.clause)
        for each in policy.document.statements
        if isinstance(each, Keep) and any(name in ("any", item) or item.startswith(f"{name}.") for name in each.items)
    ]
    return tuple(sorted(found, key=lambda each: hours(each.duration)))


def rights(policy: Policy, region: str | None) -> tuple[Right, ...]:
    """The statements on rights that a person of `region` can call upon, in document order. An unknown region is never refused."""
    return tuple(_for_region(policy, Right, region))


def right(policy: Policy, name: str, region: str | None) -> tuple[Right, ...]:
    """The statements that give a person of `region` the right `name`, the tightest clock first; empty if none does."""
    found = [each for each in rights(policy, region) if name in each.rights]
    return tuple(sorted(found, key=lambda each: hours(each.within) if each.within else float("inf")))


def stops(policy: Policy, topic: str, region: str | None) -> tuple[Stop, ...]:
    """How a person of `region` gets off a topic's lists, the tightest clock first. An unknown region is never refused (P16).

    `NotFound` for a topic that is not declared.
    """
    if topic not in policy.vocabulary.topics:
        raise NotFound(undeclared("topic", topic, policy.vocabulary.topics))
    found = [each for each in _for_region(policy, Stop, region) if topic in each.topics]
    return tuple(sorted(found, key=lambda each: hours(each.within) if each.within else float("inf")))


def stopped_by(policy: Policy, topic: str) -> tuple[str, ...]:
    """The purposes for which nobody who opted out of a topic is reached."""
    topics = (each for each in policy.document.statements if isinstance(each, Topic) and each.name == topic)
    return tuple(dict.fromkeys(purpose for each in topics for purpose in each.purposes))


def desk(policy: Policy, region: str | None) -> Contact | None:
    """The desk for a person of `region`: the one for the smallest region they are surely in, else the one for everyone."""
    nearest: tuple[int, Contact] | None = None
    for contact in (each for each in policy.document.statements if isinstance(each, Contact)):
        depths = [_depth(outer) for outer in contact.regions or (ANYONE,) if outer == ANYONE or within(region, outer) is True]
        if depths and (nearest is None or max(depths) > nearest[0]):
            nearest = (max(depths), contact)
    return nearest[1] if nearest else None


def asks_age_before(policy: Policy, source: str) -> str | None:
    """The clause that wants the age asked before anything of `source` is taken in; None if none does (P17)."""
    asking = (each for each in policy.document.statements if isinstance(each, AskAge))
    return next((each.clause for each in asking if source in each.sources), None)


def staff_purposes(policy: Policy, role: str) -> frozenset[str]:
    """The purposes for which a role may ask; `NotFound` for a role that the policy does not name (P15)."""
    own = [may for name, _, may in policy.staff if name == role]
    if not own:
        raise NotFound(undeclared("staff role", role, dict.fromkeys(name for name, _, _ in policy.staff)))
    return frozenset[str]().union(*own)


def notice_on_leaving(policy: Policy) -> str | None:
    """The clause that promises a notice on links to other sites; None if none does (P13)."""
    return next((each.clause for each in policy.document.statements if isinstance(each, NoticeOnLeaving)), None)


def changes(policy: Policy) -> str | None:
    """The clause that says how changes of the policy apply; None if none does (P18)."""
    return next((each.clause for each in policy.document.statements if isinstance(each, Changes)), None)


def _for_region(policy: Policy, kind: type[S], region: str | None) -> Iterator[S]:
    for statement in policy.document.statements:
        if isinstance(statement, kind):
            regions = statement.regions or (ANYONE,)
            if any(outer == ANYONE or within(region, outer) is not False for outer in regions):
                yield statement


def _depth(region: str) -> int:
    if region in {ANYONE, "anywhere"}:
        return 0
    return 1 if REGION_PARENTS[region] == "anywhere" else 2
