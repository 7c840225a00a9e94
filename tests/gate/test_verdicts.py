"""Deciding a list is deciding each row: whole columns agree with one person at a time, on any mix of standings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upheld.gate import verdicts as verdicts_
from upheld.gate.facts import stranger
from upheld.gate.verdicts import Verdicts, decide_rows
from upheld.policy.compiled import Policy
from upheld.policy.table import Table
from upheld.policy.uses import Standing, Use

HEAD = "---\ncompany: X\ntitle: Policy\nversion: '1'\n---\n\nOffers. {#offers}\n\n```upheld\n"
POLICY = Policy.parse(
    HEAD
    + """collect order: name, email, address
topic offers stops marketing.email
topic post stops marketing.post
allow marketing using order.name when opted in to offers
allow marketing using order.email unless in us-ca
allow marketing using order.address when not under 18
forbid marketing using order.name, order.email when known to be under 13
```
"""
)
TABLE = Table((POLICY,))
TOPICS = POLICY.vocabulary.topics
USE = Use("marketing.email", ("order.name", "order.email", "order.address"))
REGIONS = st.sampled_from([None, "us", "us-ca", "us-ny", "de"])
AGES = st.sampled_from([None, 5, 12, 13, 17, 18, 40])
PERSONS = st.builds(
    Standing,
    choices=st.fixed_dictionaries({topic: st.sampled_from(["unset", "in", "out", "unknown"]) for topic in TOPICS}),
    region=REGIONS,
    age=AGES,
)
ROWS = st.tuples(REGIONS, AGES, st.lists(PERSONS, max_size=3))


def possible(person, region, age):
    """Everything a person may be, of whom a list says something: what is not known it may say, where they differ both count."""
    found = [person]
    if region is not None:
        found = [replace(one, region=said) for one in found for said in {region, person.region or region}]
    if age is not None:
        found = [replace(one, age=said) for one in found for said in {age, age if person.age is None else person.age}]
    return found


def coded(person):
    """A person's code, as a snapshot gives it, or a row's."""
    coarse = person.region is not None and TABLE.standing_code(person) == TABLE.standing_code(replace(person, region=None))
    return TABLE.standing_code(person) + (verdicts_.COARSE if coarse else 0)


def one_by_one(region, age, persons):
    standings = [each for person in persons for each in possible(person, region, age)] or [stranger(TOPICS, region=region, age=age)]
    permitted = [set(TABLE.decide(USE, standing).permitted) for standing in standings]
    return set.intersection(*permitted)


@pytest.mark.parametrize("dense", [1 << 24, 0])
@settings(deadline=None, max_examples=150)
@given(rows=st.lists(ROWS, max_size=12))
def test_whole_columns_agree_with_one_person_at_a_time(dense, rows):
    before, verdicts_.DENSE = verdicts_.DENSE, dense
    try:
        verdicts = Verdicts(USE.items, TABLE.row(USE).decide_code, TABLE.dims, TABLE.standing_code(stranger(TOPICS)))
        said = np.array([coded(stranger(TOPICS, region=region, age=age)) for region, age, _ in rows], dtype=np.int64)
        hits = [(number, coded(person)) for number, (_, _, persons) in enumerate(rows) for person in persons]
        pairs = np.array(hits, dtype=np.int64).reshape(-1, 2)
        decided = decide_rows(verdicts, len(rows), said, (pairs[:, 0], pairs[:, 1]))
    finally:
        verdicts_.DENSE = before
    for number, row in enumerate(rows):
        mask = int(decided.masks[number])
        found = {item for place, item in enumerate(USE.items) if mask >> place & 1}
        expected = one_by_one(*row)
        assert found <= expected  # never more
        assert found == expected
        assert mask == 0 or decided.numbers[number] >= 0
