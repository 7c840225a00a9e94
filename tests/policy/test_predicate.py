"""Formulas over a standing's columns are made small without changing what they say."""

from __future__ import annotations

from itertools import product

from hypothesis import example, given
from hypothesis import strategies as st

from upheld.policy import predicate
from upheld.policy.predicate import FALSE, TRUE, And, Formula, Is, Or, columns, holds, smallest, tidy, weight

DOMAINS = {"a": frozenset({0, 1, 2, 3}), "b": frozenset({True, False, None}), "c": frozenset({"x", "y", None})}
ROWS = [dict(zip(DOMAINS, values, strict=True)) for values in product(*DOMAINS.values())]


def literals() -> st.SearchStrategy[Formula]:
    def of(column: str) -> st.SearchStrategy[Formula]:
        return st.frozensets(st.sampled_from(sorted(DOMAINS[column], key=repr))).map(lambda values: Is(column, values))

    return st.sampled_from(sorted(DOMAINS)).flatmap(of)


FORMULAS = st.recursive(
    literals(),
    lambda parts: st.builds(lambda kind, found: kind(tuple(found)), st.sampled_from([And, Or]), st.lists(parts, max_size=4)),
    max_leaves=12,
)
A0, A1, B, C = Is("a", frozenset({0})), Is("a", frozenset({1})), Is("b", frozenset({True})), Is("c", frozenset({"x"}))


@given(FORMULAS)
@example(Or((And((A0, B)), And((A1, B)))))
def test_the_smallest_form_says_the_same_of_every_standing(formula: Formula) -> None:
    small = smallest(formula, DOMAINS)
    assert [holds(small, row) for row in ROWS] == [holds(formula, row) for row in ROWS]


@given(FORMULAS)
def test_nothing_can_be_left_out_of_the_smallest_form(formula: Formula) -> None:
    small = smallest(formula, DOMAINS)
    truth = [holds(small, row) for row in ROWS]
    for shorter in predicate._shorter(small):
        lighter = weight(tidy(shorter, DOMAINS)) < weight(small)
        assert not (lighter and [holds(shorter, row) for row in ROWS] == truth)


@given(FORMULAS)
def test_a_formula_beyond_the_limit_is_only_tidied_and_still_says_the_same(formula: Formula) -> None:
    limit, predicate.CELLS = predicate.CELLS, 1
    try:
        small = smallest(formula, DOMAINS)
    finally:
        predicate.CELLS = limit
    assert [holds(small, row) for row in ROWS] == [holds(formula, row) for row in ROWS]


def test_a_common_part_is_said_once_and_neighbours_join() -> None:
    assert smallest(Or((And((A0, B)), And((A1, B)))), DOMAINS) in (
        And((Is("a", frozenset({0, 1})), B)),
        And((B, Is("a", frozenset({0, 1})))),
    )


def test_what_always_holds_is_true_and_what_never_does_is_false() -> None:
    assert smallest(Or((B, Is("b", frozenset({False, None})))), DOMAINS) == TRUE
    assert smallest(And((A0, A1)), DOMAINS) == FALSE
    assert smallest(And((C, Or((C, B)))), DOMAINS) == C


def test_a_formula_knows_its_columns() -> None:
    assert columns(And((A0, Or((B, C))))) == {"a", "b", "c"}
    assert columns(TRUE) == frozenset()
