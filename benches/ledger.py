"""The ledger: one durable append, batches, proofs, checks from inside and by the separate verifier; SQLite."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benches.publishing import publish
from upheld.ledger import actions, checkpoint, export, queries, tree
from upheld.ledger.checkpoint import Checkpoint
from upheld.ledger.kinds import NUMBER, WORD, declare, one_of
from upheld.ledger.verification import verify
from upheld.record import Actor, Record

ENTRIES = 1_000_000
SINGLE = 2_000
PROOFS = 500
CHOSEN = declare("bench.chosen", "a choice, as large as a real one", person=NUMBER, topic=WORD, opted=one_of("in", "out"), chosen_at=NUMBER)
AT, ANN = datetime(2026, 1, 1, tzinfo=UTC), Actor("ann", "privacy")
SCRIPT = Path(__file__).parents[1] / "verifier" / "verify_ledger.py"


def body(number: int) -> dict[str, object]:
    """One body."""
    return {"person": number, "topic": "newsletter", "opted": "out", "chosen_at": 1795384394888039}


def batches(record: Record, size: int, total: int) -> float:
    """Entries a second, each batch one durable transaction."""
    began = time.perf_counter()
    for first in range(0, total, size):
        with record.transaction() as tx:
            actions.append_many(tx, ((CHOSEN, body(number)) for number in range(first, first + size)), AT, ANN)
    return total / (time.perf_counter() - began)


def milliseconds(act: Callable[[int], object], numbers: list[int]) -> str:
    """Median and 99th percentile of an act, in ms."""
    taken = []
    for number in numbers:
        began = time.perf_counter()
        act(number)
        taken.append((time.perf_counter() - began) * 1000)
    return f"{statistics.median(taken):.2f} ms ({statistics.quantiles(taken, n=100)[98]:.2f})"


def main() -> None:
    """Measure, print, publish."""
    key, name, rows = Ed25519PrivateKey.generate(), "bench.example/ledger", list[list[str]]()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        record = Record(f"sqlite:///{folder}/record.db")
        record.create()
        rows.append(["append, one durable transaction each", f"{batches(record, 1, SINGLE):,.0f} a second"])
        rows += [[f"append, {size:,} a transaction", f"{batches(record, size, 40 * size):,.0f} a second"] for size in (10, 100, 1000)]
        with record.reading() as conn:
            left = ENTRIES - queries.size(conn)
        with click.progressbar(length=left, label="filling", file=sys.stderr) as bar:
            for _ in range(0, left, 10_000):
                batches(record, 10_000, 10_000)
                bar.update(10_000)
        record.close()
        record = Record(f"sqlite:///{folder}/record.db")
        rows.append(["open again, and the root", milliseconds(lambda _: root(record), [0] * 20)])
        _proofs(record, rows)
        rows.append(["sign a checkpoint", milliseconds(lambda _: sign(record, name, key), [0] * 100)])
        rows.append(["append after that, one durable transaction each", f"{batches(record, 1, SINGLE):,.0f} a second"])
        _checks(record, Path(folder), name, key, rows)
        size = (Path(folder) / "record.db").stat().st_size / 2**20
        rows.append(["the record on the disk", f"{size:,.0f} MiB"])
        record.close()
    data = f"{ENTRIES:,} entries of about 290 bytes in SQLite with synchronous=FULL; medians, 99th percentiles in brackets"
    publish("ledger", "The ledger", ["act", "measured"], rows, data=data, packages=["sqlalchemy", "pysqlite3", "cryptography"])


def root(record: Record) -> bytes:
    """The root, by a fresh look."""
    with record.reading() as conn:
        return queries.root(conn)


def sign(record: Record, name: str, key: Ed25519PrivateKey) -> str:
    """A checkpoint."""
    with record.reading() as conn:
        return checkpoint.sign(Checkpoint(name, queries.size(conn), queries.root(conn)), key)


def _proofs(record: Record, rows: list[list[str]]) -> None:
    with record.reading() as conn:
        size, last = queries.size(conn), queries.root(conn)
        numbers = random.Random(0).sample(range(1, size), PROOFS)
        rows.append(["proof of an entry", milliseconds(lambda number: queries.inclusion(conn, number), numbers)])
        entries = {number: (queries.entry(conn, number).hash, queries.inclusion(conn, number)) for number in numbers}
        rows.append(["checking one", milliseconds(lambda number: tree.root_of_inclusion(*_args(entries[number], number, size)), numbers)])
        assert all(tree.root_of_inclusion(*_args(entry, number, size)) == last for number, entry in entries.items())
        rows.append(["proof from an older checkpoint", milliseconds(lambda number: queries.consistency(conn, number), numbers)])


def _args(entry: tuple[bytes, list[bytes]], number: int, size: int) -> tuple[bytes, int, int, list[bytes]]:
    return entry[0], number, size, entry[1]


def _checks(record: Record, folder: Path, name: str, key: Ed25519PrivateKey, rows: list[list[str]]) -> None:
    with record.reading() as conn:
        began = time.perf_counter()
        verdict = verify(conn)
        assert verdict
        rows.append(["`upheld ledger verify`", f"{verdict.size / (time.perf_counter() - began):,.0f} entries a second"])
        began = time.perf_counter()
        export.export(conn, folder / "export", name, key)
        rows.append(["export", f"{verdict.size / (time.perf_counter() - began):,.0f} entries a second"])
    began = time.perf_counter()
    words = [sys.executable, "-I", SCRIPT, folder / "export", "--key", checkpoint.public_key(name, key)]
    subprocess.run(words, check=True, capture_output=True)
    rows.append(["the separate verifier on it", f"{verdict.size / (time.perf_counter() - began):,.0f} entries a second"])


if __name__ == "__main__":
    main()
