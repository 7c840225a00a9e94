"""The neutral age screen: which birthday decides, and which age a policy means."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from upheld.errors import Invalid
from upheld.people.screening import CHILD, old_enough, threshold
from upheld.policy.compiled import Policy

TEXT = (Path(__file__).parents[2] / "policies" / "northgate.md").read_text("utf-8")
TODAY = date(2026, 5, 4)


def test_the_age_is_that_of_the_clause_that_asks_for_it():
    policy = Policy.parse(TEXT)
    assert any(condition.value == 16 for rule in policy.forbids for condition in rule.when)
    assert threshold(policy, "newsletter") == 13
    assert threshold(Policy.parse(TEXT.replace("known to be under 13", "known to be under 14")), "newsletter") == 14


def test_a_policy_that_names_no_age_means_children_as_the_law_does():
    assert threshold(Policy.parse(TEXT.replace("ask age before newsletter, registration, survey\n", "")), "newsletter") == CHILD


@pytest.mark.parametrize(
    ("born", "enough"),
    [(date(2013, 5, 4), True), (date(2013, 5, 5), False), (date(2012, 2, 29), True), (date(1926, 1, 1), True), (TODAY, False)],
)
def test_the_birthday_itself_counts(born, enough):
    assert old_enough(Policy.parse(TEXT), "newsletter", born, TODAY) is enough


@pytest.mark.parametrize("born", [date(2026, 5, 5), date(1850, 1, 1)])
def test_what_cannot_be_a_birthday_is_invalid(born):
    with pytest.raises(Invalid, match="cannot be a birth date"):
        old_enough(Policy.parse(TEXT), "newsletter", born, TODAY)
