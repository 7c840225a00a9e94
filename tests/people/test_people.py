"""People: found by any spelling, enrolled once, never made one by mistake; and whole lists meet the same people."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.houses import CLERK, NOW
from upheld.errors import Invalid
from upheld.ledger import queries as ledger
from upheld.people import facts, queries
from upheld.people.actions import enrol, enrol_many, keep_facts
from upheld.people.codes import FULL, conflict
from upheld.people.columns import Columns, Reader
from upheld.people.identifiers import Email, Phone, Postal, from_given
from upheld.people.matching import Index, conflicts
from upheld.people.models import FACT, IDENTIFIER
from upheld.vault.opening import open_sealed

BOB = Postal("Bob", "Smith", "12 Maple Ave Apt 4", "02139")
ROBERT = Postal("Robert", "Smith", "12 Maple Avenue", "02139-1234")
JANE = Postal("Jane", "Smith", "12 Maple Ave Apt 4", "02139")
MAIL = Email("bob@shop.example")


def put(house, *rows):
    with house.record.transaction() as tx:
        return enrol_many(tx, house.keeper, rows, NOW, CLERK)


def found(house, *identifiers):
    with house.record.reading() as conn:
        return queries.find(conn, house.keeper.keys, identifiers)


def test_somebody_is_enrolled_once_however_they_are_written(house):
    assert put(house, [BOB], [ROBERT], [JANE]) == [(1,), (1,), (2,)]
    assert put(house, [ROBERT], [MAIL]) == [(1,), (3,)]
    assert found(house, ROBERT) == {1}
    assert found(house, JANE, MAIL) == {2, 3}
    assert found(house, Email("nobody@shop.example"), Email("none")) == frozenset()


def test_an_identifier_that_meets_nobody_goes_to_the_one_person_of_its_row(house):
    assert put(house, [BOB], [BOB, MAIL]) == [(1,), (1,)]
    assert found(house, MAIL) == {1}
    with house.record.reading() as conn:
        assert queries.kinds_of(conn, 1) == ("postal", "email")


def test_a_row_that_names_two_people_makes_nobody_one_and_its_stranger_is_a_person_too(house):
    put(house, [BOB], [JANE])
    assert put(house, [BOB, JANE, Phone("202 555 0123")]) == [(1, 2, 3)]
    assert found(house, Phone("+1 202-555-0123")) == {3}


def test_a_row_of_which_nothing_can_be_read_enrols_nobody(house):
    with pytest.raises(Invalid, match="no identifier can be read"):
        put(house, [BOB], [Email("none")])
    assert found(house, BOB) == frozenset()
    with house.record.transaction() as tx:
        assert enrol_many(tx, house.keeper, [[Email("none")], [BOB]], NOW, CLERK, skip_unreadable=True) == [(), (1,)]


def test_a_new_spelling_adds_its_codes_and_an_old_one_adds_nothing(house):
    def identifiers():
        with house.record.reading() as conn:
            return conn.execute(select(func.count()).select_from(IDENTIFIER)).scalar_one()

    put(house, [BOB])
    put(house, [BOB])
    assert identifiers() == 1
    put(house, [Postal("Bob", "Smith", "12 Maple Ave", "02140")])
    assert identifiers() == 2


def test_what_was_given_is_kept_sealed_as_given(house):
    put(house, [BOB])
    with house.record.reading() as conn:
        person, kind, sealed = conn.execute(select(IDENTIFIER.c.person, IDENTIFIER.c.kind, IDENTIFIER.c.sealed)).one()
        assert from_given(kind, open_sealed(conn, house.keeper.vault, person, kind, sealed)) == BOB
    assert b"Maple" not in house.bytes()


ROWS = [
    ("bob@shop.example", "Bob", "Smith", "12 Maple Ave", "02139"),
    ("x@shop.example", "Jane", "Smith", "12 Maple Ave Apt 5", "02139"),
    ("BOB@shop.example", "Jane", "Smith", "12 Maple Ave #4", "02139"),
    ("y@shop.example", "Rob", "Smith Jr", "12 Maple", "02139"),
    ("none", "", "", "", ""),
]


def test_the_rows_of_a_list_meet_whom_each_row_alone_would_meet(house):
    put(house, [BOB, MAIL], [JANE], [Postal("Robert", "Smith Sr", "12 Maple Ave", "02139"), Email("old@shop.example")])
    with duckdb.connect() as connection, house.record.reading() as conn:
        columns = ("email", "first", "last", "address", "zip")
        connection.register("rows", {name: np.array([row[at] for row in ROWS], dtype=object) for at, name in enumerate(columns)})
        relation = connection.sql("SELECT *, row_number() OVER () - 1 AS number FROM rows")
        chunk = Reader(connection, Columns(**{name: name for name in columns}), house.keeper.keys).read(relation, row="number")
        index = queries.index(conn)
        rows, persons = index.match(chunk)
        each = [queries.find(conn, house.keeper.keys, [Email(row[0]), Postal(*row[1:])]) for row in ROWS]
        only_mail = queries.index(conn, ["email"]).match(chunk)
        nobody = queries.later(conn, queries.last_identifier(conn))
    met = {(row, person) for row, people in enumerate(each) for person in people}
    assert len(rows) == len(met)
    assert set(zip(rows.tolist(), persons.tolist(), strict=True)) == met
    assert {(0, 1), (2, 1), (2, 2)} <= met
    assert not any(row in {1, 4} for row, _ in met)
    assert only_mail[0].tolist() == [0, 2]
    assert (len(nobody), nobody.match(chunk)[0].tolist()) == (0, [])
    assert len(index) > 20


GUARDS = st.integers(0, (1 << 17) - 1)


@given(st.lists(st.tuples(GUARDS, GUARDS), min_size=1))
def test_guards_conflict_alike_one_by_one_and_in_columns(pairs):
    one, other = (np.array(side, dtype=np.uint32) for side in zip(*pairs, strict=True))
    assert conflicts(one, other).tolist() == [conflict(*pair) for pair in pairs]


def test_an_unsaid_suffix_or_unit_forbids_nothing():
    assert not conflict(0, 1)
    assert not conflict(0x50, 0)
    assert not conflict(FULL, 0)
    assert [conflict(1, 2), conflict(0x50, 0x60), conflict(FULL, FULL)] == [True] * 3


def test_an_index_of_nobody_meets_nobody():
    assert len(Index(b"", np.zeros(0, np.int64), np.zeros(0, np.int64))) == 0


def test_facts_are_kept_with_their_time_and_a_ledger_entry_without_their_value(house):
    with house.record.transaction() as tx:
        (person,) = enrol(tx, house.keeper, [MAIL], NOW, CLERK)
        assert keep_facts(tx, [(person, facts.region("US_CA")), (person, facts.since("order", "2026.1"))], NOW, CLERK) == 2
        assert keep_facts(tx, [], NOW, CLERK) == 0
    with house.record.reading() as conn:
        assert conn.execute(select(FACT.c.value).order_by(FACT.c.id)).scalars().all() == ["us-ca", "2026.1"]
        said = b"".join(ledger.entry(conn, number).canonical for number in range(ledger.size(conn)))
    assert b"us-ca" not in said


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: facts.region("us-cal"), "did you mean `us-ca`"),
        (lambda: facts.region("42 Some Street, Somewhere"), "this is no region"),
        (lambda: facts.born(date(2030, 1, 1), NOW.date()), "cannot be a birth date"),
        (lambda: facts.born(date(1850, 1, 1), NOW.date()), "cannot be a birth date"),
        (lambda: facts.aged(-1, NOW.date()), "cannot be an age"),
        (lambda: facts.aged(200, NOW.date()), "cannot be an age"),
    ],
)
def test_facts_that_cannot_be_are_refused(make, words):
    with pytest.raises(Invalid, match=words):
        make()


@given(st.dates(date(1930, 1, 1), date(2026, 1, 1)), st.dates(date(2026, 1, 1), date(2060, 1, 1)))
def test_nobody_counts_as_older_than_they_are_and_at_most_a_month_younger(birthday, on):
    true = on.year - birthday.year - ((on.month, on.day) < (birthday.month, birthday.day))
    kept = facts.age(int(facts.born(birthday, on).value), on)
    assert kept in {true, max(true - 1, 0)}
    assert kept == true or on.month in {birthday.month, birthday.month % 12 + 1}


def test_an_age_given_today_is_the_age_today_and_grows():
    today = date(2026, 5, 4)
    month = int(facts.aged(15, today).value)
    assert [facts.age(month, day) for day in (today, date(2027, 4, 30), date(2027, 5, 1))] == [15, 15, 16]
