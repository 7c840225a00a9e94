"""Match codes: one person written in two ways meets, two people do not, and whole columns agree with single identifiers."""

from __future__ import annotations

import hashlib

import duckdb
import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given, settings
from hypothesis import strategies as st

from upheld.errors import Invalid
from upheld.people.cmac import BLOCK, Cmac
from upheld.people.codes import Keys, conflict, tight_codes
from upheld.people.columns import Columns, Reader
from upheld.people.identifiers import Account, Email, Phone, Postal, as_given, from_given
from upheld.people.names import split_name


def subkey(purpose: str) -> bytes:
    return hashlib.sha256(purpose.encode()).digest()


KEYS = Keys(subkey)


def meet(one, other) -> bool:
    return any(a.code == b.code and not conflict(a.guard, b.guard) for a in tight_codes(one, KEYS) for b in tight_codes(other, KEYS))


JANE = Postal("Jane", "García-López", "12 N Maple Ave Apt 4", "02139-1234")


@pytest.mark.parametrize(
    "other",
    [
        Postal("JANE", "GARCIA LOPEZ", "12 Maple Avenue", "2139"),
        Postal("Jane", "Lopez", "12 Maple Ave #4", "02139"),
        Postal("Mrs. Jane M.", "Garcia-Lopez", "12 Maple", "02139"),
        Postal("Jane", "Garcia Lopes", "12 Maple Ave", "02139"),
        Postal("Jane", "Garcia Lopez", "12 Maple Ave", "02140"),
        Postal("Jane", "Garcia Lopez", "21 Maple Ave", "02139"),
        Postal("Garcia-Lopez", "Jane", "12 Maple Ave", "02139"),
        Postal("J.", "Garcia Lopez", "12 Maple Ave", "02139"),
    ],
)
def test_one_person_written_otherwise_is_met(other):
    assert meet(JANE, other) or meet(Postal("Jane", "Garcialopez", JANE.address, JANE.zip), other)


@pytest.mark.parametrize(
    "other",
    [
        Postal("Robert", "Garcia Lopez", "12 Maple Ave Apt 4", "02139"),
        Postal("John", "Garcia Lopez", "12 Maple Ave Apt 4", "02139"),
        Postal("Jane", "Garcia Lopez", "12 Maple Ave Apt 5", "02139"),
        Postal("Jane", "Smith", "12 Maple Ave Apt 4", "02139"),
        Postal("Jane", "Garcia Lopez", "99 Oak St", "02139"),
        Postal("R.", "Garcia Lopez", "12 Maple Ave Apt 4", "02139"),
    ],
)
def test_another_person_is_not_met(other):
    assert not meet(JANE, other)


def test_father_and_son_meet_only_where_no_suffix_tells_them_apart():
    senior, junior = (Postal("John", f"Smith {suffix}", "5 Oak St", "60601") for suffix in ("Sr", "Jr"))
    unsaid = Postal("John", "Smith", "5 Oak St", "60601")
    assert not meet(senior, junior)
    assert meet(senior, unsaid)
    assert meet(junior, unsaid)


def test_what_cannot_be_read_has_no_code():
    for nothing in (Email("none"), Phone("12"), Account(" "), Postal("", "Smith", "1 A St", "1"), Postal("A", "B", "", "")):
        assert tight_codes(nothing, KEYS) == ()


def test_kinds_and_keys_have_codes_of_their_own():
    a, b = tight_codes(Account("a@shop.example"), KEYS), tight_codes(Email("a@shop.example"), KEYS)
    c = tight_codes(Email("a@shop.example"), Keys(lambda purpose: subkey(f"other {purpose}")))
    assert len({a[0].code, b[0].code, c[0].code}) == 3


def test_the_codes_of_version_1_never_change():
    assert tight_codes(Email("A.B+c@gmail.com"), KEYS)[0].code == tight_codes(Email("ab@googlemail.com"), KEYS)[0].code
    said = repr([*tight_codes(Email("ab@gmail.com"), KEYS), *sorted(tight_codes(JANE, KEYS))])
    assert hashlib.sha256(said.encode()).hexdigest()[:16] == GOLDEN


GOLDEN = "f0de02c16799d92e"


@given(st.binary(min_size=32, max_size=32), st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=5))
def test_our_cmac_is_the_standard_one(key, blocks):
    reference = CMAC(algorithms.AES256(key))
    reference.update(b"".join(blocks))
    expected = int.from_bytes(reference.finalize()[:8], "big")
    ours = Cmac(key)
    columns = [np.frombuffer(block * 3, dtype=BLOCK) for block in blocks]
    state = None
    for column in columns[:-1]:
        state = ours.chain(state, column)
    assert ours.one(*blocks) == expected
    assert ours.end(state, columns[-1]).tolist() == [expected] * 3


FIRST = st.sampled_from("Bob|Robert|Dr. Anna M.|Anne-Marie|Mary Ann|J.|JOSÉ|Ольга|李||Mr|O'Neil|Liz|Kathryn|-|John Jr".split("|"))
LAST = st.sampled_from("Smith|Smith Jr.|García López|Garcia-Lopez|O’Brien|de la Cruz|van der Berg III||Ng|St. John|Smith, MD|王".split("|"))
STREETS = (
    "12 Maple Ave Apt 4B|0012 N. Maple Avenue, #4-b|P.O. Box 77|PO BOX #0077|Hauptstraße 12a|"
    "12 bis rue de la Paix|12 BIS rue X Apt 3|"
    "Flat 3, 12 High St|RR 2 Box 15|RR 2 Box #15|123-A Main St|123 B Main St|12 1/2 Main St|350 Fifth Avenue|Unit 7||"
    "12 Main\tSt|7 Unity St|"
    "東京都千代田区1-1|12 Main St PO Box 5|000 Main St|12  Main St  Suite 5|12 Main St # Apt 5|\u00a012 Main St|12 Main St\n"
)
STREET = st.one_of(st.sampled_from(STREETS.split("|")), st.text(alphabet="12 aApt#.-,/BoxéSt\t\u00a0", max_size=20))
ZIP = st.sampled_from("02139|02139-1234|2139|SW1A 1AA|01310-100||021391234|2139.0|１００|n/a".split("|"))
EMAIL = st.one_of(
    st.sampled_from(
        "a@shop.example|A.B+x@Gmail.com| a@b.example |x@bücher.example|none||+@gmail.com|a.@gmail.com|a@outlook.com|A+b@Pm.me".split("|")
    ),
    st.text(alphabet="aA.+@-_ é\tgmail.com", max_size=20),
)
PHONE = st.one_of(
    st.sampled_from(
        "(202) 555-0123|+1 202 555 0123|12025550123|+44 20 7946 0123|+2025550123|12||202-555-0123 x5|+ 44 20 7946 0123".split("|")
    ),
    st.text(alphabet="0123456789+-() .x", max_size=16),
)
ROW = st.tuples(EMAIL, PHONE, st.text(max_size=12), FIRST, LAST, STREET, ZIP)


def columns_of(rows, columns, names):
    with duckdb.connect() as connection:
        connection.register("rows", {name: np.array([row[at] for row in rows], dtype=object) for at, name in enumerate(names)})
        connection.execute("CREATE TABLE list AS SELECT *, row_number() OVER () + 40 AS number FROM rows")
        reader = Reader(connection, columns, KEYS)
        half = len(rows) // 2
        looks = [
            reader.look(connection.sql(f"SELECT * FROM list WHERE {where} ORDER BY number"), row="number")
            for where in (f"number <= {40 + half}", f"number > {40 + half}")
        ]
        chunks = [look() for look in reversed(looks)]  # codes are computed after the reader has seen, and learnt, more
    found = {}
    for chunk in chunks:
        for code, guard, row in zip(chunk.codes.tolist(), chunk.guards.tolist(), chunk.rows.tolist(), strict=True):
            found.setdefault(row - 41, set()).add((code, guard))
    return found, chunks


NAMES = ("email", "phone", "account", "first", "last", "address", "zip")


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=12))
def test_whole_columns_have_the_codes_of_single_identifiers(rows):
    found, chunks = columns_of(rows, Columns(**{name: name for name in NAMES}), NAMES)
    for at, (email, phone, account, first, last, address, zip_) in enumerate(rows):
        identifiers = [Email(email), Phone(phone), Account(account), Postal(first, last, address, zip_)]
        assert found.get(at, set()) == {tuple(code) for one in identifiers for code in tight_codes(one, KEYS)}
        for kind, one in zip(("email", "phone", "account", "postal"), identifiers, strict=True):
            assert any(at + 41 in chunk.read[kind] for chunk in chunks) == bool(tight_codes(one, KEYS))


WHOLE = st.sampled_from("Bob Smith|Smith, Bob|Dr. Anna M. de la Cruz Jr.|Plato||Bob  Smith|bob Jr|José García López|Smith, Jr.".split("|"))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(WHOLE, STREET, ZIP), min_size=1, max_size=8))
def test_whole_names_are_split_alike_in_columns(rows):
    found, _ = columns_of(rows, Columns(name="name", address="address", zip="zip"), ("name", "address", "zip"))
    for at, (name, address, zip_) in enumerate(rows):
        first, last = split_name(name)
        assert found.get(at, set()) == {tuple(code) for code in tight_codes(Postal(first, last, address, zip_), KEYS)}


def test_values_of_any_length_have_the_codes_of_single_identifiers():
    rows = [
        (" " * 600 + "a@shop.example", "2025550123" + " " * 600, "7" + " " * 600, "Bob", "Smith", "12 Oak St", "60601"),
        ("a" * 600 + "@shop.example", "2" * 600, "7" * 600, "B" * 600, "Smith", "12 Oak St", "60601"),
        ("a@" + "b" * 400 + ".example", "(((" * 200 + "2025550123", "x", "Bob", "S" * 600, "12 Oak St", "60601"),
        ("x", "y", "z", "Bob", "Smith", "12 " + "Oak " * 200, "6" * 600),
        ("x", "y", "z", "Bob", "Smith", " " * 600 + "12 Oak St", "60601"),
    ]
    found, _ = columns_of(rows, Columns(**{name: name for name in NAMES}), NAMES)
    for at, (email, phone, account, first, last, address, zip_) in enumerate(rows):
        identifiers = [Email(email), Phone(phone), Account(account), Postal(first, last, address, zip_)]
        assert found.get(at, set()) == {tuple(code) for one in identifiers for code in tight_codes(one, KEYS)}


def test_missing_values_and_empty_chunks_have_no_codes():
    rows = [(None,) * 7, ("  ",) * 7, ("",) * 7]
    found, chunks = columns_of(rows, Columns(**{name: name for name in NAMES}), NAMES)
    assert found == {}
    assert all(len(chunk.given[kind]) == 0 for chunk in chunks for kind in chunk.given)


@pytest.mark.parametrize("columns", [Columns(), Columns(first="a", last="b"), Columns(name="n", first="f", address="a", zip="z")])
def test_columns_that_make_no_identifier_are_refused(columns):
    with duckdb.connect() as connection, pytest.raises(Invalid):
        Reader(connection, columns, KEYS)


def test_what_was_given_can_be_read_again_and_is_never_shown():
    for one in (Email("a@shop.example"), JANE, Phone("202 555 0123", "US"), Account("é\udc80")):
        assert from_given(one.kind, as_given(one)) == one
        assert "shop" not in repr(one)
        assert "Jane" not in repr(one)
