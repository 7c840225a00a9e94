"""Bad policy files: what is no text is refused in one line that says what to do; what can be read is criticised whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.policy.writing import FRONT, page
from upheld.cli.main import run

SOUND = page("collect order: name", "keep order for 1 year", "allow ordering using order")


@pytest.fixture
def policy(tmp_path, monkeypatch, capsys):
    """Write a policy file and call `upheld policy` on it: the exit code, what was said, what was said on the side."""
    monkeypatch.chdir(tmp_path)

    def call(content, *words):
        if content is not None:
            (tmp_path / "p.md").write_bytes(content if isinstance(content, bytes) else content.encode())
        code = run(["policy", words[0] if words else "check", *words[1:], "p.md"])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_a_sound_policy_is_fine(policy):
    assert policy(SOUND) == (0, "p.md: no fault found\n", "")


NO_TEXT = [
    ("empty", b"", "the file is empty; begin with the front matter"),
    ("blank", b" \n\t\r\n", "the file is empty"),
    ("huge", FRONT.encode() + b"a" * 4 * 1024 * 1024, "larger than 4 MiB; split it"),
    ("byte order mark", b"\xef\xbb\xbf" + SOUND.encode(), "begins with a byte order mark; run `upheld policy fmt --write p.md`"),
    ("Windows line ends", SOUND.replace("\n", "\r\n").encode(), "Windows line ends (CR LF); run `upheld policy fmt --write p.md`"),
    ("Latin-1", FRONT.encode() + b"caf\xe9\n", "not UTF-8 (byte 56); save it as UTF-8 (p.md:7)"),
    ("cut short", FRONT.encode() + "é".encode()[:1], "not UTF-8"),
    ("a lone surrogate", FRONT.encode() + b"\xed\xa0\x80", "not UTF-8"),
    ("UTF-16", SOUND.encode("utf-16"), "the file is UTF-16; save it as UTF-8"),
    ("NUL", SOUND.encode() + b"\0", "the file holds a NUL byte"),
]


@pytest.mark.parametrize(("content", "line"), [case[1:] for case in NO_TEXT], ids=[case[0] for case in NO_TEXT])
@pytest.mark.parametrize("words", [("check",), ("check", "--format", "sarif"), ("explain",)], ids=" ".join)
def test_what_is_no_plain_text_is_refused_in_one_line(policy, content, line, words):
    code, out, err = policy(content, *words)
    assert (code, out) == (2, "")
    assert err.startswith("upheld: ")
    assert err.count("\n") == 1
    assert line in err


def test_a_file_that_cannot_be_opened_is_refused_in_one_line(policy, tmp_path):
    assert policy(None) == (2, "", "upheld: there is no file `p.md`\n")
    (tmp_path / "p.md").mkdir()
    assert policy(None) == (2, "", "upheld: `p.md` cannot be read: is a directory\n")


FINDINGS = [
    ("tab", page("notice\ton", "\tleaving"), ["10:7: error: a tab in a statement", "11:1: error: a tab"]),
    (
        "duplicate ids",
        FRONT + "A. {#a .statement}\n\nB. {#a .statement}\n",
        ["9:4: error: the clause id `a` is used twice, first in line 7"],
    ),
    ("unclosed block", page("notice on leaving").removesuffix("```\n"), ["9:1: error: this block is never closed"]),
    (
        "a block closed by the next one",
        FRONT + "A. {#a}\n\n```upheld\nnotice on leaving\n\nB. {#b}\n\n```upheld\nforbd any\n```\n",
        ["9:1: error: this block is never closed", "15:1: error: no statement begins with `forbd`"],
    ),
    (
        "a block closed by the next one without a blank line",
        FRONT + "A. {#a}\n\n```upheld\nnotice on leaving\n```upheld\nnotice on leaving\n```\n",
        ["9:1: error: this block is never closed"],
    ),
    ("an unclosed listing", FRONT + "A. {#a .statement}\n\n```json\n{}\n\nB. {#b}\n", ["9:1: error: this block is never closed"]),
    ("no front matter", "A. {#a .statement}\n", ["1:1: error: the front matter is missing"]),
    ("an open front matter", "---\ncompany: X\n\nA. {#a .statement}\n", ["1:1: error: the front matter is missing"]),
    (
        "a bad front matter",
        "---\ncompany: X\ncompnay: X\ncompany: Y\ntitle\nversion: ''\n\n# c\n---\n\nA. {#a .statement}\n",
        [
            "1:1: error: the front matter does not say `title`",
            "1:1: error: the front matter does not say `version`",
            "3:1: error: unknown key `compnay`; did you mean `company`?",
            "4:1: error: `company` is said twice",
            "5:1: error: a line of the front matter without `:`",
        ],
    ),
    (
        "statements under no clause",
        FRONT + "```upheld\nnotice on leaving\n```\n\nA. {#a .statement}\n",
        ["7:1: error: these statements stand"],
    ),
    (
        "statements under a heading without id",
        FRONT + "A. {#a .statement}\n\n# B\n\n```upheld\nnotice on leaving\n```\n",
        ["11:1: error: these statements stand under no clause"],
    ),
    ("a misspelt block", FRONT + "A. {#a .statement}\n\n```uphold\nx\n```\n", ["9:1: error: the statements of this block are not run"]),
    ("a nameless block", FRONT + "A. {#a .statement}\n\n```\nforbid any\n```\n", ["9:1: error: the statements of this block are not run"]),
    ("a listing", FRONT + "A. {#a .statement}\n\n```json\n{}\n```\n\n~~~\n~~~\n", []),
    (
        "an indented block",
        FRONT + "A. {#a .statement}\n\n    ```upheld\n    forbid any\n    ```\n",
        ["9:1: error: Markdown does not take this for a block"],
    ),
    ("an id in the middle", FRONT + "A. {#a}\nB. {#b .statement}\n", ["7:4: error: `{#a}` ends no paragraph"]),
    ("an id in HTML", FRONT + "A. {#a .statement}\n\n<div>\nB. {#b}\n</div>\n", ["10:4: error: `{#b}` ends no paragraph"]),
    ("a bad id", FRONT + "A. {#a b}\n\nA. {#b .statement}\n", ["7:4: error: unknown mark `b`"]),
    ("a bad id with a dot", FRONT + "A. {#.a}\n\nA. {#a .statement}\n", ["7:4: error: `{#.a}` is no clause id"]),
    ("two ids", FRONT + "A. {#a #b .statement}\n", ["7:4: error: `{#a #b .statement}` is no clause id"]),
    ("a bad mark", FRONT + "A. {#a .statment}\n", ["7:4: error: unknown mark `.statment`; did you mean `.statement`?"]),
    ("another mark", FRONT + "A. {#a .wide .statement}\n", ["7:4: error: unknown mark `.wide`; only `.statement` is known"]),
    ("an id in two lines", FRONT + "A\nheading {#a}\n=====\n\nB.\nMore. {#b .statement}\n", []),
    (
        "a list",
        FRONT + "- A. {#a .statement}\n- B. {#b}\n  ```upheld\n  notice on leaving\n  forbd any\n  ```\n",
        ["11:3: error: no statement"],
    ),
    ("deep nesting", FRONT + ">" * 100_000 + " A. {#a}\n", ["1:1: error: the document has no clause", "7:100005: error: `{#a}` ends no"]),
    (
        "deep lists",
        FRONT + "".join(f"{'  ' * depth}- x\n" for depth in range(500)) + "\nA. {#a}\n",
        ["1:1: error: the doc", "508:4: error: `{#a}` ends"],
    ),
    ("deep brackets", FRONT + "[" * 200_000 + " {#a .statement}\n", []),
    ("many negations", page(f"forbid any when {'not ' * 4_000}as totals"), ["10:21: error: found `not`"]),
    ("a statement of 1 MB", page("forbid any using " + "order, " * 150_000 + "order"), ["10:1: error: a statement of 1050022 characters"]),
    ("a continuation of nothing", page("  notice on leaving"), ["10:3: error: a continuation line that continues nothing"]),
    ("an empty block", FRONT + "A. {#a}\n\n```upheld\n\n# nothing\n```\n", ["7:1: error: nothing keeps the clause `a`"]),
    ("no clause", FRONT + "Nothing. {.statement}\n", ["1:1: error: the document has no clause"]),
]


@pytest.mark.parametrize(("text", "lines"), [case[1:] for case in FINDINGS], ids=[case[0] for case in FINDINGS])
def test_what_can_be_read_is_criticised_with_places(policy, text, lines):
    code, out, err = policy(text)
    errors = [line for line in out.split("\n") if ": error: " in line]
    assert [error.startswith(f"p.md:{line}") for error, line in zip(errors, lines, strict=True)] == [True] * len(lines), errors
    assert (code, err) == (1 if lines else 0, "")


def test_a_policy_with_findings_is_no_policy_for_other_commands(policy):
    code, out, err = policy(page("alow x", "forbd y"), "prove")
    assert (code, out) == (2, "")
    assert err == "upheld: no statement begins with `alow` (and 1 more: run `upheld policy check p.md`) (p.md:10:1)\n"


# Formats


def test_faults_are_given_as_json(policy):
    code, out, _ = policy(page("alow x"), "check", "--format", "json")
    assert code == 1
    assert json.loads(out) == {
        "file": "p.md",
        "faults": [
            {
                "line": 10,
                "column": 1,
                "severity": "error",
                "rule": "syntax",
                "message": "no statement begins with `alow`",
                "hint": "did you mean `allow`?",
            }
        ],
    }
    assert policy(page("alow x"), "check", "--json")[1] == out


def test_faults_are_given_as_sarif(policy):
    code, out, _ = policy(page("alow x", "collect order: name"), "check", "--format", "sarif")
    log = json.loads(out)
    assert code == 1
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (one_run,) = log["runs"]
    rules = one_run["tool"]["driver"]["rules"]
    assert {(result["ruleId"], result["level"]) for result in one_run["results"]} >= {("syntax", "error")}
    for result in one_run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning"}
        assert result["message"]["text"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"] == {"uri": "p.md"}
        assert location["physicalLocation"]["region"]["startLine"] >= 1
        assert location["physicalLocation"]["region"]["startColumn"] >= 1
    assert json.loads(policy(SOUND, "check", "--format", "sarif")[1])["runs"][0]["results"] == []


# Laying out


def test_fmt_prints_what_it_would_write_and_writes_only_when_told(policy, tmp_path):
    untidy = page("forbid    any")
    tidy = page("forbid any")
    assert policy(untidy, "fmt") == (0, tidy, "")
    assert policy(untidy, "fmt", "--check") == (1, "p.md: laid out otherwise; `upheld policy fmt --write p.md` puts it right\n", "")
    assert (tmp_path / "p.md").read_text() == untidy
    (tmp_path / "p.md").chmod(0o640)
    assert policy(None, "fmt", "--write") == (0, "", "p.md: laid out\n")
    assert (tmp_path / "p.md").read_text() == tidy
    assert (tmp_path / "p.md").stat().st_mode & 0o777 == 0o640
    assert policy(None, "fmt", "--write") == (0, "", "")
    assert policy(None, "fmt", "--check") == (0, "", "")
    assert [file.name for file in tmp_path.iterdir()] == ["p.md"]


def test_fmt_puts_right_what_check_refuses(policy, tmp_path):
    for broken in (b"\xef\xbb\xbf" + SOUND.encode(), SOUND.replace("\n", "\r\n").encode()):
        assert policy(broken)[0] == 2
        assert policy(None, "fmt", "--write")[0] == 0
        assert (tmp_path / "p.md").read_text() == SOUND
        assert policy(None)[0] == 0


@pytest.mark.parametrize("content", [b"", b"caf\xe9", b"x\0", page("forbid any").removesuffix("```\n").encode()])
def test_fmt_writes_nothing_where_it_cannot_be_sure(policy, tmp_path, content):
    code, out, err = policy(content, "fmt", "--write")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert (tmp_path / "p.md").read_bytes() == content


def test_fmt_takes_either_check_or_write(policy):
    assert policy(SOUND, "fmt", "--check", "--write")[0] == 2


def test_fmt_that_cannot_write_leaves_the_file_whole(policy, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    untidy = page("forbid    any")
    assert policy(untidy, "fmt", "--write") == (2, "", "upheld: no space left on device\n")
    assert [file.name for file in tmp_path.iterdir()] == ["p.md"]
    assert (tmp_path / "p.md").read_text() == untidy


# Size


def test_ten_thousand_clauses_are_criticised_in_seconds(tmp_path):
    clause = "We keep {0}. {{#c{0}}}\n\n```upheld\ncollect s{0}: name\nkeep s{0} for 1 year\nallow ordering using s{0}.nam\n```\n\n"
    (tmp_path / "p.md").write_text(FRONT + "".join(clause.format(number) for number in range(10_000)))
    before = os.times().children_user
    words = ["-c", "from upheld.cli.main import main; main()", "policy", "check", "p.md"]
    child = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert child.returncode == 1, child.stderr
    assert child.stdout.endswith("p.md: 10000 errors, 10000 warnings\n")
    assert os.times().children_user - before < 30, "minutes of work, where seconds were promised"
