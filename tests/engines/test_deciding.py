"""Whole tables of standings are decided where they lie, with reasons or without."""

from __future__ import annotations

import pytest

from upheld.engines import Engine, deciding
from upheld.engines.deciding import Standings
from upheld.policy.compiled import Policy
from upheld.policy.table import Table
from upheld.policy.uses import Standing, Use

POLICY = """---
company: Northgate Systems
title: Privacy policy
version: 1
---

# Offers {#offers}

```upheld
topic newsletter stops marketing.email
collect order: name
allow marketing.email using order when opted in to newsletter
```
"""
OFFER = Use("marketing.email", ("order.name",))
CHOICES = ("in", "in", "in", "out", "unset", "unset", "unknown")


@pytest.fixture
def table() -> Table:
    return Table((Policy.parse(POLICY),))


@pytest.fixture
def people(engine: Engine, table: Table) -> Standings:
    codes = [table.standing_code(Standing({"newsletter": choice})) for choice in CHOICES]
    engine.put("people", {"id": "integer", "code": "integer"}, enumerate([*codes, None, -1, table.size]))
    return Standings(engine, "people")


def test_rows_are_counted_by_decision_and_a_row_without_a_standing_has_none(people: Standings, table: Table) -> None:
    found = deciding.counts(people, table, OFFER)
    allowed = {each.decision.allowed: each.rows for each in found if each.decision is not None and each.decision.allowed}
    assert allowed == {True: 3}
    assert [each.rows for each in found if each.decision is None] == [3]
    assert sum(each.rows for each in found) == len(CHOICES) + 3
    assert [each.rows for each in found] == sorted((each.rows for each in found), reverse=True)


def test_each_row_comes_with_its_own_decision(people: Standings, table: Table) -> None:
    lists = list(deciding.decided(people, table, OFFER, ["id"], size=4))
    assert [len(each) for each in lists] == [4, 4, 2]
    found = {key[0]: decision for each in lists for key, decision in each}
    for at, choice in enumerate(CHOICES):
        assert found[at] == table.decide(OFFER, Standing({"newsletter": choice}))
    assert [found[at] for at in (7, 8, 9)] == [None, None, None]


def test_only_rows_for_which_everything_is_permitted_are_selected(people: Standings, table: Table) -> None:
    assert sorted(deciding.permitted(people, table, OFFER, ["id"])) == [(0,), (1,), (2,)]
