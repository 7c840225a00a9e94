"""A rule that `check` calls without effect is without effect: leaving it out changes no decision of the reference meaning."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.policy.worlds import conditions, policies, policy_of, standings
from upheld.policy.check_rules import check_rules
from upheld.policy.decide import decide
from upheld.policy.statements import Rule
from upheld.policy.uses import Use

FACTS = st.sampled_from([True, False, None])


@st.composite
def twins(draw, policy):
    """A rule of the policy once more, changed a little: most rules without effect have a rule beside them that is nearly the same."""
    rule = draw(st.sampled_from([each for each in policy.document.statements if isinstance(each, Rule)]))
    some = st.one_of(st.just(rule.when), st.just(rule.unless), st.lists(conditions(policy.vocabulary.topics), max_size=1).map(tuple))
    changed = {"when": draw(some), "unless": draw(some)}
    if draw(st.booleans()):
        changed |= {"items": ("any",), "items_except": (), "together": None}
    if rule.effect == "allow" and draw(st.booleans()):
        changed |= {"totals": draw(st.sampled_from([None, 5, 10])), "at_most": draw(st.sampled_from([None, (1, "year"), (2, "year")]))}
        changed["chosen_by"] = draw(st.sampled_from([(), ("any",), rule.chosen_by]))
    elif draw(st.booleans()):
        changed |= {"effect": "forbid", "totals": None, "at_most": None, "chosen_by": ()}
    return replace(rule, **changed)


@st.composite
def asked_of(draw, policy, rule):
    """A use of what a rule speaks of."""
    item, other, chosen = (draw(st.sampled_from(sorted(rule.items | rule.chosen_by))) for _ in range(3))
    items = tuple(dict.fromkeys((item, other) if draw(st.booleans()) else (item,)))
    totals = draw(st.booleans())
    return Use(
        draw(st.sampled_from(sorted(rule.purposes))),
        () if totals else items,
        draw(st.sampled_from(sorted(rule.recipients))),
        items if totals else (),
        draw(st.sampled_from([None, 3, 5, 10])),
        (chosen,) if draw(st.booleans()) else (),
        vetted=draw(FACTS),
        under_contract=draw(FACTS),
        legal_process=draw(FACTS),
    )


@st.composite
def criticised(draw):
    """A policy with rules that are called without effect, and for each of them questions it could have an effect on."""
    policy = draw(policies(most=2))
    said = [*policy.document.statements, draw(twins(policy))]
    policy = policy_of([*said[:-2], *draw(st.permutations(said[-2:]))])
    rules = {rule.place: rule for rule in policy.rules}
    faults = [fault for fault in check_rules(policy) if isinstance(policy.document.statements[fault.place.line - 1], Rule)]
    askable = [fault for fault in faults if rules[fault.place].items and rules[fault.place].purposes]
    asking = [
        (fault, draw(st.lists(st.tuples(asked_of(policy, rules[fault.place]), standings([policy])), min_size=4, max_size=12)))
        for fault in askable
    ]
    return policy, asking


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(criticised())
def test_leaving_out_a_rule_without_effect_changes_no_decision(world):
    policy, asking = world
    for fault, asked in asking:
        event(fault.rule)
        without = policy_of([each for each in policy.document.statements if each.place != fault.place])
        for use, standing in asked:
            before, after = decide([policy], use, standing), decide([without], use, standing)
            assert (before.permitted, before.refused, before.obligations) == (after.permitted, after.refused, after.obligations), (
                fault.message
            )
