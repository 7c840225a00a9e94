"""The normal form norm/v1: what a careful clerk would call the same is the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.people import normal
from upheld.people.addresses import address, join_address, split_address, street
from upheld.people.names import first_name, last_name, split_name

SAME_ADDRESSES = [
    ("12 Maple Ave Apt 4B", "0012 N. Maple Avenue, #4-b", "12 maple av unit 4b", "Apt 4B, 12 Maple Ave."),
    ("P.O. Box 77", "PO BOX 0077", "po box #77", "Post Office Box 77", "POB 77"),
    ("Hauptstraße 12a", "Hauptstr. 12 A", "HAUPTSTRASSE 12a", "12a Hauptstr."),
    ("12 rue de la Paix", "Rue de la Paix 12", "12, Rue de la Paix"),
    ("12 bis rue de la Paix", "12BIS Rue de la Paix", "12 bis, rue de la paix"),
    ("350 Fifth Avenue", "350 5th Ave.", "350 5TH AVENUE"),
    ("Flat 3, 12 High St", "12 High Street Flat 3"),
    ("100 St. Charles St", "100 Saint Charles Street"),
    ("RR 2 Box 15", "R.R. 2, Box #15"),
    ("123-A Main St", "123A Main Street", "123 A Main St"),
    ("ул. Ленина 5", "УЛ. ЛЕНИНА 5"),
    ("12\u00a0Main\u2009St", "12 Main St", "１２ Main St"),
]


@pytest.mark.parametrize("spellings", SAME_ADDRESSES, ids=lambda spellings: spellings[0])
def test_spellings_of_one_address_are_one(spellings):
    assert len({address(text) for text in spellings}) == 1
    assert address(spellings[0]).house


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 Maple Ave", "21 Maple Ave"),
        ("12 Maple Ave", "12 Oak Ave"),
        ("PO Box 7", "7 Box St"),
        ("12 A St", "12a St James St"),
        ("12 Main St Apt 1", "12 Main St Apt 2"),
        ("12 North St", "12 South St"),
        ("12 1/2 Main St", "12 Main St"),
    ],
)
def test_different_addresses_stay_apart(one, other):
    assert address(one) != address(other)


@given(st.text(max_size=80))
def test_an_address_is_the_join_of_its_parts(text):
    number, middle, unit = split_address(text)
    assert address(text) == join_address(number, street(middle, numbered=bool(number)), unit)


@pytest.mark.parametrize(
    ("given_", "strict", "key"),
    [
        ("A.b+x@Gmail.com", "a.b+x@gmail.com", "ab@gmail.com"),
        ("ab@googlemail.com", "ab@googlemail.com", "ab@gmail.com"),
        ("a.b+x@shop.example", "a.b+x@shop.example", "a.b+x@shop.example"),
        ("x@bücher.example", "x@xn--bcher-kva.example", "x@xn--bcher-kva.example"),
        ("x@BÜCHER.example", "x@xn--bcher-kva.example", "x@xn--bcher-kva.example"),
        ("X@XN--BCHER-KVA.example", "x@xn--bcher-kva.example", "x@xn--bcher-kva.example"),
        ("Jörg@shop.example", "jörg@shop.example", "jörg@shop.example"),
        ("Jo\u0308rg@shop.example", "jörg@shop.example", "jörg@shop.example"),
        ("  a@shop.example.\u200b", "a@shop.example", "a@shop.example"),
        ("o'neil@shop.example", "o'neil@shop.example", "o'neil@shop.example"),
        ("mailto:A@shop.example", "a@shop.example", "a@shop.example"),
        ("+@gmail.com", "+@gmail.com", "+@gmail.com"),
    ],
)
def test_an_email_address_has_a_strict_form_and_a_folded_key(given_, strict, key):
    assert (normal.email_strict(given_), normal.email(given_)) == (strict, key)


@pytest.mark.parametrize(
    "text", ["", "@", "a@b", "a b@shop.example", "a@", "a@@", "a@-.", "a@shop..example", "n/a", "a" * 600 + "@x.example", "\0"]
)
def test_what_is_no_email_address_has_no_form(text):
    assert normal.email(text) == ""


@pytest.mark.parametrize(
    ("text", "region", "form"),
    [
        ("(202) 555-0123", "US", "+12025550123"),
        ("202.555.0123", "US", "+12025550123"),
        ("+1 202 555 0123 ext. 5", "US", "+12025550123"),
        ("12025550123", "US", "+12025550123"),
        ("+44 20 7946 0123", "US", "+442079460123"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("12", "US", ""),
        ("none", "US", ""),
    ],
)
def test_a_telephone_number_has_its_international_form(text, region, form):
    assert normal.phone(text, region) == form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("02139-1234", "02139"),
        ("021391234", "02139"),
        ("2139", "02139"),
        ("2139.0", "02139"),
        ("SW1A 1AA", "sw1a1aa"),
        ("m1b1a1", "m1b1a1"),
        ("01310-100", "01310100"),
        ("１００-0001", "00100"),
        ("", ""),
        ("--", ""),
    ],
)
def test_a_zip_code_is_five_digits_and_others_are_kept_whole(text, form):
    assert normal.zip_code(text) == form


@pytest.mark.parametrize("spelling", ["GARCÍA-LÓPEZ", "Garcia Lopez", "garcia–lopez", "García\u00a0López Jr."])
def test_a_double_name_is_joined_and_split(spelling):
    assert last_name(spelling).parts == ("garcialopez", "garcia", "lopez")


def test_titles_middle_names_and_suffixes_come_off():
    assert first_name("Dr. Anna M.").main == "anna"
    assert first_name("Anne-Marie").names[-1] == "annemarie"
    assert "maryann" in first_name("Mary Ann").names
    assert [last_name(text).suffix for text in ("Smith", "Smith Sr.", "Smith, Jr", "Smith II", "Smith III")] == [0, 1, 2, 2, 3]
    assert first_name("Mr").names == ()
    assert last_name("...").whole == ""


def test_nicknames_lead_to_formal_names_and_robert_is_not_william():
    assert "robert" in first_name("Bob").names
    assert "elizabeth" in first_name("Liz").names
    assert not set(first_name("Robert").names) & set(first_name("William").names)


@pytest.mark.parametrize("name", ["李", "Ольга", "محمد", "श्रीमान", "がく"])
def test_names_in_other_scripts_are_kept(name):
    assert first_name(name).names == (first_name(name).main,) != ("",)
    assert first_name(name).main == first_name(f" {name} ").main


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("Dr. Anna M. de la Cruz Jr.", ("Dr. Anna M.", "de la Cruz Jr.")),
        ("Cruz, Ana Maria", ("Ana Maria", "Cruz")),
        ("Bob Smith, Jr.", ("Bob", "Smith Jr.")),
        ("Plato", ("", "Plato")),
        ("", ("", "")),
    ],
)
def test_a_whole_name_is_split(whole, parts):
    assert split_name(whole) == parts


ANY = st.one_of(st.text(max_size=60), st.text(alphabet="aA1.-+@ '#/,ßİǅéøﬁ\u0301\u200b\u00a0\0", max_size=30))


@given(ANY)
def test_normal_forms_are_at_rest(text):
    for form in (normal.fold, normal.email_strict, normal.email, normal.zip_code, normal.account, normal.phone):
        once = form(text)
        assert form(once) == once
    first_name(text), last_name(text), split_name(text), address(text)


@given(ANY)
def test_case_and_outer_blanks_never_matter(text):
    assert address(f"  {text} ") == address(text)
    assert normal.email(f" {text} ") == normal.email(text)


WORDS_OF_STREETS = st.sampled_from(
    "N North Main Unity Flats St Street Ave Lot B E Apt Saint Fifth Rue de la Ter Box PO Post The Str. Bis Floor C".split()
)


@given(st.lists(WORDS_OF_STREETS, min_size=1, max_size=5).map(" ".join))
def test_a_plain_street_is_read_as_any_other(text):
    from upheld.people.addresses import _read, _signs

    assert street(text, numbered=True) == _read(_signs(normal.fold(text)), numbered=True)


def test_a_street_name_that_begins_like_a_unit_is_a_street():
    assert address("12 Unity St").street == "unity"
    assert address("12 Flats Rd Apt B").unit == "b"


HOSTILE = [
    "#" * 500,
    "apt " * 120,
    "a-" * 250,
    "1 " * 250,
    "Bob " * 120,
    "x" * 100_000,
    "\u0301" * 400,
    "\ufdfa" * 300,
    "<script>'--;",
    "%s%n{}",
    "a@" * 200,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_strings_are_read_or_unreadable_but_never_an_error(text):
    assert normal.email(text) == ""
    assert len(last_name(text).parts) <= 4
    assert len(first_name(text).names) <= 20
    for read in (normal.fold, normal.phone, normal.zip_code, normal.account, split_name, address):
        read(text)
