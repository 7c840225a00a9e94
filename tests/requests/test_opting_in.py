"""Opting in: two steps, nothing kept before the second, the words kept by it; not asked for within a year, to the day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.houses import CLERK, NOW, later
from tests.requests.conftest import JANE, JANE_BY_POST, TOPICS, ask
from tests.requests.offices import JANE_ROW, World
from upheld.choices.actions import Said, record
from upheld.choices.queries import AsOf, history, standing
from upheld.errors import Conflict, Invalid, NotFound, Refused
from upheld.people.actions import enrol
from upheld.people.identifiers import Email, Phone, Postal
from upheld.people.queries import find
from upheld.postings.queries import in_force
from upheld.record import METADATA
from upheld.requests import opting_in
from upheld.requests.opting_in import Asking

ME = (Email(JANE.email),)
WORDS = "Yes, send me the newsletter."


def first(shop, *, at, identifiers=ME, topic="newsletter", words=WORDS, ours=False):
    with shop.record.transaction() as tx:
        asking = Asking(identifiers, topic, "web", words, ours)
        return opting_in.ask(tx, shop.keeper, shop.home, asking, in_force(tx, at), at=at)


def second(shop, token, *, at):
    with shop.record.transaction() as tx:
        return opting_in.confirm(tx, shop.keeper, shop.home, token, in_force(tx, at), at=at, actor=CLERK)


def chosen(shop, at, *identifiers):
    with shop.record.reading() as conn:
        people = sorted(find(conn, shop.keeper.keys, identifiers or ME))
        return [standing(conn, person, TOPICS, AsOf(at)).choices["newsletter"] for person in people]


def may(shop, at, topic="newsletter"):
    with shop.record.reading() as conn:
        (answer,) = opting_in.may_ask(conn, shop.keeper, ME, [topic], at)
    return answer


def test_the_first_step_changes_nothing_and_the_second_records_the_words_shown(shop):
    ask(shop)
    pending = first(shop, at=later(days=1))
    assert chosen(shop, later(days=2)) == ["out"]
    assert second(shop, pending.token, at=later(days=2)) == "newsletter"
    assert chosen(shop, later(days=3)) == ["in"]
    with shop.record.reading() as conn:
        (person,) = find(conn, shop.keeper.keys, ME)
        last = history(conn, person)[-1]
    assert (last.words, last.at, last.how, last.version) == (WORDS, later(days=2), "web", "2026.1")


def rows(shop):
    with shop.record.reading() as conn:
        return {table.name: conn.execute(table.select()).all() for table in METADATA.sorted_tables}


def test_nothing_at_all_is_kept_before_the_second_step(shop):
    before = rows(shop)
    pending = first(shop, at=NOW)
    assert rows(shop) == before
    assert pending.token.encode() not in shop.bytes()
    assert JANE.email.encode() not in shop.bytes()


def test_a_token_says_nothing_runs_out_and_cannot_be_changed(shop):
    pending = first(shop, at=NOW)
    assert "jane" not in pending.token.lower()
    with pytest.raises(Conflict, match="too old"):
        second(shop, pending.token, at=pending.until + timedelta(microseconds=1))
    with pytest.raises(NotFound, match="not one of ours"):
        second(shop, pending.token[:-2] + "xx", at=NOW)
    assert chosen(shop, later(days=9)) == []
    second(shop, pending.token, at=pending.until)
    assert chosen(shop, later(days=9)) == ["in"]


def test_a_second_confirmation_changes_nothing_and_never_overrules_a_later_no(shop):
    pending = first(shop, at=NOW)
    for hours in (2, 3):
        assert second(shop, pending.token, at=later(hours=hours)) == "newsletter"
    with shop.record.reading() as conn:
        (person,) = find(conn, shop.keeper.keys, ME)
        assert [(one.says, one.at) for one in history(conn, person)] == [("in", later(hours=2))]
    ask(shop, at=later(hours=4))
    with pytest.raises(Conflict, match="stopped after it was asked for"):
        second(shop, pending.token, at=later(hours=5))
    assert chosen(shop, later(hours=6)) == ["out"]


def test_who_opts_out_between_the_steps_stays_out(shop):
    pending = first(shop, at=NOW)
    ask(shop, at=later(hours=1))
    with pytest.raises(Conflict, match="stopped after it was asked for"):
        second(shop, pending.token, at=later(hours=2))
    assert chosen(shop, later(hours=3)) == ["out"]


@pytest.mark.parametrize(
    ("out_at", "from_on"),
    [
        (datetime(2026, 5, 4, 9, 59, tzinfo=UTC), date(2027, 5, 5)),
        (datetime(2026, 5, 4, 10, 0, tzinfo=UTC), date(2027, 5, 6)),  # the fifth already, somewhere
        (datetime(2028, 2, 28, 12, 0, tzinfo=UTC), date(2029, 3, 2)),  # the 29th somewhere: the year after has none
        (datetime(2026, 12, 31, 8, 0, tzinfo=UTC), date(2028, 1, 1)),
    ],
)
def test_we_may_not_ask_within_twelve_months_of_opting_out_to_the_second(shop, out_at, from_on):
    opted_out(shop, out_at)
    opens = datetime.combine(from_on, datetime.min.time(), UTC)
    assert may(shop, opens - timedelta(microseconds=1)) == opting_in.MayAsk("newsletter", may=False, from_on=from_on)
    with pytest.raises(Refused, match=f"may be asked again from {from_on} on"):
        first(shop, at=opens - timedelta(seconds=1), ours=True)
    assert may(shop, opens).may
    assert first(shop, at=opens, ours=True).token


def opted_out(shop, at):
    with shop.record.transaction() as tx:
        record(tx, shop.keeper, Said(ME, "newsletter", "out", at, "phone"), TOPICS, at=max(at, NOW), actor=CLERK)


def test_a_person_who_comes_of_their_own_accord_is_not_kept_waiting(shop):
    ask(shop)
    second(shop, first(shop, at=later(hours=1)).token, at=later(hours=1))
    assert chosen(shop, later(days=1)) == ["in"]


def test_each_topic_has_its_own_year_and_who_never_opted_out_may_be_asked(shop):
    ask(shop, topics=("sharing",))
    assert may(shop, later(days=30)).may
    assert not may(shop, later(days=30), "sharing").may
    ask(shop, at=later(days=300), topics=("sharing",))
    assert may(shop, later(days=400), "sharing").from_on == (later(days=300) + timedelta(hours=14)).date().replace(year=2028) + timedelta(1)


def test_one_of_a_household_who_opts_in_does_not_for_the_others(shop):
    ask(shop)
    phone = Phone("+1 312 555 0142")
    with shop.record.transaction() as tx:
        enrol(tx, shop.keeper, (Email(JANE.email), phone), NOW, CLERK)
    pending = first(shop, at=later(hours=1), identifiers=(Email("john@mail.example"), phone))
    second(shop, pending.token, at=later(hours=2))
    assert chosen(shop, later(days=1)) == ["out"]
    assert chosen(shop, later(days=1), Email("john@mail.example")) == ["in"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"topic": "newsleter"}, "did you mean `newsletter`"),
        ({"words": " "}, "the words that were shown"),
        ({"words": "x" * 4001}, "longer than 4000"),
        ({"identifiers": (Email("nobody"),)}, "no identifier can be read"),
    ],
)
def test_what_cannot_be_taken_in_leaves_nothing(shop, wrong, words):
    with pytest.raises(Invalid, match=words):
        first(shop, at=NOW, **wrong)
    assert chosen(shop, NOW) == []


def test_the_two_steps_by_commands(counter):
    me = "jane.doe@mail.example"
    counter.upheld("requests", "receive", "--how", "phone", "--email", me)
    day = counter.json("requests", "may-ask", me, "--topic", "newsletter", ends_with=1)[0]["from_on"]
    assert counter.upheld("requests", "may-ask", me, "--topic", "newsletter", ends_with=1) == f"newsletter: may be asked from {day} on\n"
    assert "no topic `x`" in counter.upheld("requests", "may-ask", me, "--topic", "x", ends_with=2)
    asked = ("opt-in", me, "--topic", "newsletter", "--how", "phone", "--words", WORDS)
    assert "less than twelve months ago" in counter.upheld("requests", *asked, "--ours", ends_with=2)
    token = counter.json("requests", *asked)["token"]
    assert counter.upheld("requests", "confirm", token) == "recorded: opted in to newsletter\n"
    assert counter.upheld("requests", "confirm", token) == "recorded: opted in to newsletter\n"
    assert "not one of ours" in counter.upheld("requests", "confirm", token[:-2], ends_with=2)
    assert "in" in counter.upheld("choices", "show", me)
    assert counter.upheld("requests", "may-ask", "ann@mail.example").count("may be asked\n") == 5


BOTH = replace(JANE_BY_POST, email=JANE.email)
WHERE = Postal(JANE_BY_POST.first, JANE_BY_POST.last, JANE_BY_POST.address, JANE_BY_POST.zip)


@pytest.mark.parametrize(("mail", "then"), [(JANE_ROW[0], "in"), ("other@mail.example", "out")])
def test_who_gave_an_address_too_comes_back_by_e_mail_alone_only_where_a_record_bears_both(shop, tmp_path, mail, then):
    world = World(shop, tmp_path, systems=("crm",))
    world.put("crm", mail=mail)
    ask(shop, BOTH)
    world.work()
    assert world.flags("crm") == [(1, 1)]
    second(shop, first(shop, at=later(days=1)).token, at=later(days=2))
    assert chosen(shop, later(days=3)) == ["in"]
    assert chosen(shop, later(days=3), WHERE) == [then]
