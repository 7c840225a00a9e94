"""What is known about a person that rules may ask: region, month of birth, and under which policy version information was collected.

A birth date is kept as a month only, and the month *after* it: a person counts as younger by up to a month, never as older.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from upheld.errors import Invalid
from upheld.policy.compiled import undeclared
from upheld.policy.terms import REGION_PARENTS

OLDEST = 130  # years; more is a slip of the pen


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `at`: from when it holds; None: from when it is recorded."""

    fact: Literal["region", "born", "since"]
    value: str
    about: str = ""
    at: datetime | None = None


def region(name: str) -> Fact:
    """The person lives in a region of the policy's tree (`us-ca`, `de`, `eu` …). `Invalid` with a suggestion for another word."""
    name = name.strip().lower().replace("_", "-")
    if name not in REGION_PARENTS:
        raise Invalid(undeclared("region", name, REGION_PARENTS) if len(name) <= 12 else "this is no region: write `us-ca`, `de`, `eu`")
    return Fact("region", name)


def born(day: date, today: date) -> Fact:
    """The person was born on a day. `Invalid` for a day to come or longer ago than anybody lives."""
    if day > today or today.year - day.year > OLDEST:
        raise Invalid("this cannot be a birth date: write it as `1990-05-31`")
    return Fact("born", str(day.year * 12 + day.month))  # months count from 0: this is the month after


def aged(years: int, today: date) -> Fact:
    """The person is so many years old today: reckoned as if their birthday were today."""
    if not 0 <= years <= OLDEST:
        raise Invalid("this cannot be an age: write whole years, as `34`")
    return Fact("born", str((today.year - years) * 12 + today.month - 1))


def since(source: str, version: str, at: datetime | None = None) -> Fact:
    """What a source holds of the person stands under a policy version: collected under it, or agreed to it later (at a time)."""
    return Fact("since", version, source, at)


def age(born_month: int, on: date) -> int:
    """Whole years of age on a day, of a person of that month of birth."""
    return max((on.year * 12 + on.month - 1 - born_month) // 12, 0)
