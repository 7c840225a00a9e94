"""The ledger in the record: it grows at its end, in the caller's transaction, and the database itself refuses everything else."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.ledger.conftest import ANN, AT, COUNTED
from tests.ledger.test_tree import mth
from upheld.errors import Conflict, Invalid, NotFound, Refused
from upheld.ledger import actions, queries, tree
from upheld.ledger.commitments import opens
from upheld.ledger.models import ACTOR
from upheld.ledger.verification import verify
from upheld.record import Actor, micros


def root_of(record):
    with record.reading() as conn:
        return queries.root(conn)


def test_entries_are_counted_from_nought_and_come_back_as_written(record, fill):
    assert fill(3) == range(3)
    with record.transaction() as tx:
        assert actions.append(tx, COUNTED, {"number": 42}, AT, Actor("worker")) == 3
    with record.reading() as conn:
        assert queries.size(conn) == 4
        entry = queries.entry(conn, 3)
        assert [one.body["number"] for one in queries.entries(conn)] == [0, 1, 2, 42]
        assert [one.id for one in queries.entries(conn, 2, COUNTED)] == [2, 3]
        assert list(queries.entries(conn, kind="test.other")) == []
    assert (entry.id, entry.at, entry.kind, entry.body, entry.actor["role"]) == (3, AT, COUNTED, {"number": 42}, None)
    assert entry.canonical == (
        b'{"actor":{"id":2,"name":"%s","role":null},"at":%d,"body":{"number":42},"entry":3,"kind":"test.counted"}'
        % (entry.actor["name"].encode(), micros(AT))
    )


def test_the_root_is_that_of_the_definition_at_every_size(record, fill):
    assert root_of(record) == tree.EMPTY
    for count in (1, 1, 5, 1, 9):
        fill(count)
    with record.reading() as conn:
        leaves = [entry.hash for entry in queries.entries(conn)]
        assert queries.root(conn) == mth(leaves)
        for size in range(18):
            assert queries.root(conn, size) == mth(leaves[:size])


def test_one_by_one_or_all_at_once_makes_no_difference(record, fill):
    fill(13)
    once = root_of(record)
    with record.reading() as conn:
        leaves = [entry.hash for entry in queries.entries(conn)]
    edge = []
    for number, leaf in enumerate(leaves):
        tree.extend(number, edge, leaf)
    assert tree.fold(edge) == once


def test_every_proof_the_record_gives_holds(record, fill):
    for count in (1, 1, 2, 5, 11, 13):
        fill(count)
        with record.reading() as conn:
            size, root = queries.size(conn), queries.root(conn)
            for number, entry in enumerate(queries.entries(conn)):
                assert tree.root_of_inclusion(entry.hash, number, size, queries.inclusion(conn, number)) == root
            for old in range(size + 1):
                assert tree.is_consistent(old, size, queries.root(conn, old), root, queries.consistency(conn, old))
    with record.reading() as conn:
        at_20 = queries.root(conn, 20)
        assert tree.root_of_inclusion(queries.entry(conn, 7).hash, 7, 20, queries.inclusion(conn, 7, 20)) == at_20
        assert tree.is_consistent(7, 20, queries.root(conn, 7), at_20, queries.consistency(conn, 7, 20))


def test_what_is_not_there_is_said_with_the_size(record, fill):
    fill(3)
    with record.reading() as conn:
        for ask in (queries.entry, queries.inclusion):
            with pytest.raises(NotFound, match="no entry 3"):
                ask(conn, 3)
        with pytest.raises(Invalid, match="holds 3 entries, not 4"):
            queries.root(conn, 4)
        with pytest.raises(Invalid, match="holds 3 entries, not 9"):
            queries.inclusion(conn, 0, 9)
        with pytest.raises(Invalid, match="of size 2 never had size 3"):
            queries.consistency(conn, 3, 2)


def test_an_entry_exists_only_if_the_transaction_commits(record, fill):
    fill(2)
    before = root_of(record)
    with pytest.raises(Refused, match="after all"), record.transaction() as tx:
        actions.append(tx, COUNTED, {"number": 5}, AT, ANN)
        raise Refused("not after all")
    assert root_of(record) == before
    assert fill(1) == range(2, 3)  # and its number is used again: there is no gap
    with record.reading() as conn:
        assert verify(conn)


def test_a_clock_that_went_back_is_refused_with_a_reason(record, fill):
    fill(1)
    with pytest.raises(Conflict, match="the clock went back: the last entry is of `2026-11-22 10:00:00` UTC; set the clock"):
        fill(1, at=AT - timedelta(seconds=61))
    fill(1, at=AT)  # the same moment is fine
    with record.reading() as conn:
        assert queries.size(conn) == 2


def test_who_read_the_clock_and_then_waited_for_another_writer_is_not_refused(record, fill):
    fill(1, at=AT)
    fill(2, at=AT - timedelta(seconds=30))
    fill(1, at=AT + timedelta(microseconds=1))
    with record.reading() as conn:
        assert [entry.at for entry in queries.entries(conn)] == [AT, AT, AT, AT + timedelta(microseconds=1)]
        assert verify(conn)


def test_one_bad_entry_in_a_batch_adds_none(record, fill):
    with pytest.raises(Invalid), record.transaction() as tx:
        actions.append_many(tx, [(COUNTED, {"number": 1}), (COUNTED, {"number": "ann@customer.example"})], AT, ANN)
    assert root_of(record) == tree.EMPTY


def test_nothing_to_add_adds_nothing(record):
    with record.transaction() as tx:
        assert list(actions.append_many(tx, [], AT, ANN)) == []
    assert root_of(record) == tree.EMPTY


def test_an_actor_is_named_by_number_role_and_a_commitment_that_can_be_forgotten(record, fill):
    fill(1, actor=Actor("Ann Archer", "privacy"))
    fill(1, actor=Actor("Ann Archer", "support"))
    with record.reading() as conn:
        first, second = (entry.actor for entry in queries.entries(conn))
        kept = conn.execute(ACTOR.select()).one()
        assert b"Archer" not in queries.entry(conn, 0).canonical
    assert first == {"id": 1, "name": first["name"], "role": "privacy"}
    assert second == first | {"role": "support"}
    assert opens(first["name"], b"Ann Archer", kept.salt)
    with pytest.raises(Invalid, match="role must be a word"):
        fill(1, actor=Actor("ann", "ann@merchant.example"))
    with record.transaction() as tx:
        tx.execute(ACTOR.delete())
    with record.reading() as conn:
        assert verify(conn)


NEVER = [
    "UPDATE ledger_entry SET kind = 'test.other' WHERE id = 1",
    "UPDATE ledger_entry SET canonical = canonical",
    "DELETE FROM ledger_entry WHERE id = 2",
    "DELETE FROM ledger_entry",
    "INSERT INTO ledger_entry SELECT id + 5, at, kind, canonical FROM ledger_entry WHERE id = 0",
    "UPDATE ledger_node SET hash = hash",
    "DELETE FROM ledger_node",
    "UPDATE ledger_head SET size = 0",
    "UPDATE ledger_head SET edge = edge",
    "DELETE FROM ledger_head",
    "INSERT INTO ledger_head SELECT id, size, at, edge FROM ledger_head",
]
NEVER_ON = {
    "sqlite": [
        "REPLACE INTO ledger_entry SELECT id, at, 'test.other', canonical FROM ledger_entry WHERE id = 1",
        "REPLACE INTO ledger_node SELECT level, position, hash FROM ledger_node",
        "REPLACE INTO ledger_head VALUES (1, 0, NULL, x'')",
        "INSERT INTO ledger_head VALUES (2, 0, NULL, x'')",
    ],
    "postgresql": [
        "TRUNCATE ledger_entry",
        "TRUNCATE ledger_node",
        "TRUNCATE ledger_head",
        "INSERT INTO ledger_entry SELECT * FROM ledger_entry WHERE id = 1 ON CONFLICT (id) DO UPDATE SET kind = 'test.other'",
    ],
}


def test_the_database_itself_refuses_to_change_what_is_written(record, fill):
    fill(4)
    before = root_of(record)
    for statement in [*NEVER, *NEVER_ON[record.engine.dialect.name]]:
        with pytest.raises(DBAPIError), record.transaction() as tx:
            tx.execute(text(statement))
    assert root_of(record) == before
    fill(1)  # what it is for still works
    with record.reading() as conn:
        assert verify(conn)


def test_a_stranger_s_plain_connection_is_refused_too(record, fill):
    fill(4)
    if record.is_sqlite:
        import sqlite3

        stranger = sqlite3.connect(record.url.database, isolation_level=None)
        error = sqlite3.DatabaseError
    else:
        import psycopg

        from tests.servers import libpq

        stranger = psycopg.connect(libpq(record.url), autocommit=True)
        error = psycopg.Error
    for statement in [*NEVER, *NEVER_ON[record.engine.dialect.name]]:
        with pytest.raises(error):
            stranger.execute(statement)
    stranger.close()
    with record.reading() as conn:
        assert verify(conn)
