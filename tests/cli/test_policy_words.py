"""`upheld policy explain`, `show`, `render`, `export` and `vocabulary`."""

import json
from pathlib import Path

import pytest

from upheld.cli import exits
from upheld.cli.main import run

NORTHGATE = str(Path(__file__).parents[2] / "policies" / "northgate.md")
HEAD = "---\ncompany: Northgate\ntitle: Privacy policy\nversion: 1\n---\n\n"


@pytest.fixture
def say(capsys):
    def call(*words):
        code = run([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def mine(tmp_path):
    def write(text):
        path = tmp_path / "mine.md"
        path.write_text(HEAD + text, encoding="utf-8")
        return path

    return write


def test_a_clause_is_explained_by_its_id_and_by_its_lines(say):
    code, by_id, _ = say("policy", "explain", NORTHGATE, "use.post")
    assert code == exits.FINE
    assert "We may choose whom this concerns by the purchases from your order." in by_id
    line = by_id.splitlines()[0].rpartition(":")[2].rstrip(")")
    assert say("policy", "explain", NORTHGATE, line)[1] == by_id
    _, answer, _ = say("policy", "explain", NORTHGATE, "use.post", "--json")
    assert json.loads(answer)[0]["clause"] == "use.post"


def test_a_branch_of_clauses_and_the_whole_policy_are_explained(say):
    _, branch, _ = say("policy", "explain", NORTHGATE, "rights")
    assert "rights.stop (" in branch
    assert "rights.eu (" in branch
    assert "use.post (" not in branch
    assert branch in say("policy", "explain", NORTHGATE)[1]


def test_a_continued_line_belongs_to_its_statement(say):
    lines = Path(NORTHGATE).read_text("utf-8").split("\n")
    number = lines.index("  to third party") + 1
    _, out, _ = say("policy", "explain", NORTHGATE, number)
    assert out.count("\n") == 2
    assert "at most 4 times a year" in out


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("use.partner", "there is no clause `use.partner`; did you mean `use.partners`?"),
        ("who", "the clause `who` has no statements"),
        ("1", "no clause stands at line 1"),
        ("99999", "no clause stands at line 99999"),
        ("xyz", "there is no clause `xyz`"),
    ],
)
def test_a_place_that_is_none_is_refused_in_one_line(say, where, line):
    code, out, err = say("policy", "explain", NORTHGATE, where)
    assert (code, out) == (exits.BAD_INPUT, "")
    assert err == f"upheld: {line} ({NORTHGATE})\n"


def test_what_can_be_read_of_a_faulty_policy_is_explained_with_a_note(say, mine):
    path = mine("Text. {#a}\n\n```upheld\ncollect order: name\nallow nonsense\n```\n")
    code, out, err = say("policy", "explain", path)
    assert code == exits.FINE
    assert "We collect, from your order: name." in out
    assert err == f"note: 1 fault in {path}; see `upheld policy check {path}`\n"


def test_show_says_what_keeps_each_clause(say):
    code, out, _ = say("policy", "show", NORTHGATE)
    assert code == exits.FINE
    assert "refused; without this: allowed" in out
    assert out.endswith(" 0 kept by nothing, 0 statements that change nothing\n")
    _, answer, _ = say("policy", "show", NORTHGATE, "--format", "json")
    found = {each["clause"]: each for each in json.loads(answer)}
    assert found["use.post"]["statements"][0]["witness"]["kind"] == "decision"
    assert json.loads(say("policy", "show", NORTHGATE, "--json")[1]) == json.loads(answer)


def test_show_finds_what_keeps_nothing(say, mine):
    rules = "collect order: name\nallow marketing using order\nallow marketing.post using order\n"
    path = mine(f"Text. {{#a}}\n\n```upheld\n{rules}```\n\nWe are nice. {{#b .statement}}\n\nMore. {{#c}}\n")
    code, out, _ = say("policy", "show", path)
    assert code == exits.FINDINGS
    assert "a (" in out
    assert "KEPT IN PART" in out
    assert "changes nothing: leave it out, or say what it is for" in out
    assert "c (" in out
    assert "NOT KEPT" in out
    assert out.endswith("0 clauses kept, 1 kept by nothing, 1 statement that changes nothing\n")


def test_the_page_is_written_whole_or_not_at_all(say, tmp_path, mine):
    page = tmp_path / "page.html"
    assert say("policy", "render", NORTHGATE, "--out", page, "--posted-at", "2026-11-22T09:30:00Z") == (exits.FINE, "", "")
    html = page.read_text("utf-8")
    assert html == say("policy", "render", NORTHGATE, "--posted-at", "2026-11-22T09:30:00Z")[1]
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
    code, _, err = say("policy", "render", mine("Text. {#a}\n\n```upheld\nnonsense\n```\n"), "--out", page)
    assert code == exits.BAD_INPUT
    assert "the policy has 1 fault; run `upheld policy check" in err
    assert page.read_text("utf-8") == html


def test_an_auditor_sees_on_the_page_what_each_rule_changes(say):
    _, page, _ = say("policy", "render", NORTHGATE, "--witnesses")
    assert page.count('<p class="witness">') == page.count('<p class="rule">')
    assert "Answer: refused. Without this: allowed." in page
    assert "witness" not in say("policy", "render", NORTHGATE)[1].partition("</style>")[2]


def test_the_time_of_posting_comes_from_the_record_if_this_very_text_is_posted(say, tmp_path, mine, monkeypatch):
    monkeypatch.setenv("UPHELD_HOME", str(tmp_path / "shop"))
    say("init", tmp_path / "shop")
    say("policy", "post", NORTHGATE)
    code, page, _ = say("policy", "render", NORTHGATE, "--posted")
    assert code == exits.FINE
    assert "in force since <time" in page
    path = mine("Text. {#a}\n\n```upheld\nnotice on leaving\n```\n")
    code, _, err = say("policy", "render", path, "--posted")
    assert (code, err) == (exits.BAD_INPUT, f"upheld: this text is not posted; `upheld policy post {path}` puts it in force ({path})\n")
    code, _, err = say("policy", "render", NORTHGATE, "--posted", "--posted-at", "2026-11-22T09:30Z")
    assert (code, err) == (exits.BAD_INPUT, "upheld: `--posted` and `--posted-at` both say when; give one\n")


def test_a_page_that_cannot_be_written_is_refused_in_one_line(say, tmp_path):
    for place, why in ((tmp_path / "no" / "page.html", "is in a folder that is not there"), (tmp_path, "is a folder")):
        code, _, err = say("policy", "render", NORTHGATE, "--out", place)
        assert code == exits.BAD_INPUT
        assert err == f"upheld: `{place}` {why}; name a file, as in page.html\n"


def test_a_file_without_statements_is_refused(say, mine):
    path = mine("Text. {#a}\n")
    assert say("policy", "explain", path) == (exits.BAD_INPUT, "", f"upheld: there is no statement to explain ({path})\n")


@pytest.mark.parametrize("time", ["yesterday", "2026-11-22", "2026-11-22T09:30"])
def test_a_time_without_its_zone_is_refused(say, time):
    code, _, err = say("policy", "render", NORTHGATE, "--posted-at", time)
    assert code == exits.BAD_INPUT
    assert err == f"upheld: `{time}` is no time with its zone; write it as 2026-11-22T09:30Z\n"


def test_the_export_takes_the_address_of_the_page(say):
    _, out, _ = say("policy", "export", NORTHGATE, "--format", "dpv", "--base", "https://northgate.example/privacy")
    assert json.loads(out)["@graph"][0]["@id"] == "https://northgate.example/privacy"
    assert json.loads(say("policy", "export", NORTHGATE)[1])["@graph"][0]["@id"] == "urn:upheld:policy"


def test_the_vocabulary_is_that_of_the_program_or_of_a_policy(say):
    assert "| `ordering.fulfil` |" in say("policy", "vocabulary")[1]
    _, own, _ = say("policy", "vocabulary", NORTHGATE)
    assert "| `order.email` | the e-mail address from your order | `pd:EmailAddress` | collect.order |" in own
    assert "| `marketing.phone` | calls about offers and events | `dpv:DirectMarketing` | use.calls |" in own
    assert "| `sharing` | offers of other companies | rights.choices |" in own


@pytest.mark.parametrize("command", ["explain", "show", "render", "export", "vocabulary"])
def test_a_file_that_is_not_there_is_refused_in_one_line(say, command, tmp_path):
    code, out, err = say("policy", command, tmp_path / "none.md")
    assert (code, out) == (exits.BAD_INPUT, "")
    assert err == f"upheld: there is no file `{tmp_path / 'none.md'}`\n"


def test_commands_that_print_a_document_say_it_in_json_too(say, tmp_path, mine):
    page = tmp_path / "page.html"
    _, out, _ = say("policy", "render", NORTHGATE, "--json")
    assert json.loads(out)["page"] == say("policy", "render", NORTHGATE)[1]
    _, out, _ = say("policy", "render", NORTHGATE, "--out", page, "--json")
    told = json.loads(out)
    assert (told["out"], told["version"], "page" in told) == (str(page), "2026.1", False)
    assert "sharing" in json.loads(say("policy", "vocabulary", NORTHGATE, "--json")[1])["topics"]
    assert json.loads(say("policy", "vocabulary", "--json")[1])["topics"] == []
    assert json.loads(say("policy", "export", NORTHGATE, "--json")[1]) == json.loads(say("policy", "export", NORTHGATE)[1])
    untidy = mine("We take orders. {#a}\n\n```upheld\ncollect   order: name\n```\n")
    code, out, _ = say("policy", "fmt", untidy, "--check", "--json")
    assert (code, json.loads(out)["changes"], json.loads(out)["written"]) == (exits.FINDINGS, True, False)
    code, out, _ = say("policy", "fmt", untidy, "--json")
    assert (code, "collect order: name" in json.loads(out)["text"]) == (exits.FINE, True)
    code, out, _ = say("policy", "fmt", untidy, "--write", "--json")
    assert (code, json.loads(out)["written"], "collect order: name" in untidy.read_text("utf-8")) == (exits.FINE, True, True)
