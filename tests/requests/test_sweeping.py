"""The nightly sweep: whoever is out and comes back by an import is marked again, erased or not; nobody else is, and nothing is opened."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import delete, select

from tests import servers
from tests.houses import CLERK
from tests.kills.merchant import TOPICS, Merchant, person
from tests.kills.nursery import office
from upheld.choices.actions import Said, record
from upheld.errors import Invalid
from upheld.home import Home
from upheld.jobs.shift import Shift
from upheld.jobs.worker import work
from upheld.ledger import queries as ledger
from upheld.ledger.models import EFFECT
from upheld.people.held import Held
from upheld.people.identifiers import Email
from upheld.postings.queries import in_force
from upheld.requests import sweeping
from upheld.requests.actions import Asked, receive
from upheld.requests.fulfilment import handlers
from upheld.vault.models import PERSON_KEY

DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite", "postgres"])
def merchant(request, tmp_path, postgres_server):
    """Somebody is out, in both systems, and proven; the night's sweeps are planned."""
    with postgres_server.database() as url, postgres_server.database() as of_record:
        url_of_record = of_record.render_as_string(hide_password=False) if request.param == "postgres" else None
        made = Merchant(tmp_path / "home", url, 3, record_url=url_of_record)
        made.now = datetime.now(UTC)
        made.office = office(made.folder, lambda: made.now)
        made.receive(0, made.now)
        work(made.office.record, handlers(made.office), lambda: made.now)
        sweeping.plan_first(made.office.record, made.home, sweeping.systems_of(made.office.datamap), made.now)
        yield made
        made.office.record.close()
        made.record.close()


def sweep(merchant, days=1, seconds=0):
    """Another night; how many sweeps were tried."""
    merchant.now += timedelta(days=days, seconds=seconds)
    return work(merchant.office.record, sweeping.handlers(merchant.office), lambda: merchant.now)


def shop(merchant, statement, *values):
    with psycopg.connect(servers.libpq(merchant.shop_url), autocommit=True) as db:
        cursor = db.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def crm(merchant, statement, *values):
    with closing(sqlite3.connect(merchant.folder / "crm.db", isolation_level=None)) as db:
        return db.execute(statement, values).fetchall()


def import_again(merchant, number=0):
    """The shop's table is filled anew from a file of everybody, without a mark; the person stands in it twice more, spelt otherwise."""
    shop(merchant, "UPDATE accounts SET out = NULL")
    email, first, last, street, zip_ = person(number)
    again = [
        (email.upper(), f"{first} {last}", "9 Oak Road", "00123"),
        ("new@mail.example", f"{first.upper()} {last}", street, f"{zip_}-0001"),
    ]
    for row in again:
        shop(merchant, "INSERT INTO accounts (mail, whole_name, street, zip) VALUES (%s, %s, %s, %s)", *row)


def swept(merchant):
    with merchant.record.reading() as conn:
        return [(each.body["system"], each.body["marked"]) for each in ledger.entries(conn) if each.kind == "system.swept"]


def outs(merchant):
    return [name for (name,) in shop(merchant, "SELECT whole_name FROM accounts WHERE out ORDER BY id")]


def test_whoever_comes_back_by_an_import_is_marked_again_in_the_night_and_nobody_else(merchant):
    _, first, last, _, _ = person(0)
    import_again(merchant)
    assert outs(merchant) == []
    assert sweep(merchant) == 2
    assert outs(merchant) == [f"{first} {last}", f"{first} {last}", f"{first.upper()} {last}"]
    assert sorted(swept(merchant)) == [("crm", 0), ("shop", 3)]
    assert crm(merchant, "SELECT count(*) FROM customers WHERE no_mail = 1 OR no_post = 1") == [(1,)]


def test_it_survives_erasure_for_it_opens_nothing_that_is_sealed(merchant):
    with merchant.record.transaction() as tx:
        tx.execute(delete(PERSON_KEY))  # of everybody: nothing that was sealed can be read any more, by anybody
    crm(merchant, "DELETE FROM customers"), shop(merchant, "DELETE FROM accounts")
    email, first, last, street, zip_ = person(0)
    crm(merchant, "INSERT INTO customers (email, first, last, street, zip) VALUES (?, ?, ?, ?, ?)", email, first, last, street, zip_)
    shop(merchant, "INSERT INTO accounts (mail, whole_name, street, zip) VALUES (%s, %s, %s, %s)", None, f"{first} {last}", street, zip_)
    assert sweep(merchant) == 2
    assert crm(merchant, "SELECT no_mail, no_post FROM customers") == [(1, 1)]
    assert shop(merchant, "SELECT out FROM accounts") == [(True,)]


def test_each_night_is_one_effect_a_system_that_plans_the_next(merchant):
    for night in range(1, 4):
        assert sweep(merchant) == 2
        assert sweep(merchant, days=0, seconds=60) == 0
        sweeping.plan_first(merchant.office.record, merchant.home, ("crm", "shop"), merchant.now)
        assert len(swept(merchant)) == 2 * night
    with merchant.record.reading() as conn:
        due = conn.execute(select(EFFECT.c.place, EFFECT.c.due_at).where(EFFECT.c.kind == sweeping.KIND, EFFECT.c.state == "due")).all()
    assert sorted(place for place, _ in due) == ["crm", "shop"]
    assert all(merchant.now < at <= merchant.now + DAY and (at.hour, at.minute) == (3, 0) for _, at in due)


def planned(merchant):
    with merchant.record.reading() as conn:
        query = select(EFFECT.c.place, EFFECT.c.due_at).where(EFFECT.c.kind == sweeping.KIND, EFFECT.c.state == "due")
        return dict(tuple(row) for row in conn.execute(query))


def test_another_time_of_the_night_holds_for_the_night_that_was_planned_already(merchant):
    hours = 3 if merchant.now.hour == 1 else 2  # never the time that holds already
    wanted = (merchant.now + timedelta(hours=hours)).replace(second=0, microsecond=0)
    assert planned(merchant)["crm"] != wanted
    with (merchant.folder / "upheld.toml").open("a") as file:
        file.write(f'\n[sweep]\nat = "{wanted:%H:%M}"\n')
    sweeping.plan_first(merchant.office.record, Home.find(merchant.folder), ("crm", "shop"), merchant.now)
    assert planned(merchant) == {"crm": wanted, "shop": wanted}


def test_no_night_is_left_planned_once_none_is_wanted(merchant):
    assert {*planned(merchant)} == {"crm", "shop"}
    settings = merchant.folder / "upheld.toml"
    before = settings.read_text()
    settings.write_text(f'{before}\n[sweep]\nat = ""\n')
    sweeping.plan_first(merchant.office.record, Home.find(merchant.folder), ("crm", "shop"), merchant.now)
    assert planned(merchant) == {}
    settings.write_text(before)
    sweeping.plan_first(merchant.office.record, Home.find(merchant.folder), ("crm", "shop"), merchant.now)
    assert {*planned(merchant)} == {"crm", "shop"}


def test_another_time_of_the_night_leaves_a_sweep_that_is_tried_again_alone(merchant):
    crm_db = (merchant.folder / "crm.db").rename(merchant.folder / "away.db")
    sweep(merchant)
    again = planned(merchant)["crm"]
    assert again - merchant.now < timedelta(minutes=1)
    with (merchant.folder / "upheld.toml").open("a") as file:
        file.write(f'\n[sweep]\nat = "{merchant.now + timedelta(hours=2):%H:%M}"\n')
    sweeping.plan_first(merchant.office.record, Home.find(merchant.folder), ("crm", "shop"), merchant.now)
    assert planned(merchant)["crm"] == again
    crm_db.rename(merchant.folder / "crm.db")


def test_who_opted_in_again_is_left_as_they_wish(merchant):
    merchant.now += timedelta(hours=1)
    with merchant.record.transaction() as tx:
        for topic in TOPICS:
            said = Said((Email(person(0)[0]),), topic, "in", merchant.now, "web", "Yes.")
            record(tx, merchant.keeper, said, TOPICS, at=merchant.now, actor=CLERK)
    import_again(merchant)
    merchant.now += timedelta(seconds=1)
    sweep(merchant)
    assert outs(merchant) == []


def test_a_telephone_of_a_household_marks_nobody_but_who_gave_nothing_else(merchant):
    text = (merchant.folder / "systems.toml").read_text() + 'accounts.phone = "order.phone"\n'
    (merchant.folder / "systems.toml").write_text(text)
    shop(merchant, "ALTER TABLE accounts ADD phone text")
    given = [Held(email="jim@mail.example", phone="+1 312 555 0142"), Held(phone="+1 312 555 0143")]
    for held in given:
        with merchant.record.transaction() as tx:
            asked = Asked(held, "phone", merchant.now, TOPICS)
            receive(tx, merchant.keeper, asked, in_force(tx, merchant.now), at=merchant.now, actor=CLERK)
    for name, phone in (("Ann Roe", "312-555-0142"), ("Bob Roe", "312-555-0143")):
        shop(merchant, "INSERT INTO accounts (whole_name, phone) VALUES (%s, %s)", name, phone)
    sweep(merchant)
    assert outs(merchant) == [f"{person(0)[1]} {person(0)[2]}", "Bob Roe"]


def test_a_system_that_is_down_is_swept_as_soon_as_it_answers_and_holds_up_no_other(merchant):
    (merchant.folder / "crm.db").rename(merchant.folder / "away")
    import_again(merchant)
    assert sweep(merchant) == 2
    assert [system for system, _ in swept(merchant)] == ["shop"]
    (merchant.folder / "away").rename(merchant.folder / "crm.db")
    assert sweep(merchant, days=0, seconds=5) == 1
    assert [system for system, _ in swept(merchant)] == ["shop", "crm"]


def test_marks_that_are_taken_back_are_said_and_tried_again(merchant):
    import_again(merchant)
    shop(merchant, "CREATE FUNCTION no() RETURNS trigger AS $$ BEGIN NEW.out = NULL; RETURN NEW; END $$ LANGUAGE plpgsql")
    shop(merchant, "CREATE TRIGGER no BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION no()")
    sweep(merchant)
    with merchant.record.reading() as conn:
        reasons = conn.execute(select(EFFECT.c.reason).where(EFFECT.c.kind == sweeping.KIND, EFFECT.c.reason.is_not(None))).scalars().all()
    assert reasons == ["took 3 of 3 marks back: look for what undoes them"]
    shop(merchant, "DROP TRIGGER no ON accounts")
    sweep(merchant, days=0, seconds=5)
    assert len(outs(merchant)) == 3


def test_a_system_that_left_the_map_is_swept_no_more_and_a_new_one_is(merchant):
    text = (merchant.folder / "systems.toml").read_text()
    (merchant.folder / "systems.toml").write_text(text[: text.index("[shop]")].replace("[crm", "[customers"))
    shift = Shift(merchant.home, merchant.office.record, lambda: merchant.now)
    shift.look_after()
    with merchant.record.reading() as conn:
        planned = set(conn.execute(select(EFFECT.c.place).where(EFFECT.c.kind == sweeping.KIND, EFFECT.c.state == "due")).scalars())
    assert planned == {"crm", "shop", "customers"}
    sweep(merchant)
    assert [system for system, _ in swept(merchant)] == ["customers"]
    sweep(merchant)
    assert [system for system, _ in swept(merchant)] == ["customers"] * 2


def test_when_the_night_is_can_be_set_or_left_out(merchant):
    noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    assert sweeping.next_at(merchant.home, noon) == datetime(2026, 5, 5, 3, tzinfo=UTC)
    settings = merchant.folder / "upheld.toml"
    for said, expected in (("23:30", datetime(2026, 5, 4, 23, 30, tzinfo=UTC)), ("", None)):
        settings.write_text(settings.read_text().partition("[sweep]")[0] + f'\n[sweep]\nat = "{said}"\n')
        assert sweeping.next_at(type(merchant.home).find(merchant.folder), noon) == expected
    settings.write_text(settings.read_text().replace('at = ""', 'at = "at night"'))
    with pytest.raises(Invalid, match="no time of day"):
        sweeping.next_at(type(merchant.home).find(merchant.folder), noon)
