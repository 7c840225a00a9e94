"""`upheld systems check`: each rule has a map that breaks it and the same map mended, over real systems, in text, JSON and SARIF."""

from __future__ import annotations

import ast
import inspect
import json
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.systems.receivers import Hook
from upheld.cli.main import run
from upheld.home import Home
from upheld.policy.compiled import Policy
from upheld.systems import checking, reading
from upheld.systems.checking import check
from upheld.systems.opening import open_system

POLICY = Path(__file__).parents[2] / "policies" / "northgate.md"
SCHEMA = """
CREATE TABLE customers (id INTEGER, shop INTEGER, email TEXT, first TEXT, last TEXT, street TEXT, zip TEXT, no_mail INT,
    PRIMARY KEY (id, shop));
CREATE TABLE orders (no INTEGER PRIMARY KEY, customer INTEGER, shop INTEGER, email TEXT,
    FOREIGN KEY (customer, shop) REFERENCES customers (id, shop));
CREATE TABLE devices (id INTEGER PRIMARY KEY, off INT);
"""
SOUND = """\
[shop]
database = "sqlite:///shop.db"

[shop.columns]
customers.id = "key"
customers.shop = "key"
customers.email = "order.email"
customers.first = "first of order.name"
customers.last = "last of order.name"
customers.street = "address of order.shipping address"
customers.zip = "zip of order.shipping address"
customers.no_mail = "out of newsletter when 1"
orders.no = "key"
orders.customer = "link to customers.id"
orders.shop = "link to customers.shop"
orders.email = "order.email"
devices.id = "key"
devices.off = "nothing"

[shop.keeps]
orders = "order.email under collect.order"
"""
BROKEN = [
    ("unlinked", "warning", 'orders.customer = "link to customers.id"', 'orders.customer = "nothing"', 14, "`orders.customer` leads to"),
    ("nobody-found", "error", 'devices.off = "nothing"', 'devices.off = "out of newsletter when 1"', 18, "nothing in `devices` says whose"),
    ("partial-link", "error", 'orders.shop = "link to customers.shop"', 'orders.shop = "nothing"', 14, "not its whole key"),
    ("part-missing", "error", '"last of order.name"', '"nothing"', 8, "no column of `customers` is the last name"),
    ("part-missing", "error", '"zip of order.shipping address"', '"nothing"', 10, "no column of `customers` is the zip code"),
    ("part-missing", "error", '"address of order.shipping address"', '"nothing"', 11, "no column of `customers` is the street"),
    ("other-key", "warning", 'customers.shop = "key"', 'customers.shop = "nothing"', 5, "the key of `customers` is `id`, `shop`"),
    ("no-flag", "warning", '"out of newsletter when 1"', '"nothing"', 5, "nothing in `customers` marks who stopped"),
    ("unknown-topic", "error", "out of newsletter when", "out of newsleter when", 12, "the policy has no topic `newsleter`"),
    ("unknown-clause", "error", "under collect.order", "under collect.orders", 21, "the policy has no clause `collect.orders`"),
    ("never-collected", "error", 'orders.email = "order.email"', 'orders.email = "order.shoe size"', 16, "collects no `order.shoe size`"),
    ("unreachable", "error", "sqlite:///shop.db", "sqlite:///gone.db", 1, "`shop` is not where the map says"),
    ("table-gone", "error", "customers.", "costumers.", 5, "`shop` has no table `costumers`"),
    ("unanswered", "error", '"last of order.name"', '"? last of order.name"', 9, "waits for an answer"),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db:
        db.executescript(SCHEMA)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def faults(folder, text):
    return check(reading.parse(text, folder=folder), partial(open_system, home=None), Policy.read(POLICY))


def test_the_sound_map_has_no_fault(folder):
    assert faults(folder, SOUND) == []


@pytest.mark.parametrize(("rule", "severity", "line", "broken", "number", "words"), BROKEN, ids=lambda one: str(one)[:20])
def test_each_rule_finds_its_fault_at_its_line(folder, rule, severity, line, broken, number, words):
    assert line in SOUND
    (found,) = [fault for fault in faults(folder, SOUND.replace(line, broken)) if fault.rule == rule]
    assert (found.severity, found.place.line) == (severity, number)
    assert words in found.message
    assert found.hint
    assert "\n" not in found.message + found.hint


def test_every_rule_is_documented_and_has_a_map_that_breaks_it():
    page = (Path(__file__).parents[2] / "docs" / "data-map.md").read_text("utf-8")
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(checking))) if isinstance(node, ast.Call)]
    rules = {call.args[1].value for call in calls if getattr(call.func, "id", "") == "Fault"}
    assert len(rules) >= 11
    assert {rule for rule in rules if f"`{rule}`" not in page} == set()
    elsewhere = {"unmapped-table", "unmapped-column", "column-gone"}  # test_commands
    assert rules - {row[0] for row in BROKEN} - elsewhere == set()


def test_what_is_said_as_text_json_and_sarif_is_the_same(folder, capsys):
    text = SOUND.replace('"last of order.name"', '"nothing"').replace('customers.shop = "key"', 'customers.shop = "nothing"')
    Path("systems.toml").write_text(text)
    said = {}
    for form in ("text", "json", "sarif"):
        assert run(["systems", "check", "systems.toml", "--policy", str(POLICY), "--format", form]) == 1
        said[form] = capsys.readouterr().out
    found = {(one["rule"], one["severity"], one["line"]) for one in json.loads(said["json"])["faults"]}
    assert found >= {("part-missing", "error", 8), ("other-key", "warning", 5)}
    results = json.loads(said["sarif"])["runs"][0]["results"]
    assert {(one["ruleId"], one["level"], one["locations"][0]["physicalLocation"]["region"]["startLine"]) for one in results} == found
    for rule, _, line in found:
        assert rule in said["text"]
        assert f"systems.toml:{line}" in said["text"]


def test_warnings_alone_are_fine(folder):
    Path("systems.toml").write_text(SOUND.replace('customers.no_mail = "out of newsletter when 1"', 'customers.no_mail = "nothing"'))
    assert run(["systems", "check", "systems.toml", "--policy", str(POLICY)]) == 0


HOOKED = """\
[hook]
webhook = "{address}"
secret_file = "keys/hook.secret"

[hook.columns]
people.id = "key"
people.email = "order.email"
people.no_mail = "out of newsletter when 1"
"""


def test_a_webhook_is_scanned_and_checked_as_a_database_is(tmp_path, capsys):
    hook = Hook(tmp_path, "people", schema=("CREATE TABLE people (id INTEGER PRIMARY KEY, email, no_mail INT)",))
    hook.put("people", [(number, f"jane{number}@mail.example", 0) for number in range(5)])
    home = Home.find(hook.home.path)
    try:
        (home.path / "systems.toml").write_text(HOOKED.format(address=hook.address))

        def checked():
            code = run(["--home", str(home.path), "systems", "check", "--policy", str(POLICY)])
            return code, capsys.readouterr().out

        assert checked() == (0, checked()[1])
        assert run(["--home", str(home.path), "systems", "scan", "hook", "--policy", str(POLICY)]) == 0
        scanned = capsys.readouterr().out
        assert 'people.id = "key"' in scanned
        assert "people.email = " in scanned
        assert "jane" not in scanned
        hook.run("ALTER TABLE people ADD COLUMN nickname")
        code, said = checked()
        assert (code, "unmapped-column" in said) == (1, True)
        hook.drop()
        code, said = checked()
        assert (code, "unreachable" in said, "cannot be reached" in said) == (1, True, True)
    finally:
        hook.server.kill()
