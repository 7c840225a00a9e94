"""The sample policy does what its customers were promised."""

import pytest

from tests.promises.northgate import CHECKS, PATH
from upheld.policy.compiled import Policy

POLICY = Policy.read(PATH)


@pytest.mark.parametrize("check", CHECKS, ids=[f"{check.promise} {check.sentence}" for check in CHECKS])
def test_northgate(check):
    check.test(POLICY)


def test_every_clause_that_promises_something_has_a_check_of_its_own():
    kept = {statement.clause for statement in POLICY.document.statements}
    assert kept == {clause for check in CHECKS for clause in check.clauses}


def test_every_promise_that_a_policy_can_keep_has_a_check():
    # P21 is kept by `upheld policy diff` and the law packs, not by a statement.
    assert {check.promise for check in CHECKS} == {f"P{number}" for number in range(21)}
