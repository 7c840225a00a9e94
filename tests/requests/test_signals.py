"""The browser's signal: honoured at once, for a known person everywhere, recorded once, never undone by its absence."""

import pytest
from sqlalchemy import func, select

from tests.houses import CLERK, NOW, later
from tests.requests.conftest import TOPICS, post_policy
from tests.requests.offices import World
from upheld.choices.actions import Said, record
from upheld.choices.queries import AsOf, standing
from upheld.errors import Invalid
from upheld.ledger import queries as ledger
from upheld.people.held import Held
from upheld.people.identifiers import Email
from upheld.people.queries import find
from upheld.postings.queries import in_force
from upheld.requests import signals
from upheld.requests.models import REQUEST
from upheld.requests.signals import Visit

GPC, JANE = {"Sec-GPC": "1"}, Held(email="jane.doe@mail.example")


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"Sec-GPC": "1"}, "Sec-GPC"),
        ({"sec-gpc": " 1 "}, "Sec-GPC"),
        ({"Sec-GPC": "0, 1"}, "Sec-GPC"),
        ({"Sec-GPC": ["0", "1"]}, "Sec-GPC"),
        ({"DNT": "1"}, "DNT"),
        ({"Sec-GPC": "true"}, None),
        ({"Sec-GPC": "1;q=1"}, None),
        ({"Sec-GPC": "01"}, None),
        ({"Sec-GPC": ""}, None),
        ({"DNT": "0"}, None),
        ({}, None),
    ],
)
def test_only_the_exact_value_1_is_a_signal(headers, found):
    assert signals.signal(headers) == found


def see(shop, visit, at=NOW):
    with shop.record.transaction() as tx:
        return signals.see(tx, shop.keeper, shop.home, visit, in_force(tx, at), at=at, actor=CLERK)


def choices(shop, at=NOW):
    with shop.record.reading() as conn:
        return [standing(conn, person, TOPICS, AsOf(at)).choices for person in find(conn, shop.keeper.keys, [Email(JANE.email)])]


def entries(shop, kind):
    with shop.record.reading() as conn:
        return [entry.kind for entry in ledger.entries(conn)].count(kind)


def test_a_signal_stops_the_giving_to_others_and_leaves_the_newsletter_alone(shop):
    with shop.record.reading() as conn:
        assert signals.topics(in_force(conn, NOW).policy) == ("sharing",)
    seen = see(shop, Visit(GPC, "cookie-1", JANE))
    assert (seen.topics, seen.words, seen.news) == (("sharing",), "Opt-out preference signal honored", True)
    assert choices(shop) == [dict.fromkeys(TOPICS, "unset") | {"sharing": "out"}]


def test_of_a_person_who_is_signed_in_it_is_a_request_that_reaches_every_system(shop, tmp_path):
    world = World(shop, tmp_path)
    number = see(shop, Visit(GPC, "cookie-1", JANE)).request
    world.work()
    whole = world.whole(number)
    assert (whole.request.state, whole.request.channel, whole.request.topics) == ("complete", "signal", ("sharing",))


def test_seen_again_it_changes_nothing_and_is_not_logged_again(shop):
    first = see(shop, Visit(GPC, "cookie-1", JANE))
    again = see(shop, Visit(GPC, "cookie-1", JANE), later(days=1))
    assert (first.request, again.request, again.news, again.topics) == (1, None, False, ("sharing",))
    assert (entries(shop, "signal.seen"), entries(shop, "request.received")) == (1, 1)


def test_of_an_unknown_visitor_nothing_but_a_keyed_hash_is_kept(shop):
    seen = see(shop, Visit(GPC, "cookie-number-77"))
    assert (seen.topics, seen.request, seen.news) == (("sharing",), None, True)
    assert b"cookie-number-77" not in shop.bytes()
    with shop.record.reading() as conn:
        assert conn.execute(select(func.count()).select_from(REQUEST)).scalar_one() == 0
    assert see(shop, Visit(GPC)).topics == ("sharing",)  # without any mark it holds for the page at hand


def test_a_later_page_without_the_signal_is_no_opting_in(shop):
    see(shop, Visit(GPC, "cookie-1"))
    assert see(shop, Visit({}, "cookie-1"), later(days=3)).topics == ("sharing",)
    assert see(shop, Visit({}, "cookie-2"), later(days=3)).topics == ()


def test_who_signs_in_under_a_mark_that_once_signalled_is_stopped_as_a_person(shop):
    see(shop, Visit(GPC, "cookie-1"))
    assert see(shop, Visit({}, "cookie-1", JANE), later(days=3)).request == 1
    assert choices(shop, later(days=4))[0]["sharing"] == "out"


def test_the_signal_wins_over_an_earlier_opt_in(shop):
    with shop.record.transaction() as tx:
        record(tx, shop.keeper, Said((Email(JANE.email),), "sharing", "in", NOW, "web"), TOPICS, at=NOW, actor=CLERK)
    assert see(shop, Visit(GPC, "cookie-1", JANE), later(days=1)).news
    assert choices(shop, later(days=2))[0]["sharing"] == "out"


def test_looking_writes_nothing_and_says_whether_there_is_news(shop):
    def look(visit):
        with shop.record.reading() as conn:
            return signals.honoured(conn, shop.keeper, shop.home, visit, in_force(conn, NOW), NOW)

    visit = Visit(GPC, "cookie-1", JANE)
    assert look(visit).news
    see(shop, visit)
    assert not look(visit).news
    assert look(Visit({}, "x")) == signals.Honoured()


def test_a_policy_that_gives_nothing_to_third_parties_has_nothing_to_stop(house):
    post_policy(house, PLAIN)
    with house.record.reading() as conn:
        assert signals.topics(in_force(conn, NOW).policy) == ()
    assert see(house, Visit(GPC, "cookie-1", JANE)) == signals.Honoured((), signals.WORDS, None, news=False)


PLAIN = """\
---
company: Plain
title: Privacy policy
version: 2026.1
territory: [us]
---

# Policy {#top .statement}

We keep your e-mail address for our newsletter. {#letter}

```upheld
collect newsletter: email
topic newsletter stops marketing.email
allow marketing.email using newsletter when opted in to newsletter
stop newsletter for anyone by web, signal given email
```
"""


def test_a_mark_without_end_is_refused(shop):
    with pytest.raises(Invalid, match="1 to 200 characters"):
        see(shop, Visit(GPC, "x" * 201))
