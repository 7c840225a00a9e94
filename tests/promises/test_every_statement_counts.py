"""Leave out any statement of the sample policy, and somebody notices."""

from dataclasses import replace

import pytest

from tests.promises.northgate import CHECKS, PATH
from upheld.errors import No
from upheld.policy.compiled import Policy

POLICY = Policy.read(PATH)
STATEMENTS = POLICY.document.statements


def without(statement) -> Policy:
    return Policy(replace(POLICY.document, statements=tuple(each for each in STATEMENTS if each is not statement)))


def noticed_by(policy: Policy) -> list[str]:
    """The sentences that no longer hold."""
    failing = []
    for check in CHECKS:
        try:
            check.test(policy)
        except (AssertionError, ValueError, No):  # a way that is no longer there cannot be unpacked; a word nobody declares is refused
            failing.append(check)
    return failing


@pytest.mark.parametrize("statement", STATEMENTS, ids=[f"{each.clause}: {each.text[:60]}" for each in STATEMENTS])
def test_somebody_notices_when_it_is_left_out(statement):
    try:
        policy = without(statement)
    except No:
        return  # the rest speaks of what nobody declares any more: `upheld policy check` refuses the document
    noticing = noticed_by(policy)
    assert noticing
    assert any(statement.clause in check.clauses for check in noticing), "only checks of other clauses notice"


def test_nobody_complains_about_the_whole_policy():
    assert noticed_by(POLICY) == []


def test_a_document_that_no_longer_checks_is_the_rare_case():
    broken = 0
    for statement in STATEMENTS:
        try:
            without(statement)
        except No:
            broken += 1
    assert broken < len(STATEMENTS) / 4
