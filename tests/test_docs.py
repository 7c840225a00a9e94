"""The documents cannot drift: every command shown runs and answers as shown, every Python example runs, everything is documented."""

import ast
import doctest
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from tests.promises.northgate import CHECKS

HOUSE = Path(__file__).parents[1]
PAGES = sorted([*HOUSE.glob("*.md"), *(HOUSE / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w[\w-]*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    kind: str
    text: str


def blocks(page, *kinds):
    text = page.read_text("utf-8")
    return [Block(page, text.count("\n", 0, found.start()) + 1, found[1], found[2]) for found in BLOCK.finditer(text) if found[1] in kinds]


def named(pages):
    return [pytest.param(page, id=str(page.relative_to(HOUSE))) for page in pages]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder as a newcomer's: the sample policy and lists are there, the command `upheld` is found, and no home is set."""
    for name in ("policies", "examples", "verifier"):
        if (HOUSE / name).exists():
            (tmp_path / name).symlink_to(HOUSE / name)
    bin_folder = tmp_path / ".bin"
    bin_folder.mkdir()
    for name, words in (("upheld", '-m upheld.cli.main "$@"'), ("python", '"$@"')):
        (bin_folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words}\n')
        (bin_folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", f"{HOUSE / 'src'}{os.pathsep}{HOUSE}")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("UPHELD_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands(block):
    """The commands of a block with the output shown under each. A line ending in a backslash goes on."""
    shown = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            shown.append((line[2:], []))
        elif shown and not shown[-1][1] and shown[-1][0].endswith("\\"):
            shown[-1] = (shown[-1][0] + "\n" + line, [])
        else:
            shown[-1][1].append(line)
    return shown


def said(command, place):
    """What a shell would show: output, then refusals; an exit code other than 0 as a last line."""
    ran = subprocess.run(
        ["bash", "-c", command], cwd=place, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=300
    )
    end = f"(ends with {ran.returncode})\n" if ran.returncode else ""
    return (ran.stdout + ran.stderr + end).replace(str(place), "/home/you")


PAGES_WITH_COMMANDS = [page for page in PAGES if blocks(page, "console")]


@pytest.mark.parametrize("page", named(PAGES_WITH_COMMANDS))
def test_every_command_shown_answers_as_shown(page, place):
    checker, settings = doctest.OutputChecker(), []
    for block in blocks(page, "console"):
        for command, expected in commands(block):
            if command.startswith("export "):
                settings.append(command)
            got = said("\n".join([*settings, command]), place)
            want = "".join(f"{line}\n" for line in expected)
            fits = checker.check_output(want, got, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
            assert fits, f"{page.name}:{block.line}\n$ {command}\n--- shown\n{want}--- really\n{got}"


PAGES_WITH_PYTHON = [page for page in PAGES if blocks(page, "pycon")]


@pytest.mark.parametrize("page", named(PAGES_WITH_PYTHON))
def test_every_python_example_runs(page, place):
    names, runner, told = {}, doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE), []
    for block in blocks(page, "pycon"):
        example = doctest.DocTestParser().get_doctest(block.text, names, page.name, str(page), block.line)
        runner.run(example, out=told.append, clear_globs=False)
        names = example.globs
    assert runner.summarize(verbose=False).failed == 0, "".join(told)


@pytest.mark.parametrize("page", named(PAGES))
def test_no_page_shows_python_that_is_not_run(page):
    assert [block.line for block in blocks(page, "python", "bash", "sh", "shell")] == []


@pytest.mark.parametrize("page", named(PAGES))
def test_every_target_of_make_that_a_page_names_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (HOUSE / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^    |\$ )make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", named(PAGES))
def test_every_link_within_the_house_leads_somewhere(page):
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_is_found_from_the_readme():
    readme = (HOUSE / "README.md").read_text("utf-8")
    pages = {path.name for path in (HOUSE / "docs").glob("*.md")} - {"plan.md"}
    assert {name for name in pages if f"(docs/{name})" not in readme} == set()


def test_the_extras_of_the_readme_are_those_of_all():
    every = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]["all"]
    told = (HOUSE / "README.md").read_text("utf-8").partition("Extras: ")[2].partition("`all` (these)")[0]
    assert every == [f"upheld[{','.join(re.findall(r'`([a-z]+)`', told))}]"]


def test_the_page_of_commands_is_what_the_commands_say():
    # In a process of its own: a command remembers the help option of whoever called it first, and other tests call commands alone.
    command = [sys.executable, "-m", "tools.cli_reference", "--print"]
    ran = subprocess.run(
        command, cwd=HOUSE, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(HOUSE / "src")}
    )
    assert ran.stdout == (HOUSE / "docs" / "cli.md").read_text("utf-8"), "run `make docs`"


def test_every_environment_variable_is_documented():
    page = (HOUSE / "docs" / "cli.md").read_text("utf-8")
    used = {name for path in (HOUSE / "src").rglob("*.py") for name in re.findall(r"\bUPHELD_[A-Z]+\b", path.read_text("utf-8"))}
    assert {name for name in used if f"`{name}`" not in page} == set()


def test_every_setting_is_documented():
    from upheld.home import SETTINGS

    page = (HOUSE / "docs" / "operate.md").read_text("utf-8")
    assert [f"{section}.{name}" for section, names in SETTINGS.items() for name in names if f"`{section}.{name}`" not in page] == []


def test_every_statement_is_documented():
    from upheld.policy import statements

    page = (HOUSE / "docs" / "policy-language.md").read_text("utf-8").lower()
    words = {
        "Rule": ("allow ", "forbid "),
        "Expectation": ("never ", "always "),
        "AskAge": ("ask age",),
        "NoticeOnLeaving": ("notice on leaving",),
    }
    kinds = [kind.__name__ for kind in get_args(statements.AnyStatement)]
    assert [kind for kind in kinds for word in words.get(kind, (f"{kind.lower()} ",)) if word not in page] == []


def rules_of_faults():
    """The stable name of every fault that the policy's rooms can report; `unknown-` stands for all that begin so."""
    for path in (HOUSE / "src" / "upheld" / "policy").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).lower().endswith("fault"):
                for given in call.args:
                    first = given.values[0] if isinstance(given, ast.JoinedStr) else given
                    if isinstance(first, ast.Constant) and isinstance(first.value, str) and re.fullmatch(r"[a-z]+(-[a-z]*)*", first.value):
                        yield first.value
                        break


def test_every_fault_that_a_check_can_find_is_documented():
    page = (HOUSE / "docs" / "faults.md").read_text("utf-8")
    rules = set(rules_of_faults())
    assert {"syntax", "unkept-clause", "unknown-", "never-applies"} <= rules
    assert {rule for rule in rules if f"`{rule}" not in page} == set()


def test_every_kind_of_refusal_is_documented():
    from upheld import errors

    page = (HOUSE / "docs" / "python.md").read_text("utf-8")
    assert [kind.__name__ for kind in (errors.No, *errors.No.__subclasses__()) if f"`{kind.__name__}`" not in page] == []


def test_every_public_python_name_is_documented():
    import upheld

    page = (HOUSE / "docs" / "python.md").read_text("utf-8")
    assert [name for name in upheld.__all__ if f"`{name}`" not in page] == []


def test_every_promise_says_what_keeps_it_and_names_tests_and_clauses_that_exist():
    page = (HOUSE / "docs" / "promises.md").read_text("utf-8")
    policy = (HOUSE / "policies" / "northgate.md").read_text("utf-8")
    sentences = {check.sentence for check in CHECKS}
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if re.match(r"\| P\d+ ", line)]
    assert [row[0] for row in rows] == [f"P{number}" for number in range(22)]
    for _, _, state, keeps, shown, missing in rows:
        named = re.findall(r"tests/\w+", shown)
        assert named, keeps
        assert all((HOUSE / test).exists() for test in named), shown
        assert set(re.findall(r"\*([^*]+)\*", shown)) <= sentences, shown
        assert all(f"{{#{clause}" in policy for clause in re.findall(r"`((?:collect|use|rights|children|security)\.[\w.]+)`", keeps)), keeps
        assert state == "kept" or missing, keeps
