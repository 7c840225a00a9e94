"""A list given by staff: looked at and released by the worker, fetched once, and nothing of it kept; whatever is killed in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from tests.gate.conftest import LIST, ME, open_shop
from upheld.errors import Conflict, Invalid, NotFound
from upheld.gate import carrying, ordering
from upheld.gate.disclosures import counts_by_recipient, to_recipient
from upheld.gate.models import DELIVERY, DISCLOSURE, LIST_ORDER
from upheld.gate.ordering import Asked
from upheld.jobs import worker
from upheld.ledger import effects
from upheld.ledger import queries as ledger
from upheld.ledger.effects import Lost
from upheld.people.identifiers import Postal
from upheld.recipients.actions import contract
from upheld.record import Actor

MARKETER = Actor("kim", "marketing")
ASKED = Asked("marketing.partner", "acme", source="order", mapping=("address=order.shipping address",))


class Desk:
    """Somebody at the console, and the worker."""

    def __init__(self, shop):
        self.shop = shop
        self.carrier = carrying.Carrier(shop.home, shop.record, shop.now)

    def give(self, text=LIST, asked=ASKED, name="march.csv"):
        upload = self.shop.list(text, "upload.tmp")
        return self.do(ordering.order, self.shop.home, name, upload, asked)

    def do(self, what, *given, actor=MARKETER):
        with self.shop.record.transaction() as tx:
            return what(tx, *given, at=self.shop.now(), actor=actor)

    def work(self):
        return worker.work(self.shop.record, carrying.handlers(self.carrier), self.shop.now)

    def find(self, number=1):
        with self.shop.record.reading() as conn:
            return ordering.find(conn, number)

    def kinds(self):
        with self.shop.record.reading() as conn:
            return [entry.kind for entry in ledger.entries(conn)]


@pytest.fixture
def desk(shop):
    return Desk(shop)


def test_a_list_is_looked_at_released_and_fetched_once(desk, shop):
    number = desk.give()
    assert desk.find().state == "looking"
    assert not (shop.folder / "upload.tmp").exists()
    assert desk.work() == 1
    assert desk.find().state == "looked"
    found = carrying.looked(shop.home, desk.find())
    assert found["read"] == found["released"] + found["refused"] + found["rejected"] == 3
    assert (found["list"], found["release"]) == ("march.csv", None)
    assert all(each["clause"] for each in found["refusals"])
    desk.do(ordering.begin, number)
    desk.work()
    done = desk.find()
    assert (done.state, done.release) == ("released", 1)
    rows = done.out(shop.home).read_text()
    handle = desk.do(ordering.fetch, shop.home, number)
    with os.fdopen(handle) as file:
        assert file.read() == rows
    with pytest.raises(Conflict, match="downloaded already"):
        desk.do(ordering.fetch, shop.home, number)
    with shop.record.reading() as conn:
        (left,) = to_recipient(conn, "acme")
        assert (left.list, left.released, left.state) == ("march.csv", found["released"], "delivered")
        entry = ledger.entry(conn, left.entry)
        assert entry.actor["role"] == "marketing"
    assert [kind for kind in desk.kinds() if kind.startswith("list.")] == ["list.ordered", "list.begun", "list.fetched"]


def test_what_is_kept_lies_private_and_goes(desk, shop):
    number = desk.give()
    desk.work()
    folder = desk.find().folder(shop.home)
    assert {oct(each.stat().st_mode)[-3:] for each in (folder, *folder.iterdir())} == {"700", "600"}
    desk.do(ordering.discard, number)
    os.utime(folder, (time.time() - 3600,) * 2)
    ordering.clean(shop.home, shop.record)
    assert not folder.exists()
    assert desk.find().state == "discarded"


def test_a_folder_of_no_order_goes_unless_it_is_new(desk, shop):
    desk.give()
    old, new = (shop.home.path / "lists" / name for name in ("old", "new"))
    old.mkdir()
    new.mkdir()
    os.utime(old, (time.time() - 3600,) * 2)
    mine = desk.find().folder(shop.home)
    os.utime(mine, (time.time() - 3600,) * 2)
    ordering.clean(shop.home, shop.record)
    assert [old.exists(), new.exists(), mine.exists()] == [False, True, True]


def test_nobody_went_on_with_it_for_a_day_so_it_is_given_up(desk, shop):
    desk.give()
    desk.work()
    shop.began += timedelta(hours=23)
    carrying.look_after(desk.carrier)
    assert desk.find().state == "looked"
    shop.began += timedelta(hours=1)
    carrying.look_after(desk.carrier)
    assert desk.find().state == "discarded"
    assert desk.kinds()[-1] == "list.discarded"


def test_the_role_that_asks_is_bound_by_its_statement(desk):
    desk.do(ordering.order, desk.shop.home, "a.csv", desk.shop.list(), ASKED, actor=Actor("lee", "support"))
    desk.work()
    assert desk.find().state == "nothing"
    found = carrying.looked(desk.shop.home, desk.find())
    assert "support" in found["refusals"][0]["because"]


def test_an_opt_out_between_look_and_release_is_honoured(desk, shop):
    number = desk.give()
    desk.work()
    shop.says(Postal("Bob", "Moss", "1 Elm Rd", "10001"), "sharing", "out")
    before = carrying.looked(shop.home, desk.find())["released"]
    desk.do(ordering.begin, number)
    desk.work()
    with shop.record.reading() as conn:
        assert to_recipient(conn)[0].released == before - 1


def test_a_list_that_changed_since_the_look_is_not_released(desk, shop):
    inbox = shop.home.path / "inbox"
    inbox.mkdir()
    (inbox / "april.csv").write_text(LIST)
    assert ordering.inbox(shop.home) == ("april.csv",)
    number = desk.do(ordering.order, shop.home, "april.csv", None, ASKED)
    desk.work()
    (inbox / "april.csv").write_text(LIST + "new@x.example,New,One,3 Elm Rd,10001,NY,3,x\n")
    desk.do(ordering.begin, number)
    desk.work()
    assert (desk.find().state, "changed since it was looked at" in desk.find().reason) == ("failed", True)
    with shop.record.reading() as conn:
        assert to_recipient(conn) == ()
    desk.do(ordering.look_again, number, ASKED)
    desk.work()
    assert desk.find().state == "looked"
    assert (inbox / "april.csv").exists()


@pytest.mark.parametrize(
    ("name", "refusal"), [("april.csv", NotFound), ("../upheld.toml", Invalid), ("keys", Invalid), (".x.csv", NotFound)]
)
def test_only_what_lies_in_the_inbox_is_picked(desk, shop, name, refusal):
    inbox = shop.home.path / "inbox"
    inbox.mkdir()
    (inbox / "link.csv").symlink_to(shop.home.path / "upheld.toml")
    assert ordering.inbox(shop.home) == ()
    with pytest.raises(refusal):
        desk.do(ordering.order, shop.home, name, None, ASKED)


def test_what_cannot_be_read_says_why_and_can_be_looked_at_again(desk, shop):
    number = desk.give("first,last\nAnn,Lee\n")
    desk.work()
    found = desk.find()
    assert found.state == "failed"
    assert str(shop.home.path) not in found.reason
    desk.do(ordering.look_again, number, Asked("marketing.partner", "nobody"))
    desk.work()
    assert "no recipient `nobody` is registered" in desk.find().reason
    with pytest.raises(Conflict, match="could not be read"):
        desk.do(ordering.begin, number)


def test_a_worker_that_died_after_the_release_was_recorded_does_not_release_twice(desk, shop, monkeypatch):
    number = desk.give()
    desk.work()
    desk.do(ordering.begin, number)
    with monkeypatch.context() as killed:
        killed.setattr(ordering, "settle", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            desk.work()
    assert desk.find().state == "releasing"
    shop.began += timedelta(minutes=5)  # the lease runs out
    desk.work()
    assert (desk.find().state, desk.find().release) == ("released", 1)
    with shop.record.reading() as conn:
        assert len(conn.execute(DISCLOSURE.select()).all()) == 1


def test_kill_9_between_the_release_and_its_note_loses_and_doubles_nothing(desk, shop):
    number = desk.give()
    desk.work()
    desk.do(ordering.begin, number)
    words = [sys.executable, "-m", "tests.gate.listing", str(shop.home.path)]
    assert subprocess.run([*words, "die"], check=False).returncode == -signal.SIGKILL
    assert desk.find().state == "releasing"
    assert subprocess.run(words, check=False).returncode == 0
    assert (desk.find().state, desk.find().release) == ("released", 1)
    with shop.record.reading() as conn:
        (left,) = to_recipient(conn)
        assert left.state == "delivered"
    assert desk.kinds().count("release.recorded") == 1


def test_an_unknown_list_is_not_found(desk):
    with pytest.raises(NotFound):
        desk.do(ordering.discard, 7, actor=ME)


def test_the_whole_way_is_the_same_on_postgresql(tmp_path, postgres_url):
    shop = open_shop(tmp_path, postgres_url.render_as_string(hide_password=False))
    try:
        desk = Desk(shop)
        number = desk.give()
        desk.work()
        desk.do(ordering.begin, number)
        desk.work()
        os.close(desk.do(ordering.fetch, shop.home, number))
        assert (desk.find().state, desk.find().release) == ("fetched", 1)
        with shop.record.reading() as conn:
            assert counts_by_recipient(conn) == (("acme", 1, 2),)
            assert [each.recipient for each in to_recipient(conn, "acme", before=2)] == ["acme"]
            assert to_recipient(conn, "acme", before=1) == ()
    finally:
        shop.record.close()


def test_a_contract_that_runs_out_after_the_look_keeps_everything_back(desk, shop):
    number = desk.give()
    desk.work()
    with shop.record.transaction() as tx:
        at = shop.now()
        contract(tx, "acme", ["marketing.partner"], shop.began, at + timedelta(hours=1), known=["marketing.partner"], at=at, actor=ME)
    desk.do(ordering.begin, number)
    shop.began += timedelta(hours=2)
    desk.work()
    assert (desk.find().state, desk.find().release) == ("nothing", None)
    assert not desk.find().out(shop.home).exists()


def test_a_fault_of_the_program_is_tried_three_times_and_then_said(desk, shop, monkeypatch):
    desk.give()
    monkeypatch.setattr(carrying, "release", lambda *_: 1 // 0)
    for _ in range(3):
        desk.work()
        shop.began += timedelta(hours=1)
    assert (desk.find().state, desk.find().reason) == ("failed", "met a fault of the program (ZeroDivisionError): report it")


def test_what_another_process_holds_is_tried_again_and_then_said(desk, shop, monkeypatch):
    def held(*_):
        raise Conflict("another release is writing it")

    desk.give()
    monkeypatch.setattr(carrying, "release", held)
    desk.work()
    assert desk.find().state == "looking"
    for _ in range(2):
        shop.began += timedelta(hours=1)
        desk.work()
    assert (desk.find().state, desk.find().reason) == ("failed", "another release is writing it")


def test_a_released_file_that_somebody_took_away_is_said(desk, shop):
    number = desk.give()
    desk.work()
    desk.do(ordering.begin, number)
    desk.work()
    desk.find().out(shop.home).unlink()
    with pytest.raises(Conflict, match="release the list anew"):
        desk.do(ordering.fetch, shop.home, number)
    assert desk.find().state == "released"


def test_a_worker_that_lost_its_lease_writes_nothing_down(desk, shop, monkeypatch):
    desk.give()
    monkeypatch.setattr(carrying.effects, "done", lambda *_: (_ for _ in ()).throw(Lost("gone")))
    desk.work()
    assert desk.find().state == "looking"
    monkeypatch.setattr(carrying.effects, "again", lambda *_: (_ for _ in ()).throw(Lost("gone")))
    monkeypatch.setattr(carrying, "release", lambda *_: 1 // 0)
    shop.began += timedelta(hours=1)
    desk.work()
    assert desk.find().state == "looking"


def test_how_far_it_is_can_be_asked_before_during_and_when_nothing_can_be_read(desk, shop, monkeypatch):
    monkeypatch.setattr(carrying, "PAUSE", 0)
    desk.give()
    assert carrying.progress(shop.home, desk.find()) == {}
    desk.work()
    assert carrying.progress(shop.home, desk.find())["step"] == "decided"
    place = desk.find().folder(shop.home) / carrying.PROGRESS
    place.write_text("[]")
    assert carrying.progress(shop.home, desk.find()) == {}
    place.write_text("{half")
    assert carrying.progress(shop.home, desk.find()) == {}


def test_a_release_that_another_worker_is_writing_is_waited_for(desk, shop):
    number = desk.give()
    desk.work()
    desk.do(ordering.begin, number)
    desk.work()
    with shop.record.engine.begin() as conn:  # as it stands between the record and the file's name
        conn.exec_driver_sql("DROP TRIGGER disclosure_delivery_delete")
        conn.execute(DELIVERY.delete())
        conn.execute(LIST_ORDER.update().values(state="releasing"))
    out = desk.find().out(shop.home)
    out.unlink()
    with shop.record.transaction() as tx:
        effects.plan(tx, ordering.RELEASE, number, "", {}, shop.now())
    desk.work()
    assert desk.find().state == "releasing"
    with shop.record.reading() as conn:
        assert effects.of(conn, number, ordering.RELEASE)[-1].reason == "another worker is at it"


def test_a_file_that_cannot_be_written_down_as_fetched_is_not_handed_out(desk, shop, monkeypatch):
    number = desk.give()
    desk.work()
    desk.do(ordering.begin, number)
    desk.work()
    monkeypatch.setattr(ordering, "append", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        desk.do(ordering.fetch, shop.home, number)
    assert desk.find().state == "released"
    assert desk.find().out(shop.home).exists()


def test_without_a_list_there_is_nothing_to_clean_nor_to_pick_nor_to_show(shop):
    ordering.clean(shop.home, shop.record)
    assert ordering.inbox(shop.home) == ()
    with shop.record.reading() as conn:
        assert ordering.orders(conn) == ordering.orders(conn, ["looked"]) == ()
