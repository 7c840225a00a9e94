"""What a database is asked in a search: no row that a match code calls the person's is left out, and not the whole table comes back."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.systems.stores import Folder, Store
from upheld.people.codes import Keys, tight_codes
from upheld.people.identifiers import Account, Email, Phone, Postal
from upheld.people.wide import WideKeys, loose_codes
from upheld.systems import held
from upheld.systems.connector import Failed
from upheld.systems.datamap import Column, Table

KEYS = Keys(lambda purpose: purpose.encode().ljust(32, b".")[:32])
WIDE = WideKeys(lambda purpose: purpose.encode().ljust(32, b".")[:32])
PARTS = ("email", "phone", "account", "first", "last", "suffix", "full", "address", "unit", "zip")
PEOPLE = Table("people", ("id",), tuple(Column(f"c_{part}", f"order.{part}", part) for part in PARTS))
SCHEMA = "CREATE TABLE people (id INTEGER PRIMARY KEY, " + ", ".join(f"c_{part} VARCHAR(600)" for part in PARTS) + ")"

EMAILS = ["jane.doe@mail.example", "Jan.E+shop@gmail.com", "j.a.n.e@googlemail.com", "a_b%c@post.example", "o'hara@mail.example",
          "jane+1@outlook.com", "josé@exämple.test", "jane@xn--exmple-cua.test", "x@y.example"]  # fmt: skip
PHONES = ["+1 312 555 0142", "(312) 555-0142", "312.555.0142 x77", "1-312-555-0142", "+44 20 7946 0958", "011 44 20 7946 0958",
          "tel:+1-312-555-0142", "1-312-FLOWERS", "1 312 3569377", "+49 (0)30 901820", "555-0142"]  # fmt: skip
ACCOUNTS = ["A-77", "5", "0042", "K_1%", "Ünï"]
FIRSTS = ["Jane", "Bob", "Robert", "Mary Ann", "Maryann", "J.", "Dr. José", "Zoë", "Ирина", "美香", "Jean-Luc"]
LASTS = ["Doe", "O'Hara", "Ohara", "Müller", "Mueller", "Muller", "Garcia-Lopez", "Garcia Lopez", "de la Cruz", "van der Berg", "Smith Jr.",
         "Иванова", "佐藤", "Smyth", "Li"]  # fmt: skip
STREETS = [
    "5 Oak Street", "5 OAK ST.", "12 B Main St", "12b Main Street", "100 First Ave", "100 1st Avenue", "7 Saint John's Rd", "7 St Johns Rd",
    "PO Box 77", "P.O. Box #077", "Hauptstraße 12 a", "12 Hauptstr.", "42 N 42nd St Apt 4-B", "12 bis rue de la Paix", "12 1/2 Elm Ct",
    "N12W345 County Road", "9 Mount Carmel Ctr", "9 Mt Carmel Center", "RR 2 Box 33", "1'2 Oak", "Postfach 77", "улица Ленина 5",
]  # fmt: skip
UNITS = ["", "4B", "Apt 4-B", "#4b", "77", "abc def 12"]
ZIPS = ["60601", "60601-1234", "606011234", "02139", "2139", "2139.0", "K1A 0B1", "k1a0b1", "SW1A 1AA", "00501", "501", "0"]
SUFFIXES = ["", "Jr", "II", "Lopez"]


def fullwidth(text):
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


TWISTS = [
    str, str, str, str.upper, str.lower, str.swapcase, fullwidth,
    lambda text: f"  {text}\t", lambda text: text.replace(" ", "  "), lambda text: text.replace("'", "’"),
    lambda text: text.replace(".", ""), lambda text: text[:3] + "\u200b" + text[3:], lambda text: text.replace("e", "é"),
    lambda text: text.replace(" ", "\u00a0"), lambda text: f"mailto:{text}",
    lambda text: f"{text}.", lambda text: text.replace("-", "\u2010"),
]  # fmt: skip


def written(pool):
    """A value as somebody may write it: of the pool and twisted, or anything at all, or nothing."""
    twisted = st.builds(lambda text, *twists: _twist(text, twists), st.sampled_from(pool), *[st.sampled_from(TWISTS)] * 2)
    anything = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
    return st.one_of(twisted, twisted, twisted, st.none(), anything)


def _twist(text, twists):
    for twist in twists:
        text = twist(text)
    return text


WHOLE = ["Jane Doe", "Doe, Jane", "Bob de la Cruz Jr"]
POOLS = (EMAILS, PHONES, ACCOUNTS, FIRSTS, LASTS, SUFFIXES, WHOLE, STREETS, UNITS, ZIPS)
ROWS = st.lists(st.tuples(*map(written, POOLS)), min_size=1, max_size=12)
GIVEN = st.one_of(
    st.builds(Email, st.sampled_from(EMAILS)),
    st.builds(Phone, st.sampled_from(PHONES)),
    st.builds(Account, st.sampled_from(ACCOUNTS)),
    st.builds(Postal, *map(st.sampled_from, (FIRSTS, LASTS, STREETS, ZIPS))),
)


@pytest.fixture(scope="module", params=["sqlite", "postgres", "mariadb", "csv", "parquet"])
def people(request, tmp_path_factory):
    """A table of people that lives as long as the tests of this module."""
    if request.param in {"csv", "parquet"}:
        yield Folder(request.param, tmp_path_factory.mktemp(request.param), ["id", *(f"c_{part}" for part in PARTS)])
        return
    store = Store(request.param, request, tmp_path_factory.mktemp(request.param), lasting=True)
    store.run(SCHEMA)
    yield store
    store.drop()


def coded(one):
    return {*(code.code for code in tight_codes(one, KEYS)), *loose_codes([one], WIDE)}


def theirs(found, wanted):
    codes = coded(wanted)
    return any(not codes.isdisjoint(coded(one)) for one in held.identifiers(found))


def vars_of(identifier):
    return {name: getattr(identifier, name) for name in type(identifier).__slots__}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(rows=ROWS, wanted=st.lists(GIVEN, min_size=1, max_size=3), data=st.data())
def test_no_row_that_a_code_meets_is_left_out(people, rows, wanted, data):
    at = data.draw(st.integers(0, len(rows) - 1))
    people.run("DELETE FROM people")
    people.put("people", [(number, *row) for number, row in enumerate(rows)])
    connector = people.open(PEOPLE)
    everybody = [found for piece in connector.read(PEOPLE) for found in piece]
    own = next(found for found in everybody if found.key == (str(at),))
    for given_ in (*([one] for one in held.identifiers(own)), wanted):
        met = {found.key for found in connector.search(PEOPLE, given_)}
        lost = [one for one in everybody if one.key not in met and any(theirs(one, each) for each in given_)]
        assert [(one.values, each) for one in lost for each in map(vars_of, given_)] == []


LIKE = [
    ("Jayne", "Doe", "5 Oak Street", "60601"),  # another first name
    ("Jane", "Dough", "5 Oak Street", "60601"),  # a misspelt last name
    ("Jane", "Doe", "5 Oak Street", "10001"),  # an old ZIP
    ("Jane", "Doe", "5 Oak Street", "60610"),  # digits swapped
    ("Jane", "Doe", "51 Oak Street", "60601"),
    ("Jane", "Doe", "8 Pine Road", "60601"),  # moved nearby
    ("Jane", "Dough", "15 Oak Street", "60601"),
    ("Jane", "Doe", "5 Oka Street", "60601"),
    ("Janie", "Dough", "15 Elm Street", "60601"),  # a short form, a misspelt name, another street
    ("Jane", "Doe", "9 Elm Street", "60699"),  # moved within the area
    ("Jayne", "Dough", "5 Oak Street", "94110"),
]


def test_likely_rows_come_back_and_others_do_not(people):
    others = [("Bo", "Roe", "77 Elm Street", "60601"), ("Jane", "Doe", "8 Pine Road", "94110"), ("Bo", "Frost", "5 Elm Street", "94110")]
    people.run("DELETE FROM people")
    blank = (None, None, None)
    people.put(
        "people", [(number, *blank, one[0], one[1], None, None, one[2], None, one[3]) for number, one in enumerate([*LIKE, *others])]
    )
    met = people.open(PEOPLE).search(PEOPLE, [Postal("Jane", "Doe", "5 Oak Street", "60601")])
    assert sorted(int(found.key[0]) for found in met) == list(range(len(LIKE)))


def test_of_a_large_table_few_rows_come_back(people):
    people.run("DELETE FROM people")
    rows = [
        (
            number,
            f"p{number}@mail.example",
            f"+1 {200 + number % 700} 555 {number % 10000:04d}",
            str(number),
            "Jane",
            f"Doe{number % 97}",
            *more,
        )
        for number in range(5000)
        for more in [(None, None, f"{number % 500} Oak Street", None, f"{10000 + number:05d}")]
    ]
    people.put("people", rows)
    connector = people.open(PEOPLE)
    for wanted, most in (
        (Email("p77@mail.example"), 1),
        (Phone("277 555 0077"), 40),
        (Account("77"), 1),
        (Postal("Jane", "Doe77", "77 Oak Street", "10077"), 60),
    ):
        met = {found.key for found in connector.search(PEOPLE, [wanted])}
        assert ("77",) in met
        assert len(met) <= most


def test_columns_that_are_no_text_are_never_a_reason_to_leave_a_row_out(request, tmp_path):
    for kind, bytes_, number in (("sqlite", "BLOB", "REAL"), ("postgres", "BYTEA", "BIGINT"), ("mariadb", "BLOB", "BIGINT")):
        store = Store(kind, request, tmp_path)
        store.run(f"CREATE TABLE people (id INTEGER, email {bytes_}, phone {number}, zip INTEGER, address TEXT, account INTEGER)")
        table = Table(
            "people", ("id",), tuple(Column(part, f"order.{part}", part) for part in ("email", "phone", "zip", "address", "account"))
        )
        store.put("people", [(1, "jané@mail.example".encode(), None, None, None, 7), (2, None, 13125550142, 2139, "5 Oak St", 42)])
        connector = store.open(table)
        assert ("1",) in {one.key for one in connector.search(table, [Email("jané@mail.example")])}
        assert ("2",) in {one.key for one in connector.search(table, [Phone("312 555 0142")])}
        assert ("2",) in {one.key for one in connector.search(table, [Postal("Jane", "Doe", "5 Oak Street", "02139-0001")])}
        assert [one.key for one in connector.search(table, [Account("42")])] == [("2",)]


def test_another_character_set_hides_nobody(request, tmp_path):
    store = Store("mariadb", request, tmp_path)
    store.run("CREATE TABLE people (id INTEGER, email VARCHAR(99) CHARACTER SET latin1, name VARCHAR(99) COLLATE utf8mb4_bin)")
    columns = (Column("email", "order.email", "email"), Column("name", "order.name", "last"))
    table = Table("people", ("id",), columns)
    store.put("people", [(1, "JOSÉ@mail.example", "x"), (2, "JANE@mail.example", "x")])
    connector = store.open(table)
    assert {one.key for one in connector.search(table, [Email("josé@mail.example")])} == {("1",)}
    assert ("2",) in {one.key for one in connector.search(table, [Email("jane@mail.example")])}


def test_a_name_that_the_table_does_not_know_is_no_text(request, tmp_path):
    """SQLite takes a quoted name that it does not know for a text: the map's fault would become everybody's value."""
    store = Store("sqlite", request, tmp_path)
    store.run("CREATE TABLE people (id INTEGER, email TEXT)")
    table = Table("people", ("id",), (Column("E-mail Address", "order.email", "email"),))
    for call in (lambda: store.open(table).search(table, [Email("a@b.example")]), lambda: store.open(table).fetch(table, [("1",)])):
        with pytest.raises(Failed, match="has not all columns"):
            call()
