"""How the command `upheld` finds its commands, and how it ends."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from upheld.cli import exits, main
from upheld.cli.answer import plain, show, with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.errors import Invalid, Refused


@pytest.fixture
def answering(monkeypatch):
    """Put a command of the test's own among the others, and call it."""

    def run(command, *words):
        monkeypatch.setitem(main.upheld.table, "ours", ("tests:ours", "A command of this test."))
        monkeypatch.setattr(main.upheld, "get_command", lambda _ctx, _name: click.command("ours")(command))
        return main.run([*words, "ours"])

    return run


@pytest.mark.parametrize(
    ("problem", "line", "code"),
    [
        (Invalid("the list has no column that names a person"), "the list has no column that names a person", 2),
        (Refused("no clause allows `x`", place="policy.md:74:3"), "no clause allows `x` (policy.md:74:3)", 2),
        (PermissionError(13, "Permission denied", "out.csv"), "`out.csv`: permission denied", 2),
        (OSError(28, "No space left on device"), "no space left on device", 2),
        (click.BadParameter("Not a day."), "invalid value: Not a day (see `upheld ours --help`)", 2),
        (
            click.NoSuchOption("--wrng", possibilities=["--wrong"]),
            "no such option `--wrng`; did you mean `--wrong`? (see `upheld ours --help`)",
            2,
        ),
        (KeyboardInterrupt(), "interrupted", 130),
        (click.Abort(), "interrupted", 130),
    ],
)
def test_every_refusal_is_one_line_on_standard_error(answering, capsys, problem, line, code):
    def command():
        raise problem

    assert answering(command) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"upheld: {line}\n"


def test_a_fault_of_the_program_says_where_but_not_what_values(answering, capsys, monkeypatch):
    def command():
        raise ValueError("ann@example.example")

    assert answering(command) == exits.OUR_FAULT
    said = capsys.readouterr().err
    assert "test_main.py:" in said
    assert "ann@" not in said
    monkeypatch.setenv("UPHELD_DEBUG", "1")
    answering(command)
    assert "Traceback" in capsys.readouterr().err


def test_a_command_returns_its_exit_code(answering):
    assert answering(lambda: exits.WIDER) == 3
    assert answering(lambda: None) == 0
    assert answering(lambda: click.get_current_context().exit(1)) == 1


def test_the_home_that_was_named_reaches_the_command(answering):
    seen = []
    answering(pass_edge(seen.append), "--home", "somewhere")
    assert seen == [Edge(Path("somewhere"))]


def test_a_misspelt_command_is_answered_with_the_nearest(capsys):
    assert main.run(["polcy"]) == 2
    assert "did you mean `policy`" in capsys.readouterr().err
    assert main.run(["zzz"]) == 2
    assert "`upheld --help` lists them" in capsys.readouterr().err


def test_no_arguments_is_a_call_for_help(capsys):
    assert main.run([]) == 0
    assert "release" in capsys.readouterr().out


def test_whoever_stops_reading_is_not_told_of_a_fault():
    program = """
import click
from upheld.cli import main
main.upheld.add_command(click.command("many")(lambda: [click.echo("x" * 80) for _ in range(100_000)]))
main.main(["many"])
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait() == exits.NOBODY_READS


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion_script(shell, capsys):
    assert main.run(["completion", shell]) == 0
    assert "_UPHELD_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("upheld re", ["plain,release", "plain,recipients", "plain,requests"]),
        ("upheld policy pr", ["plain,prove"]),
        ("upheld polcy pr", []),
        ("upheld --ver", ["plain,--version"]),
        ("upheld policy check --form", ["plain,--format"]),
    ],
)
def test_the_shell_is_told_the_words_that_begin_so(words, told, monkeypatch, capsys):
    monkeypatch.setenv("_UPHELD_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    assert main.run([]) == 0
    assert capsys.readouterr().out.split() == told


def test_an_answer_in_json_holds_times_sets_and_records(capsys):
    @dataclass(frozen=True)
    class Answer:
        at: datetime
        items: frozenset[str]

    answer = Answer(datetime(2026, 1, 2, tzinfo=UTC), frozenset({"order.name", "order.email"}))
    assert plain(answer) == {"at": "2026-01-02T00:00:00+00:00", "items": ["order.email", "order.name"]}
    with pytest.raises(TypeError):
        plain(object())

    @click.command()
    @with_json
    def command(as_json):
        show(answer, as_json=as_json, text=lambda: "in words")

    command.main([], standalone_mode=False)
    assert capsys.readouterr().out == "in words\n"
    command.main(["--json"], standalone_mode=False)
    assert '"order.name"' in capsys.readouterr().out


NO_JSON = {
    "completion": "a shell script",
    "serve": "it does not end",
}


def commands(command, *path):
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from commands(command.get_command(click.Context(command), name), *path, name)
    else:
        yield " ".join(path), command


def test_every_command_answers_programs_too():
    without = {path for path, each in commands(main.upheld) if not any("--json" in param.opts for param in each.params)}
    assert without == set(NO_JSON)


def test_the_laws_answer_programs_in_either_way(capsys):
    for words in (["law", "list", "--law", "us-ca"], ["law", "clocks", "--region", "us-ca", "--received", "2026-05-04"]):
        answers = []
        for way in (["--json"], ["--format", "json"]):
            assert main.run([*words, *way]) == 0
            answers.append(json.loads(capsys.readouterr().out))
        assert answers[0] == answers[1] != []
