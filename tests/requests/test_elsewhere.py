"""Removals over systems that are no SQLite file: servers, files, a webhook, a mail provider; each breaks, and nothing is called done."""

from __future__ import annotations

import json
import os
import signal
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.houses import CLERK
from tests.requests.conftest import JANE, ask
from tests.requests.offices import CUSTOMERS, JANE_ROW, World
from tests.systems.receivers import Hook
from tests.systems.stores import Store
from tests.systems.test_listmonk import Provider
from upheld.people.held import Held
from upheld.requests import actions
from upheld.systems.datamap import Column, DataMap, Flag, System, Table
from upheld.systems.opening import open_system

COLUMNS = CUSTOMERS.columns
PEOPLE = Table("people", ("id",), COLUMNS, (Flag("newsletter", "no_mail", 1), Flag("post", "no_post", 1)))
SCHEMA = "CREATE TABLE people (id INTEGER PRIMARY KEY, {}, no_mail INTEGER, no_post INTEGER)".format(
    ", ".join(f"{column.name} VARCHAR(99)" for column in COLUMNS[1:])
)
ANN = ("ann@mail.example", "Ann", "Frost", "1 Larkspur Row", "00123", "+1 312 555 0143")
pytestmark = pytest.mark.parametrize("house", ["sqlite"], indirect=True)  # the record is elsewhere than the servers that are stopped
HEAD = ",".join([*(column.name for column in COLUMNS), "no_mail", "no_post"])


class Database:
    """People on a server."""

    def __init__(self, kind, request, folder):
        self.store = Store(kind, request, folder)
        self.store.run(SCHEMA)
        self.system = self.store.system(PEOPLE, name="shop", timeout=2)

    def put(self, number, row=JANE_ROW):
        self.store.put("people", [(number, *row, 0, 0)])

    def marks(self):
        return {int(row[0]): tuple(map(int, row[1:])) for row in self.store.run("SELECT id, no_mail, no_post FROM people")}

    @contextmanager
    def away(self):
        self.store.run("ALTER TABLE people RENAME TO hidden")
        yield ("has not all tables",), False
        self.store.run("ALTER TABLE hidden RENAME TO people")

    @contextmanager
    def silent(self):
        with self.store.stopped():
            yield ("did not answer in time", "cannot be reached"), True

    def drop(self):
        """The fixtures do."""


class File(Database):
    """People in a CSV file."""

    def __init__(self, folder):
        self.folder, self.file = folder, folder / "people.csv"
        self.file.write_text(HEAD + "\n")
        self.system = System("shop", "files", str(folder), (PEOPLE,))

    def put(self, number, row=JANE_ROW):
        with self.file.open("a") as file:
            file.write(",".join([str(number), *row, "0", "0"]) + "\n")

    def marks(self):
        rows = [line.split(",") for line in self.file.read_text().splitlines()[1:]]
        return {int(row[0]): (int(row[-2]), int(row[-1])) for row in rows}

    @contextmanager
    def away(self):
        self.file.rename(self.folder / "away")
        yield ("has no file for a table",), True
        (self.folder / "away").rename(self.file)

    @contextmanager
    def silent(self):
        text = self.file.read_text()
        self.file.write_text(text + "7,half a row")
        yield ("cannot be read",), True
        self.file.write_text(text)


class Behind(Database):
    """People behind a webhook."""

    def __init__(self, folder):
        self.store = self.hook = Hook(folder, "people", schema=(SCHEMA,))
        self.system = self.hook.system(PEOPLE, name="shop", timeout=2)

    def put(self, number, row=JANE_ROW):
        self.hook.put("people", [(number, *row, 0, 0)])

    @contextmanager
    def silent(self):
        os.kill(self.hook.server.pid, signal.SIGSTOP)
        yield ("did not answer in time",), True
        os.kill(self.hook.server.pid, signal.SIGCONT)

    def drop(self):
        self.hook.drop()


@pytest.fixture(params=["postgres", "mariadb", "files", "webhook"])
def place(request, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    made = {"files": lambda: File(folder), "webhook": lambda: Behind(folder)}.get(
        request.param, lambda: Database(request.param, request, folder)
    )()
    yield made
    made.drop()


@pytest.fixture
def world(shop, tmp_path, place):
    """An office with that system, and an SQLite one that is always well."""
    made = World(shop, tmp_path, systems=("crm",))
    made.place = place
    made.datamap = DataMap({**made.datamap.systems, "shop": place.system})
    home = place.hook.home if isinstance(place, Behind) else shop.home
    made.office = made.office.__class__(
        **{name: getattr(made.office, name) for name in made.office.__slots__} | {"open_system": lambda system: open_system(system, home)}
    )
    place.put(1), place.put(2, ANN), made.put("crm")
    return made


def failures(world, number):
    whole = world.whole(number)
    return [step.reason for step in whole.steps if step.state != "done"] + [each.reason for each in whole.places if each.state == "failed"]


def test_a_removal_marks_the_person_proves_it_and_touches_nobody_else(world):
    received = ask(world.shop)
    world.work()
    assert world.place.marks() == {1: (1, 1), 2: (0, 0)}
    assert world.whole(received.request).request.state == "complete"
    assert world.places(received.request)["shop.people"] == "stopped"


@pytest.mark.parametrize("how", ["away", "silent"])
def test_a_place_that_fails_is_named_holds_up_no_other_and_is_done_once_it_is_back(world, how):
    with getattr(world.place, how)() as (words, again):
        received = ask(world.shop)
        world.work()
        assert world.flags("crm") == [(1, 1)]
        whole = world.whole(received.request)
        assert whole.request.state == "failed"
        assert whole.confirmation is None
        assert any(word in reason for reason in failures(world, received.request) for word in words), failures(world, received.request)
        assert "jane" not in json.dumps(failures(world, received.request)).lower()
    if not again:
        world.work(99)
        assert world.whole(received.request).request.state == "failed", "a person must mend it first"
        with world.shop.record.transaction() as tx:
            actions.retry(tx, received.request, at=world.now, actor=CLERK)
    world.work(5)
    assert world.whole(received.request).request.state == "complete", failures(world, received.request)
    assert world.place.marks() == {1: (1, 1), 2: (0, 0)}


def test_a_copy_that_nobody_marked_turns_the_proof_failed_and_is_marked_next(world):
    received = ask(world.shop)
    opened, states = [], set()

    def open_(system):
        opened.append(system.name)
        if system.name == "shop" and opened.count("shop") == 3:  # after the search and the mark
            world.place.put(9)
        return world.office.open_system(system)

    def clock():
        states.add(world.places(received.request).get("shop.people"))
        return world.now

    world.work(open_system=open_, clock=clock)
    assert "failed" in states
    assert world.whole(received.request).request.state == "complete"
    assert world.place.marks() == {1: (1, 1), 2: (0, 0), 9: (1, 1)}


SERVERS = pytest.mark.parametrize("place", ["postgres", "mariadb"], indirect=True)


@SERVERS
def test_a_server_that_may_only_be_read_fails_with_what_must_be_done(world, tmp_path):
    store, reader = world.place.store, f"reader_{tmp_path.name[-12:].replace('-', '_')}"
    who = reader if store.kind == "postgres" else f"{reader}@'127.0.0.1'"
    store.run(f"CREATE USER {who}", f"GRANT SELECT ON people TO {who}")
    system = replace(world.place.system, address=store.url.replace("upheld_test", reader))
    world.datamap = DataMap({**world.datamap.systems, "shop": system})
    try:
        received = ask(world.shop)
        world.work()
        assert [reason for reason in failures(world, received.request) if "may not be read or written to" in reason]
        assert world.whole(received.request).request.state == "failed"
        assert world.flags("crm") == [(1, 1)]
        store.run(f"GRANT UPDATE (no_mail, no_post) ON people TO {who}")
        with world.shop.record.transaction() as tx:
            actions.retry(tx, received.request, at=world.now, actor=CLERK)
        world.work(5)
        assert world.whole(received.request).request.state == "complete", failures(world, received.request)
        assert world.place.marks() == {1: (1, 1), 2: (0, 0)}
    finally:
        store.run("DROP TABLE people", f"DROP USER {who}")


@SERVERS
def test_a_row_that_takes_no_mark_leaves_none_half_marked_and_is_never_complete(world):
    world.place.put(3)
    world.place.store.run("ALTER TABLE people ADD CONSTRAINT stubborn CHECK (id <> 3 OR no_post = 0)")
    received = ask(world.shop)
    world.work()
    assert world.whole(received.request).request.state == "failed"
    assert world.place.marks() == {1: (0, 0), 2: (0, 0), 3: (0, 0)}
    assert failures(world, received.request)
    world.place.store.run("ALTER TABLE people DROP CONSTRAINT stubborn")
    with world.shop.record.transaction() as tx:
        actions.retry(tx, received.request, at=world.now, actor=CLERK)
    world.work(5)
    assert world.whole(received.request).request.state == "complete"
    assert world.place.marks() == {1: (1, 1), 2: (0, 0), 3: (1, 1)}


# --- the mail provider ----------------------------------------------------------------------------------------------------------------

LETTERS = Table(
    "subscribers",
    ("id",),
    (Column("id", None), Column("email", "newsletter.email", "email")),
    (Flag("newsletter", "status", "blocklisted"),),
)


@pytest.fixture
def letters(shop, tmp_path, postgres_url, monkeypatch):
    monkeypatch.setenv("UPHELD_SYSTEM_POST_TOKEN", "tall-ships")
    made = World(shop, tmp_path, systems=("crm",))
    made.provider = Provider(postgres_url)
    made.datamap = DataMap({**made.datamap.systems, "post": made.provider.system(LETTERS)})
    yield made
    made.provider.drop()


def test_the_provider_blocklists_the_person_and_keeps_every_address_that_we_learn_of(letters):
    letters.put("crm"), letters.put("crm", ("second@mail.example", *JANE_ROW[1:]))
    letters.provider.put(("jane.doe@mail.example", "Jane", {}), ("ann@mail.example", "Ann", {}))
    received = ask(letters.shop)
    letters.work()
    assert letters.whole(received.request).request.state == "complete"
    assert letters.places(received.request)["post.subscribers"] == "stopped"
    assert letters.provider.statuses() == {
        "jane.doe@mail.example": "blocklisted", "ann@mail.example": "enabled", "second@mail.example": "blocklisted",
    }  # fmt: skip


def test_an_address_that_nobody_has_is_kept_by_the_provider_and_a_later_sign_up_is_found(letters):
    received = ask(letters.shop, Held(email="nobody@mail.example"), topics=("newsletter",))
    letters.work()
    assert letters.provider.statuses() == {"nobody@mail.example": "blocklisted"}
    assert letters.whole(received.request).request.state == "complete"
    letters.provider.run("UPDATE subscribers SET status = 'enabled'")
    ask(letters.shop, JANE), letters.work()
    again = ask(letters.shop, Held(email="nobody@mail.example"), topics=("newsletter",))
    letters.work()
    assert letters.provider.statuses()["nobody@mail.example"] == "blocklisted"
    assert letters.whole(again.request).request.state == "complete"


def test_a_provider_that_is_down_is_tried_again(letters):
    received = ask(letters.shop)
    address = letters.datamap.systems["post"]
    letters.datamap = DataMap({"post": System("post", "listmonk", "http://127.0.0.1:1", address.tables, address.options)})
    letters.work()
    assert letters.whole(received.request).request.state == "failed"
    assert any("cannot be reached" in reason for reason in failures(letters, received.request))
    letters.datamap = DataMap({"post": address})
    letters.work(5)
    assert letters.whole(received.request).request.state == "complete"
    assert letters.provider.statuses() == {"jane.doe@mail.example": "blocklisted"}
