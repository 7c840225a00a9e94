"""Every form of every statement says what it says, and nothing else."""

from __future__ import annotations

import pytest

from tests.policy.writing import FIRST, only, read
from upheld.policy.statements import (
    AskAge,
    Changes,
    Collect,
    Condition,
    Contact,
    Duration,
    Expectation,
    Keep,
    NoticeOnLeaving,
    Place,
    Purpose,
    Right,
    Rule,
    Staff,
    Stop,
    Topic,
)

TEN_DAYS = Duration(10, "business day")


def said(kind, text, *values, **named):
    """What a statement of `kind` under the test's clause is."""
    return kind("c", Place(FIRST, 1), " ".join(text.split()), *values, **named)


STATEMENTS = [
    ("purpose marketing.phone: calls, about offers: and events", Purpose, ("marketing.phone", "calls, about offers: and events")),
    ("topic calls stops marketing.phone, marketing", Topic, ("calls", ("marketing.phone", "marketing"))),
    ("collect order: name, billing address, age, to, phone", Collect, ("order", ("name", "billing address", "age", "to", "phone"))),
    ("keep order, web.ip address for 7 years", Keep, (("order", "web.ip address"), Duration(7, "year"), False)),
    ("keep order for 1 hour", Keep, (("order",), Duration(1, "hour"), False)),
    ("keep order until 3 business days after last contact", Keep, (("order",), Duration(3, "business day"), True)),
    ("staff customer service may ordering.contact, rights", Staff, ("customer service", ("ordering.contact", "rights"))),
    ("ask age before newsletter, survey", AskAge, (("newsletter", "survey"),)),
    ("notice on leaving", NoticeOnLeaving, ()),
    ("changes apply from posting, wider use of earlier information when agreed", Changes, ()),
]


@pytest.mark.parametrize(("text", "kind", "values"), STATEMENTS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_statement_says(text, kind, values):
    assert only(text) == said(kind, text, *values)


RULES = [
    ("allow ordering using order", {"purposes": ("ordering",), "items": ("order",)}),
    (
        "allow ordering, service except service.extra to ourselves, third party using order except order.card token, order.phone",
        {
            "purposes": ("ordering", "service"),
            "purposes_except": ("service.extra",),
            "recipients": ("ourselves", "third party"),
            "items": ("order",),
            "items_except": ("order.card token", "order.phone"),
        },
    ),
    (
        "allow marketing.post using order.name chosen by order.purchases, registration",
        {"purposes": ("marketing.post",), "items": ("order.name",), "chosen_by": ("order.purchases", "registration")},
    ),
    ("allow measurement using web as totals of at least 10 people", {"purposes": ("measurement",), "items": ("web",), "totals": 10}),
    (
        "allow ordering using order when recipient is vetted and under 99, at most 4 times a year unless opted out of sharing",
        {
            "purposes": ("ordering",),
            "items": ("order",),
            "when": (Condition("vetted"), Condition("under", 99)),
            "unless": (Condition("opted out", "sharing"),),
            "at_most": (4, "year"),
        },
    ),
    ("allow ordering using order at most 1 time an hour", {"purposes": ("ordering",), "items": ("order",), "at_most": (1, "hour")}),
    (
        "allow measurement using web as totals of at least 10 people, at most 2 times a week",
        {"purposes": ("measurement",), "items": ("web",), "totals": 10, "at_most": (2, "week")},
    ),
    (
        "allow ordering when in us-ca using order to affiliate",
        {"purposes": ("ordering",), "items": ("order",), "recipients": ("affiliate",), "when": (Condition("in", "us-ca"),)},
    ),
]


@pytest.mark.parametrize(("text", "values"), RULES, ids=[text for text, _ in RULES])
def test_an_allow_says(text, values):
    assert only(text) == said(Rule, text, "allow", **values)


FORBIDS = [
    ("forbid any", {"purposes": ("any",), "items": ("any",)}),
    ("forbid any to third party using web", {"purposes": ("any",), "items": ("web",), "recipients": ("third party",)}),
    (
        "forbid marketing using web.ip address, web.cookie together with order, cart",
        {"purposes": ("marketing",), "together": (("web.ip address", "web.cookie"), ("order", "cart"))},
    ),
]


@pytest.mark.parametrize(("text", "values"), FORBIDS, ids=[text for text, _ in FORBIDS])
def test_a_forbid_says(text, values):
    assert only(text) == said(Rule, text, "forbid", **values)


CONDITIONS = [
    ("opted in to newsletter", Condition("opted in", "newsletter")),
    ("opted out of sharing", Condition("opted out", "sharing")),
    ("under 16", Condition("under", 16)),
    ("known to be under 13", Condition("known under", 13)),
    ("in us-ca", Condition("in", "us-ca")),
    ("as totals", Condition("as totals")),
    ("recipient is under contract", Condition("under contract")),
    ("recipient is vetted", Condition("vetted")),
    ("recipient serves the person", Condition("serves")),
    ("recipient shows legal process", Condition("legal process")),
    ("recipient is not vetted", Condition("vetted", negated=True)),
    ("recipient is not under contract", Condition("under contract", negated=True)),
    ("not recipient is not vetted", Condition("vetted")),
]


@pytest.mark.parametrize(("words", "condition"), CONDITIONS, ids=[words for words, _ in CONDITIONS])
def test_a_condition_says_the_same_in_when_and_in_unless_and_the_opposite_after_not(words, condition):
    opposite = Condition(condition.kind, condition.value, not condition.negated)
    assert only(f"forbid any when {words}").when == (condition,)
    assert only(f"forbid any unless {words} or {words}").unless == (condition, condition)
    if not words.startswith("not"):
        assert only(f"forbid any when not {words}").when == (opposite,)


@pytest.mark.parametrize("mood", ["never", "always"])
def test_an_expectation_says(mood):
    text = f"{mood} marketing except marketing.post to third party using web except web.pages as totals of at least 5 people when under 16"
    assert only(text) == said(
        Expectation,
        text,
        mood,
        ("marketing",),
        ("marketing.post",),
        ("third party",),
        ("web",),
        ("web.pages",),
        5,
        (Condition("under", 16),),
    )
    assert only(f"{mood} rights") == said(Expectation, f"{mood} rights", mood, ("rights",), items=("any",))


def test_a_stop_says():
    text = "stop post, calls for us, eu by web, in person given email, or first name and last name and zip within 10 business days"
    given = (("email",), ("first name", "last name", "zip"))
    assert only(text) == said(Stop, text, ("post", "calls"), ("us", "eu"), ("web", "in person"), given, TEN_DAYS)
    short = "stop post for anyone by web given email or phone"
    assert only(short) == said(Stop, short, ("post",), ("anyone",), ("web",), (("email",), ("phone",)), None)


@pytest.mark.parametrize(
    ("words", "period"),
    [
        ("covering preceding calendar year", "preceding calendar year"),
        ("covering preceding 12 months", "preceding 12 months"),
        ("", None),
    ],
)
def test_a_right_says(words, period):
    text = f"right know, access for us-ca by phone given email {words} within 45 days extendable by 1 month"
    assert only(text) == said(
        Right, text, ("know", "access"), ("us-ca",), ("phone",), (("email",),), period, Duration(45, "day"), Duration(1, "month")
    )
    assert only("right ask for eu by post") == said(Right, "right ask for eu by post", ("ask",), ("eu",), ("post",))


def test_a_contact_says():
    hours = "Mon-Fri 06:00-17:00 and Sat 08:00-12:00 America/Los_Angeles"
    text = f'contact customer service for us, eu: phone "+1 800 555 0100", email "s@n.example", post "1 Example  Plaza, CA", hours {hours}'
    assert only(text) == said(
        Contact, text, "customer service", ("us", "eu"), "+1 800 555 0100", "s@n.example", "1 Example  Plaza, CA", hours
    )
    assert only('contact desk: email "s@n.example"') == said(Contact, 'contact desk: email "s@n.example"', "desk", (), None, "s@n.example")


def test_a_statement_may_take_several_lines_with_comments_and_blank_lines_between():
    document = read("# first", "allow ordering", "", "  using", "  # why", "    order.billing", "      address", "forbid any")
    assert [(each.text, each.place) for each in document.statements] == [
        ("allow ordering using order.billing address", Place(FIRST + 1, 1)),
        ("forbid any", Place(FIRST + 7, 1)),
    ]
    assert document.faults == ()


WRONG = [
    ("alow ordering using order", (1, 1), "no statement begins with `alow`", "did you mean `allow`?"),
    ("42", (1, 1), "no statement begins with `42`", "see the list of statements in docs/policy-language.md"),
    ("allow ordering usng order", (1, 16), "found `usng`", "did you mean `using`?"),
    ("allow ordering", (1, 1), "`using` is missing", "say which items, as in `using order.name`"),
    ("allow ordering to third party usng order", (1, 1), "`using` is missing", "did you mean it with `usng`?"),
    ("allow ordering using", (1, 21), "the statement ends, where a name was expected", None),
    ("allow ordering using order,", (1, 28), "the statement ends, where a name was expected", None),
    ("allow ordering using order when under 13,", (1, 42), "the statement ends with a `,`", "leave it out, or finish the statement"),
    ("allow ordering using order using cart", (1, 1), "`using` is said twice", "keep one `using`, or write two statements"),
    ("allow ordering using order when under 13 or in eu", (1, 42), "found `or`", "write a second statement for the other case"),
    ("allow ordering using order unless under 13 and in eu", (1, 44), "found `and`", "`unless` joins its conditions with `or`"),
    ("allow ordering and service using order", (1, 16), "found `and`", "join names with `,`"),
    ("allow ordering\n  using order @ cart", (2, 15), "found `@`", None),
    ("allow ordering using order together with cart", (1, 1), "`together with` has no meaning in an allow", "forbid the items together"),
    ("allow ordering using order as totals of at least ten people", (1, 50), "found `ten`, where a number was expected", None),
    ("allow ordering using order at most 12345678901 times a year", (1, 36), "found `12345678901`", None),
    ("forbid any chosen by order", (1, 1), "`chosen by` has no meaning here", "name them after `using`"),
    ("forbid any as totals of at least 5 people", (1, 1), "`as totals` has no meaning here", "`unless as totals`"),
    ("forbid any at most 5 times a year", (1, 1), "`at most` has no meaning here", "say it in the allow"),
    ("never any using a together with b", (1, 1), "`together with` has no meaning in an expectation", "forbid the items together"),
    ("never any unless under 13", (1, 1), "`unless` has no meaning here", "`never` speaks of"),
    ("collect order.more: name", (1, 1), "`order.more` has a dot", "plain words"),
    ("stop post by web given email", (1, 1), "`for` is missing", "`for anyone`"),
    ("stop post for us given email", (1, 1), "`by` is missing", "`by web, email, phone`"),
    ("stop post for us by web", (1, 1), "`given` is missing", "what they give"),
    ("stop post for us by web given email within 1 day extendable by 1 day", (1, 1), "a stop cannot be extended", "leave out"),
    ("right know for us", (1, 1), "`by` is missing", "how"),
    ("contact desk: hours Mon-Fri", (1, 28), "the statement ends, where hours, as in 06:00-17:00 was expected", None),
    ("changes apply at once", (1, 15), "found `at`, where `from` was expected", None),
    ("keep order for 7 yeers", (1, 18), "found `yeers`", "did you mean `years`?"),
]


@pytest.mark.parametrize(("text", "place", "message", "hint"), WRONG, ids=[text for text, *_ in WRONG])
def test_what_cannot_be_read_is_told_in_plain_words(text, place, message, hint):
    document = read(text)
    fault = document.faults[0]
    assert (fault.place.line - FIRST + 1, fault.place.column) == place
    assert fault.rule == "syntax"
    assert message in fault.message
    assert (hint is None and fault.hint is None) or hint in fault.hint
    assert document.statements == ()
    assert document.unread == (" ".join(text.split()),)


def test_one_fault_hides_no_other():
    document = read("alow x", "keep order for 1 year", "forbid", "notice on leving", "forbid any")
    assert [fault.place.line - FIRST for fault in document.faults] == [0, 2, 3]
    assert [each.text for each in document.statements] == ["keep order for 1 year", "forbid any"]


def test_statements_and_words_have_a_greatest_length():
    document = read(
        "allow ordering using " + "order, " * 3000 + "order", f"topic {'x' * 81} stops marketing", f"topic {'x' * 80} stops marketing"
    )
    assert [(fault.place.line - FIRST, fault.place.column, fault.rule) for fault in document.faults] == [
        (0, 1, "too-long"),
        (1, 7, "too-long"),
    ]
    assert len(document.statements) == 1
