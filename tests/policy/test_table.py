"""The table decides like the reference; a code, an export and a million rows do too."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.policy.worlds import questions
from upheld.policy.decide import decide
from upheld.policy.table import Table

RICH = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@given(questions())
@RICH
def test_the_table_decides_like_the_reference(asked):
    history, uses, people = asked
    table = Table(history)
    for use in uses:
        for person in people:
            expected = decide(history, use, person)
            assert table.decide(use, person) == expected
            assert table.decide(use, person) == expected  # also when it remembers
            assert table.decide_code(use, table.standing_code(person)) == expected
            assert decide(history, use, table.standing(table.standing_code(person))) == expected


@given(questions())
@RICH
def test_plain_arguments_and_coded_uses_are_decided_alike(asked):
    history, uses, people = asked
    table = Table(history)
    for use in uses:
        for one in people:
            expected = decide(history, use, one)
            facts = {name: getattr(use, name) for name in ("people", "chosen_by", "vetted", "under_contract", "legal_process", "asked_by")}
            person = {"choices": one.choices, "region": one.region, "age": one.age, "served": one.served, "since": one.since}
            assert table.ask(use.purpose, use.items, use.to, use.totals, **facts, **person) == expected
            assert table.ask(use.purpose, list(use.items), use.to, list(use.totals), **facts, **person) == expected
            assert table.decide_code(table.use_code(use), table.standing_code(one)) == expected


@given(questions(most=3))
@settings(RICH, max_examples=60)
def test_a_row_spells_out_every_combination(asked):
    history, uses, people = asked
    table = Table(history)
    for use in uses:
        row = table.row(use)
        if row.size > 2_000:
            continue
        assert len(row.codes) == row.size
        for person in people:
            digits = row.digits(table.standing_code(person))
            at, step = 0, 1
            for dim, digit in zip(row.dims, digits, strict=True):
                at, step = at + digit * step, step * dim.size
            assert row.outcomes[row.codes[at]] == decide(history, use, person)


@given(questions())
@settings(RICH, max_examples=60)
def test_a_loaded_export_decides_like_the_original_and_has_its_hash(asked):
    history, uses, people = asked
    table = Table(history)
    loaded = Table.load(table.export())
    assert loaded.hash == table.hash
    assert loaded.dims == table.dims
    for use in uses:
        for person in people:
            assert loaded.decide(use, person) == table.decide(use, person)
