"""What the statements other than rules answer."""

from __future__ import annotations

import pytest

from upheld.errors import NotFound
from upheld.policy import behaviour
from upheld.policy.compiled import Policy
from upheld.policy.statements import Duration

TEXT = """---
company: Northgate
title: Privacy
version: 1
---
# Policy {#top}
```upheld
topic newsletter stops marketing.email
topic post stops marketing.post
collect order: name, email
collect cart: products
keep order for 7 years
keep order.email until 3 years after last contact
stop newsletter, post for us by web, phone given email within 10 business days
stop newsletter for anyone by web given email within 30 days
stop post for anyone by web given email
right access, correct for anyone by web given email
right access for eu by email given email within 1 month extendable by 2 months
right know for us-ca by web given email within 45 days
contact service: email "service@northgate.example"
contact security for eu: email "security@northgate.example"
contact berlin for de: email "berlin@northgate.example"
ask age before order
staff support may ordering.contact
staff support may rights
notice on leaving
changes apply from posting, wider use of earlier information when agreed
```
"""


@pytest.fixture(scope="module")
def policy():
    return Policy.parse(TEXT)


@pytest.fixture(scope="module")
def silent():
    return Policy.parse(TEXT.split("keep order for", maxsplit=1)[0] + "```\n")


def test_an_item_goes_when_the_first_limit_is_due(policy, silent):
    limits = behaviour.retention(policy, "order.email")
    assert [(each.duration, each.after_last_contact) for each in limits] == [(Duration(3, "year"), True), (Duration(7, "year"), False)]
    assert limits[0].clause == "top"
    assert behaviour.retention(policy, "cart.products") == behaviour.retention(silent, "order.name") == ()
    with pytest.raises(NotFound, match=r"no item `order.mail` is declared; did you mean `order.email`"):
        behaviour.retention(policy, "order.mail")


@pytest.mark.parametrize(("region", "clock"), [("de", Duration(1, "month")), (None, Duration(1, "month")), ("us-ca", None)])
def test_a_right_has_the_tightest_clock_that_may_apply_and_an_unknown_region_is_not_refused(policy, region, clock):
    assert behaviour.right(policy, "access", region)[0].within == clock
    assert bool(behaviour.right(policy, "know", region)) == (region != "de")
    assert behaviour.right(policy, "sing", region) == ()
    assert len(behaviour.rights(policy, None)) == 3


@pytest.mark.parametrize(("region", "clock", "ways"), [("us-ny", "business day", 2), (None, "business day", 2), ("fr", "day", 1)])
def test_everyone_gets_off_a_list_by_the_ways_of_their_region(policy, region, clock, ways):
    found = behaviour.stops(policy, "newsletter", region)
    assert (found[0].within.unit, len(found)) == (clock, ways)
    assert behaviour.stops(policy, "post", region)[-1].within is None
    with pytest.raises(NotFound, match="did you mean `newsletter`"):
        behaviour.stops(policy, "newsleter", region)


@pytest.mark.parametrize(
    ("region", "desk"),
    [("de", "berlin"), ("fr", "security"), ("eu", "security"), ("us-ca", "service"), ("gb", "service"), (None, "service")],
)
def test_the_desk_is_the_one_for_the_smallest_region(policy, region, desk):
    assert behaviour.desk(policy, region).desk == desk


def test_there_may_be_no_desk_no_screen_no_notice_and_no_word_on_changes(policy, silent):
    assert behaviour.desk(silent, "de") is None
    assert behaviour.asks_age_before(policy, "order") == behaviour.notice_on_leaving(policy) == behaviour.changes(policy) == "top"
    assert behaviour.asks_age_before(policy, "cart") is None
    assert behaviour.notice_on_leaving(silent) is behaviour.changes(silent) is None


def test_staff_may_ask_for_what_any_statement_gives_their_role(policy, silent):
    assert behaviour.staff_purposes(policy, "support") == {"ordering.contact", "rights"}
    with pytest.raises(NotFound, match="no staff role `suport` is declared; did you mean `support`"):
        behaviour.staff_purposes(policy, "suport")
    with pytest.raises(NotFound, match="no staff role `support`"):
        behaviour.staff_purposes(silent, "support")


@pytest.mark.parametrize(
    ("shorter", "longer"),
    [((24, "hour"), (2, "day")), ((10, "business day"), (15, "day")), ((4, "week"), (1, "month")), ((11, "month"), (1, "year"))],
)
def test_durations_compare_by_their_length(shorter, longer):
    assert behaviour.hours(Duration(*shorter)) < behaviour.hours(Duration(*longer))
