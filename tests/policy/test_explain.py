"""Every statement in plain words."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.policy import document, explain, terms, words
from upheld.policy.statements import AnyStatement, Condition, Duration
from upheld.policy.uses import Decision, Obligations, Reason, Standing, Use
from upheld.policy.voice import Voice, duration, hours, join, join_groups, region

HEAD = """---
company: Northgate Systems
title: Privacy policy
version: 1
---

# Privacy policy {#top}

We say what we do. {#who}

```upheld
"""


def statement(text: str) -> AnyStatement:
    read = document.parse(f"{HEAD}{text}\n```\n")
    assert len(read.statements) == 1, read.faults
    return read.statements[0]


BOOK = (Path(__file__).parent / "explained.txt").read_text(encoding="utf-8")
SENTENCES = [tuple(entry.split("\n", 1)) for entry in BOOK.strip().split("\n\n> ")[1:]]


@pytest.mark.parametrize(("text", "sentence"), SENTENCES, ids=[text[:40] for text, _ in SENTENCES])
def test_a_statement_reads_as_plain_sentences(text, sentence):
    assert explain.explain(statement(text)) == sentence


def test_staff_hear_of_the_person_and_not_of_themselves():
    said = explain.explain(statement("allow marketing.post using order.name unless opted out of post or under 16"), Voice("the person"))
    assert said == (
        "We may use the name from the person's order for sending the person offers and news by post. "
        "We do not do this if the person has opted out of “post” or the person is under 16."
    )


def test_a_declared_purpose_speaks_with_its_own_words():
    declared = statement("purpose marketing.phone: calls about offers")
    assert Voice.of([declared]).purposes(["marketing.phone"]) == "calls about offers"
    assert Voice.of([declared]).to_staff().purposes(["marketing.phone"]) == "calls about offers"


def test_words_that_nobody_described_are_quoted_and_not_lost():
    voice = Voice()
    assert voice.purposes(["loyalty.points"]) == "“loyalty.points”"
    assert voice.recipients(["acme"]) == "“acme”"
    assert region("atlantis") == "“atlantis”"
    assert voice.channels(["fax"]) == "by fax"


CONDITIONS = [
    (Condition("opted in", "newsletter"), "you have opted in to “newsletter”", "you have not opted in to “newsletter”"),
    (Condition("opted out", "post"), "you have opted out of “post”", "you have not opted out of “post”"),
    (Condition("under", 16), "you are under 16", "you are 16 or older"),
    (Condition("known under", 13), "we know that you are under 13", "we do not know you to be under 13"),
    (Condition("in", "de"), "you live in Germany", "you live outside Germany"),
    (Condition("as totals"), "it is shown only as totals", "it is shown person by person"),
    (Condition("serves"), "whoever receives it is serving you", "whoever receives it is not serving you"),
]


@pytest.mark.parametrize(("condition", "yes", "no"), CONDITIONS, ids=[c.kind for c, _, _ in CONDITIONS])
def test_a_condition_and_its_opposite_differ_by_more_than_a_missed_word(condition, yes, no):
    opposite = Condition(condition.kind, condition.value, negated=True)
    assert (Voice().condition(condition), Voice().condition(opposite)) == (yes, no)


def test_every_built_in_word_has_plain_words():
    assert terms.PURPOSES.keys() <= words.PURPOSES.keys()
    assert {leaf.partition(".")[0] for leaf in terms.PURPOSES} <= words.PURPOSES.keys()
    assert terms.RECIPIENTS.keys() <= words.RECIPIENTS.keys()
    assert terms.REGION_PARENTS.keys() <= words.REGIONS.keys()
    assert terms.RIGHTS.keys() == words.RIGHTS.keys()
    assert terms.CHANNELS.keys() == words.CHANNELS.keys()
    assert terms.IDENTIFIERS.keys() == words.IDENTIFIERS.keys()


def test_regions_have_their_own_names():
    assert (region("us-ca"), region("us-wy"), region("us-al"), region("us-dc")) == ("California", "Wyoming", "Alabama", "Washington, D.C.")
    named = [region(code) for code in terms.REGION_PARENTS]
    assert len(set(named)) == len(named)


def test_lengths_of_time_count_in_english():
    assert duration(Duration(1, "business day")) == "1 business day"
    assert duration(Duration(24, "hour")) == "24 hours"


def test_hours_are_read_out():
    assert hours("Mon-Fri 06:00-17:00 and Sat 09:00-12:00 Europe/Berlin") == (
        "Monday to Friday, 06:00 to 17:00 and Saturday, 09:00 to 12:00 (Berlin time)"
    )


@given(st.lists(st.text("ab", min_size=1), min_size=1))
def test_a_list_names_every_part_once(parts):
    assert join(parts).count(",") == max(0, len(parts) - 2)
    assert join_groups(parts) == join(parts)


def test_a_use_is_asked_in_one_breath():
    voice = Voice("the person")
    partners = Use(
        "marketing.partner",
        ("order.name",),
        "third party",
        chosen_by=("order.purchases",),
        vetted=True,
        under_contract=False,
        asked_by="marketing",
    )
    assert explain.use(partners, voice) == (
        "Give the name from the person's order to outside companies (third parties), choosing people by the purchases from the person's "
        "order, for offers of other companies. We have checked the good name of whoever receives it and no contract binds whoever receives "
        "it to us. Our marketing staff asks."
    )
    totals = Use("recommendation", ("cart",), totals=("web.pages",), people=10)
    assert explain.use(totals, voice) == (
        "Use all information from the person's shopping cart and the pages visited from the person's visits to our sites as totals of at "
        "least 10 people for suggesting products and services to the person."
    )
    assert explain.use(Use("marketing.post", chosen_by=("order",)), voice) == (
        "Choose people, choosing people by all information from the person's order, for sending the person offers and news by post."
    )


def test_a_standing_says_what_is_known_and_what_is_not():
    voice = Voice("the person")
    seen = Standing(
        {"post": "out", "newsletter": "in", "calls": "unset", "sharing": "unknown"}, "us-ca", None, served=False, since={"order": "1"}
    )
    assert explain.standing(seen, voice) == (
        "The person has opted in to “newsletter”. The person has opted out of “post”. The person has chosen nothing about “calls”. "
        "What the person has chosen about “sharing” is unknown. The person lives in California. The person's age is unknown. "
        "Whoever receives it is not serving the person. Information from the person's order stands under version 1."
    )
    assert explain.standing(Standing(age=34), voice) == "Where the person lives is unknown. The person is 34 years old."


def test_versions_that_refuse_for_the_same_reason_share_a_line():
    older, newer = (Reason(("order.name",), "silence", "use.post", "it is so", "something", version) for version in ("1", "2"))
    other = Reason(("order.name",), "forbid", "use.post", "it is so", "something", "1")
    assert explain.reasons([newer, older, other], Voice()) == [
        "the name from your order: it is so [use.post, versions 2 and 1] – what would change it: something",
        "the name from your order: it is so [use.post, version 1] – what would change it: something",
    ]


def test_a_decision_lists_what_may_leave_with_its_duties_and_what_may_not_with_its_reason():
    voice = Voice("the person")
    why = Reason(("registration.profile",), "forbid", "use.profile", "the profile never goes out for marketing", "nothing", "1")
    silent = Reason(("cart.products",), "silence", None, "no clause speaks of it", "", "1")
    answer = Decision(
        ("order.name",), ("registration.profile", "cart.products"), (), Obligations(10, ((4, "year"), (1, "day"))), (why, silent), "1", "00"
    )
    refused = "Refused: the profile from the person's registration: the profile never goes out for marketing"
    assert explain.decision(answer, voice).splitlines() == [
        "Allowed: the name from the person's order",
        "  only as totals of at least 10 people",
        "  at most 4 times a year for each person",
        "  at most once a day for each person",
        f"{refused} [use.profile, version 1] – what would change it: nothing",
        "Refused: the products from the person's shopping cart: no clause speaks of it [version 1]",
    ]
    assert explain.decision(Decision((), (), (), Obligations(), (), "1", "00"), voice) == "Refused: nothing was asked for"
