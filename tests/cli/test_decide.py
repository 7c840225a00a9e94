"""`upheld decide`: one use for one person whose facts are given."""

import json
from pathlib import Path

import pytest

from upheld.cli import exits, main

POLICY = str(Path(__file__).parents[2] / "policies" / "northgate.md")
LETTER = ["--policy", POLICY, "--purpose", "marketing.post", "--show", "order.name", "--show", "order.shipping address"]
PARTNER = ["--policy", POLICY, "--purpose", "marketing.partner", "--show", "order.name", "--to", "third party", "--nothing-else-chosen"]


def test_whoever_chose_nothing_gets_the_letter_and_whoever_opted_out_does_not(capsys):
    assert main.run(["decide", *LETTER, "--nothing-else-chosen"]) == exits.FINE
    assert "Allowed: the name and shipping address" in capsys.readouterr().out
    assert main.run(["decide", *LETTER, "--nothing-else-chosen", "--choice", "post=out"]) == exits.FINDINGS
    said = capsys.readouterr().out
    assert "[rights.choices, version 2026.1]" in said
    assert "opted out of `post`" in said


def test_a_choice_that_is_not_given_is_unknown_and_refuses(capsys):
    assert main.run(["decide", *LETTER]) == exits.FINDINGS
    assert "is unknown" in capsys.readouterr().out


def test_facts_about_the_recipient_are_unknown_until_they_are_given(capsys):
    assert main.run(["decide", *PARTNER]) == exits.FINDINGS
    assert main.run(["decide", *PARTNER, "--vetted", "--no-contract"]) == exits.FINDINGS
    capsys.readouterr()
    assert main.run(["decide", *PARTNER, "--vetted", "--under-contract"]) == exits.FINE
    assert "at most 4 times a year" in capsys.readouterr().out


def test_the_answer_in_json_holds_what_was_asked_what_was_known_and_why(capsys):
    assert main.run(["decide", *LETTER, "--choice", "post=out", "--region", "us-ca", "--age", "40", "--json"]) == exits.FINDINGS
    said = json.loads(capsys.readouterr().out)
    assert said["allowed"] is False
    assert said["use"]["purpose"] == "marketing.post"
    assert said["standings"][0]["region"] == "us-ca"
    assert [reason["clause"] for reason in said["decision"]["reasons"]] == ["rights.choices"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--choice", "pots=out"], "no topic `pots` is declared; did you mean `post`"),
        (["--choice", "cheese=out"], "no topic `cheese` is declared: the policy declares `newsletter`"),
        (["--choice", "post"], "`--choice post` is not understood"),
        (["--choice", "post=perhaps"], "`perhaps` is no choice on `post`"),
        (["--since", "order=1999.1"], "no version `1999.1` is among those decided under: `2026.1`"),
        (["--region", "atlantis"], "`atlantis`"),
        (["--asked-by", "janitor"], "`janitor`"),
        (["--policy", POLICY], "two of the files say version `2026.1`"),
    ],
)
def test_words_that_mean_nothing_are_one_line(words, line, capsys):
    assert main.run(["decide", *LETTER, *words]) == exits.BAD_INPUT
    said = capsys.readouterr()
    assert line in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_later_wider_version_does_not_touch_earlier_items(tmp_path, capsys):
    later = tmp_path / "later.md"
    text = Path(POLICY).read_text("utf-8").replace("version: 2026.1", "version: 2026.2")
    later.write_text(text.replace("allow marketing.post using order.name,", "allow marketing.post using order.name, order.phone,"))
    asked = [
        "decide",
        "--policy",
        POLICY,
        "--policy",
        str(later),
        "--purpose",
        "marketing.post",
        "--show",
        "order.phone",
        "--nothing-else-chosen",
    ]
    assert main.run(asked) == exits.FINDINGS
    assert main.run([*asked, "--since", "order=2026.2"]) == exits.FINE
    assert "version 2026.2" in capsys.readouterr().out


def test_without_a_file_the_posted_policy_decides(tmp_path, capsys):
    home = ["--home", str(tmp_path / "home")]
    assert main.run([*home, "init"]) == exits.FINE
    asked = [*home, "decide", *LETTER[2:], "--nothing-else-chosen"]
    assert main.run(asked) == exits.BAD_INPUT
    assert "no policy is in force" in capsys.readouterr().err
    assert main.run([*home, "policy", "post", POLICY]) == exits.FINE
    assert main.run(asked) == exits.FINE
    assert "Allowed: the name and shipping address" in capsys.readouterr().out


def test_a_registered_recipient_wants_a_person_beside_it_and_the_kinds_are_named(capsys):
    assert main.run(["decide", *PARTNER, "--to", "acme"]) == exits.BAD_INPUT
    said = capsys.readouterr().err
    assert said.startswith("upheld: no kind of recipient is called `acme`: there are `ourselves`, `affiliate`,")
    assert said.endswith("; name PERSON too if it is one that you registered\n")
