"""The check from inside finds whatever someone with the database's password did to the ledger."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from tests.ledger.conftest import AT, COUNTED
from upheld.ledger import actions, checkpoint, queries, tree
from upheld.ledger.checkpoint import Checkpoint
from upheld.ledger.models import ENTRY, HEAD, NODE
from upheld.ledger.verification import verify

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NAME = "northgate.example/ledger"
PUBLIC = checkpoint.public_key(NAME, KEY)


@pytest.fixture
def tampering(record):
    """A transaction in which the database no longer guards the ledger."""

    def tamper(*statements):
        with record.transaction() as tx:
            if record.is_sqlite:
                for name in tx.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
                    tx.exec_driver_sql(f"DROP TRIGGER {name}")
            else:
                for table in (ENTRY, NODE, HEAD):
                    tx.exec_driver_sql(f"ALTER TABLE {table.name} DISABLE TRIGGER USER")
            for statement in statements:
                tx.execute(statement if not isinstance(statement, str) else text(statement))

    return tamper


def kept(record):
    with record.reading() as conn:
        return checkpoint.sign(Checkpoint(NAME, queries.size(conn), queries.root(conn)), KEY)


def check(record, *notes):
    with record.reading() as conn:
        return verify(conn, notes, PUBLIC)


def test_an_untouched_ledger_holds_and_says_its_size_and_root(record, fill, monkeypatch):
    monkeypatch.setattr("upheld.ledger.verification.AT_ONCE", 4)
    notes = [kept(record)]
    for count in (5, 1, 11):
        fill(count)
        notes.append(kept(record))
    done = []
    with record.reading() as conn:
        verdict = verify(conn, notes, PUBLIC, done.append)
        assert (verdict.size, verdict.root, verdict.faults) == (17, queries.root(conn), ())
    assert verdict
    assert done == [4, 4, 4, 4, 1]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (ENTRY.update().where(ENTRY.c.id == 3).values(canonical=b"{}"), "entry 3 does not say what its row says"),
        (ENTRY.update().where(ENTRY.c.id == 3).values(canonical=b"not json"), "entry 3 does not say what its row says"),
        (ENTRY.update().where(ENTRY.c.id == 3).values(kind="test.other"), "entry 3 does not say what its row says"),
        (ENTRY.update().where(ENTRY.c.id == 3).values(at=AT.replace(year=2027)), "entry 4 is earlier than the one before it"),
        (ENTRY.delete().where(ENTRY.c.id == 3), "entry 3 is missing"),
        (ENTRY.delete().where(ENTRY.c.id == 6), "the ledger's head is not that of its 6 entries"),
        (NODE.update().where(NODE.c.level == 2).values(hash=bytes(32)), "the stored hash 0 of level 2 is wrong"),
        (NODE.delete().where(NODE.c.level == 1, NODE.c.position == 2), "the stored hash 2 of level 1 is wrong"),
        (NODE.insert().values(level=9, position=9, hash=bytes(32)), "1 stored hashes are too many"),
        (HEAD.update().values(edge=bytes(96)), "the ledger's head is not that of its 7 entries"),
        (HEAD.update().values(size=8), "the ledger's head is not that of its 7 entries"),
        (HEAD.delete(), "the ledger's head is not that of its 7 entries"),
    ],
)
def test_whatever_is_changed_in_the_tables_is_found(record, fill, tampering, statement, said):
    fill(7)
    assert check(record)
    tampering(statement)
    verdict = check(record)
    assert not verdict
    assert any(said in fault for fault in verdict.faults)


def rewrite(record, tampering, entries):
    """The merchant's own hand: all tables made anew over other entries, consistent in themselves."""
    tampering(ENTRY.delete(), NODE.delete(), HEAD.update().values(size=0, at=None, edge=b""))
    with record.transaction() as tx:
        for body in entries:
            actions.append(tx, COUNTED, body, AT, actions.Actor("ann"))


def test_a_rewritten_ledger_holds_in_itself_but_not_against_a_kept_checkpoint(record, fill, tampering):
    fill(7)
    note = kept(record)
    fill(2)
    assert check(record, note)
    rewrite(record, tampering, [{"number": number + 100} for number in range(12)])
    assert check(record)  # this is why a stranger keeps checkpoints
    assert check(record, note).faults == ("the log of 7 entries is not the one of the kept checkpoint",)
    rewrite(record, tampering, [{"number": 1}])
    assert check(record, note).faults == ("the log was cut: it has 1 entries, a kept checkpoint has 7",)
    rewrite(record, tampering, [{"number": 1}] * 7)
    assert check(record, note).faults == ("the log of 7 entries is not the one of the kept checkpoint",)


def test_checkpoints_that_contradict_each_other_or_are_not_ours_are_said(record, fill):
    fill(3)
    note, forged = kept(record), checkpoint.sign(Checkpoint(NAME, 3, bytes(32)), KEY)
    assert "two kept checkpoints of 3 entries contradict each other" in check(record, note, forged).faults
    assert "a kept checkpoint cannot be used" in check(record, "nonsense").faults[0]
    with record.reading() as conn:
        assert not verify(conn, [note])  # without a key nothing is taken for signed


def test_a_row_that_is_not_canonical_json_is_found_even_if_its_hash_fits(record, fill, tampering):
    fill(1)
    with record.reading() as conn:
        loose = json.dumps(json.loads(queries.entry(conn, 0).canonical)).encode()
    tampering(ENTRY.update().values(canonical=loose), HEAD.update().values(edge=tree.leaf(loose)))
    assert check(record).faults == ("entry 0 does not say what its row says",)
