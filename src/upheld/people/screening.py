"""The neutral age screen: is somebody born on a day old enough for a policy to take anything in from them? Nothing of it is kept."""

from __future__ import annotations

from datetime import date

from upheld.people.facts import born as born_fact
from upheld.policy.behaviour import asks_age_before
from upheld.policy.compiled import Policy

CHILD: int = 13  # where the policy asks for ages but names none (COPPA)


def threshold(policy: Policy, source: str) -> int:
    """From which age on a policy takes something in from a source: the highest that its clause with the age question forbids below."""
    asking = asks_age_before(policy, source)
    own = (rule for rule in policy.forbids if rule.clause == asking)
    conditions = (condition for rule in own for condition in rule.when if condition.kind in {"under", "known under"})
    return max((int(condition.value or 0) for condition in conditions), default=CHILD)


def old_enough(policy: Policy, source: str, born: date, today: date) -> bool:
    """Whether their birthday of that age has come. `Invalid` for a day to come, or longer ago than anybody lives."""
    born_fact(born, today)
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return years >= threshold(policy, source)
