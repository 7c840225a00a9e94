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
