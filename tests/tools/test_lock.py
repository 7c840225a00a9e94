"""What is locked is what pyproject.toml asks for, with hashes, and from no named place."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["project"]


def asked(*extras):
    """The names of the packages that the project and some extras ask for; an extra of extras stands for them."""
    names = set()
    for requirement in [*PROJECT["dependencies"], *(one for extra in extras for one in PROJECT["optional-dependencies"][extra])]:
        name, inner = re.match(r"([\w.-]+)(?:\[([\w,]+)\])?", requirement).groups()
        names |= asked(*inner.split(",")) if name == "upheld" else {name.lower().replace(".", "-")}
    return names


def locked(name):
    return (HOUSE / "requirements" / f"{name}.txt").read_text("utf-8")


LOCKS = {"core": (), "web": ("web",), "dev": ("dev",), "bench": ("bench",), "engines": ("dev", "spark", "clickhouse")}


@pytest.mark.parametrize(("name", "extras"), LOCKS.items())
def test_every_dependency_is_locked_with_its_hashes_and_without_an_address(name, extras):
    text = locked(name)
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))
    assert {package for package in asked(*extras) if package not in pinned} == set()
    packages = re.split(r"^(?=[a-z0-9._-]+==)", text, flags=re.MULTILINE)[1:]
    assert [package.split()[0] for package in packages if "--hash=sha256:" not in package] == []
    assert "://" not in text


def test_installing_one_lock_over_the_other_moves_nothing():
    versions = [dict(re.findall(r"^([a-z0-9._-]+)==([^ \\;]+)", locked(name), re.MULTILINE)) for name in ("core", "web", "dev", "engines")]
    for narrow, wide in pairwise(versions):
        assert narrow.items() <= wide.items()


def test_whatever_was_installed_before_the_peers_and_the_big_engines_stay_where_they_are():
    dev, bench, engines = (
        dict(re.findall(r"^([a-z0-9._-]+)==([^ \\;]+)", locked(name), re.MULTILINE)) for name in ("dev", "bench", "engines")
    )
    for one, other in ((dev, bench), (bench, engines)):
        assert {name for name in one.keys() & other.keys() if one[name] != other[name]} == set()


def test_the_audit_asks_about_every_locked_package():
    (asked_about,) = re.findall(r"tools/audit\.py (.+)", (HOUSE / "Makefile").read_text("utf-8"))
    seen = {
        name for path in asked_about.split() for name in re.findall(r"^[a-z0-9._-]+==", (HOUSE / path).read_text("utf-8"), re.MULTILINE)
    }
    every = {name for lock in LOCKS for name in re.findall(r"^[a-z0-9._-]+==", locked(lock), re.MULTILINE)}
    assert every - seen == set()


def test_the_tests_of_the_big_engines_lie_where_their_target_looks():
    (places,) = re.findall(r"filter tests,\$\(T\)\),([^,]+),", (HOUSE / "Makefile").read_text("utf-8"))
    tests = [path for path in (HOUSE / "tests").rglob("*.py") if path != Path(__file__)]
    holding = [path for path in tests if re.search(r"pytest\.mark(, name|\.spark|\.clickhouse)\b", path.read_text("utf-8"))]
    assert holding
    assert [path for path in holding if not any(path.is_relative_to(HOUSE / place) for place in places.split())] == []
