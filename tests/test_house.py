"""What the house promises about its own code: short modules, short functions, rooms that say what they are for, no private details."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
SOURCE = HOUSE / "src" / "upheld"
MODULES = sorted(SOURCE.rglob("*.py"))
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
REFUSALS = {"No", "Invalid", "NotFound", "Conflict", "Refused"}


def tracked():
    """The text files of the project."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=HOUSE, capture_output=True, check=True, text=True).stdout.split("\0")
    for name in listed:
        path = HOUSE / name
        if name and path.is_file() and path.suffix not in {".xz", ".gz", ".db", ".parquet"}:
            yield name, path.read_bytes().decode("utf-8", "replace")


def trees():
    for path in MODULES:
        yield path, ast.parse(path.read_text("utf-8"))


def test_no_module_has_more_than_400_lines():
    assert {str(path): lines for path in MODULES if (lines := len(path.read_text("utf-8").splitlines())) > 400} == {}


def test_no_function_has_more_than_50_lines():
    long = {}
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno >= 50:
                long[f"{path.relative_to(HOUSE)}:{node.lineno} {node.name}"] = node.end_lineno - node.lineno + 1
    assert long == {}


def test_every_room_and_module_says_what_it_is_for():
    silent = [str(path.relative_to(HOUSE)) for path, tree in trees() if len((ast.get_docstring(tree) or "").split("\n")[0]) < 20]
    assert silent == []


def test_every_room_says_it_aloud():
    rooms = [path for path in SOURCE.glob("*/__init__.py") if len(path.parent.name) > 1]
    quiet = [
        path.parent.name for path in rooms if not re.match(r"[A-Z' ]{8,}", ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")
    ]
    assert quiet == []


def test_no_name_says_nothing():
    assert [str(path) for path in MODULES if path.stem in EMPTY_NAMES or path.parent.name in EMPTY_NAMES] == []


def test_every_room_of_the_architecture_page_exists_and_the_other_way_round():
    page = (HOUSE / "ARCHITECTURE.md").read_text("utf-8")
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    named = set(re.findall(r"^  (?:  )?([a-z]+)/", page, re.MULTILINE))
    assert rooms == named


def refusals():
    """Each refusal's first piece of words, with its place."""
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS and node.args:
                words = node.args[0]
                pieces = words.values if isinstance(words, ast.JoinedStr) else [words]
                texts = [piece.value if isinstance(piece, ast.Constant) else "{}" for piece in pieces]
                if all(isinstance(text, str) for text in texts):
                    yield f"{path.relative_to(HOUSE)}:{node.lineno}", "".join(texts)


def test_every_refusal_is_one_line_in_lower_case_without_a_full_stop():
    wrong = {}
    for place, words in refusals():
        starts_well = words[:1].islower() or words[:1] in "`{" or re.match(r"SQLite|PostgreSQL|DuckDB|Spark|ClickHouse|[A-Z]+\b", words)
        if not starts_well or words.endswith(".") or "\n" in words:
            wrong[place] = words
    assert wrong == {}


# Written so that this file does not hold them.
MACHINE_WORDS = [f"/{folder}/" for folder in ("work", "root", "opt/py" + "pi")] + [
    "pythonhosted" + ".org",
    "pypi" + ".org",
    "deb.debian" + ".org",
    "registry" + ".npmjs",
]


def test_no_file_names_a_machine_or_a_registry():
    found = [(name, word) for name, text in tracked() for word in MACHINE_WORDS if word in text]
    assert found == []


OURS = ("docs/", "policies/", "examples/", "README.md", "src/", "tests/", "benches/")


NOBODYS = re.compile(r"(^|\.)(example|invalid|test|example\.(com|org|net))$")


def occurrences(pattern):
    """Every match of a pattern in what the project shows to people, with the file."""
    return {(name, found) for name, text in tracked() if name.startswith(OURS) for found in re.findall(pattern, text)}


PROVIDERS = {
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "icloud.com",
    "fastmail.com",
    "pm.me",
    "proton.me",
    "protonmail.com",
}


def is_nobodys(address):
    """Whether nobody can have this address. The tests of mail providers' rules need some there: names shorter than they hand out."""
    name, _, domain = address.lower().partition("@")
    return bool(NOBODYS.search(domain)) or (domain in PROVIDERS and len(name.partition("+")[0].replace(".", "")) < 5)


def test_no_file_holds_an_address_that_could_be_somebodys():
    found = occurrences(r"(?<![/\w.:])[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}\b")
    assert sorted(pair for pair in found if not is_nobodys(pair[1])) == []


def test_no_file_holds_a_telephone_number_that_could_be_somebodys():
    found = occurrences(r"(?<![\w.-])\+1[ -]?\(?\d{3}\)?[ -]?\d{3}[ -]?\d{4}\b")
    assert sorted(pair for pair in found if not re.search(r"555[ -]?01\d\d$", pair[1])) == []


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"])
def test_the_house_has_its_front_door_papers(name):
    assert len((HOUSE / name).read_text("utf-8")) > 200
