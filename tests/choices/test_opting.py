"""A click on a mailed link says yes once, and never over a later no."""

from __future__ import annotations

import pytest

from tests.houses import CLERK, NOW, later
from upheld.choices.actions import Said, record
from upheld.choices.opting import confirm
from upheld.choices.queries import history
from upheld.errors import Conflict
from upheld.people.identifiers import Email
from upheld.people.queries import find

TOPICS = ("newsletter", "post")
ANN = (Email("ann.frost@mail.example"),)


def yes(house, at, asked_at=NOW):
    with house.record.transaction() as tx:
        said = [Said(ANN, "newsletter", "in", asked_at, "web", "Yes, send it.")]
        return confirm(tx, house.keeper, said, TOPICS, asked_at=asked_at, at=at, actor=CLERK)


def no(house, at):
    with house.record.transaction() as tx:
        record(tx, house.keeper, Said(ANN, "newsletter", "out", at, "phone"), TOPICS, at=at, actor=CLERK)


def said(house):
    with house.record.reading() as conn:
        return [(one.says, one.at) for person in find(conn, house.keeper.keys, ANN) for one in history(conn, person)]


def test_the_choice_is_of_the_moment_of_the_click(house):
    yes(house, later(hours=2))
    assert said(house) == [("in", later(hours=2))]


def test_a_second_click_changes_nothing(house):
    yes(house, later(hours=2))
    assert yes(house, later(hours=3)) == []
    assert said(house) == [("in", later(hours=2))]


def test_a_no_before_the_link_was_asked_for_does_not_stand_against_it(house):
    no(house, NOW)
    yes(house, later(hours=2), asked_at=later(hours=1))
    assert [says for says, _ in said(house)] == ["out", "in"]


def test_a_no_after_it_does_whatever_was_clicked_before(house):
    yes(house, later(hours=1))
    no(house, later(hours=2))
    with pytest.raises(Conflict, match="stopped after the link was sent"):
        yes(house, later(hours=3))
    assert [says for says, _ in said(house)] == ["in", "out"]
