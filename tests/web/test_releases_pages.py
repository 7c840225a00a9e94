"""Releases at the console: a list is given, looked at, released by the worker, downloaded once; and what left, by recipient and person."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.houses import CLERK, NOW, later
from tests.web.reading import words
from upheld.choices.actions import Said, record
from upheld.gate import carrying
from upheld.jobs import worker
from upheld.ledger.queries import entries
from upheld.people.identifiers import Email
from upheld.people.queries import find
from upheld.recipients import actions as recipients

LIST = "email,purchases\nann.lee@mail.example,3\nbob.moss@mail.example,4\nnobody at all,5\n"
ASKED = {"purpose": "marketing.email", "to": "ourselves", "source": "newsletter"}


def csv(text=LIST, name="march.csv"):
    return SimpleUploadedFile(name, text.encode(), "text/csv")


@pytest.fixture
def marketing(desk, shop):
    """Somebody of the marketing staff, and two people of whom one is on the newsletter."""
    with shop.record.transaction() as tx:
        for name, says in (("ann.lee", "in"), ("bob.moss", "out")):
            said = Said((Email(f"{name}@mail.example"),), "newsletter", says, NOW, "web")
            record(tx, shop.keeper, said, ("newsletter",), at=NOW, actor=CLERK)
    return desk("marketing")


def work(shop, clock):
    return worker.work(shop.record, carrying.handlers(carrying.Carrier(shop.home, shop.record, clock)), clock)


def left_in(shop):
    place = shop.home.path / "lists"
    return sorted(str(each.relative_to(place)) for each in place.rglob("*")) if place.exists() else []


def kinds(shop):
    with shop.record.reading() as conn:
        return [each.kind for each in entries(conn)]


def test_a_list_goes_out_in_four_steps_and_nothing_of_it_stays(marketing, shop, clock):
    assert marketing.post("/releases", {**ASKED, "file": csv()})["Location"] == "/releases/list/1"
    assert "It waits for the worker" in words(marketing.get("/releases/list/1"))
    work(shop, clock)
    page = words(marketing.get("/releases/list/1"))
    assert "1 of 3 rows may leave" in page
    assert "the person opted out of `newsletter`" in page or "newsletter" in page
    assert re.search(r"What would change it: \S+", page)
    assert 'href="/policies/version/2026.1#' in marketing.get("/releases/list/1").content.decode()
    marketing.post("/releases/list/1/release")
    assert "being released" in words(marketing.get("/releases/list/1"))
    work(shop, clock)
    assert "Release 1 is recorded. The file can be downloaded once" in words(marketing.get("/releases/list/1"))
    answer = marketing.post("/releases/list/1/file")
    assert answer["Content-Disposition"] == 'attachment; filename="release-1.csv"'
    assert b"".join(answer.streaming_content).decode().splitlines()[1:] == ["ann.lee@mail.example"]
    assert left_in(shop) == []
    assert "was released and downloaded already" in words(marketing.post("/releases/list/1/file"), status=409)
    page = words(marketing.get("/releases"))
    assert "ourselves 1 1" in page
    assert [kind for kind in kinds(shop) if kind.split(".")[0] in {"list", "release"}] == [
        "list.ordered", "list.begun", "release.recorded", "release.ended", "list.fetched",
    ]  # fmt: skip


def test_how_far_the_worker_is_stands_on_the_page(marketing, shop, clock, monkeypatch):
    monkeypatch.setattr(carrying, "PAUSE", 0)
    steps = []
    written = carrying._write

    def write(place, what):
        written(place, what)
        if place.name == carrying.PROGRESS:
            page = marketing.get("/releases/list/1").content.decode()
            steps.append(int(re.search(r'<progress id="progress" max="100" value="(\d+)"', page)[1]))

    marketing.post("/releases", {**ASKED, "file": csv()})
    assert "<progress" not in marketing.get("/releases/list/1").content.decode()
    monkeypatch.setattr(carrying, "_write", write)
    work(shop, clock)
    assert len(steps) > 4
    assert steps == sorted(steps)
    assert "<progress" not in marketing.get("/releases/list/1").content.decode()


def test_an_upload_lies_private_and_is_gone_when_no_page_took_it(marketing, shop):
    marketing.post("/releases", {**ASKED, "purpose": "nothing", "file": csv()})
    folder = shop.home.path / "uploads"
    assert oct(folder.stat().st_mode)[-3:] == "700"
    assert list(folder.iterdir()) == []
    assert left_in(shop) == []


def test_a_stranger_s_file_is_not_kept_for_a_moment(visitor, shop):
    assert visitor.post("/releases", {**ASKED, "file": csv()}).status_code == 302
    assert not (shop.home.path / "uploads").exists()
    visitor.post("/sign-in", {"file": csv()})
    assert not (shop.home.path / "uploads").exists()


def test_a_file_that_is_too_large_is_refused_with_what_to_do(marketing, shop, monkeypatch):
    from upheld.web.console import uploads

    monkeypatch.setattr(uploads, "MOST", 3000)
    page = words(marketing.post("/releases", {**ASKED, "file": csv(LIST * 100)}), status=400)
    assert "This file is too large for a browser: put it into the inbox folder of the home." in page
    assert list((shop.home.path / "uploads").iterdir()) == [] if (shop.home.path / "uploads").exists() else True


def test_a_list_is_picked_from_the_inbox_and_stays_there(marketing, shop, clock):
    inbox = shop.home.path / "inbox"
    inbox.mkdir()
    (inbox / "april.csv").write_text(LIST)
    assert "april.csv" in words(marketing.get("/releases"))
    marketing.post("/releases", {**ASKED, "inbox": "april.csv"})
    work(shop, clock)
    assert "1 of 3 rows may leave" in words(marketing.get("/releases/list/1"))
    marketing.post("/releases/list/1/discard")
    assert (inbox / "april.csv").read_text() == LIST
    assert left_in(shop) == []
    assert "lies in the folder `inbox`" in words(marketing.post("/releases", {**ASKED, "inbox": "may.csv"}), status=400)


def test_nothing_may_leave_is_said_with_the_sentence_and_one_looks_again_otherwise(marketing, shop, clock):
    with shop.record.transaction() as tx:
        recipients.add(tx, "acme", "third party", at=clock.now, actor=CLERK)
    marketing.post("/releases", {**ASKED, "to": "acme", "file": csv()})
    work(shop, clock)
    page = words(marketing.get("/releases/list/1"))
    assert "No row may leave. Below stands which sentence keeps them" in page
    assert marketing.post("/releases/list/1/release").status_code == 302
    assert "may not leave at all" in words(marketing.get("/releases/list/1"))
    marketing.post("/releases/list/1/again", ASKED)
    work(shop, clock)
    assert "1 of 3 rows may leave" in words(marketing.get("/releases/list/1"))


def test_what_cannot_be_read_says_why_without_the_place(marketing, shop, clock):
    marketing.post("/releases", {**ASKED, "file": csv("colour\nred\n", "odd.csv")})
    work(shop, clock)
    page = words(marketing.get("/releases/list/1"))
    assert "could not be done" in page
    assert str(shop.home.path) not in marketing.get("/releases/list/1").content.decode()
    assert "Look again, otherwise" in page


@pytest.mark.parametrize(("given", "said"), [({}, "Choose a list."), ({"purpose": "rights"}, "What for"), ({"to": "acme"}, "Who gets it")])
def test_what_is_missing_is_said(marketing, given, said):
    page = words(marketing.post("/releases", {**ASKED, **given}), status=400)
    assert said in page


def test_only_a_file_that_can_be_a_list_is_taken(marketing, shop):
    assert "a list is a file that ends in" in words(marketing.post("/releases", {**ASKED, "file": csv(name="list.exe")}), status=400)
    assert left_in(shop) == []


def test_a_role_releases_only_for_its_own_purposes(desk, marketing, shop, clock):
    marketing.post("/releases", {**ASKED, "file": csv()})
    work(shop, clock)
    other = desk("support", "lee@staff.example")
    assert "marketing.email" not in words(other.get("/releases")).partition("A new list")[2].partition("Who gets it")[0]
    assert other.get("/releases/list/1").status_code == 404
    for step in ("release", "file", "discard", "again"):
        assert other.post(f"/releases/list/1/{step}", ASKED).status_code == 404
    assert "list.begun" not in kinds(shop)


def test_what_left_about_a_person_is_shown_for_a_purpose_only_and_is_in_no_address(desk, marketing, shop, clock):
    marketing.post("/releases", {**ASKED, "file": csv()})
    work(shop, clock)
    marketing.post("/releases/list/1/release")
    clock.now = later(minutes=1)
    work(shop, clock)
    privacy = desk("privacy", "lee@staff.example")
    assert "What for?" in words(privacy.get("/releases/person"))
    assert "staff.read" not in kinds(shop)
    assert privacy.post("/releases/person", {"purpose": "rights"})["Location"] == "/releases/person"
    assert kinds(shop)[-1] == "staff.read"
    before = kinds(shop).count("staff.read")
    found = privacy.post("/releases/person", {"email": "Ann.Lee@mail.example"})
    assert "This person was in one release." in words(found)
    assert "ann.lee" not in found.request["PATH_INFO"] + found.request.get("QUERY_STRING", "")
    assert "Nothing left about this person." in words(privacy.post("/releases/person", {"email": "bob.moss@mail.example"}))
    with shop.record.reading() as conn:
        read = [each.body for each in entries(conn) if each.kind == "staff.read"][before:]
        ann = min(find(conn, shop.keeper.keys, [Email("ann.lee@mail.example")]))
    assert [(each["page"], each["purpose"], each["subject"]) for each in read][:1] == [("disclosures", "rights", ann)]
    assert len(read) == 2, "each look-up of a person is a reading"
    assert privacy.post("/releases/person", {"first": "Ann"}).status_code == 400
    assert desk("operations", "max@staff.example").get("/releases/person").status_code == 403
