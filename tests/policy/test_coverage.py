"""What keeps each clause, by what would change without it."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.policy import worlds
from upheld.policy.compiled import Policy
from upheld.policy.coverage import coverage, witness
from upheld.policy.decide import decide
from upheld.policy.statements import Rule

NORTHGATE = Policy.read(Path(__file__).parents[2] / "policies" / "northgate.md")
WORDS = ["topic t stops marketing", "collect a: x, y", "collect b: z"]


def policy_of(*statements: str) -> Policy:
    text = "---\ncompany: N\ntitle: P\nversion: 1\n---\n\nText. {#a}\n\n```upheld\n" + "\n".join([*WORDS, *statements]) + "\n```\n"
    return Policy.parse(text)


def last(policy: Policy):
    return policy.document.statements[-1]


def test_every_clause_of_the_sample_policy_is_kept():
    for clause in coverage(NORTHGATE):
        assert clause.is_kept or not clause.promises, clause.clause
        assert all(each.witness for each in clause.kept), clause.clause


def test_headings_and_plain_statements_promise_nothing():
    found = {each.clause: each for each in coverage(NORTHGATE)}
    assert not found["top"].promises
    assert not found["who"].promises
    assert not found["who"].is_kept
    assert found["use.partners"].promises


REDUNDANT = [
    ("allow marketing using a", "allow marketing.post using a"),
    ("allow marketing using a", "allow marketing using a.x"),
    ("allow marketing using a", "allow marketing using a unless opted out of t"),
    ("allow marketing using a chosen by b", "allow marketing using a"),
    ("forbid marketing using a", "forbid marketing.post using a when under 13"),
    ("forbid marketing using a", "forbid marketing using a together with b"),
    ("allow marketing to third party using a", "allow marketing to third party using a when recipient is vetted"),
    ("keep a for 1 day", "keep a for 1 day"),
    ("staff s may rights", "staff s may rights"),
    ("collect c: w", "collect c: w"),
    ("forbid rights using a", ""),
]


@pytest.mark.parametrize(("first", "second"), REDUNDANT)
def test_a_statement_that_changes_nothing_is_found_out(first, second):
    policy = policy_of(*[each for each in (first, second) if each])
    assert witness(policy, last(policy)) is None


NEEDED = [
    ("allow marketing using a.x", "allow marketing using a", "decision"),
    ("allow marketing using a", "allow marketing using a chosen by b", "decision"),
    ("allow marketing using a", "forbid marketing using a together with b", "decision"),
    ("allow marketing using a, b", "forbid marketing using a.x together with b", "decision"),
    ("allow marketing using a when opted in to t", "allow marketing using a unless opted out of t", "decision"),
    ("allow marketing using a", "forbid marketing using a when in us-ca", "decision"),
    ("allow marketing using a", "forbid marketing using a when under 13", "decision"),
    ("allow marketing using a\nforbid marketing using a when known to be under 13", "forbid marketing using a when under 13", "decision"),
    ("allow marketing using a as totals of at least 20 people", "allow marketing using a as totals of at least 10 people", "decision"),
    ("allow marketing using a", "allow marketing using a at most 2 times a year", "decision"),
    ("allow service to subcontractor using a", "forbid service using a unless recipient serves the person", "decision"),
    ("allow rights to the person using a", "forbid marketing using b", "decision"),
    ("keep a for 1 day", "keep b for 1 day", "behaviour"),
    ("staff s may rights", "staff s may audit", "behaviour"),
    ("allow marketing using a", "never marketing to third party", "proof"),
    ("allow marketing using a", "purpose marketing.fax: faxes", "decision"),
]


@pytest.mark.parametrize(("first", "second", "kind"), NEEDED)
def test_a_statement_that_changes_something_has_a_witness(first, second, kind):
    policy = policy_of(first, second)
    found = witness(policy, last(policy))
    assert found is not None
    assert found.kind == (kind if "purpose" not in second else "words")


def test_a_witness_is_a_question_that_really_is_answered_otherwise():
    for statement in NORTHGATE.document.statements:
        found = witness(NORTHGATE, statement)
        assert found is not None
        if found.use and found.standing and found.without != "refused only as long as nothing allows it":
            answer = decide([NORTHGATE], found.use, found.standing)
            assert ("allowed" in found.answer) == bool(answer.permitted)


def test_a_word_that_others_need_is_a_witness_of_its_own():
    collect = witness(NORTHGATE, NORTHGATE.document.statements[0])
    assert str(collect) == "Is `order.name` an item of this policy? Answer: yes. Without this: no, nor are 7 more."
    (calls,) = [each for each in NORTHGATE.document.statements if each.text.startswith("purpose marketing.phone")]
    found = witness(NORTHGATE, calls)
    assert found is not None
    assert found.kind == "words"
    assert "no purpose `marketing.phone` is declared" in found.without
    policy = policy_of("purpose loyalty: points")
    assert str(witness(policy, last(policy))) == "Is `loyalty` a purpose of this policy? Answer: yes. Without this: no."


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_statement_found_to_change_nothing_may_be_left_out(data):
    policy = data.draw(worlds.policies(most=4))
    rules = [each for each in policy.document.statements if isinstance(each, Rule)]
    statement = data.draw(st.sampled_from(rules))
    if witness(policy, statement) is None:
        less = worlds.policy_of([each for each in policy.document.statements if each is not statement])
        for _ in range(10):
            use, standing = data.draw(worlds.uses([policy])), data.draw(worlds.standings([policy]))
            before, after = decide([policy], use, standing), decide([less], use, standing)
            assert (before.permitted, before.refused, before.obligations) == (after.permitted, after.refused, after.obligations)
