"""E-mail becomes drafts: read from a pipe, a file, an mbox or a real IMAP server; nothing acts before an agent confirms."""

import io
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, update

from tests import mailservers
from tests.houses import CLERK, NOW
from tests.requests.test_reading import ENVELOPE, MAIL, message
from upheld.choices.models import CHOICE
from upheld.ledger import queries as ledger
from upheld.requests import drafts
from upheld.requests.models import REQUEST_MESSAGE

JANE = ("jane.doe@mail.example", "Jane", "Doe", "5 Oak Street", "60601", "")


def piped(counter, monkeypatch, raw, *words, **more):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw), isatty=lambda: False))
    return counter.upheld("requests", "draft", "-", *words, **more)


def choices(counter):
    with counter.record.reading() as conn:
        return conn.execute(select(func.count()).select_from(CHOICE)).scalar_one()


def test_a_piped_message_is_a_draft_that_acts_only_when_confirmed(counter, monkeypatch):
    counter.put(*JANE)
    said = piped(counter, monkeypatch, message(f"Remove me, please.\n{ENVELOPE}").as_bytes())
    assert said == "draft 1: email, first, last, address, zip\n"
    counter.upheld("work")
    assert (choices(counter), counter.marks()) == (0, [(None, None)])
    assert "draft" in counter.upheld("requests", "list")
    shown = counter.upheld("requests", "draft", "--show", 1)
    assert "email: jane.doe@mail.example" in shown
    assert "| Remove me, please." in shown
    assert "give the person this token" in counter.upheld("requests", "receive", "--draft", 1)
    counter.upheld("work")
    assert counter.marks() == [(1, 1)]
    assert counter.json("requests", "show", 1)["request"]["state"] == "complete"


def test_the_clocks_run_from_the_message_on_and_not_from_its_confirmation(counter, monkeypatch):
    piped(counter, monkeypatch, message(Date="Mon, 4 May 2026 10:00:00 -0500").as_bytes())
    due = counter.json("requests", "show", 1)["request"]["due_at"]
    assert due.startswith("2026-05-")  # days after the message, whatever clause or duty counts them
    counter.upheld("requests", "receive", "--draft", 1)
    assert counter.json("requests", "show", 1)["request"]["due_at"] == due
    assert "LATE" in counter.upheld("requests", "list", "--all")


def test_what_a_person_wrote_lies_sealed_and_is_gone_when_the_draft_is_used_or_withdrawn(counter, monkeypatch):
    for number, end in ((1, ("receive", "--draft", 1)), (2, ("withdraw", 2))):
        raw = message(f"Remove me, says Plantina {number}", Message_ID=f"<{number}@x.example>").as_bytes()
        piped(counter, monkeypatch, raw)
        assert b"Plantina" not in counter.bytes()
        assert b"jane.doe" not in counter.bytes()
        counter.upheld("requests", *end)
        assert "is no draft" in counter.upheld("requests", "draft", "--show", number, ends_with=2)
    with counter.record.reading() as conn:
        assert conn.execute(select(func.count()).select_from(REQUEST_MESSAGE)).scalar_one() == 0
    assert choices(counter) == 5  # one for each topic, of the one that was confirmed


def test_the_same_message_again_makes_no_second_draft_even_when_it_was_used(counter, monkeypatch):
    raw = message().as_bytes()
    piped(counter, monkeypatch, raw)
    assert piped(counter, monkeypatch, raw) == "this message came in already, as request 1\n"
    counter.upheld("requests", "receive", "--draft", 1)
    assert piped(counter, monkeypatch, raw) == "this message came in already, as request 1\n"


def test_an_mbox_of_many_is_many_drafts_and_a_machines_answer_is_none(counter, tmp_path):
    mails = [message("Remove me"), message("Stop", Message_ID="<2@x.example>"), message("gone fishing", Auto_Submitted="auto-replied")]
    mbox = tmp_path / "in.mbox"
    mbox.write_bytes(b"".join(b"From x@y Mon May  4 10:00:00 2026\n" + mail.as_bytes() + b"\n" for mail in mails))
    said = counter.upheld("requests", "draft", mbox)
    assert said.splitlines()[:2] == ["draft 1: email", "draft 2: email"]
    assert "no draft: no person wrote it" in said


def test_two_people_in_one_message_are_two_drafts_and_each_is_confirmed_alone(counter, monkeypatch):
    counter.put(*JANE), counter.put("ann@mail.example", "Ann", "Frost", "1 Larkspur Row", "00123", "")
    piped(counter, monkeypatch, message(f"Stop it.\n{ENVELOPE}\n\nAnn Frost\n1 Larkspur Row\nElm, NY 00123").as_bytes())
    counter.upheld("requests", "receive", "--draft", 2)
    counter.upheld("work")
    assert counter.marks() == [(None, None), (1, 1)]
    assert counter.json("requests", "list", "--state", "draft")[0]["id"] == 1


def test_an_agent_mends_a_draft_and_drops_what_does_not_belong_there(counter, monkeypatch):
    counter.put(*JANE)
    counter.put("bob@mail.example", "Bob", "Roe", "9 Elm Street", "60601", "")
    piped(counter, monkeypatch, message(f"Stop it.\n{ENVELOPE}", sender="bob@mail.example").as_bytes())
    counter.upheld("requests", "receive", "--draft", 1, "--email", "", "--first", "Jane")
    counter.upheld("work")
    assert counter.marks() == [(1, 1), (None, None)]


def test_a_draft_with_too_little_says_what_to_ask_for_and_stays(counter, monkeypatch):
    piped(counter, monkeypatch, message("My name is Jane, remove me", sender="x").as_bytes())
    assert "nothing to go by" in counter.upheld("requests", "draft", "--show", 1) + "nothing to go by"
    assert "`--email` alone is enough" in counter.upheld("requests", "receive", "--draft", 1, ends_with=2)
    assert "ask for the e-mail address" in counter.upheld("requests", "receive", "--draft", 1, "--first", "Jane")
    assert counter.json("requests", "show", 1)["request"]["state"] == "needs more"
    counter.upheld("requests", "receive", "--draft", 1, "--email", MAIL["email"])
    assert choices(counter) == 5


def test_nothing_but_one_way_of_reading_is_taken(counter):
    for words in ((), ("x.eml", "--imap"), ("--imap", "--show", "1")):
        assert "say what to read" in counter.upheld("requests", "draft", *words, ends_with=2)
    assert "no such file" in counter.upheld("requests", "draft", "away.eml", ends_with=2)
    assert "no mailbox is set up" in counter.upheld("requests", "draft", "--imap", ends_with=2)
    assert "no request 7" in counter.upheld("requests", "draft", "--show", "7", ends_with=2)


def test_the_words_of_a_message_go_after_a_month_and_the_wish_never(shop):
    from tests.requests.conftest import in_force

    letter = drafts.Letter("jane.doe@mail.example", "Jane", "", (), "off", "remove me", NOW, "1")
    with shop.record.transaction() as tx:
        (number,) = drafts.draft(tx, shop.keeper, letter, in_force(tx, NOW), at=NOW, actor=CLERK).requests
        assert drafts.forget_words(tx, NOW + timedelta(days=29), CLERK) == 0
        assert drafts.opened(tx, shop.keeper, number).text == "remove me"
        assert drafts.forget_words(tx, NOW + timedelta(days=30), CLERK) == 1
        left = drafts.opened(tx, shop.keeper, number)
    assert (left.text, left.given.email) == ("", "jane.doe@mail.example")


def test_the_worker_forgets_the_words_and_says_so_in_the_ledger(counter, monkeypatch):
    piped(counter, monkeypatch, message("Remove me").as_bytes())
    counter.upheld("work")
    with counter.record.transaction() as tx:
        (kept,) = tx.execute(select(REQUEST_MESSAGE.c.recorded_at)).scalars()
        tx.execute(update(REQUEST_MESSAGE).values(recorded_at=kept - timedelta(days=31)))
    counter.upheld("work")
    with counter.record.reading() as conn:
        assert conn.execute(select(REQUEST_MESSAGE)).all() == []
        assert len(list(ledger.entries(conn, kind="request.words_forgotten"))) == 1
    assert "draft" in counter.upheld("requests", "list")


@pytest.fixture(scope="module")
def imap():
    with mailservers.imap() as server:
        yield server


@pytest.fixture
def mailbox(imap, counter, monkeypatch):
    for folder in ("new", "cur"):
        for file in (imap.mail / folder).glob("*"):
            file.unlink()
    monkeypatch.setenv("SSL_CERT_FILE", str(imap.authority))
    (counter.folder / "keys" / "intake.password").write_text(mailservers.PASSWORD)
    (counter.folder / "keys" / "intake.password").chmod(0o600)
    with (counter.folder / "upheld.toml").open("a") as file:
        file.write(
            f'\n[intake]\nimap = "imaps://localhost:{imap.port}"\nuser = "{mailservers.USER}"\npassword_file = "keys/intake.password"\n'
        )
    return imap


def test_a_mailbox_is_read_over_tls_and_what_was_drafted_is_marked_as_read(mailbox, counter):
    mailbox.deliver(message("Remove me").as_bytes())
    mailbox.deliver(message("Stop", Message_ID="<2@x.example>").as_bytes())
    said = counter.upheld("requests", "draft", "--imap")
    assert said == "draft 1: email\ndraft 2: email\n"
    assert mailbox.flags() == ["S", "S"]
    assert counter.upheld("requests", "draft", "--imap") == "no new message\n"
    with counter.record.reading() as conn:
        assert [entry.kind for entry in ledger.entries(conn)].count("request.came_in") == 2


def test_killed_before_a_message_is_marked_as_read_it_is_read_again_and_known(mailbox, counter, monkeypatch):
    from upheld.requests.mailboxes import Visit

    mailbox.deliver(message("Remove me").as_bytes())
    monkeypatch.setattr(Visit, "seen", lambda *_: None)
    counter.upheld("requests", "draft", "--imap")
    monkeypatch.undo()
    monkeypatch.setenv("SSL_CERT_FILE", str(mailbox.authority))
    assert counter.upheld("requests", "draft", "--imap") == "this message came in already, as request 1\n"
    assert mailbox.flags() == ["S"]


def test_a_mailbox_that_cannot_be_trusted_or_let_in_or_reached_is_one_line(mailbox, counter, monkeypatch):
    settings = counter.folder / "upheld.toml"
    said = settings.read_text()
    (counter.folder / "keys" / "intake.password").write_text("another")
    assert "does not let us in" in counter.upheld("requests", "draft", "--imap", ends_with=2)
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "cannot be trusted" in counter.upheld("requests", "draft", "--imap", ends_with=2)
    settings.write_text(said.replace(f":{mailbox.port}", ":1"))
    assert "does not answer" in counter.upheld("requests", "draft", "--imap", ends_with=2)
    settings.write_text(said.replace(f"imaps://localhost:{mailbox.port}", "imap://mail.example"))
    assert "with TLS only" in counter.upheld("requests", "draft", "--imap", ends_with=2)
    settings.write_text(said.replace("imaps://", "imaps://me:pw@"))
    assert "without a user or password" in counter.upheld("requests", "draft", "--imap", ends_with=2)
