"""What a desk does about a request, by commands: look at what may be the person's, decide, try again, note answers, hand over."""

import pytest
from sqlalchemy import insert

from tests.requests.conftest import ask
from tests.requests.offices import World
from upheld.ledger import queries as ledger
from upheld.people.weights import shipped
from upheld.requests import actions, queries
from upheld.requests.models import REQUEST_TOLD

JANE = ("jane.doe@mail.example", "Jane", "Doe", "5 Oak Street", "60601", "+1 312 555 0142")
JAYNE = ("", "Jayne", "Dough", "5 Oak Street", "60601", "")


def in_doubt(counter):
    """A request of Jane's, carried out, and a record beside hers that may be hers too; the numbers of both."""
    counter.put(*JANE), counter.put(*JAYNE)
    number = counter.json("requests", "receive", "--how", "phone", "--email", "jane.doe@mail.example")["request"]
    counter.upheld("work")
    (record,) = (one for one in counter.json("requests", "review", number))
    return number, record["id"]


def kinds(counter):
    with counter.record.reading() as conn:
        return [entry.kind for entry in ledger.entries(conn)]


def test_a_record_in_doubt_is_one_line_with_its_evidence_and_no_value_that_is_stored(counter):
    number, record = in_doubt(counter)
    said = counter.upheld("requests", "review", number)
    assert said.startswith(f"{record}  crm.customers  likely (")
    assert " bits): not enough is the same to be sure; zip code: the same (+" in said
    assert "first name: nearly the same (+" in said
    assert "last name: different (-" in said
    assert counter.upheld("requests", "review") == f"request {number}  {said}"
    for stored in JAYNE[1:3]:
        assert stored not in counter.upheld("requests", "show", number) + counter.upheld("requests", "review", "--json")


def test_what_an_agent_calls_the_same_is_stopped_and_proven_and_becomes_a_label(counter, monkeypatch):
    monkeypatch.setenv("UPHELD_ACTOR", "Agnes")
    number, record = in_doubt(counter)
    assert counter.marks() == [(1, 1), (None, None)]
    assert "goes on with it" in counter.upheld("requests", "judge", number, record, "same")
    counter.upheld("work")
    assert counter.marks() == [(1, 1), (1, 1)]
    assert counter.json("requests", "show", number)["request"]["state"] == "complete"
    with counter.record.reading() as conn:
        (label,) = queries.labels(conn)
        (entry,) = [entry for entry in ledger.entries(conn) if entry.kind == "request.judged"]
    assert (label.record, label.decision, label.by, label.weights) == (record, "include", "Agnes", shipped().version)
    assert entry.canonical.count(b"Agnes") == 0  # the ledger names staff by a commitment
    assert counter.upheld("requests", "review", number) == "nothing is to be reviewed\n"


def test_what_an_agent_calls_different_stays_as_it_is_and_the_request_is_complete(counter):
    number, record = in_doubt(counter)
    assert counter.json("requests", "show", number)["request"]["state"] == "to review"
    assert counter.json("requests", "judge", number, record, "different") == {"request": number, "state": "working"}
    counter.upheld("work")  # the person was told that records are looked at, and is told the end of it
    assert counter.json("requests", "show", number)["request"]["state"] == "complete"
    assert counter.marks() == [(1, 1), (None, None)]
    assert "decided already" in counter.upheld("requests", "judge", number, record, "same", ends_with=2)


def said_to_them(counter, number):
    with counter.record.reading() as conn:
        times = sum(entry.kind == "request.confirmed" for entry in ledger.entries(conn))
        return times, queries.whole(conn, number).confirmation


LOOKING = "Some records may be yours, and we cannot be sure by what you gave: we are looking at them, and will tell you."


def test_while_records_are_looked_at_the_person_is_told_so_and_told_again_when_one_was_included(counter):
    number, record = in_doubt(counter)
    times, words = said_to_them(counter, number)
    assert times == 1
    assert "Stopped in crm, customers: 1 record" in words
    assert LOOKING in words
    counter.upheld("requests", "judge", number, record, "same")
    counter.upheld("work")
    times, words = said_to_them(counter, number)
    assert times == 2
    assert words.startswith("We have looked at further records since we last wrote to you")
    assert "Stopped in crm, customers: 2 records" in words
    assert LOOKING not in words


def test_nobody_is_told_that_there_is_no_record_while_one_is_looked_at_and_all_are_told_the_end_of_it_once(counter):
    counter.put(*JAYNE)
    given = ("--first", "Jane", "--last", "Doe", "--address", "5 Oak Street", "--zip", "60601")
    number = counter.json("requests", "receive", "--how", "phone", *given)["request"]
    counter.upheld("work")
    (record,) = counter.json("requests", "review", number)
    times, words = said_to_them(counter, number)
    assert times == 1
    assert LOOKING in words
    assert "no record" not in words
    counter.upheld("requests", "judge", number, record["id"], "different")
    counter.upheld("work")
    times, words = said_to_them(counter, number)
    assert times == 2
    assert "We found no record of you" in words
    counter.upheld("requests", "retry", number)
    counter.upheld("work")
    assert said_to_them(counter, number)[0] == 2


def test_a_question_to_the_person_keeps_the_record_in_review(counter):
    number, record = in_doubt(counter)
    counter.upheld("requests", "judge", number, record, "ask")
    assert "the person is to be asked" in counter.upheld("requests", "review", number)
    assert counter.json("requests", "judge", number, record, "same")["state"] in {"working", "to review"}


def test_a_record_of_another_request_cannot_be_judged_by_mistake(counter):
    number, record = in_doubt(counter)
    counter.upheld("requests", "receive", "--how", "phone", "--email", "ann@mail.example")
    assert "has no record" in counter.upheld("requests", "judge", number + 1, record, "same", ends_with=2)
    assert counter.upheld("requests", "judge", number, record, "perhaps", ends_with=2).startswith("upheld: ")
    assert "request.judged" not in kinds(counter)


def test_what_failed_is_tried_again_at_once(counter):
    counter.put(*JANE)
    (counter.folder / "crm.db").rename(counter.folder / "away")
    number = counter.json("requests", "receive", "--how", "phone", "--email", "jane.doe@mail.example")["request"]
    counter.upheld("work")
    assert counter.json("requests", "show", number)["request"]["state"] == "failed"
    (counter.folder / "away").rename(counter.folder / "crm.db")
    assert counter.upheld("requests", "retry", number) == "1 step will be tried again: run `upheld work`\n"
    counter.upheld("work")
    assert counter.marks() == [(1, 1)]
    assert counter.upheld("requests", "retry", number) == "nothing waits to be tried again\n"
    assert "no request 99" in counter.upheld("requests", "retry", 99, ends_with=2)


def told(counter, recipient="gardens", days=0):
    """A request about which a recipient was told some days ago."""
    number = counter.json("requests", "receive", "--how", "phone", "--email", "jane.doe@mail.example")["request"]
    with counter.record.transaction() as tx:
        at = World.office_of(counter).clock()
        row = {"id": 1, "request": number, "recipient": recipient, "releases": [1], "told_at": at.replace(year=at.year - 1)}
        tx.execute(insert(REQUEST_TOLD).values(**row))
    return number


def test_an_acknowledgement_is_noted_once(counter):
    number = told(counter)
    assert "silent for 36" in counter.upheld("requests", "told", "--silent")
    assert counter.upheld("requests", "acknowledge", number, "gardens") == f"gardens acknowledged request {number}\n"
    assert counter.upheld("requests", "told", "--silent") == "nobody\n"
    assert "acknowledged 2" in counter.upheld("requests", "show", number)
    assert "already" in counter.upheld("requests", "acknowledge", number, "gardens", ends_with=2)
    assert "nothing to acknowledge" in counter.upheld("requests", "acknowledge", number, "roses", ends_with=2)
    assert kinds(counter).count("request.acknowledged") == 1


def test_what_was_given_up_says_why_and_that_nothing_happens_until_it_is_retried(counter):
    number = counter.json("requests", "receive", "--how", "phone", "--email", "jane.doe@mail.example")["request"]
    kept = (counter.folder / "systems.toml").read_text()
    (counter.folder / "systems.toml").write_text("this is no map")
    counter.upheld("work")
    said = counter.upheld("requests", "show", number)
    assert f"could not be dealt with: the reason is shown; nothing happens until `upheld requests retry {number}`\n" in said
    (line,) = [line for line in said.splitlines() if "given up" in line]
    assert line.startswith("  search: given up: ")
    assert "because" not in said
    (counter.folder / "systems.toml").write_text(kept)
    away = (counter.folder / "crm.db").rename(counter.folder / "away.db")
    counter.upheld("requests", "retry", number)
    counter.upheld("work")
    said = counter.upheld("requests", "show", number)
    assert "the reason is shown; it is tried again\n" in said
    assert "  find crm: due: is not where the map says: is it there, and readable" in said.splitlines()
    away.rename(counter.folder / "crm.db")


def test_beside_the_state_stands_which_recipient_refused_or_has_not_answered(counter):
    number = told(counter)
    counter.upheld("work")
    assert f"request {number}: complete (gardens has not answered): every place" in counter.upheld("requests", "show", number)
    assert f"{number}  complete (gardens has not answered)  due" in counter.upheld("requests", "list", "--all")
    counter.upheld("requests", "acknowledge", number, "gardens", "--refused")
    assert f"request {number}: complete (gardens REFUSED to stop): every place" in counter.upheld("requests", "show", number)
    assert f"{number}  complete (gardens REFUSED to stop)  due" in counter.upheld("requests", "list", "--all")
    (listed,) = counter.json("requests", "list", "--all")
    shown = counter.json("requests", "show", number)["request"]
    assert [(one["state"], one["refused"], one["silent"]) for one in (listed, shown)] == [("complete", ["gardens"], [])] * 2
    counter.upheld("requests", "acknowledge", number, "gardens")
    assert f"request {number}: complete: every place" in counter.upheld("requests", "show", number)


def test_a_refusal_is_shown_until_the_recipient_acknowledges_after_all(counter):
    number = told(counter)
    counter.upheld("requests", "acknowledge", number, "gardens", "--refused")
    assert "REFUSED" in counter.upheld("requests", "show", number)
    assert "REFUSED" in counter.upheld("requests", "told", number, "--silent")
    counter.upheld("requests", "acknowledge", number, "gardens")
    assert "REFUSED" not in counter.upheld("requests", "told", number)
    assert kinds(counter).count("request.refused") == 1


def test_a_draft_is_withdrawn_and_a_wish_that_holds_is_not(counter):
    draft = counter.json("requests", "receive", "--how", "phone", "--first", "Jane")["request"]
    counter.upheld("requests", "withdraw", draft)
    assert counter.json("requests", "show", draft)["request"]["state"] == "withdrawn"
    holds = counter.json("requests", "receive", "--how", "phone", "--email", "jane.doe@mail.example")["request"]
    assert "cannot become `withdrawn`" in counter.upheld("requests", "withdraw", holds, ends_with=2)


def test_a_note_is_read_by_the_desk_and_lies_sealed(counter, monkeypatch):
    monkeypatch.setenv("UPHELD_ACTOR", "Agnes")
    number = counter.json("requests", "receive", "--how", "phone", "--email", "jane.doe@mail.example")["request"]
    assert counter.upheld("requests", "note", number) == "no note\n"
    counter.upheld("requests", "note", number, "call back after five, 312 555 0142")
    said = counter.upheld("requests", "note", number)
    assert said.endswith("UTC  Agnes: call back after five, 312 555 0142\n")
    with counter.record.reading() as conn:
        assert b"call back" not in b"".join(entry.canonical for entry in ledger.entries(conn))
    if counter.record.is_sqlite:
        assert b"call back" not in (counter.folder / "record.db").read_bytes() + (counter.folder / "record.db-wal").read_bytes()
    assert "1 to 4000" in counter.upheld("requests", "note", number, " ", ends_with=2)
    assert "no request 9" in counter.upheld("requests", "note", 9, "x", ends_with=2)


def test_a_note_about_a_draft_outlives_the_draft(counter):
    draft = counter.json("requests", "receive", "--how", "phone", "--first", "Jane")["request"]
    counter.upheld("requests", "note", draft, "was hard to hear")
    counter.upheld("requests", "receive", "--draft", draft, "--how", "phone", "--email", "jane.doe@mail.example")
    assert "was hard to hear" in counter.upheld("requests", "note", draft)


def test_eu_residents_come_to_information_security_and_desks_hand_over_to_each_other(counter):
    number = counter.json("requests", "receive", "--how", "email", "--email", "jane.doe@mail.example", "--region", "de")["request"]
    assert counter.json("requests", "show", number)["request"]["desk"] == "information security"
    assert "is with `information security` already" in counter.upheld("requests", "handover", number, "information security", ends_with=2)
    said = counter.upheld("requests", "handover", number, "customer service")
    assert said.startswith(f"request {number} is with customer service now (open")
    assert counter.json("requests", "show", number)["request"]["desk"] == "customer service"
    assert "did you mean `customer service`" in counter.upheld("requests", "handover", number, "customer servise", ends_with=2)
    assert kinds(counter).count("request.handed_over") == 1


@pytest.mark.parametrize("state", ["needs more", "complete"])
def test_requests_are_listed_by_state(counter, state):
    counter.upheld("requests", "receive", "--how", "phone", "--email", "jane.doe@mail.example")
    counter.upheld("requests", "receive", "--how", "phone", "--first", "Jane")
    counter.upheld("work")
    assert len(counter.json("requests", "list", "--state", state)) == 1


def test_a_recipient_that_refused_is_not_reminded(shop, tmp_path):
    world = World(shop, tmp_path)
    received = ask(shop)
    world.work()
    with shop.record.transaction() as tx:
        tx.execute(insert(REQUEST_TOLD).values(id=1, request=received.request, recipient="gardens", releases=[], told_at=world.now))
        actions.effects.plan(tx, "request.remind", received.request, "gardens", {"reminders": 0}, world.now)
        actions.acknowledge(tx, received.request, "gardens", at=world.now, actor=world.office.actor, refused=True)
    world.work()
    (told_,) = world.whole(received.request).told
    assert (told_.reminded_at, told_.refused_at) == (None, world.now)
    assert not (shop.home.path / "outbox").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["requests", "show", "{}"],
        ["requests", "review", "{}"],
        ["requests", "judge", "{}", "1", "same"],
        ["requests", "judge", "1", "{}", "same"],
        ["requests", "retry", "{}"],
        ["requests", "acknowledge", "{}", "gardens"],
        ["requests", "told", "{}"],
        ["requests", "withdraw", "{}"],
        ["requests", "note", "{}"],
        ["requests", "handover", "{}", "customer service"],
        ["requests", "receive", "--draft", "{}", "--how", "phone", "--email", "jane.doe@mail.example"],
        ["requests", "draft", "--show", "{}"],
        ["policy", "draft", "approve", "{}"],
        ["policy", "post", "--draft", "{}"],
        ["ledger", "prove", "{}"],
    ],
    ids=" ".join,
)
def test_a_number_that_nothing_can_have_is_refused_in_one_line(counter, words):
    for number in (2**31, 2**63 - 1, 2**63, 99999999999999999999):
        said = counter.upheld(*(word.format(number) for word in words), ends_with=2)
        assert len(said.splitlines()) == 1
        assert "fault" not in said
