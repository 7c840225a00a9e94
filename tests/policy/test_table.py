"""The table decides like the reference; a code, an export and a million rows do too."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.policy.worlds import questions
from upheld.errors import Invalid
from upheld.policy import row as rows
from upheld.policy import table as tables
from upheld.policy.compiled import Policy
from upheld.policy.decide import decide
from upheld.policy.dims import region_dim
from upheld.policy.table import Table
from upheld.policy.uses import Standing, Use

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


NORTHGATE = Policy.read("policies/northgate.md")
ORDER = Use("ordering.fulfil", ("order.name",))


@pytest.mark.parametrize(
    "wrong", [b"", b"{}", b"\xff", b'{"format":"upheld table v1","policies":[]}', b'{"format":"upheld table v1","policies":[{}]}']
)
def test_bytes_that_are_no_export_are_refused(wrong):
    with pytest.raises(Invalid, match="export the table again"):
        Table.load(wrong)
    assert Table.load(Table([NORTHGATE]).export()).decide(ORDER, Standing(age=40))


def test_a_table_that_can_keep_little_answers_the_same(monkeypatch):
    monkeypatch.setattr(tables, "KEPT", 2)
    monkeypatch.setattr(rows, "REMEMBERED", 2)
    table = Table([NORTHGATE])
    people = [Standing(age=age) for age in (None, 3, 13, 40, 129, 130, 500)]
    for _ in range(2):
        for item in ("order.name", "order.email", "order.phone"):
            use = Use("ordering.fulfil", (item,))
            for person in people:
                expected = decide([NORTHGATE], use, person)
                assert table.decide(use, person) == expected
                assert table.ask("ordering.fulfil", (item,), age=person.age) == expected
                assert table.decide_code(use, table.standing_code(person)) == expected


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (Standing({"sharing": "perhaps"}, age=40), "no choice `perhaps` is declared"),
        (Standing({"sharing": "in"}, age=-1), "an age is a whole number of years from 0"),
    ],
)
def test_a_fact_that_is_none_is_refused_where_the_use_depends_on_it(person, words):
    table = Table([NORTHGATE])
    use = Use("marketing.partner", ("order.name",), "third party", vetted=True, under_contract=True)
    with pytest.raises(Invalid, match=words):
        table.decide(use, person)
    with pytest.raises(Invalid, match=words):
        table.standing_code(person)
    assert table.decide(use, Standing({"sharing": "in"}, age=40))


def test_regions_are_cut_into_the_classes_that_conditions_tell_apart():
    dim = region_dim(["us-ca", "eu"])
    assert dim.digit("de") == dim.digit("eu") != dim.digit("us-ca")
    assert dim.digit("us") not in {dim.digit("us-ca"), dim.digit("us-ny"), dim.digit(None)}  # perhaps California
    assert dim.digit("us-ny") == dim.digit("gb") == dim.digit("elsewhere")
    assert dim.digit(None) == dim.digit("anywhere")
    with pytest.raises(Invalid, match="no region `us-cal` is declared; did you mean `us-ca`"):
        dim.digit("us-cal")
