"""`upheld exchange` from both sides: the house drops who is out, and no file that changes hands says who that is."""

from __future__ import annotations

import csv
import json

import pytest

from upheld.cli import exits, main

LIST = """Name,Contact,Street,Zip
Jane Doe,JANE@example.com,9 Elm St,94103
Ann Lee,ann@example.com,7 Oak St,60601
Bob Garcia,,12 Maple Avenue,02139
Nobody,,,
"""
COLUMN = ("--column", "email=Contact")


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Runs `upheld` in a home where two people are out of post and one of the newsletter."""
    monkeypatch.setenv("UPHELD_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def ran(*words):
        code = main.run([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    policy = main.__file__.rpartition("/src/")[0] + "/policies/northgate.md"
    told = ("--out", "--how", "phone")
    for words in (
        ("init", tmp_path / "home"),
        ("policy", "post", policy),
        ("recipients", "add", "northlist", "--kind", "subcontractor"),
        ("choices", "record", "--email", "jane@example.com", "--topic", "post", *told),
        (
            "choices",
            "record",
            "--first",
            "Robert",
            "--last",
            "Garcia",
            "--address",
            "12 N Maple Ave",
            "--zip",
            "2139",
            "--topic",
            "post",
            *told,
        ),
        ("choices", "record", "--email", "ann@example.com", "--topic", "newsletter", *told),
    ):
        code, _, err = ran(*words)
        assert code == exits.FINE, err
    (tmp_path / "list.csv").write_text(LIST, "utf-8")
    return ran


def made_ready(run, *, most=1000):
    return run("exchange", "set-up", "--to", "northlist", "--campaign", "fall", "--topic", "post", "--most", most, "--out", "fall")


def asked(run):
    return run("exchange", "ask", "list.csv", "--keys", "fall/keys.exchange", *COLUMN)


def answered(run):
    return run("exchange", "answer", "list.csv.request", "--to", "northlist", "--campaign", "fall")


def learnt(run, *words):
    files = ("--keys", "fall/keys.exchange", "--set-up", "fall/set-up.exchange", "--answer", "list.csv.request.answer")
    return run("exchange", "learn", "list.csv", *files, *COLUMN, *words)


def test_a_list_is_scrubbed_that_neither_side_shows_the_other(run, tmp_path, monkeypatch):
    code, out, _ = made_ready(run)
    assert code == exits.FINE
    assert "2 people who are out" in out
    monkeypatch.delenv("UPHELD_HOME")
    code, out, _ = asked(run)
    assert (code, out.splitlines()[0].endswith("1 say too little, or cannot be read: they will be dropped")) == (exits.FINE, True)
    monkeypatch.setenv("UPHELD_HOME", str(tmp_path / "home"))
    assert answered(run)[0] == exits.FINE
    monkeypatch.delenv("UPHELD_HOME")
    code, out, _ = learnt(run)
    assert (code, out.splitlines()[0]) == (exits.FINE, "4 rows read = 1 kept + 2 opted out + 1 that say too little")
    with (tmp_path / "list.csv.kept.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["Name", "Contact", "Street", "Zip"], ["Ann Lee", "ann@example.com", "7 Oak St", "60601"]]
    with (tmp_path / "list.csv.dropped.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1:] == [["2", "opted out"], ["4", "opted out"], ["5", "says too little to ask about"]]
    for file in ("fall/set-up.exchange", "fall/keys.exchange", "list.csv.request", "list.csv.request.answer", "list.csv.secret"):
        content = (tmp_path / file).read_bytes().lower()
        assert not any(word in content for word in (b"jane", b"ann@", b"garcia", b"maple"))
        assert (tmp_path / file).stat().st_mode & 0o077 == 0


def test_who_was_erased_cannot_be_asked_about_and_that_is_said(run, tmp_path):
    from upheld.home import Home
    from upheld.people.actions import Keeper
    from upheld.record import Record

    home = Home.find(tmp_path / "home")
    record = Record(home.record_url)
    with record.transaction() as tx:
        Keeper(home).vault.forget(tx, 1)
    record.close()
    code, out, _ = made_ready(run)
    assert code == exits.FINE
    assert "1 of them gave what was erased since: they cannot be asked about" in out


def test_a_house_that_asks_about_too_many_is_refused_and_the_question_is_counted(run):
    made_ready(run, most=4)
    assert asked(run)[0] == exits.FINE
    codes = json.loads(run("exchange", "ask", "list.csv", "--keys", "fall/keys.exchange", *COLUMN, "--json")[1] or "{}")
    assert codes == {}  # it was asked already
    code, _, err = answered(run)
    assert (code, "may ask about 4 codes in `fall`" in err) == (exits.BAD_INPUT, True)


def test_a_list_that_was_changed_since_is_asked_about_anew(run, tmp_path):
    made_ready(run), asked(run), answered(run)
    (tmp_path / "list.csv").write_text(LIST + "Eve Roe,eve@example.com,1 Fir St,10001\n", "utf-8")
    code, _, err = learnt(run)
    assert (code, "is not the one that was asked about: ask anew" in err) == (exits.BAD_INPUT, True)
    assert not (tmp_path / "list.csv.kept.csv").exists()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("set-up", "--to", "nrthlist", "--campaign", "x", "--topic", "post", "--most", "9", "--out", "x"), "did you mean `northlist`"),
        (("set-up", "--to", "northlist", "--campaign", "x", "--topic", "pst", "--most", "9", "--out", "x"), "did you mean `post`"),
        (("set-up", "--to", "northlist", "--campaign", "x", "--topic", "sharing", "--most", "9", "--out", "x"), "nobody is opted out"),
        (("ask", "list.csv", "--keys", "list.csv"), "no keys of an exchange"),
        (("ask", "gone.csv", "--keys", "fall/keys.exchange"), "cannot read `gone.csv`"),
        (("ask", "list.csv", "--keys", "gone"), "cannot read `gone`"),
        (("ask", "bare.csv", "--keys", "fall/keys.exchange"), "no column names people"),
        (("answer", "list.csv", "--to", "northlist", "--campaign", "fall"), "no request of an exchange"),
        (("answer", "gone", "--to", "northlist", "--campaign", "fall"), "cannot read `gone`"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing(run, tmp_path, words, error):
    made_ready(run)
    (tmp_path / "bare.csv").write_text("Colour\nred\n", "utf-8")
    before = {path.name for path in tmp_path.rglob("*")}
    code, out, err = run("exchange", *words)
    assert (code, out, err.count("\n")) == (exits.BAD_INPUT, "", 1), err
    assert error in err
    assert {path.name for path in tmp_path.rglob("*")} == before


def test_nothing_that_is_there_is_written_over(run, tmp_path):
    assert made_ready(run)[0] == exits.FINE
    for again in (made_ready, lambda run: (asked(run), asked(run))[1], lambda run: (answered(run), answered(run))[1]):
        code, _, err = again(run)
        assert (code, "is there already" in err) == (exits.BAD_INPUT, True), err
