"""Loose and wide codes: more ways to find a record than tight codes have, equal for what is given and what is held."""

from __future__ import annotations

import hashlib

import pytest

from upheld.people.codes import Keys, tight_codes
from upheld.people.held import Held
from upheld.people.identifiers import Account, Email, Phone, Postal
from upheld.people.wide import WideKeys, identifiers, loose_codes, wide_codes


def subkey(purpose: str) -> bytes:
    return hashlib.sha256(purpose.encode()).digest()


KEYS = WideKeys(subkey)
JANE = Held(email="jane.garcia@shop.example", first="Jane", last="Garcia-Lopez", address="12 Maple Ave Apt 4", zip="02139")


def meet(codes, given) -> bool:
    return not set(codes(JANE, KEYS)).isdisjoint(codes([given], KEYS))


@pytest.mark.parametrize(
    ("codes", "given"),
    [
        (loose_codes, Postal("Robert", "Garcia Lopes", "12 Oak St", "02139")),
        (loose_codes, Postal("Jayne", "Miller", "12 Oak St", "02139")),
        (loose_codes, Postal("Jayne", "Lopez", "77 Oak St", "02139")),
        (loose_codes, Postal("Jayne", "Miller", "12 Maple St", "02142")),
        (loose_codes, Postal("Jane", "Lopez", "77 Oak St", "02142")),
        (loose_codes, Email("jane.garcia@elsewhere.example")),
        (wide_codes, Postal("Robert", "Miller", "12 Oak St", "02139")),
        (wide_codes, Postal("Robert", "Miller", "12 Maple St", "94110")),
        (wide_codes, Postal("Robert", "Lopez", "77 Oak St", "02139")),
        (wide_codes, Postal("Robert", "Garcialopes", "77 Oak St", "02139")),
        (wide_codes, Postal("Jane", "Miller", "77 Oak St", "02139")),
        (wide_codes, Postal("Robert", "Miller", "77 Maple Street", "02139")),
        (wide_codes, Postal("Jane", "Lopez", "77 Oak St", "94110")),
        (wide_codes, Postal("Jayne", "Garcia Lopes", "77 Oak St", "02142")),
    ],
)
def test_each_rule_finds_what_it_is_for(codes, given):
    assert meet(codes, given)


@pytest.mark.parametrize("codes", [loose_codes, wide_codes])
@pytest.mark.parametrize(
    "given", [Postal("Robert", "Miller", "77 Oak St", "02142"), Email("jane@elsewhere.example"), Phone("617-555-0123"), Account("4711")]
)
def test_nothing_in_common_is_not_found(codes, given):
    assert not meet(codes, given)


def test_all_that_was_given_is_coded():
    postal, email = Postal(JANE.first, JANE.last, JANE.address, JANE.zip), Email(JANE.email)
    for codes in (loose_codes, wide_codes):
        assert set(codes([postal, email], KEYS)) == set(codes(JANE, KEYS))
        assert codes([], KEYS) == codes(Held(), KEYS) == ()


def test_kinds_of_codes_never_meet():
    tight = {code.code for one in identifiers(JANE) for code in tight_codes(one, Keys(subkey))}
    loose, wide = set(loose_codes(JANE, KEYS)), set(wide_codes(JANE, KEYS))
    assert len(tight | loose | wide) == len(tight) + len(loose) + len(wide)


def test_a_record_is_known_by_what_it_says():
    assert identifiers(Held()) == ()
    assert identifiers(Held(phone="617-555-0123", account="4711")) == (Phone("617-555-0123"), Account("4711"))
    assert identifiers(Held(last="Garcia", zip="02139")) == (Postal("", "Garcia", "", "02139"),)


def test_the_codes_of_version_1_never_change():
    said = repr([sorted(loose_codes(JANE, KEYS)), sorted(wide_codes(JANE, KEYS))])
    assert hashlib.sha256(said.encode()).hexdigest()[:16] == GOLDEN


GOLDEN = "59c7dc18f020898b"
