"""California's DROP: the published vectors hold, and nothing of our own normal forms comes in."""

from __future__ import annotations

import base64
import hashlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.errors import Invalid
from upheld.people import drop
from upheld.people.drop import Known

AT, PLUS = "@", "+"  # the examples are published ones; no file of ours spells out what could be somebody's

# Of the technical documentation v1.2.0, privacy.ca.gov/drop-for-data-brokers/technical-specifications/working-with-data
PUBLISHED = [
    (drop.name, "Juan Pablo", "juanpablo", "91hIbrbzNeqHs3o81O5yNrXUj7wDd2shvZ6THKi9qz8="),
    (drop.name, "Martinez", "martinez", "2wRPGbwBNxhShjRczx8GfS2c4cjvs4NJskeWloUNtp8="),
    (
        drop.email,
        f"Anna.Smith{AT}Domain.com",
        f"anna.smith{AT}domain.com",
        "KA18MT/ph6IHYjzT9zwETySDQyvSh87YuoSBpOQtkhE=",
    ),
    (drop.email, "danielle.johnson12@example.com", "danielle.johnson12@example.com", "mKDnDvwF2inxrKcK1hJN2TRkxPfL6kzNNTtU12eH8Bw="),
    (drop.phone, f"{PLUS}1(415)555-9317", "4155559317", "vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E="),
    (drop.phone, "+84(90)123 4567", "4901234567", "ptzVkgbv9DonwvPCHmXmJ2SEOaolSh37z3ZzY/Gmm+U="),
    (drop.phone, "+354(123)4567", "3541234567", "Btrzydf5K6ALAKKXJGFHSx7u5bDzHC9WlVYtpq1n2rY="),
    (drop.phone, "5551273811", "5551273811", "jr/RAWYVN+ODBf2vRxwBASPwiO4x27OGI1y3IDhcwLo="),
    (drop.zip_code, "91790-3771", "91790", "2FPZucR4x7U8KlM+SFAX4LPGhwNz/PIZUCSUdDh0o/s="),
    (drop.zip_code, "M1B 1A1", "m1b1a", "n8L9q8mVeT6Xt9/EeUNiTukGDrkbPJ3DvOEx14uElxk="),
    (drop.zip_code, " 00712345", "71234", "aeNUYKh7Xw5sqpxSbSP9eOHsj6iXewbUyavv89DIuhQ="),
    (drop.zip_code, " 00300-9999", "300", "mDvWFLta/s5as7YCP3EUfNe2vCMU+dJ690IlQcZVg4k="),
    (drop.born, date(1776, 7, 4), "17760704", "skXYXxBER6HQTZ3rXSZH1wVGLQ054mS5rbR/bwvzy4I="),
    (drop.born, date(1985, 7, 4), "19850704", "IWi7qxOAbBJe0fNciDj76Eg84gmj40rB7aNMK/VnFOI="),
    (drop.vehicle, "1HGCM82633A004352", "1hgcm82633a004352", "iNswy1m+0VSt8jAfFrvaiQ1R/0HAbgSwNGkwqo6QBss="),
]


@pytest.mark.parametrize(("form", "written", "standard", "hash_"), PUBLISHED)
def test_the_published_examples_have_their_published_hashes(form, written, standard, hash_):
    assert form(written) == standard
    assert drop.hashed(standard) == hash_


def test_the_published_composites_have_their_published_hashes():
    danielle = Known(firsts=("Danielle",), lasts=("Johnson",), births=(date(1985, 7, 4),), zips=("91790",))
    assert danielle.hashes("NDZ") == {"PQOfn1RffEKmqMmNAzDKKaoZCwxWbQZkQzPWmQo9REA="}
    eve = Known(firsts=("Eve",), lasts=("Genesis",), vehicles=("1HGCM82633A004352",))
    assert eve.hashes("NameVIN") == {"rtnDuXIe63jXYQQXW5r07GJ7lSsrib8+46QuKFwkOmk="}
    assert drop.composite("danielle", "johnson", "19850704", "91790") != drop.composite("johnson", "danielle", "19850704", "91790")


@pytest.mark.parametrize(
    ("written", "standard"),
    [
        ("O'Brien", "obrien"), ("José", "jose"), ("Jose\u0301", "jose"), ("Müller", "muller"), ("Straße", "strasse"), ("Æther", "aether"),
        ("ĲsselMeer", "ijsselmeer"), ("ŁUKASZ", "lukasz"), ("Ħaġar", "hagar"), ("ŊAMBI", "nambi"), ("ıI", "ii"), ("İzmir", "izmir"),
        ("Иванов", "ivanov"), ("Ёлкина", "yolkina"), ("Щербакова", "shcherbakova"), ("ЪЬЫ", "y"), ("Θεοδώρου", "theodoroy"),
        ("田中", "田中"), ("キムラ", "キムラ"), ("ガ", "ガ"), ("김", "김"), ("محمد", "محمد"), ("שלום", "שלום"),
        ("  van  der  Berg ", "vanderberg"),
        ("!?", ""),
    ],
)  # fmt: skip
def test_names_are_read_in_latin_letters_where_their_script_has_them(written, standard):
    assert drop.name(written) == standard


@pytest.mark.parametrize(
    ("written", "standard"),
    [("02139", "2139"), ("00501", "501"), ("0000", ""), ("SW1A 1AA", "sw1a1"), ("90210 ", "90210"), ("902101234", "90210"), ("", "")],
)
def test_zips_lose_their_leading_zeros(written, standard):
    assert drop.zip_code(written) == standard


def test_dots_and_plus_tags_stay_and_nicknames_are_other_people():
    assert drop.email(" A.b+c @gmail.com") == "a.b+c@gmail.com"
    bob, robert = Known(firsts=("Bob",), lasts=("Lee",)), Known(firsts=("Robert",), lasts=("Lee",))
    vin = "1HGCM82633A004352"
    assert Known(firsts=bob.firsts, lasts=("Lee",), vehicles=(vin,)).hashes("NameVIN") != Known(
        firsts=robert.firsts, lasts=("Lee",), vehicles=(vin,)
    ).hashes("NameVIN")


def test_identifiers_of_the_wrong_form_have_no_hash():
    known = Known(devices=("not-one", "0" * 32, "g" * 32), televisions=("short", "A1B2-C3D4"), vehicles=("123",), emails=(" ",))
    assert len(known.hashes("MAID")) == 1
    assert known.hashes("CTVID") == {drop.hashed("a1b2c3d4")}
    assert known.hashes("Email") == known.hashes("NameVIN") == known.hashes("NDZ") == frozenset()


def test_every_combination_of_what_is_held_is_hashed_up_to_a_limit():
    several = Known(firsts=("Ann", "Anna", "ANN"), lasts=("Lee",), births=(date(1980, 1, 1),), zips=("90210", "02139", "90210-1234"))
    assert several.hashes("NDZ") == {
        drop.composite(first, "lee", "19800101", zip_) for first in ("ann", "anna") for zip_ in ("90210", "2139")
    }
    crowd = Known(firsts=tuple(f"a{at}" for at in range(150)), lasts=tuple(f"b{at}" for at in range(150)), vehicles=("1HGCM82633A004352",))
    with pytest.raises(Invalid, match="22500 combinations"):
        crowd.hashes("NameVIN")


@given(st.text(st.characters(categories=("L", "N", "P", "Z"))))
def test_a_hash_is_44_signs_and_standardising_twice_is_standardising_once(text):
    for form in (drop.email, drop.phone, drop.zip_code, drop.name):
        assert form(form(text)) == form(text)
        assert base64.b64decode(drop.hashed(form(text))) == hashlib.sha256(form(text).encode("utf-8", "surrogatepass")).digest()
    assert repr(Known(emails=(text,))) == "Known()"
