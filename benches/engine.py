"""This house's matcher as the benches run it: a blind index in files, records in a SQLite file, both read anew for each request."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from benches.asking import Answer
from benches.customers import Asker, Row
from upheld.people.blind import BlindIndex
from upheld.people.coding import IndexKeys
from upheld.people.held import Held
from upheld.people.judging import judged
from upheld.people.portrait import of_given, of_held
from upheld.people.weights import Weights


def keys() -> IndexKeys:
    """Keys of no merchant."""
    return IndexKeys(lambda purpose: hashlib.sha256(purpose.encode()).digest())


def store(rows: Sequence[Row], path: Path) -> None:
    """Write the records down where a merchant would: a table, by number."""
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE held (id INTEGER PRIMARY KEY, email, phone, account, first, last, address, zip)")
        values = ((n, h.email, h.phone, h.account, h.first, h.last, h.address, h.zip) for n, h in ((n, r.held) for n, r in enumerate(rows)))
        db.executemany("INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    db.close()


def build(rows: Sequence[Row], folder: Path) -> int:
    """Index the records; how many bytes the index takes."""
    BlindIndex.build(((number, row.held) for number, row in enumerate(rows)), keys()).save(folder, keys())
    return sum(file.stat().st_size for file in folder.iterdir())


class Engine:
    """Answers requests, one at a time."""

    def __init__(self, folder: Path, records: Path, weights: Weights) -> None:
        self.keys, self.weights = keys(), weights
        self.index = BlindIndex.load(folder, self.keys)
        self.db = sqlite3.connect(records)
        self.times: list[float] = []
        self.used: list[float] = []
        self.candidates: list[int] = []

    def answer(self, asker: Asker) -> Answer:
        """Find candidates, read their records, compare, judge."""
        began, spent = time.perf_counter(), time.process_time()
        numbers = self.index.candidates(asker.given, self.keys).tolist()
        marks = ", ".join("?" * len(numbers))
        read = self.db.execute(f"SELECT * FROM held WHERE id IN ({marks})", numbers).fetchall()
        found = judged(of_given(asker.given), [(of_held(Held(*row[1:])),) for row in read], self.weights)
        answer = Answer(
            [row[0] for row, one in zip(read, found, strict=True) if one.stopping.verdict == "same"],
            [row[0] for row, one in zip(read, found, strict=True) if one.stopping.verdict == "to review"],
            [row[0] for row, one in zip(read, found, strict=True) if one.showing.verdict == "same"],
        )
        self.times.append(time.perf_counter() - began)
        self.used.append(time.process_time() - spent)
        self.candidates.append(len(numbers))
        return answer
