"""The blind index over a million records: how long it takes to build, how large it is, how fast it answers one request and many.

What is measured is the look-up, from what a person said to the numbers of the records to weigh, on the index mapped from its files; reading
those records from their systems and weighing them is not in it.
"""

from __future__ import annotations

import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from benches import lists
from benches.publishing import publish
from upheld.people.blind import BlindIndex
from upheld.people.coding import IndexKeys
from upheld.people.held import Held
from upheld.people.identifiers import Email, Identifier, Postal

ROWS, REQUESTS = 1_000_000, 5_000


def keys() -> IndexKeys:
    """Keys of no merchant."""
    return IndexKeys(lambda purpose: hashlib.sha256(purpose.encode()).digest())


def requests(rows: list[tuple[str, ...]]) -> list[list[Identifier]]:
    """What people said: of each row all, the e-mail address alone, the name and address alone, or those with a misspelt street."""
    made: list[list[Identifier]] = []
    for at, (email, first, last, address, zip_) in enumerate(rows):
        misspelt = address[:-3] + address[-2:]
        given: tuple[list[Identifier], ...] = (
            [Email(email), Postal(first, last, address, zip_)],
            [Email(email)],
            [Postal(first, last, address, zip_)],
            [Postal(first, last, misspelt, zip_)],
        )
        made.append(given[at % 4])
    return made


def main(count: int = ROWS) -> None:
    """Measure, print, publish. Target: one request within 5 ms (95 %), 5,000 within 30 s, 300 MB a million records."""
    with tempfile.TemporaryDirectory() as name:
        path, folder = Path(name) / "list.parquet", Path(name) / "blind"
        lists.write(path, count)
        query = f"SELECT email, first, last, address, zip FROM read_parquet('{path}') ORDER BY id"
        used = keys()

        began, spent, children = time.perf_counter(), time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
        BlindIndex.build(_records(query), used).save(folder, used)
        build, own = time.perf_counter() - began, time.process_time() - spent
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        own += after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
        size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
        index = BlindIndex.load(folder, used)
        step = count // REQUESTS
        asked = requests(_some(query, step))
        each: list[float] = []
        found: list[int] = []
        hit = 0
        began = time.perf_counter()
        for at, given in enumerate(asked):
            start = time.perf_counter()
            numbers = index.candidates(given, used)
            each.append(time.perf_counter() - start)
            found.append(len(numbers))
            hit += at * step in numbers
        batch = time.perf_counter() - began
    each.sort()
    found.sort()
    row = [
        f"{count:,}", f"{build:.0f} s", f"{own:.0f} s", f"{size * 1e6 / count:,.0f} MB", f"{each[len(each) // 2] * 1e3:.2f} ms",
        f"{each[len(each) * 95 // 100] * 1e3:.2f} ms", f"{batch:.1f} s", f"{sum(found) / len(found):.1f}",
        f"{found[len(found) * 95 // 100]}",
        f"{100 * hit / len(asked):.2f} %",
    ]  # fmt: skip
    head = [
        "records", "build", "processor time of it", "size a million records", "one look-up, median", "one look-up, 95 %",
        f"{REQUESTS:,} look-ups", "candidates, mean", "candidates, 95 %", "the record itself among them",
    ]  # fmt: skip
    publish(
        "finding",
        "Finding a person among a million records",
        head,
        [row],
        data=f"{count:,} generated people (benches/lists.py); {REQUESTS:,} requests: all, e-mail only, name and address, a misspelt street",
        packages=["numpy", "cryptography"],
    )


def _records(query: str) -> Iterator[tuple[int, Held]]:
    with duckdb.connect() as connection:
        cursor = connection.execute(query)
        number = 0
        while rows := cursor.fetchmany(20_000):
            for email, first, last, address, zip_ in rows:
                yield number, Held(email, None, None, first, last, address, zip_)
                number += 1


def _some(query: str, step: int) -> list[tuple[str, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(query.replace("ORDER BY", f"WHERE id % {step} = 0 ORDER BY")).fetchall()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
