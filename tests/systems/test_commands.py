"""`upheld systems`: a map proposed from a real database or from YAML, held against the database and the policy."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from upheld.systems import yamls
from upheld.systems.guessing import guess

POLICY = Path("policies/northgate.md").resolve()
SOURCE = Path("src").resolve()
SCHEMA = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, first_name TEXT, last_name TEXT, street TEXT, zip TEXT, no_mail INT,
    newsletter_note TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INT REFERENCES customers (id), total INT);
CREATE TABLE stock (id INTEGER PRIMARY KEY, pieces INT);
"""
SAMPLES = ("jane", "Jane", "Quillfeather", "Zanzibar", "60601", "mail.example", "Secretnote")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command in a folder with a real database, `shop.db`."""
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("shop.db")) as db:
        db.executescript(SCHEMA)
        row = ("Jane", "Quillfeather", "5 Zanzibar Street", "60601", 1, "Secretnote")
        db.executemany("INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [(at, f"jane{at}@mail.example", *row) for at in range(5)])
        db.commit()
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))
    return command


def command(*given):
    """A command as a user runs it."""
    words = [sys.executable, "-c", "from upheld.cli.main import main; main()", *map(str, given)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def scanned(run):
    return run("systems", "scan", "sqlite:///shop.db", "--policy", POLICY)


def answered(run):
    """The scan's proposal with every question answered as it guesses, but for the note."""
    lines = scanned(run).stdout.replace('"? nothing"', '"nothing"').replace('"? ', '"')
    Path("systems.toml").write_text(lines)
    return lines


def checked(run):
    return run("systems", "check", "systems.toml", "--policy", POLICY)


def test_a_scan_is_accepted_once_its_questions_are_answered_and_shows_no_sample(run):
    found = scanned(run)
    assert found.returncode == 0, found.stdout + found.stderr
    assert not [sample for sample in SAMPLES if sample in found.stdout + found.stderr]
    assert '"link to customers.id"' in found.stdout
    Path("systems.toml").write_text(found.stdout)
    refused = checked(run)
    assert refused.returncode == 1
    assert "waits for an answer" in refused.stdout
    answered(run)
    accepted = checked(run)
    assert accepted.returncode == 0, Path("systems.toml").read_text() + accepted.stdout


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("ALTER TABLE customers ADD COLUMN nickname TEXT", "unmapped-column"),
        ("ALTER TABLE orders DROP COLUMN total", "column-gone"),
        ("CREATE TABLE guests (id INTEGER PRIMARY KEY, email TEXT)", "unmapped-table"),
        ("DROP TABLE stock", "table-gone"),
    ],
)
def test_what_changed_in_a_database_is_an_error(run, change, rule):
    answered(run)
    with closing(sqlite3.connect("shop.db")) as db:
        db.execute(change)
    found = checked(run)
    assert found.returncode == 1
    assert rule in found.stdout + found.stderr


def test_a_folder_of_files_is_scanned_and_checked_as_a_database_is(run):
    Path("exports").mkdir()
    people = [f"{at},jane{at}@mail.example,Jane,Quillfeather,{at % 2}" for at in range(9)]
    Path("exports/people.csv").write_text("\n".join(["id,email,first_name,last_name,unsubscribed", *people]))
    found = run("systems", "scan", "./exports", "--policy", POLICY)
    assert found.returncode == 0, found.stderr
    assert "the table has no key" in found.stdout
    assert not [sample for sample in SAMPLES if sample in found.stdout + found.stderr]
    Path("systems.toml").write_text(found.stdout.replace('"? ', '"').replace("key; nothing", "key"))
    accepted = checked(run)
    assert accepted.returncode == 0, found.stdout + accepted.stdout
    Path("exports/people.csv").write_text("id,email,first_name,last_name,unsubscribed,nickname\n")
    assert "unmapped-column" in checked(run).stdout
    Path("exports/people.csv").unlink()
    assert "table-gone" in checked(run).stdout


def test_what_the_policy_never_collects_is_an_error(run):
    lines = answered(run)
    Path("systems.toml").write_text(lines.replace('orders.total = "nothing"', 'orders.total = "order.shoe size"'))
    found = checked(run)
    assert found.returncode == 1
    assert "never-collected" in found.stdout + found.stderr


def test_a_dataset_of_fideslang_is_imported(run):
    fields = [
        {"name": "id", "fides_meta": {"primary_key": True}, "data_categories": ["user.unique_id"]},
        {"name": "email", "data_categories": ["user.contact.email"]},
    ]
    Path("fides.yml").write_text(json.dumps({"dataset": [{"fides_key": "shop", "collections": [{"name": "people", "fields": fields}]}]}))
    found = run("systems", "import", "fides.yml", "--from", "fideslang", "--policy", POLICY)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "people.id = " in found.stdout
    assert "people.email = " in found.stdout
    assert ".email" in found.stdout.split("people.email = ")[1].splitlines()[0]


def test_a_schema_of_dbt_is_imported(run):
    columns = [{"name": "id", "tests": ["unique", "not_null"]}, {"name": "mail", "meta": {"upheld": "order.email"}}]
    Path("schema.yml").write_text(json.dumps({"version": 2, "models": [{"name": "people", "columns": columns}]}))
    found = run("systems", "import", "schema.yml", "--from", "dbt", "--policy", POLICY)
    assert found.returncode == 0, found.stdout + found.stderr
    assert 'people.id = "key"' in found.stdout
    assert 'people.mail = "order.email"' in found.stdout


@pytest.mark.parametrize(
    "text", ["a: &a [x]\nb: [" + "*a, " * 1_001 + "]\n", "#" * (yamls.LARGEST + 1), "[" * 5_000, "!!python/name:os.system x"]
)
def test_yaml_that_would_harm_is_refused_in_one_line(run, text):
    Path("bad.yml").write_text(text)
    found = run("systems", "import", "bad.yml", "--from", "dbt", "--policy", POLICY)
    assert found.returncode not in {0, 1}
    assert found.stdout == ""
    assert len(found.stderr.strip().splitlines()) == 1


def test_an_index_reports_what_it_read(run):
    made = run("init", "home")
    assert made.returncode == 0, made.stderr
    Path("home/systems.toml").write_text(answered(run).replace("sqlite:///shop.db", f"sqlite:///{Path('shop.db').resolve()}"))
    found = run("--home", "home", "systems", "index", "--processes", "1", "--json")
    assert found.returncode == 0, found.stdout + found.stderr
    said = json.loads(found.stdout)
    assert {one["table"]: one["records"] for one in said["tables"]}["customers"] == 5
    assert said["codes"] > 0


@pytest.mark.parametrize(
    ("column", "values", "out"),
    [
        ("opted_out", [0, 0], "1"),
        ("opted_out", [], "1"),
        ("newsletter", [1, 0], "0"),
        ("subscribed", ["Y"], "n"),
        ("do_not_call", ["N", "Y"], "Y"),
        ("newsletter", ["subscribed", "unsubscribed"], "unsubscribed"),
        ("do_not_contact", [0, 1], "1"),
        ("suppressed", ["Y", "N"], "Y"),
        ("suppression", [], "1"),
        ("consent", [0, 1], "0"),
        ("consent_withdrawn", [0, 1], "1"),
        ("is_blocked", [0, 0], "1"),
        ("ads_off", [1, 0], "1"),
        ("ads_ok", [1, 0], "0"),
        ("marketing_ok", ["yes", "no"], "no"),
        ("no_contact", [False, True], "1"),
    ],
)
def test_what_probably_means_out_follows_the_name_and_the_marks(column, values, out):
    assert guess(column, "text", values).out == out


@pytest.mark.parametrize(
    ("type_", "values", "marks"),
    [
        ("integer", [0, 1, 0], True),
        ("integer", [1, None, None], True),
        ("text", ["N", "Y"], True),
        ("boolean", [], True),
        ("TINYINT", [], True),
        ("integer", [], False),
        ("integer", [7, 9] * 5, True),
        ("integer", [7, 9], False),
        ("integer", [0, 1, 2], False),
        ("timestamp", ["2026-01-01", "2026-01-02"] * 9, False),
    ],
)
def test_a_column_of_two_values_may_mark_who_is_out(type_, values, marks):
    assert guess("zq", type_, values).marks == marks


def test_a_column_of_two_values_that_is_not_understood_is_a_question_in_a_table_about_people_alone(run):
    with closing(sqlite3.connect("shop.db")) as db:
        db.execute("ALTER TABLE customers ADD COLUMN zq INT DEFAULT 0")
        db.execute("ALTER TABLE customers ADD COLUMN is_blocked INT DEFAULT 0")
        db.execute("ALTER TABLE customers ADD COLUMN points INT DEFAULT 40")
        db.execute("ALTER TABLE stock ADD COLUMN zq INT DEFAULT 0")
        db.execute("INSERT INTO stock (pieces) VALUES (3)")
        db.commit()
    found = scanned(run).stdout.splitlines()
    assert 'customers.zq = "? nothing"  # two values: do they mark who is out?' in found
    assert 'customers.is_blocked = "? out of newsletter when 1"  # marks with `0`' in found
    assert 'customers.points = "nothing"' in found
    assert 'stock = "nothing"' in found


def test_a_proposed_map_comes_in_json_too(run):
    plain = scanned(run)
    said = json.loads(run("systems", "scan", "sqlite:///shop.db", "--policy", POLICY, "--json").stdout)
    assert said["map"] == plain.stdout
    assert (said["tables"], str(said["asked"])) == (3, plain.stderr.split(";")[1].split()[0])
