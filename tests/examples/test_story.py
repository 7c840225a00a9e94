"""The story of `make demo` comes true, is short, and its numbers are those of the files it leaves; then a newcomer goes on from there."""

import csv
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "demo-home"
    ran = subprocess.run([sys.executable, "-m", "examples.shop.story", str(folder)], cwd=HOUSE, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder, ran.stdout


def rows(path):
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_the_story_is_short(told):
    lines = told[1].splitlines()
    assert len(lines) <= 112
    assert max(map(len, lines)) <= 170


def test_the_list_holds_names_and_addresses_and_nothing_else(told):
    released = rows(told[0] / "gardens.csv")
    assert set(released[0]) == {"first name", "last name", "shipping street", "shipping town", "shipping zip"}
    count = re.search(r"([\d,]+) rows read = ([\d,]+) released \+ ([\d,]+) refused", told[1])
    assert int(count[1].replace(",", "")) == 4_372
    assert int(count[2].replace(",", "")) == len(released)


def test_nobody_who_phoned_to_stop_it_is_on_the_list(told):
    folder, _ = told
    by_email = {row["email"]: row for row in rows(folder / "customers.csv")}
    stopped = [row for row in rows(folder / "stopped.csv") if row["topic"] == "sharing"]
    refused = {
        (by_email[row["email"].lower()]["last name"], by_email[row["email"].lower()]["shipping street"]) for row in stopped if row["email"]
    }
    refused |= {(row["last name"].strip(), row["street"].title().replace(", Apt", ", Apt")) for row in stopped if not row["email"]}
    released = {(row["last name"], row["shipping street"]) for row in rows(folder / "gardens.csv")}
    assert len(refused) > 100
    assert refused & released == set()


def test_the_newsletter_goes_only_to_those_who_signed_up(told):
    folder, _ = told
    signed_up = {row["email"] for row in rows(folder / "newsletter.csv")}
    sent = {row["email"] for row in rows(folder / "newsletter-out.csv")}
    assert sent
    assert sent < signed_up  # some of them phoned later to stop it


def test_a_misspelt_call_finds_its_records_is_reviewed_and_proven_and_the_next_list_is_without_the_person(told):
    folder, story = told
    assert "shop.customers  possible" in story
    assert "shop.customers: stopped, 1 row" in story
    assert "shop.orders: kept under collect.order" in story
    assert re.search(r"gardens: told .*, silent so far", story)
    before, after = (rows(folder / name) for name in ("gardens.csv", "gardens-next.csv"))
    gone = [row for row in before if row not in after]
    assert len(gone) == 1
    assert f"Then {gone[0]['first name']} {gone[0]['last name']} phones" in story


def test_visits_are_told_as_totals_and_no_address_of_the_log_is_left(told):
    folder, story = told
    assert "10,000 lines read = 2,461 counted" in story
    assert "others are withheld: of fewer than 10 people, or hidden to protect those" in story
    with gzip.open(HOUSE / "examples" / "data" / "weblog" / "apache_logs.gz", "rt") as log:
        addresses = {line.split()[0].encode() for line in log}
    left = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    assert len(addresses) > 1000
    assert [one for one in addresses if one in left] == []


def test_a_stranger_can_check_the_evidence(told):
    assert "evidence" in told[1]
    assert re.search(r"\$ python .*verify_ledger.py", told[1])


def test_the_story_tells_what_a_wider_clause_would_do(told):
    assert "ends with 1)" in told[1]
    assert "ends with 3)" in told[1]


def test_the_last_lines_work_as_typed_in_any_folder(told, tmp_path):
    enter, change = (line.strip() for line in told[1].splitlines()[-2:])
    surroundings = os.environ | {"PATH": "/usr/bin:/bin"}  # `upheld` is found by what the first line does
    ran = subprocess.run(["sh", "-c", f"{enter}\n{change}"], cwd=tmp_path, capture_output=True, text=True, check=False, env=surroundings)
    assert "may no longer go to `third party`" in ran.stdout, ran.stderr
    assert (told[0] / "mine.md").exists()


def test_a_newcomer_narrows_a_clause_and_the_list_changes_at_once(told, tmp_path):
    home = shutil.copytree(told[0], tmp_path / "home")

    def upheld(*words, ends_with=0):
        command = [sys.executable, "-m", "upheld.cli.main", "--home", str(home), *words]
        ran = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
        assert ran.returncode == ends_with, ran.stdout + ran.stderr
        return ran.stdout

    def release(out):
        asked = [
            "release",
            "customers.csv",
            "--purpose",
            "marketing.partner",
            "--to",
            "gardens",
            "--source",
            "order",
            "--out",
            out,
            "--json",
        ]
        return json.loads(upheld(*asked))

    before = release("before.csv")
    page = (home / "policies" / "northgate.md").read_text("utf-8").replace("version: 2026.1", "version: 2026.2")
    narrower = page.replace("under contract, at most 4 times a year\n", "under contract, at most 4 times a year\n  unless in gb\n")
    (home / "narrower.md").write_text(narrower, encoding="utf-8")
    assert "may no longer go to `third party`" in upheld("policy", "diff", "policies/northgate.md", "narrower.md")
    upheld("policy", "post", "narrower.md")
    after = release("after.csv")

    british = sum(row["region"] == "gb" for row in rows(home / "customers.csv"))
    assert before["released"] - after["released"] > british * 0.9
    assert after["released"] == len(rows(home / "after.csv")) > 300
    assert {refusal["because"] for refusal in after["refusals"]} >= {
        "the person is in `gb`",
        "it is not known whether the person is in `gb`",
    }
    assert {cells["rows"] for cells in after["cells"]} == {after["released"]}, "each withheld cell is counted once"
