"""The neutral age screen: whether somebody born on a day is old enough for a policy to take anything in from them. Nothing is kept."""

from __future__ import annotations

from datetime import date

from upheld.errors import Invalid
from upheld.people.facts import born as born_fact
from upheld.policy.compiled import Policy

CHILD: int = 13  # where the policy asks for ages but names none (COPPA)


def threshold(policy: Policy) -> int:
    """From which age on a policy takes something in: the highest age under which one of its rules forbids."""
    conditions = (condition for rule in policy.forbids for condition in rule.when if condition.kind in {"under", "known under"})
    return max((int(condition.value or 0) for condition in conditions), default=CHILD)


def old_enough(policy: Policy, born: date, today: date) -> bool:
    """Whether their birthday of that age has come. `Invalid` for a day to come, or longer ago than anybody lives."""
    born_fact(born, today)
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if years < 0:
        raise Invalid("this cannot be a birth date: write it as `1990-05-31`")
    return years >= threshold(policy)
