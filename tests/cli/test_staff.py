"""`upheld staff`: accounts at the console, made and ended from a terminal."""

from __future__ import annotations

import json
import re

import pytest

from tests import houses
from tests.web import sites
from upheld.cli.main import run


@pytest.fixture
def staff(tmp_path, capsys, monkeypatch):
    """Run `upheld staff …` in a home with the sample policy in force; what it says, and how it ended."""
    house = houses.House(tmp_path / "home")
    from datetime import UTC, datetime

    sites.post_policy(house, at=datetime.now(UTC))
    house.record.close()

    def call(*words):
        capsys.readouterr()
        code = run(["--home", str(tmp_path / "home"), "staff", *words])
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


def test_an_account_is_made_given_another_role_invited_anew_and_ended(staff):
    assert "nobody has an account" in staff("list")[1]
    code, said = staff("add", "Kim@Staff.example", "--role", "support")
    assert code == 0
    assert re.search(
        r"kim@staff\.example has an account as support; the link, good once:\nhttp://console\.localhost:8200/begin/\S+\n", said
    )
    assert staff("role", "kim@staff.example", "privacy")[1] == "kim@staff.example is privacy now\n"
    assert "begins anew as privacy" in staff("link", "kim@staff.example")[1]
    assert "can sign in no more" in staff("off", "kim@staff.example")[1]
    (listed,) = json.loads(staff("list", "--json")[1])
    assert (listed["name"], listed["role"], listed["active"]) == ("kim@staff.example", "privacy", False)
    assert staff("list")[1] == "kim@staff.example  privacy  off\n"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("add", "kim@staff.example", "--role", "chef"), "staff role"),
        (("add", "kim", "--role", "support"), "e-mail address"),
        (("role", "nobody@staff.example", "support"), "no account of this address"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_makes_nothing(staff, words, refusal):
    code, said = staff(*words)
    assert code == 2
    assert refusal in said
    assert said.count("\n") == 1
    assert "nobody has an account" in staff("list")[1]
