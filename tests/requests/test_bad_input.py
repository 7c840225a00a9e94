"""Bad input: too little, somebody else's, two people at once, emoji, right to left, SQL, systems that are broken or half updated.

Nothing is lost, nobody else is suppressed (looked at over every row of every system), and every failure is named.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import func, select

from tests import servers
from tests.houses import CLERK
from tests.kills.merchant import TOPICS, Merchant, person
from tests.kills.nursery import office
from upheld.errors import Invalid
from upheld.jobs.worker import work
from upheld.ledger import effects
from upheld.people.held import Held
from upheld.postings.queries import in_force
from upheld.requests import actions, drafts, queries, sweeping
from upheld.requests.actions import Asked, receive
from upheld.requests.fulfilment import handlers
from upheld.requests.models import REQUEST
from upheld.requests.reading import read as read_letter

PEOPLE = 12
ODD = [
    ("zoe@mail.example", "Zoë 🌷", "Ørsted", "5 Sunflower Street", "60601"),
    ("lior@mail.example", "ליאור", "כהן", "7 Harbour Row", "60602"),
    ("robert@mail.example", "Robert'); DROP TABLE customers;--", "O'Brien\" OR 1=1 --", "9 Cedar Street", "60603"),
    ("percent@mail.example", "Ann%_~", "Per%cent", "1 Larkspur Row", "60604"),
]
"""People with odd names, in both systems."""


@pytest.fixture(scope="module")
def lasting(tmp_path_factory, postgres_server):
    """A merchant with ordinary people (and somebody else at each address), and with people of odd names."""
    with postgres_server.database() as url:
        made = Merchant(tmp_path_factory.mktemp("bad") / "home", url, PEOPLE)
        made.now = datetime.now(UTC)
        made.office = office(made.folder, lambda: made.now)
        with closing(sqlite3.connect(made.folder / "crm.db")) as db, db:
            db.executemany("INSERT INTO customers (email, first, last, street, zip) VALUES (?, ?, ?, ?, ?)", ODD)
        with psycopg.connect(servers.libpq(made.shop_url), autocommit=True) as db:
            rows = [(f"2.{email}", f"{first} {last}", street, zip_) for email, first, last, street, zip_ in ODD]
            db.cursor().executemany("INSERT INTO accounts (mail, whole_name, street, zip) VALUES (%s, %s, %s, %s)", rows)
        yield made
        made.office.record.close()
        made.record.close()


@pytest.fixture
def merchant(lasting):
    """The same with no mark on anybody."""
    with closing(sqlite3.connect(lasting.folder / "crm.db")) as db, db:
        db.execute("UPDATE customers SET no_mail = NULL, no_post = NULL")
    with psycopg.connect(servers.libpq(lasting.shop_url), autocommit=True) as db:
        db.execute("UPDATE accounts SET out = NULL")
    return lasting


def ask(merchant, given, topics=TOPICS, **more):
    merchant.now += timedelta(seconds=1)
    with merchant.record.transaction() as tx:
        asked = Asked(Held(**given), "phone", merchant.now, topics, **more)
        return receive(tx, merchant.keeper, asked, in_force(tx, merchant.now), at=merchant.now, actor=CLERK)


def go_on(merchant, hours=0):
    merchant.now += timedelta(hours=hours)
    work(merchant.office.record, handlers(merchant.office), lambda: merchant.now)


def whole(merchant, request):
    with merchant.record.reading() as conn:
        return queries.whole(conn, request)


def marked(merchant):
    """Everybody marked in any system, by e-mail address: over all rows of all systems."""
    with closing(sqlite3.connect(merchant.folder / "crm.db")) as db:
        crm = {email for (email,) in db.execute("SELECT lower(email) FROM customers WHERE no_mail IS NOT NULL OR no_post IS NOT NULL")}
    with psycopg.connect(servers.libpq(merchant.shop_url), autocommit=True) as db:
        return crm | {mail for (mail,) in db.execute("SELECT mail FROM accounts WHERE out IS NOT NULL").fetchall()}


def of(number):
    return {person(number)[0], f"second.{person(number)[0]}"}


def test_a_first_name_alone_stops_nobody_and_says_what_is_missing(merchant):
    received = ask(merchant, {"first": person(0)[1]})
    go_on(merchant)
    assert (received.state, marked(merchant)) == ("needs more", set())
    assert received.words == "ask for the e-mail address, or the last name and the address and the zip code; nothing more"
    assert whole(merchant, received.request).request.state == "needs more"


def test_somebody_elses_email_beside_ones_own_name_stops_oneself_and_leaves_the_other_to_an_agent(merchant):
    _, first, last, street, zip_ = person(1)
    received = ask(merchant, {"first": first, "last": last, "address": street, "zip": zip_, "email": person(2)[0]})
    go_on(merchant)
    assert marked(merchant) == of(1)
    shown = whole(merchant, received.request)
    assert shown.request.state == "to review"
    (doubtful,) = (one for one in shown.records if one.verdict == "to review")
    with merchant.record.transaction() as tx:
        actions.judge(tx, doubtful.id, "not this person", at=merchant.now, actor=CLERK)
        effects.plan(tx, sweeping.KIND, 0, "crm", {}, merchant.now)
    go_on(merchant)
    work(merchant.office.record, sweeping.handlers(merchant.office), lambda: merchant.now)
    assert marked(merchant) == of(1)
    assert whole(merchant, received.request).request.state == "complete"


def test_whose_email_somebody_else_gave_is_found_by_it_and_the_other_is_not_searched_for(merchant):
    _, first, last, street, zip_ = person(6)
    ask(merchant, {"first": first, "last": last, "address": street, "zip": zip_, "email": person(7)[0]}, topics=("newsletter",))
    go_on(merchant)
    received = ask(merchant, {"email": person(7)[0]})
    go_on(merchant)
    with closing(sqlite3.connect(merchant.folder / "crm.db")) as db:
        marks = dict(
            db.execute("SELECT lower(email), no_mail || coalesce(no_post, '') FROM customers WHERE no_mail IS NOT NULL").fetchall()
        )
    assert marks == {person(6)[0]: "1", person(7)[0]: "11"}, "each for what they asked themselves"
    assert whole(merchant, received.request).request.state == "complete"


def test_the_other_one_at_the_address_is_not_stopped_with_one(merchant):
    _, first, last, street, zip_ = person(3)
    received = ask(merchant, {"first": first, "last": last, "address": street, "zip": zip_})
    go_on(merchant)
    assert marked(merchant) == of(3)
    assert whole(merchant, received.request).request.state in {"complete", "to review"}


MESSAGE = """\
From: {first} {last} <{email}>
To: privacy@shop.example
Subject: your catalogue
Message-ID: <{number}@mail.example>

Please take us off your lists.
{first} and Winifred {last}
{street}
Springfield, IL {zip}
{more}
"""


def message(merchant, number, more=""):
    email, first, last, street, zip_ = person(number)
    raw = MESSAGE.format(first=first, last=last, email=email, number=number, street=street, zip=zip_, more=more).encode()
    with merchant.record.transaction() as tx:
        return drafts.draft(tx, merchant.keeper, read_letter(raw), in_force(tx, merchant.now), at=merchant.now, actor=CLERK)


def test_two_people_in_one_message_are_two_drafts_and_only_whom_an_agent_confirms_is_stopped(merchant):
    made = message(merchant, 4)
    go_on(merchant)
    assert (len(made.requests), marked(merchant)) == (2, set())
    assert all("one of 2 people in one message" in marks for marks in made.marks)
    given = {"email": person(4)[0]}
    with merchant.record.transaction() as tx:
        asked = Asked(Held(**given), "email", merchant.now, TOPICS)
        actions.complete(tx, merchant.keeper, made.requests[0], asked, in_force(tx, merchant.now), at=merchant.now, actor=CLERK)
    go_on(merchant)
    assert marked(merchant) == of(4)


def test_somebody_elses_address_in_a_message_is_pointed_out_and_stops_nobody(merchant):
    made = message(merchant, 0, f"and also {person(11)[0]}")
    go_on(merchant)
    assert marked(merchant) == set()
    assert any("address" in mark for marks in made.marks for mark in marks), made.marks


@pytest.mark.parametrize("by", ["name", "email"])
@pytest.mark.parametrize("odd", ODD, ids=["emoji", "right to left", "SQL", "wildcards"])
def test_odd_names_find_their_own_records_and_nobody_elses(merchant, odd, by):
    email, first, last, street, zip_ = odd
    given = {"email": email} if by == "email" else {"first": first, "last": last, "address": street, "zip": zip_}
    received = ask(merchant, given)
    go_on(merchant)
    assert marked(merchant) == {email, f"2.{email}"}
    assert whole(merchant, received.request).request.state == "complete"


@pytest.mark.parametrize(
    "wild", ["%", "%@mail.example", "_@_", "' OR '1'='1", "*", "a@mail.example, b@mail.example", "\x00@mail.example", "🌷"]
)
def test_what_matches_everything_elsewhere_matches_nobody_here(merchant, wild):
    for given in ({"email": wild}, {"account": wild}, {"first": wild, "last": wild, "address": wild, "zip": wild}, {"phone": wild}):
        with suppress(Invalid):
            ask(merchant, given)
    go_on(merchant)
    assert marked(merchant) == set()


def test_a_part_that_is_too_long_is_refused_in_one_line_and_nothing_is_kept(merchant):
    def count():
        with merchant.record.reading() as conn:
            return conn.execute(select(func.count()).select_from(REQUEST)).scalar_one()

    before = count()
    with pytest.raises(Invalid, match="longer than 400"):
        ask(merchant, {"first": "x" * 401, "last": "y", "address": "z", "zip": "60601"})
    assert count() == before


@contextmanager
def gone(merchant):
    (merchant.folder / "crm.db").rename(merchant.folder / "away")
    yield
    (merchant.folder / "away").rename(merchant.folder / "crm.db")


@contextmanager
def read_only(merchant):
    with psycopg.connect(servers.libpq(merchant.shop_url), autocommit=True) as db:
        (name,) = db.execute("SELECT current_database()").fetchone()
        db.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            yield
        finally:
            db.execute("SET default_transaction_read_only = off")
            db.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


@contextmanager
def locked(merchant):
    with psycopg.connect(servers.libpq(merchant.shop_url)) as db:
        db.execute("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE")
        yield
        db.rollback()


@contextmanager
def without_table(merchant):
    with psycopg.connect(servers.libpq(merchant.shop_url), autocommit=True) as db:
        db.execute("ALTER TABLE accounts RENAME TO elsewhere")
        yield
        db.execute("ALTER TABLE elsewhere RENAME TO accounts")


@contextmanager
def half_updated(merchant):
    with psycopg.connect(servers.libpq(merchant.shop_url), autocommit=True) as db:
        db.execute("ALTER TABLE accounts RENAME COLUMN out TO opted_out")
        yield
        db.execute("ALTER TABLE accounts RENAME COLUMN opted_out TO out")


BROKEN = {
    gone: ("crm", "is not where the map says: is it there, and readable"),
    read_only: ("shop", "may only be read now: it is a standby, or set so"),
    locked: ("shop", "did not answer in time"),
    without_table: ("shop", "has not all tables that the map names: mend the data map"),
    half_updated: ("shop", "has not all columns that the map names: mend the data map"),
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.__name__)
def test_a_broken_system_is_named_holds_up_no_other_and_is_done_once_it_is_mended(merchant, broken):
    number = 5 + list(BROKEN).index(broken)
    place, words = BROKEN[broken]
    text = (merchant.folder / "systems.toml").read_text()
    if "timeout" not in text:
        (merchant.folder / "systems.toml").write_text(text.replace("[shop]\n", "[shop]\ntimeout = 1\n"))
    with broken(merchant):
        received = ask(merchant, {"email": person(number)[0]} if place == "shop" else {"email": f"second.{person(number)[0]}"})
        go_on(merchant)
        shown = whole(merchant, received.request)
        assert shown.request.state == "failed"
        assert shown.confirmation is None
        assert {step.place for step in shown.steps if step.reason} == {place}
        assert words in {step.reason for step in shown.steps}
    with merchant.record.transaction() as tx:
        actions.retry(tx, received.request, at=merchant.now, actor=CLERK)
    go_on(merchant)
    go_on(merchant, hours=2)
    assert marked(merchant) == of(number)
    assert whole(merchant, received.request).request.state == "complete"
