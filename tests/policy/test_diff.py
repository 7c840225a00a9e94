"""What a new version changes is found, all of it, and every change that is named is real."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.policy.worlds import histories, policies, policy_of, standings, uses
from tests.policy.writing import page
from upheld.cli.policy_diff import diff as command
from upheld.errors import Invalid
from upheld.policy.compiled import Policy
from upheld.policy.cubes import Cubes, point
from upheld.policy.decide import decide
from upheld.policy.diff import diff
from upheld.policy.gains import Gains, Side, Words, simplify
from upheld.policy.space import Space
from upheld.policy.uses import Standing, Use

SOME = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
NORTHGATE = Path("policies/northgate.md").read_text(encoding="utf-8")


@st.composite
def pairs(draw):
    history = draw(histories(versions=2, most=5))
    return (history[0], history[1]) if len(history) == 2 else (history[0], draw(policies("2", most=5)))


def permits(policy, use, person):
    try:
        return set(decide([policy], use, person).permitted)
    except Invalid:  # a word that this version does not have
        return set()


@given(pairs(), st.data())
@SOME
def test_no_use_is_newly_permitted_unless_the_difference_is_wider_and_none_newly_refused_unless_it_is_narrower(pair, data):
    old, new = pair
    found = diff(old, new)
    for _ in range(6):
        policy = data.draw(st.sampled_from([old, new]))
        use = replace(data.draw(uses([policy])), asked_by=None)
        use = replace(use, purpose=next(iter(policy.vocabulary.expand_purpose(use.purpose))))
        person = data.draw(standings([old, new]))
        before, after = permits(old, use, person), permits(new, use, person)
        if after - before:
            assert found.wider, (use, person)
        if before - after:
            assert found.narrower, (use, person)


@given(pairs())
@SOME
def test_every_gain_is_a_use_of_a_person_that_only_the_one_policy_permits(pair):
    old, new = pair
    space = Space.of(old, new)
    one, other = Side(old, space), Side(new, space)
    gains = Gains(one, other, Words(one, other))
    for gain in gains.all():
        asked = gain.question
        beside = asked.company - {asked.item}
        items = () if asked.item is None or asked.form.totals else (asked.item,)
        totals = (asked.item,) if asked.form.totals else ()
        shown = Use(asked.purpose, (*items, *sorted(beside)), asked.to, totals, asked.form.people, tuple(sorted(asked.chosen)))
        for box in gain.boxes:
            at = point(space, box)
            use, person = space.use(shown, at), space.standing(at)
            what = set(asked.chosen) if asked.item is None else {asked.item}
            assert what <= permits(new, use, person), (use, person)
            if asked.often is None:
                assert not what & permits(old, use, person), (use, person)
            elif what & permits(old, use, person):
                times, period = asked.often
                cap = {unit: most for most, unit in decide([old], replace(use, items=items), person).obligations.at_most}
                assert cap[period] <= times


@given(pairs(), st.randoms(use_true_random=False))
@settings(SOME, max_examples=40)
def test_a_policy_differs_from_itself_in_nothing_in_whatever_order_it_is_written(pair, chance):
    statements = list(pair[0].document.statements)
    chance.shuffle(statements)
    assert not diff(pair[0], policy_of(statements, "9"))


@given(pairs())
@settings(SOME, max_examples=60)
def test_simpler_boxes_hold_the_same_people(pair):
    old, new = pair
    space = Space.of(old, new)
    one, other = Side(old, space), Side(new, space)
    cubes = Cubes(space)
    for gain in Gains(one, other, Words(one, other)).all():
        simple = simplify(space, cubes, gain.boxes)
        assert all(cubes.hole(box, simple) is None for box in gain.boxes)
        assert all(cubes.hole(box, gain.boxes) is None for box in simple)
        assert len(simple) <= len(gain.boxes)


def changed(old, new):
    assert old in NORTHGATE
    found = diff(Policy.parse(NORTHGATE), Policy.parse(NORTHGATE.replace(old, new)))
    back = diff(Policy.parse(NORTHGATE.replace(old, new)), Policy.parse(NORTHGATE))
    turned = [each.words.replace("may now", "may no longer") for each in found.wider if each.kind == "use"]
    assert turned == [each.words for each in back.narrower if each.kind == "use"]
    return found


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "at most 4 times a year",
            "at most 12 times a year",
            (
                "16 or older or of unknown age, recipient vetted, recipient under contract: "
                "`order.name` and `order.shipping address` may now go to `third party` for `marketing.partner` more than 4 times a year"
            ),
        ),
        (
            "using survey.answers as totals of at least 10 people",
            "using survey.answers as totals of at least 5 people",
            (
                "a person 13 or older or of unknown age: `survey.answers` as totals of 5 to 9 people may now be used by ourselves "
                "for `survey.analysis`"
            ),
        ),
        (
            "when opted in to newsletter\n",
            "when not opted out of newsletter\n",
            (
                "a person having chosen nothing on `newsletter`, 13 or older or of unknown age: `order.name`, `order.email`, `newsletter`, "
                "`registration.name` and `registration.email` may now be used by ourselves for `marketing.email`"
            ),
        ),
        (
            "keep order for 7 years",
            "keep order for 10 years",
            (
                "`order.name`, `order.billing address`, `order.shipping address`, `order.phone`, `order.email`, `order.purchases`, "
                "`order.card token`, `order.card last four` may be kept for 10 years, longer than for 7 years"
            ),
        ),
        (
            "within 10 business days",
            "within 20 business days",
            "`suggestions` within 20 business days, before within 10 business days",
        ),
        ("staff support may ordering.contact", "staff support may ordering", "`support` may now ask for `ordering.fulfil`"),
        ("notice on leaving\n", "", "a notice is no longer shown on links to other sites"),
        ("changes apply from posting, wider use of earlier information when agreed\n", "", "the policy no longer says that wider use"),
        ("ask age before newsletter, ", "ask age before ", "the age is no longer asked before `newsletter`"),
        ("within 1 month extendable by 2 months", "within 1 month extendable by 3 months", "people in `eu` may have the right `access`"),
        ("for eu\n  by web, email\n", "for eu\n  by email\n", "may no longer have the right `access`, `correct`"),
        ("collect cart: products", "collect cart: products, gifts", "`cart.gifts` is now collected"),
    ],
)
def test_a_wider_version_is_told_in_words(old, new, words):
    assert any(words in each.words for each in changed(old, new).wider), [each.words for each in changed(old, new).wider]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "service@northgate.example",
            "help@northgate.example",
            "the email of the desk `customer service` for anyone is `help@northgate.example`",
        ),
        ("contact information security for eu", "contact privacy for eu", "the desk `privacy` for `eu` is new"),
        (
            "covering preceding calendar year",
            "covering preceding 12 months",
            "covering preceding 12 months, before preceding calendar year",
        ),
        ("hours Mon-Fri 06:00-17:00", "hours Mon-Fri 08:00-17:00", "the hours of the desk"),
        ("calls about offers and events", "calls about anything", "the purpose `marketing.phone` means “calls about anything”"),
    ],
)
def test_what_is_neither_wider_nor_narrower_is_told_too(old, new, words):
    found = changed(old, new)
    assert not found.wider
    assert any(words in each.words for each in found.changed), found.changed


def test_a_forbid_that_is_taken_away_is_wider_for_those_it_protected_and_the_fewest_conditions_come_first():
    forbid = next(line for line in NORTHGATE.splitlines() if line.startswith("forbid any") and "under 13" in line)
    found = changed(forbid + "\n", "")
    assert found.wider
    assert not found.narrower
    assert all("under 13" in each.conditions for each in found.wider)
    counts = [len(each.conditions) for each in found.wider]
    assert counts == sorted(counts)
    assert counts[0] == 1


def test_the_command_ends_with_3_if_the_new_version_is_wider_and_0_if_it_is_narrower_or_the_same(tmp_path):
    old, new, same = tmp_path / "old.md", tmp_path / "new.md", tmp_path / "same.md"
    old.write_text(NORTHGATE, encoding="utf-8")
    new.write_text(NORTHGATE.replace("keep order for 7 years", "keep order for 8 years"), encoding="utf-8")
    same.write_text(NORTHGATE.replace(" using order", "\n  using   order"), encoding="utf-8")
    run = CliRunner()
    wider = run.invoke(command, [str(old), str(new)], standalone_mode=False)
    assert wider.return_value == 3
    assert wider.output.startswith("wider:\n  `order.name`")
    assert run.invoke(command, [str(new), str(old)], standalone_mode=False).return_value == 0
    nothing = run.invoke(command, [str(old), str(same)], standalone_mode=False)
    assert (nothing.return_value, nothing.output) == (0, "no difference\n")
    machine = json.loads(run.invoke(command, [str(old), str(new), "--json"], standalone_mode=False).output)
    assert machine["wider"][0]["kind"] == "keep"


def test_a_thousand_shuffles_are_not_needed_one_is_enough_for_the_sample():
    policy = Policy.parse(NORTHGATE)
    statements = list(policy.document.statements)
    random.Random(1).shuffle(statements)
    assert not diff(policy, policy_of(statements))


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("right access for us-ca by email", "people in `us-ca` may {} have the right `access`"),
        ("stop news for us by email given email", "people in `us` may {} stop `news`"),
    ],
)
def test_a_right_or_a_way_out_that_vanishes_is_wider_and_one_that_comes_narrower(statement, words):
    rest = ("collect order: name", "topic news stops marketing")
    without, with_it = Policy.parse(page(*rest)), Policy.parse(page(*rest, statement))
    assert [each.words for each in diff(with_it, without).wider] == [words.format("no longer")]
    assert [each.words for each in diff(without, with_it).narrower] == [words.format("now")]


def test_many_forbids_on_what_people_are_chosen_by_leave_what_none_of_them_minds():
    kinds = [f"k{number}" for number in range(9)]
    rest = (f"collect web: {', '.join(kinds)}", "collect order: email", "topic news stops marketing")
    forbids = [f"forbid service using web.{kind} when opted out of news" for kind in kinds[:7]]
    old, new = (Policy.parse(page(*rest, *forbids, f"allow service using order.email{by}")) for by in ("", " chosen by web"))
    wider = diff(old, new).wider
    assert wider
    use = Use("service", ("order.email",), chosen_by=("web.k7", "web.k8"))
    assert any({"web.k7", "web.k8"} <= set(each.chosen_by) for each in wider) or all(each.chosen_by for each in wider)
    assert permits(new, use, Standing({"news": "out"})) == {"order.email"}
    assert permits(old, use, Standing({"news": "out"})) == set()
