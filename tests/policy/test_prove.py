"""What is proven holds for everyone; what fails is shown with a person for whom it fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.policy.worlds import expectations, policies, policy_of, standings, uses
from tests.policy.writing import page
from upheld.cli.main import run
from upheld.cli.policy_prove import prove as command
from upheld.policy import classes, cubes
from upheld.policy.asking import Case
from upheld.policy.compiled import Policy
from upheld.policy.decide import decide, truth
from upheld.policy.prove import prove

SOME = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def promising(draw):
    policy = draw(policies(most=6))
    promises = draw(st.lists(expectations(policy), min_size=1, max_size=4))
    return policy_of([*policy.document.statements, *promises])


def spoken_of(policy, expectation):
    words = policy.vocabulary
    named = expectation.recipients or (("any",) if expectation.mood == "never" else ("ourselves",))
    return (
        words.expand_purposes(expectation.purposes, expectation.purposes_except),
        words.recipients if "any" in named else named,
        words.expand_items(expectation.items or ("any",), expectation.items_except),
    )


def within(expectation, use, person, *, totals):
    case = Case(use, person, frozenset(), None, totals, frozenset(), frozenset())
    if expectation.totals is not None and not totals:
        return False
    return all(truth(condition, case) is True for condition in expectation.when)


def breaks(policy, expectation, use, person):
    """Whether this use of this person breaks the expectation, by the reference."""
    purposes, recipients, items = spoken_of(policy, expectation)
    asked = set(policy.vocabulary.expand_purpose(use.purpose))
    if use.to not in recipients or not (asked & purposes if expectation.mood == "never" else use.purpose in purposes):
        return False
    decision = decide([policy], use, person)
    if expectation.mood == "never":
        for item in decision.permitted:
            spoken = item in items or (set(use.chosen_by) & items)
            if spoken and within(expectation, use, person, totals=item in use.totals):
                return True
        return False
    one_form = bool(use.totals) == bool(expectation.totals is not None or as_totals(expectation)) and not (use.items and use.totals)
    plain = one_form and not use.chosen_by and use.people is None and use.asked_by is None
    return (
        plain and bool(set(decision.refused) & items - together(policy, use)) and within(expectation, use, person, totals=bool(use.totals))
    )


def as_totals(expectation):
    return any(each.kind == "as totals" and not each.negated for each in expectation.when)


def together(policy, use):
    """An `always` speaks of each item alone: what is refused only because of what else is in the use does not break it."""
    asked = {*use.items, *use.totals}
    return asked if len(asked) > 1 and any(rule.together for rule in policy.rules) else set()


@given(st.data())
@SOME
def test_no_use_breaks_what_is_proven_and_a_counterexample_breaks_what_is_not(data):
    policy = data.draw(promising())
    verdicts = prove(policy)
    assert [verdict.expectation for verdict in verdicts] == list(policy.expectations)
    tries = [(data.draw(uses([policy])), data.draw(standings([policy]))) for _ in range(4)]
    for verdict in verdicts:
        if verdict.holds:
            for use, person in tries:
                alone = replace(use, purpose=next(iter(policy.vocabulary.expand_purpose(use.purpose))))
                assert not breaks(policy, verdict.expectation, use, person)
                assert not breaks(policy, verdict.expectation, alone, person)
        else:
            example = verdict.counterexample
            assert breaks(policy, verdict.expectation, example.use, example.standing), example


@given(promising())
@settings(SOME, max_examples=60)
def test_the_classes_are_looked_at_in_parts_where_they_are_too_many(policy):
    whole = [(verdict.expectation, verdict.holds) for verdict in prove(policy)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classes, "MOST", 4)
        assert [(verdict.expectation, verdict.holds) for verdict in prove(policy)] == whole


def test_everything_the_sample_policy_promises_is_proven():
    verdicts = prove(Policy.read("policies/northgate.md"))
    assert len(verdicts) > 6
    assert all(verdict.holds for verdict in verdicts), [verdict.counterexample for verdict in verdicts if not verdict.holds]


def test_a_promise_that_lost_its_rule_is_shown_with_the_person_and_the_clause(tmp_path):
    text = Path("policies/northgate.md").read_text(encoding="utf-8")
    forbid = next(line for line in text.splitlines() if line.startswith("forbid any") and "under 13" in line)
    file = tmp_path / "loose.md"
    file.write_text(text.replace(forbid + "\n", ""), encoding="utf-8")
    answer = CliRunner().invoke(command, [str(file)], standalone_mode=False)
    assert answer.return_value == 1
    assert "a person under 13: `order.name` may be used by ourselves for `ordering.fulfil`, by clause `use.orders`" in answer.output
    whole = CliRunner().invoke(command, ["policies/northgate.md", "--json"], standalone_mode=False)
    assert whole.return_value == 0
    assert '"holds": true' in whole.output


def test_a_rule_that_refuses_everybody_is_not_overlooked(tmp_path, capsys):
    rules = "collect order: email\nallow marketing.email using order.email\nforbid marketing using order.email\nalways marketing.email"
    head = "---\ncompany: Shop\ntitle: Privacy\nversion: '1'\n---\n\nWe write to you, and do not. {#mail}\n"
    policy = tmp_path / "policy.md"
    policy.write_text(f"{head}\n```upheld\n{rules}\n```\n")
    assert run(["policy", "prove", str(policy)]) == 1
    assert "0 proven, 1 failed" in capsys.readouterr().out


def prove_of(*statements):
    words = ("collect order: name, email", "topic news stops marketing", *statements)
    return prove(Policy.parse(page(*words)))


def test_choosing_people_by_an_item_is_a_use_of_it_and_is_said_so():
    allows = "allow marketing to third party using order.email chosen by order.name"
    (verdict,) = prove_of(allows, "never marketing to third party using order.name")
    assert "`order.name` may be used to choose people for `third party` for `marketing.email`" in verdict.counterexample.words
    (verdict,) = prove_of(allows.replace("to third party ", ""), "never marketing using order.name")
    assert "`order.name` may be used to choose people for `marketing.email`" in verdict.counterexample.words


def test_a_promise_about_nobody_is_kept():
    promise = "always marketing using order.email as totals of at least 5 people"
    refused, nobody = prove_of(promise, f"{promise} when not as totals")
    assert (refused.holds, nobody.holds) == (False, True)


def test_checkers_that_disagree_are_never_believed(monkeypatch):
    rules = ("allow service using order.email", "never service using order.email", "always service using order.email")
    assert [verdict.holds for verdict in prove_of(*rules)] == [False, True]
    monkeypatch.setattr(classes.Classes, "permitted", lambda *_, **__: None)
    with pytest.raises(AssertionError, match="the two checkers disagree"):
        prove_of(*rules)


@pytest.mark.parametrize(
    ("wanted", "promise"), [("permitted", "never service using order.email"), ("refused", "always service using order.email")]
)
def test_a_counterexample_that_the_reference_does_not_confirm_is_never_told(monkeypatch, wanted, promise):
    allow = "allow service using order.email" + (" when opted in to news" if wanted == "permitted" else "")
    for checker in (classes.Classes, cubes.Cubes):
        monkeypatch.setattr(checker, wanted, lambda *_, **__: {})
    with pytest.raises(AssertionError, match="the reference does not confirm"):
        prove_of(allow, promise)


def test_a_forbid_for_other_people_does_not_break_a_promise():
    rules = ("allow service using order.email", "forbid service using order.email when in us-ca")
    assert [verdict.holds for verdict in prove_of(*rules, "always service using order.email when in eu")] == [True]


def test_a_condition_that_everyone_meets_is_not_told():
    (verdict,) = prove_of("allow service using order.email when in anywhere", "never service using order.email")
    assert verdict.counterexample.words.startswith("any person: `order.email` may be used by ourselves for `service`")
