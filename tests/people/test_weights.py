"""Weights are data: checked when they are loaded, refused when they contradict themselves, and trained on the merchant's own records."""

from __future__ import annotations

import json

import pytest

from benches.customers import world
from upheld.errors import Conflict, Invalid
from upheld.people import training
from upheld.people.comparing import FIELDS, Compared, compare, of_words
from upheld.people.held import Held
from upheld.people.portrait import of_held
from upheld.people.verdicts import for_stopping
from upheld.people.weights import LEAST, MOST, checked, loaded, shipped

FEW_PAIRS = 400_000
"""Enough for these few records; the program looks at ten times as many."""


def changed(**levels):
    return {field: levels.get(field, pairs) for field, pairs in shipped().levels.items()}


def test_the_shipped_weights_say_where_they_come_from_and_survive_being_kept():
    ours = shipped()
    assert "generated records" in ours.origin
    assert loaded(ours.as_bytes()) == ours
    assert all(LEAST <= bits <= MOST for each in ours.bits for bits in each)
    assert {len(words) for words in FIELDS.values()} >= {len(each) for each in ours.bits}


def test_what_was_not_said_weighs_nothing_and_evidence_is_in_words():
    found = shipped().weigh(compare(of_held(Held(first="Jane", zip="60601")), of_held(Held(first="Jane", last="Doe"))))
    assert [(one.of, one.words) for one in found.evidence] == [("first name", "the same")]
    assert shipped().weigh(Compared(*[0] * len(FIELDS))).evidence == ()


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        ({"zip": ((0.9, 0.1), (0.05, 0.1), (0.04, 0.1), (0.01, 0.7))}, "of the zip code say that what is more alike"),
        ({"email": ((0.1, 0.9), (0.9, 0.05))}, "of the e-mail address are no shares"),
        ({"email": ((0.1, 0.9), (0.0, 0.05), (0.9, 0.05))}, "of the e-mail address are no shares"),
        ({"first": ((0.2, 0.97), *shipped().levels["first"][1:])}, "take people with different first names for one person"),
    ],
)
def test_weights_that_contradict_themselves_are_refused(levels, words):
    with pytest.raises(Invalid, match=words):
        checked(changed(**levels), origin="a test")


@pytest.mark.parametrize("words", ["{}", "[]", "no json", '{"form": 1}'])
def test_weights_that_cannot_be_read_are_refused(words):
    with pytest.raises(Invalid, match="cannot be read"):
        loaded(words.encode())


def test_levels_are_read_back_from_evidence_in_words():
    found = shipped().weigh(
        compare(of_held(Held(first="Jane", last="Doe", zip="60601")), of_held(Held(first="Jaen", last="Roe", zip="60601")))
    )
    told = [("why", "not enough is the same to be sure", 0.0), *((one.of, one.words, one.bits) for one in found.evidence)]
    assert of_words(told) == found.compared
    assert of_words([("first name", "of another release", 1.0)]) == Compared(*[0] * len(FIELDS))


def test_weights_of_another_version_or_changed_by_hand_are_refused():
    kept = json.loads(shipped().as_bytes())
    with pytest.raises(Conflict, match="another version"):
        loaded(json.dumps(kept | {"cmp": "cmp/v0"}).encode())
    kept["levels"]["first"]["the same"][0] = 0.5
    with pytest.raises(Invalid, match="changed by hand"):
        loaded(json.dumps(kept).encode())


def test_too_few_records_teach_nothing():
    with pytest.raises(Invalid, match="3 records are too few"):
        training.train([of_held(Held(first="Jane"))] * 3, origin="a test")


def test_training_learns_what_is_likely_and_that_spouses_are_two(monkeypatch):
    monkeypatch.setattr(training, "PAIRS", FEW_PAIRS)
    said = [of_held(row.held) for row in world(8_000, 77).rows]
    learnt = training.levels(said)
    monkeypatch.setattr(training, "levels", lambda _: learnt)  # Splink takes its time: once is enough
    made = training.train(said, origin="a test")
    assert made.version != shipped().version
    given = {"first": "Jane", "last": "Doe", "address": "5 Oak Street", "zip": "60601"}
    for other, verdict in (("Jane", "same"), ("Robert", "different")):
        found = made.weigh(compare(of_held(Held(**given)), of_held(Held(**(given | {"first": other})))))
        assert for_stopping(found).verdict == verdict
    labels = [(compare(of_held(Held(**given)), of_held(Held(**(given | {"first": "Jaen"})))), True)] * 50
    corrected = training.train(said, origin="a test", labels=labels)
    near = FIELDS["first"].index("nearly the same")
    assert corrected.bits[0][near] > made.bits[0][near]
