"""`upheld match`: whose a record is, for one person, for a file, and learnt from the merchant's own records."""

from __future__ import annotations

import csv

import pytest

from benches.customers import world
from tests.requests.conftest import Counter
from upheld.ledger import queries as ledger
from upheld.people import training
from upheld.people.trained import in_use
from upheld.people.weights import shipped
from upheld.requests.learning import decided

ROWS = [
    ("theresa@mail.example", "Theresa", "Morrison", "108 Deer Trail", "24028", ""),
    ("", "Robert", "Morrison", "108 Deer Trail", "24028", ""),
    ("", "T.", "Morrison", "108 Deer Trail", "24028", ""),
]
TERRI = ("--first", "Terri", "--last", "Morison", "--address", "108 Deer Trl", "--zip", "24028")


@pytest.fixture
def counter(tmp_path, capsys):
    made = Counter(tmp_path, capsys)
    for row in ROWS:
        made.put(*row)
    yield made
    made.record.close()


def entries(counter, kind):
    with counter.record.reading() as conn:
        return [entry for entry in ledger.entries(conn) if entry.kind == kind]


def test_one_line_a_record_with_the_evidence_and_no_stored_value(counter):
    said = counter.upheld("match", "find", *TERRI)
    first, second = said.splitlines()
    assert first.startswith("crm.customers  same  very likely (")
    assert "first name: a known short form (+" in first
    assert "crm.customers  same  " in second
    for stored in ("Morrison", "Theresa", "theresa@", "Robert"):
        assert stored not in said
    assert counter.marks() == [(None, None)] * 3
    (entry,) = entries(counter, "rights.looked")
    assert entry.body == {"same": 2, "review": 0, "silent": 0}


def test_too_little_is_refused_and_a_silent_system_is_named(counter):
    assert "nobody can be found by that: ask for" in counter.upheld("match", "find", "--first", "Terri", ends_with=2)
    (counter.folder / "crm.db").unlink()
    said = counter.upheld("match", "find", *TERRI, ends_with=1)
    assert "crm did not answer: it is not where the map says: is it there, and readable" in said
    assert counter.json("match", "find", *TERRI, ends_with=1)["silent"] == {
        "crm": "it is not where the map says: is it there, and readable"
    }


def test_a_table_that_is_missing_is_the_reason_why_a_system_did_not_answer(counter):
    counter.sql("DROP TABLE customers")
    said = counter.upheld("match", "find", *TERRI, ends_with=1)
    assert said.splitlines()[-1] == "crm did not answer: it has not all tables that the map names: mend the data map"


def test_what_cannot_be_read_is_named(counter):
    said = counter.upheld("match", "find", "--email", "not-an-address", ends_with=2)
    assert "nobody can be found by that: the e-mail address cannot be read, look for a slip of the pen; or ask for the" in said
    assert "not-an-address" not in said
    said = counter.upheld("match", "find", "--email", "not-an-address", "--phone", "1", ends_with=2)
    assert "the e-mail address and the telephone number cannot be read" in said


def test_an_equal_address_is_said_to_have_decided_and_not_a_weight(counter):
    said = counter.upheld("match", "find", "--email", "Theresa@mail.example")
    assert said.startswith("crm.customers  same  decided by the same e-mail address: e-mail address: the same (+")
    assert "bits" not in said
    assert counter.json("match", "find", "--email", "Theresa@mail.example")["matches"][0]["decided"] == "the same e-mail address"
    assert "decided" not in counter.upheld("match", "find", *TERRI)


def test_a_file_is_looked_up_by_the_index_and_what_was_found_is_written_without_values(counter, tmp_path):
    file = tmp_path / "callers.csv"
    file.write_text(
        "name,street,zip,email\nTerri Morison,108 Deer Trl,24028,\nAnn Frost,1 Larkspur Row,00123,\nAnn,,,\n,,,theresa@mail.example\n"
    )
    assert "there is no index yet: run `upheld systems index`" in counter.upheld("match", "file", file, ends_with=2)
    counter.upheld("systems", "index")
    said = counter.upheld("match", "file", file, ends_with=1)
    assert said.startswith("2 of 3 people have records: 3 theirs, 0 to review")
    with (tmp_path / "callers.csv.matches.csv").open() as lines:
        found = list(csv.DictReader(lines))
    assert [(row["line"], row["verdict"]) for row in found] == [("2", "same"), ("2", "same"), ("5", "same"), ("4", "rejected")]
    assert "Morrison" not in (tmp_path / "callers.csv.matches.csv").read_text()
    assert "is there already" in counter.upheld("match", "file", file, ends_with=2)
    assert not list(tmp_path.glob(".*.part"))


def test_a_table_that_left_the_map_is_named(counter, tmp_path):
    counter.upheld("systems", "index")
    (counter.folder / "systems.toml").write_text('[other]\ndatabase = "sqlite:///crm.db"\n[other.columns]\ncustomers.id = "key"\n')
    file = tmp_path / "callers.csv"
    file.write_text("email\ntheresa@mail.example\n")
    said = counter.upheld("match", "file", file, ends_with=2)
    assert "`crm.customers` is in the index and not in the data map: run `upheld systems index`" in said
    assert not (tmp_path / "callers.csv.matches.csv").exists()


def test_weights_are_learnt_from_own_records_and_decisions_and_judge_from_then_on(counter, monkeypatch):
    monkeypatch.setattr(training, "PAIRS", 400_000)
    assert "are too few to learn from" in counter.upheld("match", "train", ends_with=2)
    for row in world(1_200, 78).rows:
        held = row.held
        counter.put(held.email, held.first, held.last, held.address, held.zip, held.phone)
    done = counter.json("match", "train")
    assert done["records"] > 1_200
    with counter.record.reading() as conn:
        assert in_use(conn).version == done["version"] != shipped().version
    (entry,) = entries(counter, "rights.trained")
    assert entry.body == {"records": done["records"], "labels": 0}
    assert "crm.customers  same  likely (" in counter.upheld("match", "find", *TERRI)
    words = ("--first", "Theresa", "--last", "Mason", "--address", "108 Deer Trail", "--zip", "24082")
    number = counter.json("requests", "receive", "--how", "phone", *words)["request"]
    counter.upheld("work")
    for record in counter.json("requests", "review", number):
        counter.upheld("requests", "judge", number, record["id"], "same")
    again = counter.json("match", "train")
    assert again["labels"] > 0
    assert again["version"] != done["version"]


def test_a_proposed_pair_is_judged_by_an_agent_and_holds_from_the_next_index_on(counter):
    for email in ("rm@mail.example", ""):
        counter.put(email, "Robert", "Morrison", "108 Deer Trail", "24028", "")
    assert "there is no index yet" in counter.upheld("match", "pairs", ends_with=2)
    counter.upheld("systems", "index")
    said = counter.upheld("match", "pairs")
    lines = [line for line in said.splitlines() if "crm.customers, crm.customers  very likely" in line]
    assert "e-mail address" not in said
    for stored in ("Morrison", "Robert", "Deer", "24028", "rm@"):
        assert stored not in said
    shown = counter.json("match", "pairs")
    assert len(shown) == len(lines) == 4
    father, son = shown[-1]["pair"], shown[0]["pair"]
    assert "one person" in counter.upheld("match", "judge", father, "same")
    counter.upheld("match", "judge", son, "different")
    assert [one["pair"] for one in counter.json("match", "pairs")] == [one["pair"] for one in shown[1:-1]]
    entry, other = entries(counter, "rights.paired")
    assert (entry.body, other.body["decision"]) == ({"decision": "same", "systems": ["crm"]}, "different")
    with counter.record.reading() as conn:
        assert sorted(same for _, same in decided(conn)) == [False, True]
    done = counter.json("systems", "index")
    assert (done["joined"], done["proposed"]) == (1, 2)
    assert "is no pair of the index in use" in counter.upheld("match", "judge", father, "same", ends_with=2)
