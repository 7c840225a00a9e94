"""`check` finds every fault of a policy in one run, says where it is and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.policy.writing import FIRST, FRONT, page
from upheld.policy import document
from upheld.policy.check import check
from upheld.policy.check_words import Words
from upheld.policy.faults import Fault
from upheld.policy.statements import Place

NORTHGATE = Path(__file__).parents[2] / "policies" / "northgate.md"
SHOP = (
    "collect order: name, billing address",
    "collect web: pages, cookie",
    "keep order, web for 1 year",
    "topic post stops marketing.post",
    "topic calls stops marketing.email",
    "stop post, calls for anyone by web given email",
    "allow ordering using order",
    "allow measurement using web as totals of at least 10 people",
)
"""A policy without a fault."""
NEXT = FIRST + len(SHOP)


def faults(*statements):
    """What is wrong with the shop's policy when these statements follow its own."""
    return check(document.parse(page(*SHOP, *statements)))


def brief(found):
    """Each fault's rule, line counted from the first added statement, and column."""
    return [(fault.rule, fault.place.line - NEXT + 1, fault.place.column) for fault in found]


def test_the_sample_policy_has_no_fault():
    assert check(document.read(NORTHGATE)) == []


def test_the_shop_of_these_tests_has_no_fault():
    assert faults() == []


UNKNOWN = [
    ("allow ordring using order.name", "unknown-purpose", 7, "no purpose `ordring` is declared", "did you mean `ordering`?"),
    ("allow zebra using order.name", "unknown-purpose", 7, "`zebra`", "declare it, as in `purpose zebra: what it is`"),
    ("forbid any except rihgts", "unknown-purpose", 19, "`rihgts`", "did you mean `rights`?"),
    ("allow service to thrid party using order", "unknown-recipient", 18, "`thrid party`", "did you mean `third party`?"),
    ("allow service to zebra using order", "unknown-recipient", 18, "`zebra`", "known are `"),
    ("allow service using order.nam", "unknown-item", 21, "no item `order.nam` is declared", "did you mean `order.name`?"),
    ("allow service using order except order.biling address", "unknown-item", 34, "`order.biling address`", "`order.billing address`"),
    ("allow service using zebra", "unknown-item", 21, "`zebra`", "known are `order.name`, `order`"),
    ("allow marketing.post using order chosen by weeb", "unknown-item", 44, "`weeb`", "did you mean `web`?"),
    ("forbid service using order together with wep", "unknown-item", 42, "`wep`", "did you mean `web`?"),
    ("forbid service when opted out of posst", "unknown-topic", 34, "`posst`", "did you mean `post`?"),
    ("forbid service unless opted in to zebra", "unknown-topic", 35, "`zebra`", "known are `post`, `calls`"),
    ("forbid service when in us-cal", "unknown-region", 24, "`us-cal`", "did you mean `us-ca`?"),
    ("never servise", "unknown-purpose", 7, "`servise`", "did you mean `service`?"),
    ("never service using odrer", "unknown-item", 21, "`odrer`", "did you mean `order`?"),
    ("always service when in ue", "unknown-region", 24, "`ue`", None),
    ("keep odrer for 1 year", "unknown-item", 6, "`odrer`", "did you mean `order`?"),
    ("stop pots for anyone by web given email", "unknown-topic", 6, "`pots`", "did you mean `post`?"),
    ("stop post for everyone by web given email", "unknown-region", 15, "`everyone`", "`anyone` is everybody"),
    ("stop post for us by telefone given email", "unknown-channel", 21, "`telefone`", "known are `web`, `email`, `phone`"),
    ("stop post for us by web given emial", "unknown-identifier", 31, "`emial`", "did you mean `email`?"),
    ("right acess for us by web", "unknown-right", 7, "`acess`", "did you mean `access`?"),
    ('contact desk for eur: email "a@b.example"', "unknown-region", 18, "`eur`", "did you mean `eu`?"),
    ("staff clerks may ordering, zebra", "unknown-purpose", 28, "`zebra`", "declare it"),
    ("ask age before ordr", "unknown-source", 16, "`ordr`", "did you mean `order`?"),
    ("topic more stops marketting", "unknown-purpose", 18, "`marketting`", "did you mean `marketing`?"),
]


@pytest.mark.parametrize(("text", "rule", "column", "message", "hint"), UNKNOWN, ids=[text for text, *_ in UNKNOWN])
def test_an_undeclared_word_is_an_error_with_its_place_and_a_suggestion(text, rule, column, message, hint):
    (fault,) = [each for each in faults(text) if each.severity == "error"]
    assert (fault.rule, fault.place) == (rule, Place(NEXT, column))
    assert message in fault.message
    assert hint is None or hint in fault.hint


def test_an_undeclared_word_is_found_in_its_own_line():
    assert brief(faults("allow service", "  using order.name,", "    order.billing", "    adress")) == [("unknown-item", 3, 5)]


def test_where_nothing_is_declared_yet_the_hint_says_how():
    found = check(document.parse(page("forbid any when opted out of post", "forbid any using order", "ask age before shop")))
    assert [(fault.rule, fault.hint) for fault in found] == [
        ("unknown-topic", "declare it, as in `topic post stops marketing.email`"),
        ("unknown-item", "a `collect` statement declares it"),
        ("unknown-source", "a `collect` statement declares it"),
    ]


def test_a_name_is_found_in_a_quotation_over_two_lines():
    quoted = FRONT + "> Quoted. {#q}\n>\n> ```upheld\n> collect order: name\n> keep order, order.billing\n>   address for 1 year\n> ```\n"
    (fault,) = [each for each in check(document.parse(quoted)) if each.severity == "error"]
    assert (fault.rule, fault.place) == ("unknown-item", Place(11, 15))


def test_a_word_whose_place_cannot_be_told_is_reported_where_its_statement_begins():
    (statement,) = document.parse(page("notice on leaving")).statements
    assert Words(document.parse(page("notice on leaving"))).place(statement, "zebra") == statement.place


def test_very_many_misspelt_words_do_not_take_for_ever(monkeypatch):
    monkeypatch.setattr("upheld.policy.check_words._MOST_COMPARISONS", 20)
    found = [fault.hint for fault in faults(*["allow service using order.nam"] * 4) if fault.rule == "unknown-item"]
    assert (
        found
        == ["did you mean `order.name`?"] * 2
        + ["known are `order.name`, `order`, `order.billing address`, `web.pages`, `web`, `web.cookie`"] * 2
    )


def test_a_word_of_an_unread_declaration_is_not_also_undeclared():
    found = faults(
        "collect cart: products,",
        "allow service using cart.products, cart",
        "topic sms stop service",
        "forbid service when opted out of sms",
    )
    assert [fault.rule for fault in found] == ["syntax", "syntax"]


DECLARED_BADLY = [
    ("purpose Service.x: x", ["bad-name"], "`Service.x` cannot be the name of a purpose"),
    ("purpose any: x", ["bad-name"], "`any` cannot be the name of a purpose"),
    ("purpose marketing: all of it", ["bad-name"], "`marketing` is the branch above `marketing.email`"),
    ("purpose service: again", ["duplicate-purpose"], "the purpose `service` is already declared by the language itself"),
    ("topic post stops marketing.email", ["duplicate-topic"], f"the topic `post` is already declared in line {FIRST + 3}"),
    ("topic Post.x stops service", ["bad-name", "no-stop"], "`Post.x` cannot be the name of a topic"),
    ("collect order: name", ["duplicate-item"], f"the item `order.name` is already declared in line {FIRST}"),
    ("collect Order: name", ["bad-name", "no-keep", "unused-item"], "`Order` cannot be the name of a source"),
    ("collect any: name", ["bad-name", "no-keep", "unused-item"], "`any` cannot be the name of a source"),
    ("keep order.name for 2 years", ["duplicate-keep"], f"how long `order.name` is kept is already said in line {FIRST + 2}"),
]


@pytest.mark.parametrize(("text", "rules", "message"), DECLARED_BADLY, ids=[text for text, *_ in DECLARED_BADLY])
def test_a_word_is_declared_once_and_well(text, rules, message):
    found = faults(text)
    assert sorted({fault.rule for fault in found}) == sorted(rules)
    assert any(message in fault.message for fault in found)


NUMBERS = [
    ("keep cart for 0 days", "bad-number", "0 days is no time at all"),
    ("keep cart for 151 years", "bad-number", "longer than 150 years"),
    ("stop post for us by web given email within 0 days", "bad-number", "0 days"),
    ("right know for us by web within 1 day extendable by 0 weeks", "bad-number", "0 weeks"),
    ("allow service using order as totals of at least 1 person", "bad-number", "would show one person"),
    ("allow service using order at most 0 times a year", "bad-number", "at most 0 times"),
    ("forbid service when under 0", "bad-number", "under 0"),
    ("forbid service unless known to be under 130", "bad-number", "under 130"),
    ('contact desk: email "nowhere"', "bad-contact", "`nowhere` is no e-mail address"),
    ('contact desk: phone "call us"', "bad-contact", "`call us` is no telephone number"),
    ('contact desk: post " "', "bad-contact", "the postal address is empty"),
    ("contact desk: hours Mon-Fri 06:00-17:00 Europe/Berln", "bad-hours", "no time zone `Europe/Berln`"),
    ("contact desk: hours Mo-Fri 06:00-17:00 Europe/Berlin", "bad-hours", "`Mo-Fri` names no days"),
    ("contact desk: hours Fri-Mon 06:00-17:00 Europe/Berlin", "bad-hours", "`Fri-Mon` names no days"),
    ("contact desk: hours Mon-Tue-Wed 06:00-17:00 Europe/Berlin", "bad-hours", "names no days"),
    ("contact desk: hours Mon 17:00-06:00 Europe/Berlin", "bad-hours", "`17:00-06:00` are no hours of a day"),
    ("contact desk: hours Mon 06:00-24:01 Europe/Berlin", "bad-hours", "`06:00-24:01`"),
    ("contact desk: hours Mon 06:60-17:00 Europe/Berlin", "bad-hours", "`06:60-17:00`"),
]


@pytest.mark.parametrize(("text", "rule", "message"), NUMBERS, ids=[text for text, *_ in NUMBERS])
def test_what_cannot_be_is_an_error(text, rule, message):
    found = [fault for fault in faults("collect cart: products", "allow service using cart", text) if fault.rule == rule]
    assert len(found) == 1
    assert message in found[0].message
    assert found[0].severity == "error"


@pytest.mark.parametrize(
    "text",
    [
        'contact desk: phone "+1 (800) 555-0100 ext. 12", email "a.b@c.example", post "1 Example Plaza", hours Sat 00:00-24:00 Etc/GMT+5',
        'contact desk for anyone, us-ca: phone "555-0100"',
        "right know for anyone by web within 1 hour extendable by 150 years",
        "forbid service when under 120 unless under 1",
    ],
)
def test_what_can_be_is_no_fault(text):
    assert faults(text) == []


# Promises and what keeps them

PROMISES = [
    ("We promise. {#a}\n", [("unkept-clause", "error", 7)]),
    ("We are. {#a .statement}\n", []),
    ("We are. {.statement #a}\n", []),
    ("## Promises {#a}\n", []),
    ("We promise. {#a}\n\n```upheld\nnotice on leaving\n```\n", []),
    ("We promise. {#a}\n\n```upheld\nforbd any\n```\n", [("syntax", "error", 10)]),
    ("We are. {#a .statement}\n\n```upheld\nnotice on leaving\n```\n", [("kept-statement", "warning", 7)]),
    ("We promise.\n\nWe are. {#a .statement}\n", [("no-id", "warning", 7)]),
    ("We are. {.statement}\n\nWe are. {#a .statement}\n", []),
    ("Nothing.\n", [("no-clause", "error", 1), ("no-id", "warning", 7)]),
]


@pytest.mark.parametrize(("body", "expected"), PROMISES, ids=[body for body, _ in PROMISES])
def test_a_promise_that_nothing_keeps_is_an_error(body, expected):
    assert [(fault.rule, fault.severity, fault.place.line) for fault in check(document.parse(FRONT + body))] == expected


def test_information_needs_an_end_and_a_use_and_a_topic_a_way_out():
    found = faults(
        "collect cart: products, coupon",
        "keep cart.coupon for 1 day",
        "topic cart stops service",
        "allow legal.demand to authority using any",
    )
    assert [(fault.message, fault.severity) for fault in found] == [
        ("nothing says how long `cart.products` is kept", "warning"),
        ("no rule lets anyone use `cart.products`", "warning"),
        ("no rule lets anyone use `cart.coupon`", "warning"),
        ("nobody can opt out of `cart`: no `stop` names it", "warning"),
    ]


def test_what_may_stand_in_a_statement_that_cannot_be_read_is_not_missed_twice():
    slips = ("allow ordering usng order", "keep all", "stop it")
    found = check(document.parse(page("collect order: name", "topic post stops marketing", *slips)))
    assert {fault.rule for fault in found} == {"syntax"}
    assert {fault.place.line - FIRST for fault in found} == {2, 3, 4}


# Rules without effect

CONTRADICTIONS = [
    "when opted in to post unless opted in to post",
    "when opted in to post and opted out of post",
    "when opted in to post and not opted in to post",
    "when in us-ca and in eu",
    "when in us-ca unless in us",
    "when under 13 and not under 18",
    "when known to be under 13 unless known to be under 14",
    "when recipient is vetted unless recipient is vetted",
    "as totals of at least 5 people when not as totals",
]


@pytest.mark.parametrize("words", CONTRADICTIONS)
def test_an_allow_whose_conditions_contradict_each_other_can_never_apply(words):
    assert brief(faults(f"allow service using order {words}")) == [("never-applies", 1, 1)]


@pytest.mark.parametrize(
    "words",
    [
        "when opted in to post and opted in to calls",
        "when not opted in to post and not opted out of post",
        "when in us-ca unless in us-ny",
        "when in us unless in us-ca",
        "when under 18 unless under 13",
        "when not known to be under 13 and under 13",
        "as totals of at least 5 people when as totals",
    ],
)
def test_an_allow_whose_conditions_can_hold_together_is_no_fault(words):
    expected = ["never-applies"] if "not known" in words else []
    assert [fault.rule for fault in faults(f"allow service using order {words}")] == expected


def test_a_forbid_may_bite_on_what_is_unknown_even_where_no_known_fact_fits():
    assert faults("forbid service when in us-ca and in eu") == []
    assert [fault.rule for fault in faults("forbid service when known to be under 13 unless known to be under 14")] == ["never-applies"]


NOTHING_LEFT = [
    ("allow ordering except ordering using order", "it is left with no purpose"),
    ("allow service using order except order.name, order.billing address", "it is left with no item"),
    ("forbid rights", "no policy can forbid `rights`"),
    ("forbid service using web.pages except web", "it is left with no item"),
]


@pytest.mark.parametrize(("text", "why"), NOTHING_LEFT)
def test_a_rule_that_its_exceptions_leave_nothing_of_can_never_apply(text, why):
    (fault,) = faults(text)
    assert fault.rule == "never-applies"
    assert why in fault.message


SHADOWED = [
    ("allow ordering.contact using order.name", True),
    ("allow ordering using order when in eu", True),
    ("allow ordering to affiliate using order", False),
    ("allow ordering using order, web.pages", False),
    ("allow ordering using order chosen by web.pages", False),
    ("allow ordering using order chosen by order.name", True),
    ("allow ordering using order at most 1 time a year", False),
    ("allow ordering using order as totals of at least 10 people", False),
    ("allow measurement using web.pages as totals of at least 10 people", True),
    ("allow measurement using web.pages as totals of at least 20 people", False),
    ("allow rights using web", True),
    ("allow security, ordering using order", False),
    ("allow security, audit using order, web", True),
    ("forbid marketing.post when opted out of post", True),
    ("forbid marketing.post using order when opted out of post and in eu", True),
    ("forbid marketing.post when opted out of calls", False),
    ("forbid marketing.post", False),
    ("forbid marketing.post using order together with web when opted out of post", True),
]


@pytest.mark.parametrize(("text", "is_shadowed"), SHADOWED, ids=[text for text, _ in SHADOWED])
def test_a_rule_that_another_one_already_says_is_a_warning(text, is_shadowed):
    found = [fault for fault in faults(text) if fault.place.line >= NEXT]
    assert brief(found) == ([("shadowed", 1, 1)] if is_shadowed else [])
    assert all(fault.severity == "warning" for fault in found)


def test_of_two_equal_rules_the_later_is_the_one_too_many():
    assert brief(faults("allow service using order", "allow service using order")) == [("shadowed", 2, 1)]


def test_a_wider_forbid_makes_the_narrower_one_before_it_redundant():
    assert brief(faults("forbid service using order", "forbid service when in eu", "forbid service")) == [
        ("shadowed", 1, 1),
        ("shadowed", 2, 1),
    ]


@pytest.mark.parametrize(
    ("wide", "narrow", "is_shadowed"),
    [
        ("using order together with web", "using web.pages together with order.name", True),
        ("using order together with web", "using order together with web.pages when in eu", True),
        ("using order.name together with web", "using order together with web", False),
        ("using order together with web", "using order", False),
        ("using order together with web when in eu", "using order together with web when in de", True),
        ("using order together with web when in de", "using order together with web when in eu", False),
    ],
)
def test_items_together_are_compared_side_by_side(wide, narrow, is_shadowed):
    found = [each for each in brief(faults(f"forbid service {wide}", f"forbid service {narrow}")) if each[1] == 2]
    assert found == ([("shadowed", 2, 1)] if is_shadowed else [])


FORBIDDEN = [
    (["forbid service using order"], True),
    (["forbid any except rights, ordering, measurement, marketing"], True),
    (["forbid service using order.name", "forbid service to ourselves using order.billing address"], True),
    (["forbid service using order.name"], False),
    (["forbid service to affiliate using order"], False),
    (["forbid service using order together with order"], False),
    (["forbid service using order when in eu"], False),
    (["forbid service using order unless opted out of post"], True),
    (["forbid service using order unless opted in to post"], True),
    (["forbid service using order unless opted out of calls"], False),
    (["forbid service using order unless as totals"], False),
]


@pytest.mark.parametrize(("forbids", "is_dead"), FORBIDDEN)
def test_an_allow_of_which_forbids_leave_nothing_can_never_apply(forbids, is_dead):
    found = faults("allow service using order when not opted out of post and not opted in to post", *forbids)
    assert [fault.rule for fault in found] == (["never-applies"] if is_dead else [])
    assert all(f"line {NEXT + 1}" in fault.message for fault in found)


@pytest.mark.parametrize(
    ("forbids", "is_dead"),
    [
        (["forbid service using order", "forbid survey.analysis using order"], True),
        (
            ["forbid service to ourselves using order", "forbid any except rights to affiliate using order", "forbid survey using order"],
            True,
        ),
        (["forbid service using order", "forbid survey.analysis to affiliate using order"], False),
        (["forbid service to affiliate using order.name", "forbid survey to affiliate using order"], False),
        (["forbid service, survey using order.name", "forbid survey using order.billing address to affiliate"], False),
    ],
)
def test_several_forbids_may_leave_nothing_of_an_allow_between_them(forbids, is_dead):
    found = faults("allow service, survey.analysis to ourselves, affiliate using order", *forbids)
    assert [fault.rule for fault in found if fault.severity == "error"] == (["never-applies"] if is_dead else [])


def test_totals_are_let_through_by_a_forbid_that_lets_totals_through():
    assert brief(faults("forbid measurement using web unless as totals")) == []
    assert brief(faults("allow service using web", "forbid service using web unless as totals")) == []
    assert brief(faults("forbid measurement using web when as totals")) == [("never-applies", 0, 1)]


# All in one run


def test_everything_is_found_in_one_run_sorted_by_place():
    found = faults(
        "alow x", "allow ordring using order", "keep cart for 1 year", "forbid service", "allow service using order", 'contact d: email "x"'
    )
    assert brief(found) == [
        ("syntax", 1, 1),
        ("unknown-purpose", 2, 7),
        ("unknown-item", 3, 6),
        ("never-applies", 5, 1),
        ("bad-contact", 6, 1),
    ]
    assert found == sorted(found, key=lambda fault: fault.place)


def test_a_rule_with_an_unknown_topic_does_not_hide_the_others():
    found = faults("topic sms stops zebra", "forbid service when opted out of sms", "allow service using order when in us and in eu")
    assert [(fault.rule, fault.place.line - NEXT) for fault in found if fault.severity == "error"] == [
        ("unknown-purpose", 0),
        ("never-applies", 2),
    ]


def test_the_front_matter_names_known_regions_and_laws():
    text = page(*SHOP).replace("version: 1\n", "version: 1\nterritory: [us, ue]\nlaw: [us-cal, eu-gdpr]\n")
    assert [(fault.rule, fault.place, fault.hint) for fault in check(document.parse(text))] == [
        ("unknown-region", Place(5, 1), "as in `us`, `us-ca`, `eu` or `de`"),
        ("unknown-law", Place(6, 1), "did you mean `us-ca`?"),
    ]
    bad = page(*SHOP).replace("version: 1\n", "version: one two\n")
    assert [(fault.rule, fault.place) for fault in check(document.parse(bad))] == [("bad-name", Place(4, 1))]


def test_duties_of_a_law_are_asked_with_the_rest():
    def duty(asked):
        yield Fault(Place(len(asked.clauses), 1), "duty", "no word on signals")

    assert [fault.rule for fault in check(document.parse(page(*SHOP)), [duty])] == ["duty"]


def test_an_expectation_that_fails_is_an_error_with_a_counterexample():
    (fault,) = faults("allow service to affiliate using order", "never service to affiliate using order.name", "never service to authority")
    assert (fault.rule, fault.severity, fault.place) == ("expectation-fails", "error", Place(NEXT + 1, 1))
    assert "this `never` does not hold" in fault.message
    assert "`order.name` may go to `affiliate`" in fault.message


def test_expectations_are_proven_once_every_rule_can_be_read():
    found = faults("allow service to affiliate using order", "forbid servize to affiliate", "never service to affiliate using order.name")
    assert [fault.rule for fault in found] == ["unknown-purpose"]


def test_a_promise_of_the_sample_policy_that_its_rules_break_is_found():
    text = NORTHGATE.read_text("utf-8").replace(
        "order.shipping address\n  chosen by order.purchases\n  when", "order.shipping address, order.email\n  when"
    )
    found = check(document.parse(text))
    assert [(fault.rule, text.split("\n")[fault.place.line - 1].split(" using")[0]) for fault in found] == [
        ("expectation-fails", "never marketing to third party")
    ]
