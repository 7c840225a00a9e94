"""`upheld choices`, `recipients`, `policy post` and `history` from a terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from upheld.cli import exits, main


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Runs `upheld` in a home where the sample policy is posted; answers exit code, output, errors."""
    monkeypatch.setenv("UPHELD_HOME", str(tmp_path / "home"))

    def ran(*words, said=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(said))
        code = main.run(list(words))
        out, err = capsys.readouterr()
        return code, out, err

    assert ran("init", str(tmp_path / "home"))[0] == exits.FINE
    assert ran("policy", "post", "policies/northgate.md")[0] == exits.FINE
    return ran


def test_a_choice_heard_on_the_phone_is_recorded_and_shown(run):
    code, out, _ = run(
        "choices", "record", "--email", "jane@shop.example", "--topic", "sharing", "--topic", "post", "--out", "--how", "phone"
    )
    assert (code, out) == (exits.FINE, "recorded: person 1 opted out of sharing, post\n")
    code, out, _ = run("choices", "show", "-", said="JANE@shop.example\n")
    assert code == exits.FINE
    assert "sharing: out" in out
    assert "newsletter: nothing chosen" in out
    assert "heard by phone" in out
    assert "jane" not in out.lower()
    shown = json.loads(run("choices", "show", "jane@shop.example", "--json")[1])
    assert shown[0]["standing"]["choices"]["post"] == "out"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("jane@shop.example", "--topic", "sharng", "--out", "--how", "phone"), "did you mean `sharing`"),
        (("jane@shop.example", "--topic", "sharing", "--how", "phone"), "`--out` or `--in`"),
        (("jane@shop.example", "--topic", "sharing", "--out", "--how", "fone"), "did you mean `phone`"),
        (("jane@shop.example", "--topic", "sharing", "--out", "--how", "phone", "--at", "yesterday"), "`--at` is no time"),
        (("a@shop.example", "--email", "b@shop.example", "--topic", "sharing", "--out", "--how", "phone"), "once"),
        (("not an address", "--topic", "sharing", "--out", "--how", "phone"), "no identifier can be read"),
        (("--topic", "sharing", "--out", "--how", "phone"), "say whom you mean"),
    ],
)
def test_what_cannot_be_recorded_is_one_line_and_shows_nobody(run, words, error):
    code, out, err = run("choices", "record", *words)
    assert (code, out) == (exits.BAD_INPUT, "")
    assert error in err
    assert err.count("\n") == 1
    assert "jane" not in err
    assert run("choices", "show", "jane@shop.example")[0] == exits.BAD_INPUT


def test_a_file_is_taken_in_and_its_rejects_are_findings(run, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Contact\na@shop.example\nnone\n")
    code, out, _ = run("choices", "import", str(path), "--topic", "sharing", "--out", "--column", "email=Contact")
    assert code == exits.FINDINGS
    assert "recorded 1 choice;" in out
    assert (tmp_path / "list.csv.rejects.csv").read_text() == "line,reason\r\n3,no identifier can be read\r\n".replace("\r\n", "\n")
    code, out, _ = run("choices", "import", str(path), "--topic", "sharing", "--out", "--column", "email=Contact")
    assert (code, out.count("\n")) == (exits.FINE, 1)
    assert out.startswith("nothing to do: this file was taken in at 20")
    assert out.endswith("(1 recorded, 1 rejected); `--again` takes it in once more\n")
    code, out, _ = run("choices", "import", str(path), "--topic", "sharing", "--out", "--column", "email=Contact", "--again")
    assert (code, "recorded 1 choice;" in out) == (exits.FINDINGS, True)
    assert run("choices", "import", str(path), "--topic", "sharing", "--out", "--column", "Contact")[0] == exits.BAD_INPUT
    path.write_text("Contact\na@shop.example\n")
    opt_ins = ("choices", "import", str(path), "--topic", "sharing", "--in", "--column", "email=Contact", "--json")
    code, _, said = run(*opt_ins)
    assert (code, "give `--at`" in said) == (exits.BAD_INPUT, True)
    done = json.loads(run(*opt_ins, "--at", "2026-01-05")[1])
    assert (done["recorded"], done["rejected"]) == (1, 0)


def test_policies_are_posted_and_listed(run, tmp_path):
    code, out, _ = run("policy", "history")
    assert (code, "(in force)" in out) == (exits.FINE, True)
    assert "posted already" in run("policy", "post", "policies/northgate.md")[2]
    assert "cannot be posted for the past" in run("policy", "post", "policies/northgate.md", "--at", "2020-01-01")[2]
    text = Path("policies/northgate.md").read_text("utf-8")
    version = json.loads(run("policy", "history", "--json")[1])[0]["version"]
    (tmp_path / "next.md").write_text(text.replace(f"version: {version}", "version: next"))
    assert run("policy", "post", str(tmp_path / "next.md"), "--at", "2199-01-01")[0] == exits.FINE
    found = json.loads(run("policy", "history", "--json")[1])
    assert [(each["version"], each["in_force"]) for each in found] == [(version, True), ("next", False)]
    assert len(json.loads(run("policy", "history", "--at", "2198-01-01", "--json")[1])) == 1
    assert "cannot be withdrawn" in run("policy", "unpost", version)[2]
    assert run("policy", "unpost", "next")[:2] == (0, "version next is withdrawn; it was to be in force from 2199-01-01 00:00:00 UTC\n")
    assert [each["version"] for each in json.loads(run("policy", "history", "--json")[1])] == [version]


def test_posting_a_wider_version_says_whom_it_does_not_reach(run, tmp_path):
    run("choices", "record", "jane@shop.example", "--topic", "sharing", "--in", "--how", "web")
    text = Path("policies/northgate.md").read_text("utf-8")
    version = json.loads(run("policy", "history", "--json")[1])[0]["version"]
    statement = "allow marketing.post to affiliate using order.name\n"
    wider = text.replace(f"version: {version}", "version: next").replace("notice on leaving\n", f"notice on leaving\n{statement}", 1)
    (tmp_path / "next.md").write_text(wider)
    code, out, _ = run("policy", "post", str(tmp_path / "next.md"))
    assert code == exits.FINE
    assert "that does not touch what was collected earlier\nof 1 people in the record, until they agree" in out


def test_recipients_are_registered_vetted_and_bound(run):
    assert "no recipient is registered" in run("recipients", "list")[1]
    assert run("recipients", "add", "acme-mailing", "--kind", "third party", "--title", "Acme Mailing", "--region", "us")[0] == exits.FINE
    assert run("recipients", "list")[1] == "acme-mailing (Acme Mailing): third party in us; not vetted; no contract\n"
    assert run("recipients", "vet", "acme-mailing", "--reputable", "--reviewed", "2026-01-31")[0] == exits.FINE
    words = ("recipients", "contract", "acme-mailing", "--for", "marketing.partner", "--from", "2026-01-01", "--until", "2199-01-01")
    assert run(*words)[0] == exits.FINE
    line = run("recipients", "list")[1]
    assert "reputable, reviewed 2026-01-31; contract for marketing.partner from 2026-01-01 until 2199-01-01" in line
    assert run("recipients", "contract", "acme-mailing", "--end")[0] == exits.FINE
    assert "no contract" in run("recipients", "list")[1]


def test_a_contract_of_those_who_work_for_us_is_held_to_the_law_s_checklist(run):
    assert "no sale or share  [us-ca.ccpa.vendor]" in run("recipients", "terms")[1]
    run("recipients", "add", "carrier", "--kind", "subcontractor")
    said = run("recipients", "contract", "carrier", "--for", "service", "--term", "no sale or share")[1]
    assert "it counts as none, for it lacks: specific business purposes not generic; " in said
    assert "counts as none" not in run("recipients", "contract", "carrier", "--for", "service", "--all-terms")[1]
    assert "contract for service from" in run("recipients", "list")[1]
    assert "with 10 terms of the law" in run("recipients", "list")[1]
    code, _, error = run("recipients", "contract", "carrier", "--for", "service", "--term", "no sales or share")
    assert (code, "did you mean `no sale or share`" in error) == (exits.BAD_INPUT, True)
    assert run("recipients", "address", "carrier", "email", "desk@carrier.example")[1] == "carrier is reached by email\n"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("add", "Acme", "--kind", "third party"), "short name"),
        (("vet", "acme-mailing"), "`--reputable` or `--not-reputable`"),
        (("vet", "acme-mailing", "--reputable", "--reviewed", "soon"), "`--reviewed` is no day"),
        (("contract", "acme-mailing", "--for", "marketing.partner", "--until", "9999-01-01"), "`--until` is no time before the year 2200"),
        (("contract", "acme-mailing"), "`--for PURPOSE`, or `--end` it"),
        (("contract", "acme-mailing", "--for", "marketing.partner"), "no recipient `acme-mailing` is registered"),
    ],
)
def test_what_cannot_be_registered_is_one_line(run, words, error):
    code, _, err = run("recipients", *words)
    assert code == exits.BAD_INPUT
    assert error in err


def test_a_person_agrees_to_a_newer_policy(run):
    run("choices", "record", "jane@shop.example", "--topic", "sharing", "--in", "--how", "web")
    code, out, _ = run("choices", "agree", "jane@shop.example", "--how", "web", "--source", "order", "--words", "I agree")
    version = json.loads(run("policy", "history", "--json")[1])[0]["version"]
    assert (code, out) == (exits.FINE, f"recorded: person 1 agreed to version {version} for order\n")
    assert f"order stands under version {version}" in run("choices", "show", "jane@shop.example")[1]
    assert "no source `ordr`" in run("choices", "agree", "jane@shop.example", "--how", "web", "--source", "ordr")[2]
    assert "is posted" in run("choices", "agree", "jane@shop.example", "--how", "web", "--to", "2031.9")[2]
