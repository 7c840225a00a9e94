"""`upheld release`, `why` and `disclosures` from the command line: what they print, and how they end."""

from __future__ import annotations

import io
import json

import pytest

from tests.gate.conftest import LIST, open_shop
from upheld.cli.main import run

AS_PARTNER = ("--purpose", "marketing.partner", "--to", "acme")
ANN = ("--first", "Ann", "--last", "Lee", "--address", "12 Oak Street", "--zip", "02139")
MAPPED = ("--source", "order", "--map", "address=order.shipping address")


@pytest.fixture
def upheld(tmp_path, monkeypatch, capsys):
    """Run a command in a shop whose clock is the real one; its exit code, output and refusals."""
    shop = open_shop(tmp_path)
    shop.record.close()
    monkeypatch.setenv("UPHELD_HOME", str(shop.home.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.csv").write_text(LIST)

    def call(*words):
        code = run(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_a_release_says_what_became_of_every_row_and_column(upheld):
    code, out, err = upheld("release", "list.csv", *AS_PARTNER, *MAPPED, "--out", "out.csv")
    assert (code, err) == (0, "")
    assert "3 rows read = 2 released + 1 refused + 0 rejected" in out
    assert "junk: dropped (no item of the policy" in out
    assert "the page says: You can have yourself taken off" in out
    assert "what would change it:" in out


def test_the_same_as_json(upheld):
    code, out, _ = upheld("release", "list.csv", *AS_PARTNER, *MAPPED, "--dry-run", "--json")
    told = json.loads(out)
    assert (code, told["read"], told["released"], told["refusals"][0]["clause"]) == (0, 3, 2, "rights.choices")


def test_only_looking_writes_nothing_also_where_an_output_is_named(upheld, tmp_path):
    code, out, _ = upheld("release", "list.csv", *AS_PARTNER, *MAPPED, "--out", "out.csv", "--dry-run")
    assert (code, "only looked: nothing was written" in out) == (0, True)
    assert not (tmp_path / "out.csv").exists()
    code, out, _ = upheld("disclosures", "in@x.example")
    assert (code, "release 1" in out) == (0, False)


def test_a_release_of_nothing_ends_with_1_and_writes_nothing(upheld, tmp_path):
    code, out, _ = upheld("release", "list.csv", "--purpose", "marketing.partner", *MAPPED, "--out", "out.csv")
    assert code == 1
    assert "nothing may leave; nothing was written" in out
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list.csv", *AS_PARTNER), "say where to write with `--out FILE`, or only look with `--dry-run`"),
        (("list.csv", *AS_PARTNER, "--dry-run", "--items", "order.nme"), "no item `order.nme` is declared; did you mean `order.name`?"),
        (("list.csv", *AS_PARTNER, "--dry-run", "--items", "zzz"), "no item `zzz` is declared: the policy's items are in"),
        (("nothing.csv", *AS_PARTNER, "--dry-run"), "no list `nothing.csv`: look at its path, or name a table as"),
        (("empty.csv", *AS_PARTNER, "--dry-run"), "`empty.csv` is empty: write the list again, its columns named in the first line"),
        (("list.csv", *AS_PARTNER, "--out", "home"), "/home` is a folder: name a file in it, as `"),
        (("list.csv", *AS_PARTNER, "--dry-run", "--engine-address", "x"), "the engine `duckdb` works in this process and has no address"),
        (("list.csv", *AS_PARTNER, "--out", "out.xls"), "end it in `.csv` or `.parquet`"),
        (("list.csv", *AS_PARTNER, "--out", "no/out.csv"), "no folder"),
        (("list.csv", *AS_PARTNER, "--out", "list.csv"), "is there already"),
        (("list.csv", *AS_PARTNER, "--dry-run", "--delimiter", "::"), "one character, or `tab`"),
        (("list.csv", *AS_PARTNER, "--dry-run", "--items", "order.name", "--totals", "order.email"), "not for both at once"),
        (("list.csv", "--purpose", "marketing.partner", "--to", "acmee", "--dry-run"), "did you mean `acme`"),
    ],
)
def test_bad_input_is_one_line_and_ends_with_2(upheld, tmp_path, words, said):
    (tmp_path / "empty.csv").touch()
    code, out, err = upheld("release", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_why_shows_the_sentence_and_reads_the_person_from_standard_input(upheld, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("Ann,Lee,12 Oak St.,02139-0001\n"))
    code, out, _ = upheld("why", "-", *AS_PARTNER)
    assert code == 1
    assert "rights.choices: You can have yourself taken off" in out
    assert "Lee" not in out
    assert upheld("why", "not@x.example", *AS_PARTNER)[0] == 0


def test_where_no_clause_allows_a_purpose_at_all_why_says_shortly_whom_it_is_allowed_to(upheld):
    code, out, _ = upheld("why", "not@x.example", "--purpose", "marketing.partner")
    assert (code, out.count("\n")) == (1, 4)
    assert "no clause allows `marketing.partner` to `ourselves`" in out
    assert "allows it to: third party" in out
    assert "`--to acme`" in out
    assert "Asked: " in upheld("why", "not@x.example", "--purpose", "marketing.partner", "--items", "order.name")[1]


def test_what_a_release_leaves_out_for_want_of_words_is_said_aloud(upheld):
    code, out, err = upheld("release", "list.csv", "--purpose", "marketing", "--to", "acme", "--dry-run")
    assert (code, err.count("note: ")) == (1, 2)
    assert "columns `email`, `first`, `last`" in err
    assert "`--source`" in err
    assert "`marketing` stands for `marketing.email`, " in err
    assert "note" not in out


def test_postgres_without_an_address_is_told_the_option_and_one_row_is_no_rows(upheld, tmp_path):
    code, _, err = upheld("release", "list.csv", *AS_PARTNER, *MAPPED, "--dry-run", "--engine", "postgres")
    assert (code, "`--engine-address postgresql://" in err) == (2, True)
    (tmp_path / "list.csv").write_text("\n".join(LIST.splitlines()[:2]) + "\n")
    assert "1 row read = 1 released + 0 refused" in upheld("release", "list.csv", *AS_PARTNER, *MAPPED, "--dry-run")[1]


def test_the_first_row_that_cannot_be_read_is_said_although_nothing_is_written(upheld, tmp_path):
    (tmp_path / "list.csv").write_text(LIST + "short,row\n")
    code, out, err = upheld("release", "list.csv", *AS_PARTNER, *MAPPED, "--dry-run")
    assert (code, "1 rejected" in out, "only looked: nothing was written" in out) == (0, True, True)
    assert "the first, line 5, has 2 columns instead of 8" in err


def test_why_as_json(upheld):
    told = json.loads(upheld("why", "not@x.example", *AS_PARTNER, "--json")[1])
    assert (told["allowed"], told["known"], told["decision"]["clauses"]) == (True, False, ["use.partners"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say whom you mean"),
        (("--first", "Ann"), "a name counts only with its address"),
        (("nobody",), "nobody can be meant by this"),
        (("a@x.example", "--at", "yesterday"), "is no time"),
    ],
)
def test_a_person_who_is_not_named_is_refused_in_one_line(upheld, words, said):
    code, _, err = upheld("why", *words, *AS_PARTNER)
    assert (code, err.count("\n")) == (2, 1)
    assert said in err


def test_why_takes_whom_the_recipient_serves_and_under_which_version_items_stand(upheld):
    told = ("--served", "--since", "order=2026.1")
    code, out, _ = upheld("why", "not@x.example", *AS_PARTNER, *told)
    assert (code, "stands under version 2026.1" in out) == (0, True)
    (standing,) = json.loads(upheld("why", "not@x.example", *AS_PARTNER, *told, "--json")[1])["standings"]
    assert (standing["served"], standing["since"]) == (True, {"order": "2026.1"})
    (standing,) = json.loads(upheld("why", "not@x.example", *AS_PARTNER, "--not-served", "--json")[1])["standings"]
    assert (standing["served"], standing["since"]) == (False, {})
    assert "no version `1` is among those decided under: `2026.1`" in upheld("why", "not@x.example", *AS_PARTNER, "--since", "order=1")[2]


def test_before_the_policy_there_is_no_answer(upheld):
    code, _, err = upheld("why", "a@x.example", *AS_PARTNER, "--at", "2020-01-01")
    assert code == 2
    assert "no policy is in force" in err


def test_disclosures_lists_what_left(upheld):
    assert upheld("disclosures", "not@x.example")[1] == "nothing left about this person\n"
    upheld("release", "list.csv", *AS_PARTNER, *MAPPED, "--out", "out.csv")
    out = upheld("disclosures", "--first", "Cy", "--last", "Day", "--address", "2 Elm Road", "--zip", "10001")[1]
    assert "release 1 to acme (third party) for marketing.partner" in out
    assert "order.name, order.shipping address under use.partners" in out
    assert json.loads(upheld("disclosures", "not@x.example", "--year", "1999", "--json")[1]) == []


def test_decide_knows_what_a_named_person_chose(upheld):
    asked = ("--purpose", "marketing.partner", "--to", "acme", "--show", "order.name")
    assert upheld("decide", "ben@x.example", *asked)[0] == 0
    code, out, _ = upheld("decide", *ANN, *asked)
    assert code == 1
    assert "opted out of `sharing`" in out
    code, out, _ = upheld("decide", *ANN, *asked, "--json")
    assert (code, json.loads(out)["standings"][0]["choices"]["sharing"]) == (1, "out")


@pytest.mark.parametrize("fact", [("--vetted",), ("--choice", "sharing=in"), ("--policy", "list.csv"), ("--nothing-else-chosen",)])
def test_facts_that_the_record_knows_cannot_be_given_with_a_person(upheld, fact):
    asked = ("--purpose", "marketing.partner", "--to", "acme", "--show", "order.name")
    code, out, err = upheld("decide", "ann@x.example", *asked, *fact)
    assert (code, out) == (2, "")
    assert "what the record knows cannot be given too" in err
