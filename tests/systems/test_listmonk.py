"""A mail provider that speaks as listmonk's documented API says: searched without an address in a URL, blocklisted, suppressed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import servers
from tests.systems import test_searching as searching
from tests.systems.provider import SCHEMA
from tests.systems.receivers import CLONE, answering
from tests.systems.test_webhook import answer
from upheld.errors import Invalid
from upheld.gate.searching import proven
from upheld.people import normal
from upheld.people.identifiers import Account, Email, Phone, Postal
from upheld.people.weights import shipped
from upheld.systems import held
from upheld.systems.connector import Failed
from upheld.systems.datamap import Column, Flag, System, Table
from upheld.systems.listmonk import PAGE
from upheld.systems.opening import open_system

SUBSCRIBERS = Table(
    "subscribers", ("id",),
    (
        Column("id", None), Column("email", "newsletter.email", "email"), Column("name", "newsletter.name", "full"),
        Column("attribs.street", "order.shipping address", "address"), Column("attribs.zip", "order.shipping address", "zip"),
        Column("attribs.phone", "order.phone", "phone"), Column("attribs.customer", None, "account"),
    ),
    (Flag("newsletter", "status", "blocklisted"),),
)  # fmt: skip
JANE = {"street": "5 Oak Street", "zip": 60601, "phone": "(312) 555-0142", "customer": "A-77", "likes": ["tea"]}


class Provider:
    """The server with its database."""

    def __init__(self, url):
        self.database = servers.libpq(url)
        with psycopg.connect(self.database, autocommit=True) as db:
            db.execute(SCHEMA)
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - `drop` closes it
        words = [sys.executable, "-m", "tests.systems.provider", self.database, "upheld", "tall-ships"]
        self.server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=self.log, text=True, cwd=CLONE)
        self.address = f"http://127.0.0.1:{int(self.server.stdout.readline())}"

    def put(self, *people):
        with psycopg.connect(self.database, autocommit=True) as db, db.cursor() as cursor:
            made = "INSERT INTO subscribers (uuid, email, name, attribs) VALUES (gen_random_uuid(), %s, %s, %s)"
            cursor.executemany(made, [(email, name, json.dumps(attribs)) for email, name, attribs in people])
            cursor.execute("INSERT INTO subscriber_lists SELECT id, 1 FROM subscribers ON CONFLICT DO NOTHING")

    def run(self, query):
        with psycopg.connect(self.database, autocommit=True) as db:
            cursor = db.execute(query)
            return cursor.fetchall() if cursor.description else []

    def statuses(self):
        return dict(self.run("SELECT email, status FROM subscribers"))

    def system(self, *tables, name="post", address=None, **options):
        return System(name, "listmonk", address or self.address, tables, {"user": "upheld", "timeout": 5} | options)

    def open(self, *tables, **more):
        return open_system(self.system(*tables or (SUBSCRIBERS,), **more), None)

    def drop(self):
        """The end; what the server logged."""
        if self.log.closed:
            return ""
        self.server.kill()
        self.server.wait()
        with self.server.stdout, self.log:
            self.log.seek(0)
            return self.log.read()


@pytest.fixture
def provider(postgres_url, monkeypatch):
    monkeypatch.setenv("UPHELD_SYSTEM_POST_TOKEN", "tall-ships")
    made = Provider(postgres_url)
    made.put(
        ("Jane.Doe@mail.example", "Jane Doe", JANE), ("bo@mail.example", "Bo O'Hara", {"zip": "00123"}), ("josé@mail.example", "J", {})
    )
    yield made
    made.drop()


ASKED = [Email("jane.doe@MAIL.example"), Phone("312 555 0142"), Account("A-77"), Postal("Jane", "Doe", "5 Oak St", "60601-1234")]


@pytest.mark.parametrize("asked", ASKED, ids=lambda one: one.kind)
@pytest.mark.parametrize("path", ["", "/", "/api", "/api/"])
def test_whoever_is_meant_is_found(provider, asked, path):
    found = provider.open(address=provider.address + path).search(SUBSCRIBERS, [asked])
    assert [one.values["email"] for one in found if one.key != ("3",)] == [("Jane.Doe@mail.example",)]
    assert not any(one.out for one in found)


def test_whoever_proved_an_address_is_shown_what_else_stands_there(provider):
    more = replace(SUBSCRIBERS, columns=(*SUBSCRIBERS.columns, Column("attribs.likes", "order.purchases")))
    provider.put(("ann@mail.example", "Ann", {"likes": "two lamps"}))
    (own,) = proven(provider.system(more), provider.open(more), Email("ann@mail.example"), shipped())
    assert own.further == (("order.purchases", "two lamps"),)


def test_no_address_and_no_name_stands_in_a_url(provider):
    connector = provider.open()
    connector.search(SUBSCRIBERS, ASKED)
    connector.suppress(SUBSCRIBERS, [Email("new@mail.example"), *ASKED], ["newsletter"], "token")
    connector.stop(SUBSCRIBERS, [("1",)], ["newsletter"], "token")
    logged = provider.drop()
    assert "/api/subscribers?query=" in logged
    for part in ("jane", "mail.example", "mailexample", "60601", "5550142", "A-77", "new"):
        assert part not in logged


def test_who_is_blocklisted_is_so_once_and_nobody_else(provider):
    for _ in range(2):
        provider.open().stop(SUBSCRIBERS, [("1",), ("99",), ("x",)], ["newsletter", "post"], "token")
        assert provider.statuses() == {
            "Jane.Doe@mail.example": "blocklisted", "bo@mail.example": "enabled", "josé@mail.example": "enabled",
        }  # fmt: skip
    assert provider.run("SELECT status FROM subscriber_lists WHERE subscriber_id = 1") == [("unsubscribed",)]
    (one,) = provider.open().fetch(SUBSCRIBERS, [("1",), ("99",)])
    assert one.out == {"newsletter"}


def test_an_address_that_the_provider_never_had_is_kept_as_blocklisted(provider):
    for _ in range(2):
        provider.open().suppress(SUBSCRIBERS, [Email("New@mail.example"), Email("JANE.doe@mail.example"), *ASKED], ["newsletter"], "token")
    assert provider.statuses() == {
        "Jane.Doe@mail.example": "blocklisted", "bo@mail.example": "enabled", "josé@mail.example": "enabled",
        "new@mail.example": "blocklisted",
    }  # fmt: skip
    provider.open().suppress(SUBSCRIBERS, [Email("other@mail.example")], ["post"], "token")
    assert "other@mail.example" not in provider.statuses(), "a topic that the provider does not carry"


def test_all_subscribers_are_read_in_order_whatever_the_pages(provider):
    provider.put(*[(f"p{number}@mail.example", "P", {}) for number in range(2 * PAGE)])
    keys = [one.key[0] for page in provider.open().read(SUBSCRIBERS) for one in page]
    assert keys == [str(number) for number in range(1, 2 * PAGE + 4)]
    assert [one.key[0] for page in provider.open().read(SUBSCRIBERS, 7) for one in page] == keys


def test_the_table_is_told_with_the_attributes_that_are_there(provider):
    (live,) = provider.open().live()
    assert (live.name, live.key) == ("subscribers", ("id",))
    assert {column.name for column in live.columns} == {
        "id", "uuid", "email", "name", "status", "created_at", "updated_at", *(f"attribs.{name}" for name in JANE),
    }  # fmt: skip
    assert [row["email"] for row in provider.open().sample("subscribers", 2)] == ["Jane.Doe@mail.example", "bo@mail.example"]
    with pytest.raises(Failed, match="has not all tables"):
        provider.open().sample("lists")


@pytest.fixture(scope="module")
def anybody(postgres_server):
    """Subscribers as they may be written, as long as the tests of this module."""
    with postgres_server.database() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("UPHELD_SYSTEM_POST_TOKEN", "tall-ships")
        made = Provider(url)
        yield made
        made.drop()


ANYBODY = Table("subscribers", ("id",), tuple(Column(f"attribs.{part}", f"order.{part}", part) for part in searching.PARTS))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(rows=searching.ROWS, wanted=st.lists(searching.GIVEN, min_size=1, max_size=3))
def test_no_row_that_a_code_meets_is_left_out(anybody, rows, wanted):
    anybody.run("TRUNCATE subscribers RESTART IDENTITY CASCADE")
    anybody.put(*[(f"p{at}@y.example", "P", dict(zip(searching.PARTS, row, strict=True))) for at, row in enumerate(rows)])
    connector = anybody.open(ANYBODY)
    everybody = [found for page in connector.read(ANYBODY) for found in page]
    for given_ in (*([one] for own in everybody[:3] for one in held.identifiers(own)), wanted):
        meant = [one for one in given_ if one.kind != "postal" or normal.zip_code(one.zip)]  # nobody is asked for without
        met = {found.key for found in connector.search(ANYBODY, meant)}
        lost = [one for one in everybody if one.key not in met and any(searching.theirs(one, each) for each in meant)]
        assert [(one.values, each) for one in lost for each in map(searching.vars_of, meant)] == []


# --- what goes wrong --------------------------------------------------------------------------------------------------------------------


def test_without_user_or_token_or_with_a_wrong_one(provider, monkeypatch):
    with pytest.raises(Invalid, match="needs an API user"):
        provider.open(user="")
    monkeypatch.setenv("UPHELD_SYSTEM_POST_TOKEN", "low-boats")
    with pytest.raises(Failed, match="may not be read or written") as refused:
        provider.open().live()
    assert not refused.value.again
    assert "boats" not in str(refused.value)
    monkeypatch.delenv("UPHELD_SYSTEM_POST_TOKEN")
    with pytest.raises(Invalid, match="needs an API user"):
        provider.open()


def test_marks_keys_and_columns_that_the_provider_does_not_know(provider):
    other = Table("subscribers", ("id",), SUBSCRIBERS.columns, (Flag("newsletter", "status", "disabled"),))
    for call in (
        lambda: provider.open(other).stop(other, [("1",)], ["newsletter"], "t"),
        lambda: provider.open(other).suppress(other, ASKED, ["newsletter"], "t"),
    ):
        with pytest.raises(Failed, match="but as `blocklisted`"):
            call()
    keyed = Table("subscribers", ("uuid",), SUBSCRIBERS.columns, SUBSCRIBERS.flags)
    with pytest.raises(Failed, match="apart by `id`"):
        provider.open(keyed).fetch(keyed, [("x",)])
    odd = Table("subscribers", ("id",), (Column("mail", "newsletter.email", "email"),))
    with pytest.raises(Failed, match="has not all columns"):
        provider.open(odd).search(odd, ASKED)


def test_a_provider_that_is_down_or_stopped_or_says_something_else(provider):
    connector = provider.open(timeout=1)
    os.kill(provider.server.pid, signal.SIGSTOP)
    with pytest.raises(Failed, match="in time") as refused:
        connector.live()
    assert refused.value.again
    os.kill(provider.server.pid, signal.SIGCONT)
    for said in ('{"data": {"results": 7}}', '{"data": 1}', "{}", '{"data": {"results": [{"id": "1"}]}}', "<html>"):
        with answering(answer(said)) as (address, _), pytest.raises(Failed, match="cannot be understood"):
            provider.open(address=address).live()
    looped = json.dumps({"data": {"results": [{"id": 1, "email": "x@y.example"}] * PAGE}})
    with answering(answer(looped)) as (address, _), pytest.raises(Failed, match="cannot be understood"):
        list(provider.open(address=address).read(SUBSCRIBERS))
    provider.drop()
    with pytest.raises(Failed, match="cannot be reached"):
        connector.live()
