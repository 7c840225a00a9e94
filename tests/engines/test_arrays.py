"""Columns of people are decided like each of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from tests.policy.worlds import questions
from upheld.engines import arrays
from upheld.errors import Invalid
from upheld.policy import row as rows
from upheld.policy.compiled import Policy
from upheld.policy.decide import decide
from upheld.policy.table import Table
from upheld.policy.uses import Use

MANY = "\n".join(f"topic t{n} stops marketing.email" for n in range(12))
TWELVE_TOPICS = f"""---
company: Northgate
title: Privacy
version: 1
---
# Policy {{#top}}
```upheld
{MANY}
collect order: email
allow marketing.email using order unless in us-ca or under 13
allow marketing.post using order unless opted out of t3
```
"""


@pytest.mark.parametrize(("whole", "chunk"), [(1 << 20, 3), (1, 1 << 18)])
@given(questions(most=4))
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_arrays_decide_like_the_reference(whole, chunk, asked):
    history, uses, people = asked
    table = Table(history)
    codes = np.array([table.standing_code(person) for person in people], dtype=np.uint64)
    digits = {dim.name: np.array([dim.of(person) for person in people], dtype=np.uint8) for dim in table.dims}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "WHOLE", whole)
        patch.setattr(arrays, "CHUNK", chunk)
        for use in uses:
            row = table.row(use)
            if row.size > 20_000:
                continue
            expected = [decide(history, use, person) for person in people]
            answers = arrays.decide(table, row, codes)
            assert [answers.of(at) for at in range(len(people))] == expected
            assert answers.allowed().tolist() == [each.allowed for each in expected]
            assert sum(count for _, count in answers.counts()) == len(people)
            for item in history[-1].vocabulary.items:
                assert answers.permitted(item).tolist() == [item in each.permitted for each in expected]
            if row.dims:
                by_digits = arrays.decide_digits(row, digits)
                assert [by_digits.of(at) for at in range(len(people))] == expected
    if table.dims:
        assert arrays.encode(table, digits).tolist() == codes.tolist()


def test_a_use_that_depends_on_too_many_facts_for_a_table_is_decided_all_the_same():
    table = Table([Policy.parse(TWELVE_TOPICS)])
    row = table.row(Use("marketing.email", ("order.email",)))
    assert row.size > rows.DENSE
    with pytest.raises(Invalid, match="person by person"):
        _ = row.codes
    codes = np.random.default_rng(1).integers(0, table.size, 200, dtype=np.uint64)
    answers = arrays.decide(table, row, codes)
    digits = {dim.name: (codes // dim.stride % dim.size).astype(np.uint8) for dim in table.dims}
    by_digits = arrays.decide_digits(row, digits)
    for at, code in enumerate(codes.tolist()):
        assert answers.of(at) == by_digits.of(at) == table.decide_code(row.use, code)
    assert table.row(Use("marketing.post", ("order.email",))).size == 4  # one topic of twelve


def test_a_number_that_is_no_standing_code_is_refused():
    table = Table([Policy.parse(TWELVE_TOPICS)])
    row = table.row(Use("marketing.post", ("order.email",)))
    arrays.decide(table, row, np.array([0, table.size - 1]))
    for wrong in ([table.size], [-1]):
        with pytest.raises(Invalid, match="work them out again"):
            arrays.decide(table, row, np.array(wrong))
    with pytest.raises(Invalid, match="whole numbers"):
        arrays.decide(table, row, np.array([0.5]))
