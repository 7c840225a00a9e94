"""A program is told of every event once and in order, by a real server that checks the signature; what it does not take is told again."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.houses import CLERK, NOW
from tests.web.sites import post_policy
from upheld.choices.actions import Said, record
from upheld.errors import Conflict, Invalid, NotFound
from upheld.jobs.worker import work
from upheld.ledger import effects
from upheld.messages import events, hooks
from upheld.people.identifiers import Email

TOPICS = ("newsletter", "post", "calls", "sharing", "suggestions")
PERSON = "told.nowhere@shop.example"


class Program:
    """One of the merchant's programs: keeps what was signed rightly; `answers` are the statuses it gives next."""

    def __init__(self, port=0):
        self.got, self.wrong, self.answers, self.key = [], [], [], b""
        program = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                status = program.answers.pop(0) if program.answers else 204
                name, at = self.headers["webhook-id"], int(self.headers["webhook-timestamp"])
                right = events.signature(program.key, name, at, body) == self.headers["webhook-signature"]
                if status < 300:
                    (program.got if right else program.wrong).append((name, json.loads(body)))
                self.send_response(status)
                if status == 302:
                    self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/upheld"

    @contextmanager
    def listening(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()


@pytest.fixture
def program():
    with Program().listening() as one:
        yield one


class Told:
    """A house with a worker, a clock, and one program that is told."""

    def __init__(self, house, program, about=("choice",)):
        self.house, self.now = house, NOW
        post_policy(house)
        with house.record.transaction() as tx:
            number = hooks.add(tx, "web-shop", program.address, about, at=NOW, actor=CLERK)
        program.key = base64.b64decode(events.secret(house.home, number).removeprefix("whsec_"))

    def say(self, says="out"):
        said = Said((Email(PERSON),), "post", says, self.now, "phone")
        with self.house.record.transaction() as tx:
            record(tx, self.house.keeper, said, TOPICS, at=self.now, actor=CLERK)

    def work(self, **later):
        self.now += timedelta(**later)
        hooks.plan(self.house.record, self.now)
        return work(self.house.record, events.handlers(self.house.home, self.house.record, lambda: self.now), lambda: self.now)

    def stands(self):
        with self.house.record.reading() as conn:
            (one,) = hooks.register(conn)
        return one


@pytest.fixture
def told(house, program):
    return Told(house, program)


def test_events_arrive_signed_once_and_in_order_and_hold_nothing_personal(told, program):
    for says in ("out", "in", "out"):
        told.say(says)
    assert told.work() == 1
    assert [(one["type"], one["data"]["opted"]) for _, one in program.got] == [("choice.recorded", says) for says in ("out", "in", "out")]
    assert len({name for name, _ in program.got}) == 3
    assert program.wrong == []
    assert PERSON not in str(program.got)
    assert told.work(seconds=5) == 0
    told.say()
    told.work(seconds=5)
    assert len(program.got) == 4
    assert told.stands().waiting == 0


def test_what_was_not_taken_is_told_again_from_there(told, program):
    for _ in range(3):
        told.say()
    program.answers = [204, 503]
    told.work()
    assert (len(program.got), told.stands().waiting) == (1, 2)
    assert told.stands().reason == "the program did not take it (status 503)"
    assert told.work() == 0  # not before its time
    told.work(seconds=2)
    assert [name for name, _ in program.got] == sorted({name for name, _ in program.got}, key=lambda name: int(name[6:]))
    assert (len(program.got), told.stands().waiting, told.stands().reason) == (3, 0, None)


def test_a_program_that_leads_elsewhere_is_not_followed(told, program):
    told.say()
    program.answers = [302]
    told.work()
    assert (program.got, told.stands().reason) == ([], "the program did not take it (status 302)")


def test_a_program_that_is_away_is_told_when_it_is_back(house):
    away = Program()
    told = Told(house, away)
    away.server.server_close()
    told.say()
    told.work()
    assert (told.stands().waiting, told.stands().reason) == (1, "the program does not answer")
    with Program(away.server.server_port).listening() as back:
        back.key = away.key
        told.work(seconds=2)
        assert (len(back.got), told.stands().waiting) == (1, 0)


def test_after_a_day_of_trying_a_person_looks(told, program):
    told.say()
    program.answers = [500] * 30
    for _ in range(25):
        told.work(hours=1)
    with told.house.record.reading() as conn:
        assert effects.of(conn, 1, hooks.SEND)[-1].state == "given up"
    with told.house.record.transaction() as tx:
        assert effects.retry(tx, [each.id for each in effects.of(tx, 1, hooks.SEND)], told.now) == 1
    program.answers = []
    told.work(seconds=1)
    assert len(program.got) == 1


def test_only_what_it_asked_for_and_only_from_then_on(house, program):
    told = Told(house, program, about=("request",))
    told.say()
    assert (told.work(), program.got) == (0, [])


def test_more_than_fit_under_one_lease_arrive_all_the_same(told, program, monkeypatch):
    monkeypatch.setattr(events, "AT_ONCE", 2)
    for _ in range(5):
        told.say()
    while told.work(seconds=1):
        pass
    assert len(program.got) == 5


def test_who_is_ended_is_told_no_more(told, program):
    told.say()
    hooks.plan(told.house.record, told.now)
    with told.house.record.transaction() as tx:
        hooks.end(tx, "web-shop", at=NOW, actor=CLERK)
    told.work()
    told.say()
    assert (told.work(seconds=1), program.got) == (0, [])
    with pytest.raises(Conflict, match="ended already"), told.house.record.transaction() as tx:
        hooks.end(tx, "web-shop", at=NOW, actor=CLERK)
    with pytest.raises(NotFound, match="webhooks list"), told.house.record.transaction() as tx:
        hooks.end(tx, "nobody", at=NOW, actor=CLERK)


@pytest.mark.parametrize(
    ("name", "address", "about", "words"),
    [
        ("Shop", "https://shop.example/", ("choice",), "lower-case letters"),
        ("shop", "http://shop.example/", ("choice",), "without TLS: write `https://shop.example`"),
        ("shop", "https://u:p@shop.example/", ("choice",), "without a password"),
        ("shop", "ftp://shop.example/", ("choice",), "must be one such as"),
        ("shop", "https://[shop/", ("choice",), "must be one such as"),
        ("shop", "https://shop.example/", ("choises",), "did you mean `choice`"),
        ("shop", "https://shop.example/", (), "--about"),
    ],
)
def test_a_webhook_that_cannot_be_is_not_made(house, name, address, about, words):
    with pytest.raises(Invalid, match=words), house.record.transaction() as tx:
        hooks.add(tx, name, address, about, at=NOW, actor=CLERK)
    with house.record.reading() as conn:
        assert hooks.register(conn) == ()
