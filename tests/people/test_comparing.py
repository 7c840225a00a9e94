"""Two portraits compared field by field: the same levels singly and as columns, whatever the order; nothing said is no difference."""

from __future__ import annotations

import random

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benches.customers import asking, world
from upheld.people.comparing import FIELDS, Compared, compare, compare_columns
from upheld.people.held import Held
from upheld.people.portrait import Portrait, of_given, of_held


def levels(one, other):
    """The levels in words, by field; what is not said is left out."""
    found = compare(of_held(Held(**one)), of_held(Held(**other)))
    return {field: FIELDS[field][level] for field, level in found._asdict().items() if level}


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("Robert", "bob", "a known short form"),
        ("Robert", "William", "different"),
        ("Katherine", "Kathrine", "nearly the same"),
        ("Kathy", "Kathrine", "a known short form"),
        ("Eric", "Erica", "alike, yet another name"),
        ("Jon", "Ron", "alike, yet another name"),
        ("Stephen", "Steven", "nearly the same"),
        ("Daniel", "Danielle", "alike, yet another name"),
        ("Hannah", "Anna", "different"),
        ("Katie", "Katherine", "a known short form"),
        ("Betty", "E", "the same initial"),
        ("Dan", "Don", "alike, yet another name"),
        ("Jane", "J.", "the same initial"),
        ("Jane", "R.", "different"),
        ("Jane", "John", "different"),
        ("", "John", None),
        ("Mary Ann", "Maryann", "a known short form"),
        ("Юлия", "Юлий", "different"),
    ],
)
def test_first_names_know_short_forms_initials_and_slips_and_keep_two_names_apart(one, other, words):
    assert levels({"first": one}, {"first": other}).get("first") == words


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("Garcia Lopez", "Lopez", "one part of a double name"),
        ("Smith-Jones", "Jonse", "nearly the same"),
        ("Smith", "Smyth", "nearly the same"),
        ("Smith", "Brown", "different"),
        ("O'Brien", "OBrien", "the same"),
    ],
)
def test_last_names_know_double_names_and_slips(one, other, words):
    assert levels({"last": one}, {"last": other})["last"] == words


def test_names_the_other_way_round_are_seen_in_both():
    assert levels({"first": "Jane", "last": "Doe"}, {"first": "Doe", "last": "Jane"}) == {
        "first": "both names the other way round",
        "last": "both names the other way round",
    }


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("12 Maple Ave Apt 4B", "12 Maple Avenue #4-b", {"house": "the same", "street": "the same", "unit": "the same"}),
        ("12 Maple Ave Apt 4", "12 Maple Ave", {"house": "the same", "street": "the same", "unit": "given by one only"}),
        ("12 Maple Ave Apt 4", "21 Mapel Ave Apt 5", {"house": "nearly the same", "street": "nearly the same", "unit": "different"}),
        ("PO Box 77", "12 Maple Ave", {"house": "different"}),
    ],
)
def test_addresses_are_compared_part_by_part(one, other, expected):
    assert levels({"address": one}, {"address": other}) == expected


def test_zip_e_mail_telephone_suffix_and_account_have_their_own_levels():
    one = {"zip": "02139", "email": "jane.doe@mail.example", "phone": "617-555-0142", "account": "N-104233", "last": "Lee Sr"}
    other = {"zip": "02193", "email": "jane.deo@mail.example", "phone": "617-555-0124", "account": "N-104232", "last": "Lee Jr"}
    assert levels(one, other) == {
        "zip": "nearly the same", "email": "nearly the same", "phone": "nearly the same", "account": "nearly the same",
        "last": "the same", "suffix": "different",
    }  # fmt: skip
    assert levels({"zip": "02139"}, {"zip": "02155"}) == {"zip": "the same area"}
    assert levels({"email": "jane.doe@mail.example"}, {"email": "jane.doe@mial.example"}) == {"email": "nearly the same"}
    assert levels({"email": "info@mail.example"}, {"email": "inof@mail.example"}) == {"email": "different"}


def columns(pairs):
    with duckdb.connect() as connection:
        found = compare_columns(connection, pairs)
    return [Compared(*row) for row in zip(*(found[field].tolist() for field in FIELDS), strict=True)]


WORDS = st.sampled_from(
    [
        "Jane",
        "Katie",
        "Thos",
        "Thomas",
        "Xander",
        "Alexander",
        "Steven",
        "Stephen",
        "Hannah",
        "Anna",
        "Lopez",
        "jane doe",
        "J",
        "Bob",
        "Robert",
        "Eric",
        "Erica",
        "Kathrine",
        "Katherine",
        "Jhn",
        "María",
        "Юлия",
        "李",
        "a",
        "",
    ]
)
FAMILIES = st.sampled_from(
    ["Doe", "Jane", "Smith-Jones", "Jonse", "Garcia Lopez", "Lopes", "Lee Jr", "Lee II", "Lee Sr", "Łukasz", "李", ""]
)
STREETS = st.sampled_from(
    ["12 Maple Ave", "12 Mapel St Apt 4", "21 Maple Grove Rd #5", "PO Box 77", "7 bis rue de la Paix", "１２ 東京", ""]
)
OTHERS = st.builds(
    Held,
    email=st.sampled_from([None, "jane.doe@mail.example", "jane.deo@mail.example", "jane.doe@mial.example", "jané@bücher.example"]),
    phone=st.sampled_from([None, "617-555-0142", "617-555-0124", "+49 89 5550142"]),
    account=st.sampled_from([None, "N-104233", "N-104232", "Ж-104232", "7"]),
    first=WORDS | st.text(max_size=8),
    last=FAMILIES | st.text(max_size=8),
    address=STREETS | st.text(max_size=12),
    zip=st.sampled_from(["02139", "02193", "2139", "02155", "94103", "SW1A 1AA", ""]) | st.text(max_size=6),
)


@settings(deadline=None)
@given(st.lists(st.tuples(OTHERS.map(of_held), OTHERS.map(of_held)), min_size=1, max_size=30))
def test_columns_and_single_portraits_come_to_the_same_levels_in_either_order(pairs):
    singly = [compare(*pair) for pair in pairs]
    assert columns(pairs) == singly
    assert [compare(other, one) for one, other in pairs] == singly


def test_columns_and_single_portraits_agree_on_thousands_of_realistic_pairs():
    made = world(3_000, 5)
    pick = random.Random(5)
    askers = [said for asker in asking(made, 300, 6) for said in of_given(asker.given)]
    rows = [of_held(row.held) for row in made.rows]
    pairs = [(asker, row) for asker in askers for row in pick.sample(rows, 20)] + list(zip(rows, sorted(rows, key=_sorting), strict=True))
    pairs += [(one, other) for one, other in zip(sorted(rows, key=_sorting), sorted(rows, key=_sorting)[1:], strict=False)]
    assert columns(pairs) == [compare(*pair) for pair in pairs]


def _sorting(said):
    return said.zip, said.where.house, said.last.whole, said.first.main


def test_every_level_has_words_and_what_is_not_said_is_level_0():
    assert set(FIELDS) == set(Compared._fields)
    assert {words[0] for words in FIELDS.values()} == {"not said"}
    assert compare(Portrait(), of_held(Held(first="Jane", last="Doe", zip="02139"))) == Compared(*[0] * len(FIELDS))
