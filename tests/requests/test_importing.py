"""A file of many requests: some twice, some unreadable, run again after a kill; nothing lost, nobody else stopped, every failure named."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.houses import CLERK, NOW
from upheld.choices.models import CHOICE
from upheld.ledger import queries as ledger
from upheld.postings.queries import in_force
from upheld.requests import importing
from upheld.requests.models import REQUEST

HEAD = "email,first,last,address,zip,phone,topic,when,region\n"
ROWS = """\
jane.doe@mail.example,,,,,,,,
,Ann,Frost,1 Larkspur Row,00123,,,,
JANE.DOE@MAIL.EXAMPLE,,,,,,,,
,Jane,,,,,,,
nobody at all,,,,,,,,
bob@mail.example,,,,,,sharing;post,2026-04-01,us-ca
zoe@mail.example,Zoë 🌷,Ørsted,,,,,,
,ליאור,כהן,5 Oak St,60601,,,,
robert@mail.example,Robert'); DROP TABLE request;--,Doe,,,,,,
kate@mail.example,,,,,,newsleter,,
kim@mail.example,,,,,,,in spring,
lee@mail.example,,,,,,,,atlantis
"broken
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(HEAD + ROWS, encoding="utf-8")
    return path


def count(counter, table=REQUEST):
    with counter.record.reading() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def test_each_readable_row_is_a_request_and_each_other_one_has_its_line_and_reason(counter, file):
    said = counter.json("requests", "import", file, ends_with=1)
    assert (said["received"], said["again"], said["rejected"]) == (6, 1, 6)
    with Path(said["rejects"]).open(newline="") as listed:
        reasons = {int(row["line"]): row["reason"] for row in csv.DictReader(listed)}
    assert {line: reason.split(":")[0] for line, reason in reasons.items()} == {
        5: "too little to find anybody",
        6: "too little to find anybody",
        11: "the row's topic is none of the policy's",
        12: "the time cannot be read",
        13: "the region cannot be read",
        14: "the row cannot be read",
    }
    assert not any(value in " ".join(reasons.values()) for value in ("Jane", "nobody", "in spring", "lee@", "kate@", "atlantis"))
    with counter.record.reading() as conn:
        bob = conn.execute(select(REQUEST).where(REQUEST.c.region == "us-ca")).one()
    assert (bob.topics, bob.received_at.isoformat()) == (["sharing", "post"], "2026-04-01T00:00:00+00:00")


def test_a_file_taken_in_again_is_the_same_requests(counter, file):
    counter.upheld("requests", "import", file, ends_with=1)
    choices = count(counter, CHOICE)
    said = counter.json("requests", "import", file, ends_with=1)
    assert (said["received"], said["again"], count(counter), count(counter, CHOICE)) == (0, 7, 6, choices)
    with counter.record.reading() as conn:
        assert [entry.kind for entry in ledger.entries(conn)].count("requests.imported") == 2


def test_killed_between_two_transactions_a_file_is_taken_in_again_without_loss_or_repetition(shop, tmp_path, monkeypatch):
    path = tmp_path / "many.csv"
    path.write_text("email\n" + "".join(f"p{number % 250}@mail.example\n" for number in range(300)))
    monkeypatch.setattr(importing, "ROWS_A_TRANSACTION", 60)
    with shop.record.reading() as conn:
        posted = in_force(conn, NOW)

    def take_in(**more):
        return importing.take_in(shop.record, shop.keeper, path, importing.Plan(), posted, clock=lambda: NOW, actor=CLERK, **more)

    class Killed(BaseException):
        pass

    def dies(_, seen=[]):  # noqa: B006 - counts its calls
        seen.append(1)
        if len(seen) == 2:
            raise Killed

    with pytest.raises(Killed):
        take_in(advance=dies)
    done = take_in()
    assert (done.received, done.again, done.rejected) == (130, 170, 0)
    with shop.record.reading() as conn:
        assert conn.execute(select(func.count()).select_from(REQUEST)).scalar_one() == 250


def test_two_imports_at_the_same_moment_make_each_row_one_request(counter, tmp_path):
    path = tmp_path / "many.csv"
    path.write_text("email\n" + "".join(f"p{number}@mail.example\n" for number in range(450)))
    words = [sys.executable, "-m", "upheld.cli.main", "--home", str(counter.folder), "requests", "import", str(path), "--json"]
    there = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    together = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=there) for _ in range(2)]
    said = [json.loads(process.communicate(timeout=120)[0]) for process in together]
    assert [process.returncode for process in together] == [0, 0]
    assert (sum(each["received"] for each in said), sum(each["again"] for each in said)) == (450, 450)
    assert count(counter) == 450
    assert count(counter, CHOICE) % 450 == 0


def test_the_same_person_on_another_day_is_another_request(counter, tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text("email,when\njane@mail.example,2026-04-01\njane@mail.example,2026-04-01T09:00:00\njane@mail.example,2026-05-01\n")
    said = counter.json("requests", "import", path)
    assert (said["received"], said["again"]) == (2, 1)


def test_a_file_that_names_nobody_or_is_not_there_does_nothing(counter, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("colour\nred\n")
    assert "no column names people" in counter.upheld("requests", "import", path, ends_with=2)
    assert "no such file" in counter.upheld("requests", "import", tmp_path / "away.csv", ends_with=2)
    assert "channel" in counter.upheld("requests", "import", path, "--how", "pigeon", ends_with=2)
    assert count(counter) == 0


def test_a_whole_name_and_other_headings_are_read(counter, tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text("Customer;Street address;Postcode\nDoe, Jane;5 Oak St;60601\n")
    said = counter.json("requests", "import", path)
    assert said["columns"] == {"name": "Customer", "address": "Street address", "zip": "Postcode"}
    counter.put("", "Jane", "Doe", "5 Oak Street", "60601", "")
    counter.upheld("work")
    assert counter.marks() == [(1, 1)]
