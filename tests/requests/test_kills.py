"""Killed (kill -9) before every step of every handler, one after the other, a removal is carried out once, as if nobody had been."""

from __future__ import annotations

import socket
import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from tests.houses import CLERK
from tests.kills.lives import Mails, instructions, nursery
from tests.kills.merchant import TOPICS, Merchant, person
from tests.kills.nursery import office
from upheld.gate.joining import JOINED
from upheld.gate.searching import Candidate, Searched
from upheld.ledger.models import EFFECT, EFFECT_TRY
from upheld.ledger.verification import verify
from upheld.people.held import Evidence, Held
from upheld.postings.queries import in_force
from upheld.record import micros
from upheld.requests import actions, queries
from upheld.requests.finding import begin, keep
from upheld.requests.fulfilment import handlers
from upheld.requests.settling import settle
from upheld.systems.indexing import refresh


@pytest.fixture
def mails():
    """A real SMTP server on loopback."""
    kept = Mails()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        kept.port = free.getsockname()[1]
    controller = Controller(kept, hostname="127.0.0.1", port=kept.port)
    controller.start()
    yield kept
    controller.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def merchant(request, tmp_path, postgres_server, mails):
    with postgres_server.database() as url, postgres_server.database() as of_record:
        record = of_record.render_as_string(hide_password=False) if request.param == "postgres" else None
        made = Merchant(tmp_path / "home", url, 5, record_url=record, mail_port=mails.port)
        yield made
        made.record.close()


class Clock:
    """Time goes on as a test says: a lease runs out when the next worker looks."""

    def __init__(self):
        self.now = datetime.now(UTC)

    def later(self, **more):
        self.now += timedelta(**more)
        return self.now


def kill_while_leasing(workers, clock, died):
    """The same with the steps of taking an effect in hand."""
    while (said := workers.ask(now=micros(clock.later(minutes=1)), die_at=len(died["leasing", ""]) + 1, leasing=True))["kind"] == "leasing":
        died["leasing", ""].append(said["died"])


def kill_through(workers, clock, died, by=1):
    """Kill a worker before its first step, the next before its second, until one lives; so with each kind of effect at each place, once.

    `by`: so many steps on each time. `died`: by kind and place, at which steps workers were killed.
    """
    at = 1
    while True:
        spare = list(died) if at == 1 else []
        said = workers.ask(now=micros(clock.later(minutes=1)), die_at=at, spare=spare)
        if said["died"]:
            died[said["kind"], said["place"]].append(said["died"])
            at += by
        elif said["kind"] is None:
            return
        else:
            at = 1


def in_doubt(merchant, request, at):
    """A record of the other one at the address turns out to be in doubt, and an agent says that it is the person's after all."""
    made = office(merchant.folder, lambda: at)
    with made.record.transaction() as tx:
        doubtful = Candidate("crm", "customers", ("2",), "to review", 11.2, (Evidence("house", "the same", 7.0),), frozenset(), ())
        keep(tx, made, begin(tx, made, request), Searched("crm", (doubtful,), 2), at)
        settle(tx, request, at, CLERK)
        (record,) = (one.id for one in queries.whole(tx, request).records if one.verdict == "to review")
        actions.judge(tx, record, "include", at=at, actor=CLERK)
    made.record.close()


def joined_by_the_night(merchant, at):
    """Two records that are one person's, who moved: the night's index joins them by a telephone number."""
    with closing(sqlite3.connect(merchant.folder / "crm.db")) as db, db:
        db.execute("ALTER TABLE customers ADD COLUMN phone")
        add = "INSERT INTO customers (first, last, street, zip, phone) VALUES (?, ?, ?, ?, ?)"
        db.execute(add, ("Theresa", "Morrison", "108 Deer Trail", "24028", "+1 312 555 0142"))
        db.execute(add, ("Terri", "Morrison", "9 Elm Street", "94110", "(312) 555-0142"))
    path = merchant.folder / "systems.toml"
    path.write_text(path.read_text().replace("customers.no_mail", 'customers.phone = "order.phone"\ncustomers.no_mail'))
    made = office(merchant.folder, lambda: at)
    refresh(merchant.home, made.datamap(), made.open_system, at)
    given = Held(first="Theresa", last="Morrison", address="108 Deer Trail", zip="24028")
    with made.record.transaction() as tx:
        asked = actions.Asked(given, "post", at, TOPICS)
        request = actions.receive(tx, merchant.keeper, asked, in_force(tx, at), at=at, actor=CLERK).request
    made.record.close()
    return request


def test_killed_before_every_step_of_what_the_night_joined_it_is_stopped_once(merchant):
    clock = Clock()
    request = joined_by_the_night(merchant, clock.later(seconds=1))
    died, at = [], 1
    with nursery(merchant.folder) as workers:
        while (said := workers.ask(now=micros(clock.later(minutes=1)), die_at=at, spare=[], only="request.join"))["kind"] or said["died"]:
            died += [said["died"]] if said["died"] else []
            at = at + 1 if said["died"] else at
    assert "commit" in died
    assert len(died) > 10
    with closing(sqlite3.connect(merchant.folder / "crm.db")) as db:
        marked = db.execute(
            "SELECT first, last, no_mail, no_post FROM customers WHERE no_mail IS NOT NULL OR no_post IS NOT NULL"
        ).fetchall()
        writes = db.execute("SELECT count(*) FROM changes GROUP BY id, flag").fetchall()
    assert sorted(marked) == [("Terri", "Morrison", 1, 1), ("Theresa", "Morrison", 1, 1)]
    assert {*writes} == {(1,)}
    with merchant.record.reading() as conn:
        whole = queries.whole(conn, request)
        assert verify(conn)
    assert whole.request.state == "complete"
    assert sorted(one.evidence[0][1] == JOINED for one in whole.records) == [False, True]


@pytest.mark.parametrize("by", [pytest.param(1, marks=pytest.mark.slow), 4])
def test_killed_before_every_step_of_every_handler_nothing_is_lost_and_nothing_shows_twice(merchant, mails, by):
    clock = Clock()
    by_mail, by_post = merchant.receive(0, clock.later(seconds=1)), merchant.receive(4, clock.later(seconds=1))
    died = defaultdict(list)
    with nursery(merchant.folder) as workers:
        kill_while_leasing(workers, clock, died)
        kill_through(workers, clock, died, by)
        in_doubt(merchant, by_mail, clock.later(seconds=1))
        kill_through(workers, clock, died, by)
        clock.later(days=8)
        kill_through(workers, clock, died, by)

    of_the_night = {"request.join"}  # what an index joins: there is none here, but below
    assert {kind for kind, _ in died} == {*handlers(office(merchant.folder, lambda: clock.now)), "leasing"} - of_the_night
    assert {place for kind, place in died if kind in {"request.find", "request.stop", "request.prove"}} == {"crm", "shop"}
    if by == 1:
        assert all("commit" in steps for steps in died.values())
        assert {"before send", "before getreply", "after getreply"} <= {*died["request.confirm", str(by_mail)]}
        for kept in (("request.confirm", str(by_post)), ("request.tell", "acme"), ("request.remind", "acme")):
            assert {"before fsync", "before replace"} <= {*died[kept]}
    with merchant.record.reading() as conn:
        tries = conn.execute(select(EFFECT_TRY.c.outcome)).scalars().all()
        ends = {*conn.execute(select(EFFECT.c.state).where(EFFECT.c.kind != "request.remind")).scalars()}
        assert verify(conn)
        wholes = [queries.whole(conn, number) for number in (by_mail, by_post)]
    while_done = sum(len(steps) for (kind, _), steps in died.items() if kind != "leasing")
    assert tries.count("lost") == while_done + 1  # and one that was only leased
    assert ends == {"done"}
    for whole in wholes:
        assert whole.request.state == "complete"
        places = {f"{each.system}.{each.place}": each.state for each in whole.places}
        assert places == {"crm.customers": "stopped", "crm.orders": "kept", "shop.accounts": "stopped"}

    crm, shop, writes = merchant.marks()
    wanted_crm, wanted_shop = merchant.wanted({0, 4})
    other = merchant.count  # whom the agent called the same: her record here, and what is joined to it there
    wanted_crm[1], wanted_shop[other] = (*wanted_crm[1][:2], 1, 1), (wanted_shop[other][0], True)
    assert (crm, shop) == (wanted_crm, wanted_shop)
    assert {*writes} == {1}
    assert len(mails.taken) == 2  # what was stopped; and, after the agent's decision, how it stands now
    assert [*mails.to.values()] == [(person(0)[0],)] * 2
    assert len(list((merchant.folder / "letters").glob("*.html"))) == 1
    assert not list(merchant.folder.rglob("*.part"))
    said = instructions(merchant.folder)
    assert sorted(said) == sorted((("acme", by_mail, False), ("acme", by_mail, True), ("acme", by_post, False), ("acme", by_post, True)))
