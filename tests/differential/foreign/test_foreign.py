"""Cedar and Rego, given the policy in their own languages, decide mixed questions like the reference: 100,000 by `make oracles`."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path

import cedarpy
import pytest

from tests.differential.foreign.cedar import Cedar
from tests.differential.foreign.questions import Question, questions
from tests.differential.foreign.rego import Rego
from upheld.policy.compiled import Policy
from upheld.policy.decide import decide
from upheld.policy.uses import Decision

HERE = Path(__file__).parents[3]
POLICIES = {"northgate": HERE / "policies" / "northgate.md", "thirtyfive": HERE / "benches" / "policies" / "thirtyfive.md"}
MANY, SOME = 100_000, 15_000


@cache
def read(name: str) -> Policy:
    return Policy.read(POLICIES[name])


def permitted(question: Question, decision: Decision) -> bool:
    return decision.allowed if question.item is None else question.item in decision.permitted


def clauses(decision: Decision) -> set[str]:
    """Those that determined the answer on a use of one item: the permits, or the forbids that bit."""
    if decision.allowed:
        return set(decision.clauses)
    return {str(reason.clause) for reason in decision.reasons if reason.effect == "forbid"}


@pytest.mark.parametrize("many", [SOME, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", POLICIES)
def test_cedar_and_rego_decide_like_the_reference_and_by_the_same_clauses(name: str, many: int) -> None:
    policy = read(name)
    cedar, rego = Cedar(policy), Rego(policy)
    wrong, allowed, explained = [], 0, 0
    for question in questions(policy, many, seed=35):
        decision = decide([policy], question.use, question.standing)
        expected = permitted(question, decision)
        allowed += expected
        alone = len(question.use.items) + len(question.use.totals) <= 1
        explained += alone
        for oracle in (cedar, rego):
            found, why = oracle.asked(question)
            if found is not expected or (alone and why != clauses(decision)):
                wrong.append(f"{type(oracle).__name__}: {question}: {found} by {sorted(why)}, reference {expected} by {decision.clauses}")
    assert wrong == []
    assert allowed > many // 5
    assert explained > many // 3
    print(f"{name}: {many:,} questions, {allowed:,} allowed, {explained:,} with their clauses, {len(wrong)} wrong")  # noqa: T201


@pytest.mark.parametrize("name", POLICIES)
def test_a_statement_left_out_of_the_export_is_noticed(name: str) -> None:
    policy = read(name)
    asked = list(questions(policy, 6_000, seed=36))
    expected = list(map(Rego(policy).asked, asked))
    unnoticed = []
    for at, rule in enumerate(policy.rules):
        without = copy.copy(policy)
        without.rules = policy.rules[:at] + policy.rules[at + 1 :]
        if all(found == before for found, before in zip(map(Rego(without).asked, asked), expected, strict=True)):
            unnoticed.append(rule.text)
    assert unnoticed == []


def test_an_undeclared_word_is_an_error_in_cedar_with_the_schema() -> None:
    cedar = Cedar(read("northgate"))
    misspelt = cedar.text.replace('Action::"marketing.post"', 'Action::"marketing.psot"')
    assert cedarpy.validate_policies(cedar.text, cedar.schema_text).validation_passed
    assert not cedarpy.validate_policies(misspelt, cedar.schema_text).validation_passed
