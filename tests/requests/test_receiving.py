"""Receiving: what is given is stopped at once, nothing more is asked for, and too little is kept until it is enough."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.houses import CLERK, NOW, House, later
from tests.requests.conftest import JANE, JANE_BY_POST, TOPICS, ask, post_policy
from upheld.choices.actions import Said, record
from upheld.choices.queries import AsOf, standing
from upheld.errors import Conflict, Invalid, NotFound
from upheld.ledger import effects
from upheld.ledger import queries as ledger
from upheld.people.held import Held
from upheld.people.identifiers import Email, Postal
from upheld.people.queries import find
from upheld.postings.queries import in_force
from upheld.requests import queries
from upheld.requests.actions import Asked, complete, withdraw
from upheld.requests.models import REQUEST


def choices_of(shop, *identifiers, at=NOW):
    with shop.record.reading() as conn:
        return [standing(conn, person, TOPICS, AsOf(at)).choices for person in sorted(find(conn, shop.keeper.keys, identifiers))]


def whole(shop, number):
    with shop.record.reading() as conn:
        return queries.whole(conn, number)


@pytest.mark.parametrize(
    ("given_", "known"),
    [
        (JANE, Email("JANE.doe@Mail.example")),
        (JANE_BY_POST, Postal("jane", "DOE", "5 oak st", "60601-1234")),
        (Held(first="Zoë 🌷", last="Ørsted", address="5 Oak St", zip="60601"), Postal("Zoë 🌷", "Ørsted", "5 Oak St", "60601")),
        (Held(first="ליאור", last="כהן", address="5 Oak St", zip="60601"), Postal("ליאור", "כהן", "5 Oak St", "60601")),
        (Held(first="Robert'); DROP TABLE request;--", last="Doe", address="5 Oak St", zip="60601"), None),
    ],
    ids=["an e-mail address alone", "name and address", "emoji", "right to left", "SQL"],
)
def test_what_was_given_is_stopped_at_once_for_every_topic_and_nothing_more_is_asked(shop, given_, known):
    received = ask(shop, given_)
    assert (received.state, received.words) == ("working", "it holds as of now; nothing more is needed from the person")
    identifier = known or Postal(given_.first, given_.last, given_.address, given_.zip)
    assert choices_of(shop, identifier) == [dict.fromkeys(TOPICS, "out")]
    with shop.record.reading() as conn:
        assert [effect.kind for effect in effects.of(conn, received.request)] == ["request.search"]


def test_only_the_topics_asked_for_are_stopped(shop):
    ask(shop, topics=("sharing",))
    assert choices_of(shop, Email(JANE.email)) == [dict.fromkeys(TOPICS, "unset") | {"sharing": "out"}]


@pytest.mark.parametrize("region", [None, "us-ca", "de", "elsewhere", "US_CA"])
@pytest.mark.parametrize("channel", ["web", "phone", "email", "post", "signal", "import"])
def test_no_region_and_no_channel_is_refused(shop, region, channel):
    received = ask(shop, region=region, channel=channel)
    assert whole(shop, received.request).request.topics == TOPICS


def test_eu_residents_get_their_own_desk(shop):
    desks = {region: whole(shop, ask(shop, region=region).request).request.desk for region in ("de", "us-ca", None)}
    assert desks == {"de": "information security", "us-ca": "customer service", None: "customer service"}


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        (Held(first="Jane"), "ask for the e-mail address, or the last name and the address and the zip code; nothing more"),
        (Held(first="Jane", last="Doe", zip="60601"), "ask for the address, or the e-mail address; nothing more"),
        (
            Held(email="jane at mail"),
            "the e-mail address cannot be read, look for a slip of the pen; or ask for the e-mail address, or the first name",
        ),
        (Held(), "ask for the e-mail address"),
    ],
)
def test_too_little_is_kept_as_a_draft_that_says_the_least_that_is_missing_and_stops_nothing(shop, given_, words):
    received = ask(shop, given_)
    assert received.state == "needs more"
    assert received.words.startswith(words)
    with shop.record.reading() as conn:
        assert effects.of(conn, received.request) == ()
        assert queries.people_of(conn, received.request) == ()
        assert [entry.kind for entry in ledger.entries(conn, begin=1)] == ["request.drafted"]


def test_a_draft_is_completed_with_what_was_missing_and_its_clocks_began_with_the_first_message(shop):
    draft = ask(shop, Held(first="Jane"))
    with shop.record.transaction() as tx:
        asked = Asked(JANE_BY_POST, "phone", later(days=3))
        done = complete(tx, shop.keeper, draft.request, asked, in_force(tx, NOW), at=later(days=3), actor=CLERK)
    assert done.state == "working"
    assert done.due_at == ask(shop, at=later(days=3), received_at=NOW).due_at
    assert choices_of(shop, Postal("Jane", "Doe", "5 Oak St", "60601"), at=later(days=3)) == [dict.fromkeys(TOPICS, "out")]
    with shop.record.transaction() as tx, pytest.raises(Conflict, match="is no draft"):
        complete(tx, shop.keeper, draft.request, asked, in_force(tx, NOW), at=later(days=3), actor=CLERK)


def test_a_draft_that_is_completed_with_too_little_stays_one_and_one_taken_back_cannot_be_read_any_more(shop):
    draft = ask(shop, Held(first="Jane"))
    with shop.record.transaction() as tx:
        asked = Asked(Held(first="Jane", last="Doe"), "phone", NOW)
        done = complete(tx, shop.keeper, draft.request, asked, in_force(tx, NOW), at=NOW, actor=CLERK)
    assert (done.state, done.words) == ("needs more", "ask for the e-mail address, or the address and the zip code; nothing more")
    with shop.record.transaction() as tx:
        withdraw(tx, shop.keeper, draft.request, at=NOW, actor=CLERK)
    with shop.record.reading() as conn, pytest.raises(NotFound, match="cannot be read any more"):
        shop.keeper.vault.key(conn, -draft.request)
    with shop.record.transaction() as tx, pytest.raises(Conflict, match="cannot become `withdrawn`"):
        withdraw(tx, shop.keeper, draft.request, at=NOW, actor=CLERK)


def test_the_same_message_again_is_the_same_request(shop):
    first = ask(shop, reference="<message-17@mail.example>")
    again = ask(shop, reference="<message-17@mail.example>")
    assert (again.request, again.again, again.token) == (first.request, True, None)
    assert ask(shop, reference="<message-18@mail.example>").request != first.request


def test_somebody_elses_address_is_stopped_and_nobody_else(shop):
    """Harmless, and taken back by opting in again: it shows nothing and opens nothing."""
    with shop.record.transaction() as tx:
        opted = Said((Email("ann@mail.example"),), "newsletter", "in", NOW, "web")
        record(tx, shop.keeper, opted, TOPICS, at=NOW, actor=CLERK)
    received = ask(shop, Held(email="ann@mail.example"), channel="web")
    assert choices_of(shop, Email("ann@mail.example")) == [dict.fromkeys(TOPICS, "out")]
    assert "ann@" not in repr(received)
    assert "ann@" not in repr(whole(shop, received.request))


def test_a_wrong_date_in_a_message_does_not_let_an_older_opt_in_win(shop):
    with shop.record.transaction() as tx:
        record(tx, shop.keeper, Said((Email(JANE.email),), "newsletter", "in", NOW, "web"), TOPICS, at=NOW, actor=CLERK)
    ask(shop, at=later(days=1), received_at=NOW - timedelta(days=20000))
    assert choices_of(shop, Email(JANE.email), at=later(days=2))[0]["newsletter"] == "out"


def test_the_policys_ten_business_days_run_by_the_clocks_of_the_desk(shop):
    received = ask(shop, topics=("suggestions",))  # Monday 4 May 2026; no law has a clock for suggestions
    assert received.due_at.isoformat() == "2026-05-19T06:59:59+00:00"  # the end of the 18th in Los Angeles
    assert [clock[0] for clock in whole(shop, received.request).clocks] == ["rights.stop"]


def test_the_token_finds_the_request_and_is_kept_only_as_a_hash(shop):
    received = ask(shop)
    with shop.record.reading() as conn:
        assert queries.tracked(conn, received.token).request.id == received.request
        with pytest.raises(NotFound, match="no request has this token"):
            queries.tracked(conn, received.token[:-1])
    assert len(received.token) >= 32
    assert received.token.encode() not in shop.bytes()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"channel": "pigeon"}, "no channel `pigeon`"),
        ({"topics": ("newsleter",)}, "did you mean `newsletter`"),
        ({"region": "atlantis"}, "atlantis"),
        ({"right": "delete"}, "only `stop`"),
        ({"given": Held(email="x" * 500 + "@mail.example")}, "longer than 400 characters"),
        ({"words": "x" * 5000}, "longer than 4000 characters"),
    ],
)
def test_what_cannot_be_taken_in_is_refused_in_one_line_and_leaves_nothing(shop, wrong, words):
    with pytest.raises(Invalid, match=words):
        ask(shop, **{"given": JANE} | wrong)
    with shop.record.reading() as conn:
        assert conn.execute(select(func.count()).select_from(REQUEST)).scalar_one() == 0
        assert choices_of(shop, Email(JANE.email)) == []


def test_nothing_that_was_given_lies_in_clear_or_in_the_ledger(shop):
    ask(
        shop, Held("zoe.quux@mail.example", "+1 800 555 0123", "QX-7788", "Zoe", "Quux", "12 Nowhere Lane", "94105"), reference="Zoe Quux 7"
    )
    ask(shop, Held(first="Plantina"))
    everything = shop.bytes()
    for planted in (b"zoe.quux", b"Quux", b"Nowhere", b"555 0123", b"QX-7788", b"Plantina"):
        assert planted not in everything


@settings(max_examples=60)
@given(st.builds(Held, *[st.none() | st.text(max_size=30)] * 7))
def test_whatever_is_given_is_taken_in_or_kept_and_never_lost(odd_shop, given_):
    before = odd_shop.counted
    odd_shop.counted += 1
    received = ask(odd_shop, given_)
    assert received.request == before + 1
    assert received.state in {"working", "needs more"}


@pytest.fixture(scope="module")
def odd_shop(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("odd") / "home")
    post_policy(house)
    house.counted = 0
    yield house
    house.record.close()


def test_what_was_given_and_cannot_be_read_is_named_by_part_and_never_by_value(counter):
    for more in ([], ["--draft", "1"]):
        said = counter.upheld("requests", "receive", "--how", "phone", "--email", "not-an-address", *more)
        assert "the e-mail address cannot be read, look for a slip of the pen; or ask for the" in said
        assert "not-an-address" not in said
    assert "cannot be read" not in counter.upheld("requests", "receive", "--how", "phone", "--first", "Jane")
