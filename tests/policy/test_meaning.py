"""What must be true of any meaning of a policy, whatever the rules: order, forbids, unknown facts, finer words, versions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.policy.worlds import histories, policies, policy_of, questions, rules, standings, uses
from tests.policy.writing import page
from upheld.errors import Invalid
from upheld.policy.compiled import Policy
from upheld.policy.decide import decide
from upheld.policy.statements import Collect, Purpose, Rule
from upheld.policy.table import Table
from upheld.policy.uses import Standing, Use

SOME = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))

NORTHGATE = Policy.read("policies/northgate.md")
PARTNERS = Use("marketing.partner", ("order.name",), "third party", (), None, ("order.purchases",), vetted=True, under_contract=True)
GOOD = Standing(dict.fromkeys(NORTHGATE.vocabulary.topics, "unset"), "us-ny", 40)


def permitted(history, use, person):
    return set(decide(history, use, person).permitted)


@given(questions(), st.randoms(use_true_random=False))
@SOME
def test_the_order_of_statements_never_matters(asked, chance):
    history, uses_, people = asked
    shuffled = []
    for policy in history:
        statements = list(policy.document.statements)
        chance.shuffle(statements)
        shuffled.append(policy_of(statements, policy.version))
    for use in uses_:
        for person in people:
            one, other = decide(history, use, person), decide(shuffled, use, person)
            assert set(one.permitted) == set(other.permitted)
            assert one.obligations == other.obligations


@given(questions(versions=2), st.data())
@SOME
def test_one_more_forbid_never_allows_more_and_never_touches_rights(asked, data):
    history, uses_, people = asked
    last = history[-1]
    collected = {each.source: each.kinds for each in last.document.statements if isinstance(each, Collect)}
    more = data.draw(rules(99, collected, ["any", "marketing", "rights", "service"], last.vocabulary.topics))
    more = replace(more, effect="forbid", chosen_by=(), totals=None, at_most=None)
    stricter = [*history[:-1], policy_of([*last.document.statements, more], last.version)]
    for use in uses_:
        for person in people:
            assert permitted(stricter, use, person) <= permitted(history, use, person)
            asking = replace(use, purpose="rights", asked_by=None)
            assert permitted(stricter, asking, person) == permitted(history, asking, person)


@given(questions())
@SOME
def test_an_unknown_fact_never_allows_more_than_any_known_one(asked):
    history, uses_, people = asked
    known_under = any(c.kind == "known under" for p in history for rule in p.rules for c in (*rule.when, *rule.unless))
    for use in uses_:
        for person in people:
            unknown = replace(person, choices={}, region=None, served=None, age=person.age if known_under else None, since={})
            assert permitted(history, replace(use, vetted=None, under_contract=None, legal_process=None), unknown) <= permitted(
                history, use, person
            )


@given(policies(), st.data())
@SOME
def test_a_finer_purpose_and_a_finer_source_keep_the_old_answers(policy, data):
    """A new leaf below nothing that was asked, and a new kind of a source that was: what was decided stays."""
    finer = policy_of([Purpose("p", policy.rules[0].place, "new", "research.deep.new", "words"), *policy.document.statements])
    for _ in range(3):
        use, person = data.draw(uses([policy])), data.draw(standings([policy]))
        if {"any", "research"} & {use.purpose}:
            continue
        assert decide([finer], use, person).permitted == decide([policy], use, person).permitted


@given(histories(versions=3), st.data())
@SOME
def test_what_stands_under_a_later_version_is_decided_by_the_later_ones_alone(history, data):
    use, person = data.draw(uses(history)), data.draw(standings(history))
    sources = history[-1].vocabulary.sources
    for number, policy in enumerate(history):
        all_since = replace(person, since=dict.fromkeys(sources, policy.version))
        assert permitted(history, use, all_since) == permitted(history[number:], use, all_since)
    # Agreeing to a later version for one source never takes anything away.
    for source in sources:
        later = replace(person, since={**person.since, source: history[-1].version})
        assert permitted(history, use, person) <= permitted(history, use, later)


@given(histories(versions=2), st.data())
@settings(SOME, max_examples=60)
def test_the_same_policy_posted_again_changes_nothing(history, data):
    again = [*history, policy_of(history[-1].document.statements, "again")]
    use, person = data.draw(uses(history)), data.draw(standings(history))
    assert permitted(again, use, person) == permitted(history, use, person)


@given(policies(), st.data())
@SOME
def test_several_items_are_decided_like_each_alone_unless_some_are_forbidden_together(policy, data):
    use, person = data.draw(uses([policy])), data.draw(standings([policy]))
    if any(rule.together for rule in policy.rules):
        return
    alone = [replace(use, items=(item,), totals=()) for item in use.items] + [replace(use, items=(), totals=(item,)) for item in use.totals]
    together = decide([policy], use, person)
    if alone:
        assert together.permitted == tuple(item for one in alone for item in decide([policy], one, person).permitted)


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (replace(PARTNERS, purpose="marketing.partners"), "no purpose `marketing.partners` is declared; did you mean `marketing.partner`"),
        (replace(PARTNERS, items=("order.nam",)), "no item `order.nam` is declared; did you mean `order.name`"),
        (replace(PARTNERS, to="third-party"), "no recipient `third-party` is declared; did you mean `third party`"),
        (replace(PARTNERS, chosen_by=("purchases",)), "no item `purchases` is declared"),
        (replace(PARTNERS, asked_by="marketeer"), "no staff role `marketeer` is declared; did you mean `marketing`"),
        (replace(PARTNERS, items=(), chosen_by=()), "the use names no items"),
        (replace(PARTNERS, totals=("order",)), "`order.name` is asked for both individually and as totals"),
        (replace(PARTNERS, people=0), "totals of `0` people are not possible"),
    ],
)
def test_an_undeclared_word_in_a_use_is_refused_with_a_suggestion(use, words):
    for ask in (lambda: decide([NORTHGATE], use, GOOD), lambda: Table([NORTHGATE]).decide(use, GOOD)):
        with pytest.raises(Invalid, match=words):
            ask()
    assert decide([NORTHGATE], PARTNERS, GOOD)


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (replace(GOOD, region="us-cal"), "no region `us-cal` is declared; did you mean `us-ca`"),
        (replace(GOOD, age=-1), "an age is a whole number"),
        (replace(GOOD, choices={**GOOD.choices, "sharing": "maybe"}), "no choice"),
    ],
)
def test_a_fact_that_is_none_is_refused(person, words):
    with pytest.raises(Invalid, match=words):
        decide([NORTHGATE], PARTNERS, person)


def test_a_role_may_ask_only_for_what_it_needs():
    asked = replace(PARTNERS, asked_by="support")
    refused = decide([NORTHGATE], asked, GOOD)
    assert not refused.permitted
    assert refused.reasons[0].because == "`support` may not ask for `marketing.partner`"
    assert refused.clauses == (refused.reasons[0].clause,)
    assert Table([NORTHGATE]).decide(asked, GOOD) == refused
    assert decide([NORTHGATE], replace(asked, asked_by="marketing"), GOOD).permitted == ("order.name",)


@pytest.mark.parametrize(
    ("change", "person", "effect", "because", "cure"),
    [
        ({"vetted": None}, GOOD, "silence", "it is not known whether the recipient is vetted", "the recipient is vetted"),
        ({"under_contract": False}, GOOD, "silence", "the recipient is not under contract", "the recipient is under contract"),
        ({}, replace(GOOD, age=12), "forbid", "the person is known to be under 13", "the person is not known to be under 13"),
        (
            {},
            replace(GOOD, choices={}),
            "forbid",
            "it is not known whether the person opted out of `sharing`",
            "the person did not opt out of",
        ),
        ({"items": ("order.email",)}, GOOD, "silence", "`use.partners` does not cover the item", "a clause that allows the item"),
        ({"to": "affiliate"}, GOOD, "silence", "`use.partners` does not allow it to `affiliate`", "a clause that allows it to `affiliate`"),
        ({"chosen_by": ("cart.products",)}, GOOD, "silence", "does not allow people to be chosen by", "choosing people by fewer items"),
    ],
)
def test_a_refusal_says_the_fact_the_clause_and_what_would_change_it(change, person, effect, because, cure):
    reason = decide([NORTHGATE], replace(PARTNERS, **change), person).reasons[0]
    assert reason.effect == effect
    assert because in reason.because
    assert cure in reason.change
    assert reason.version == NORTHGATE.version


def test_silence_names_a_clause_of_the_purpose_although_one_of_another_purpose_comes_first():
    use = Use("marketing.post", ("order.email",), chosen_by=("cart.products",))
    (reason,) = decide([NORTHGATE], use, GOOD).reasons
    assert reason.clause == "use.post"
    assert "is not for" not in reason.because
    assert Table([NORTHGATE]).decide(use, GOOD).reasons == (reason,)


def test_silence_about_totals_says_that_totals_would_pass():
    use = Use("survey.analysis", (), totals=("survey.answers",), people=9)
    reason = decide([NORTHGATE], use, GOOD).reasons[0]
    assert reason.because == "`use.surveys` allows only totals of at least 10 people"
    assert reason.change == "totals of at least 10 people are shown"
    assert decide([NORTHGATE], replace(use, people=10), GOOD).obligations.people == 10


def test_a_policy_without_any_allow_refuses_without_a_nearest_clause():
    policy = policy_of([Collect("c", NORTHGATE.rules[0].place, "", "order", ("name",))])
    decision = decide([policy], Use("marketing.post", ("order.name",)), GOOD)
    assert decision.reasons[0].clause is None
    assert Table([policy]).decide(Use("marketing.post", ("order.name",)), GOOD) == decision


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"purposes": ("marketting",)}, "no purpose `marketting` is declared; did you mean `marketing`"),
        ({"items": ("ordr",)}, "no item `ordr` is declared; did you mean `order`"),
        ({"recipients": ("third party", "afiliate")}, "no recipient `afiliate` is declared; did you mean `affiliate`"),
    ],
)
def test_a_misspelt_word_in_a_rule_stops_the_policy(rule, words):
    collect = Collect("c", NORTHGATE.rules[0].place, "", "order", ("name",))
    right = Rule("c", collect.place, "forbid", "forbid", ("marketing",), items=("order",))
    policy_of([collect, right])
    with pytest.raises(Invalid, match=words):
        policy_of([collect, replace(right, **rule)])


def test_a_region_that_nobody_knows_stops_the_policy():
    with pytest.raises(Invalid, match=r"no region `us-xx` is declared; did you mean `us-\w\w`\? \(policy:\d+:1\)"):
        Policy.parse(page("collect order: name", "allow service using order when in us-xx"))


def test_a_policy_is_shown_by_its_version_and_hash():
    policy = Policy.parse(page("collect order: name"))
    assert repr(policy) == f"Policy('1', {policy.hash[:12]})"
