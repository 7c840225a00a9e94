"""A release of ten million rows against a million opt-outs, beside a bare DuckDB anti-join-and-copy of the same file in the same run.

`python -m benches.release [ROWS [OPT-OUTS]] [by-email|by-post]…`. Each measured part runs in a process of its own: its peak memory
is its own. The record is filled in bulk, without ledger entries for the opt-outs; what a release reads is as `upheld choices import`
leaves it.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from sqlalchemy import insert

from benches import lists
from benches.publishing import publish
from upheld.choices.models import CHOICE
from upheld.cli.init import load_tables
from upheld.gate.orders import Order
from upheld.gate.release import release
from upheld.home import Home
from upheld.people.codes import Keys
from upheld.people.columns import Columns, Reader
from upheld.people.matching import CODE as PACKED
from upheld.people.models import IDENTIFIER, PERSON
from upheld.people.normal import NORM
from upheld.policy import document
from upheld.postings import actions as postings
from upheld.record import Actor, Record

CLERK = Actor("bench")
AT_ONCE = 50_000
POLICY = """---
company: Bench
title: Privacy policy
version: "1"
---

We send offers by e-mail and post, unless you tell us not to. {#offers}

```upheld
collect order: name, email, shipping address, purchases, number
topic offers stops marketing
allow marketing using order
```
"""
WAYS = {
    "by-email": ("email", Columns(email="email"), "id, email, first, address, city, state, zip, purchases", ("purchases=order.purchases",)),
    "by-post": (
        "postal",
        Columns(first="first", last="last", address="address", zip="zip"),
        "id, first, last, address, city, state, zip, purchases",
        (),
    ),
}
BARE = {
    "by-email": "lower(l.email) = lower(o.email)",
    "by-post": "lower(l.last) = lower(o.last) AND lower(l.first) = lower(o.first) AND lower(l.address) = lower(o.address)",
}


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def say_peak() -> None:
    """The peak memory of this process, in KiB."""
    print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))


def fill(folder: Path, way: str, opted_out: Path) -> None:
    """A home with the policy in force and everybody of a file opted out."""
    load_tables()
    home = Home.create(folder / "home")
    record = Record(home.record_url)
    record.create()
    kind, columns, *_ = WAYS[way]
    with record.transaction() as tx:
        postings.post(tx, document.parse(POLICY, "bench.md"), at=now(), actor=CLERK)
    connection = duckdb.connect()
    relation = connection.sql(f"SELECT *, file_row_number AS row FROM read_parquet('{opted_out}', file_row_number = true)")
    chunk = Reader(connection, columns, Keys(home.key)).read(relation, row="row")
    order = np.argsort(chunk.rows, kind="stable")
    packed = np.zeros(len(order), dtype=PACKED)
    packed["code"], packed["guard"] = chunk.codes[order], chunk.guards[order]
    people = int(chunk.rows.max()) + 1
    ends = np.cumsum(np.bincount(chunk.rows, minlength=people)).tolist()
    at = now()
    with record.transaction() as tx:
        for start in range(0, people, AT_ONCE):
            some = range(start, min(start + AT_ONCE, people))
            blobs = [packed[ends[each - 1] if each else 0 : ends[each]].tobytes() for each in some]
            tx.execute(insert(PERSON), [{"id": each + 1, "at": at} for each in some])
            known: dict[str, Any] = {"kind": kind, "norm": NORM, "sealed": b"", "at": at}
            tx.execute(
                insert(IDENTIFIER),
                [known | {"id": each + 1, "person": each + 1, "codes": blob} for each, blob in zip(some, blobs, strict=True)],
            )
            said: dict[str, Any] = {
                "topic": "offers",
                "choice": 2,
                "at": at,
                "recorded_at": at,
                "how": "import",
                "wording": None,
                "version": None,
            }
            tx.execute(insert(CHOICE), [said | {"id": each + 1, "person": each + 1} for each in some])
    record.close()


def ours(folder: Path, way: str, list_: Path) -> None:
    """The release."""
    load_tables()
    home = Home.find(folder / "home")
    record = Record(home.record_url)
    mapping = ("id=order.number", "address=order.shipping address", *WAYS[way][3])
    began = [time.perf_counter()]

    def watch(step: str, done: int, of: int) -> None:
        if step != "read" or done == of:
            print(f"    {step}: {time.perf_counter() - began[0]:.1f} s", file=sys.stderr)

    order = Order(str(list_), "marketing.email", "ourselves", folder / "out.parquet", mapping=mapping, source="order")
    summary = release(home, record, order, now, CLERK, watch)
    print(summary.read, summary.released, summary.refused)
    record.close()
    say_peak()


def bare(folder: Path, way: str, list_: Path, opted_out: Path) -> None:
    """The peer: an anti-join and a copy, nothing decided, nothing normalised, nothing recorded."""
    connection = duckdb.connect()
    connection.execute(f"SET temp_directory = '{folder / 'spill'}'")
    query = f"SELECT l.* FROM '{list_}' AS l ANTI JOIN '{opted_out}' AS o ON {BARE[way]}"
    connection.execute(f"COPY ({query}) TO '{folder / 'bare.parquet'}' (FORMAT parquet)")
    say_peak()


def measured(*words: str | Path) -> tuple[float, float, float, str]:
    """Run a part of this bench in a process of its own: wall seconds, processor seconds, peak MiB, and what it said."""
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", "benches.release", *map(str, words)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed: {words}")
    *told, peak = said.split()  # the kernel's own figure would hold the peak of this process too
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, int(peak) / 1024, " ".join(told)


def compare(folder: Path, way: str, rows: int, out: int) -> list[list[object]]:
    """Both, on the same files, the peer first."""
    whole, list_, opted_out = folder / "people.parquet", folder / f"{way}.parquet", folder / "opted-out.parquet"
    if not whole.exists():
        lists.write(whole, rows)
        lists.write(opted_out, out, 3, rows // out)
    duckdb.sql(f"COPY (SELECT {WAYS[way][2]} FROM '{whole}') TO '{list_}' (FORMAT parquet)")
    place = folder / way
    place.mkdir()
    fill(place, way, opted_out)
    peer = measured("bare", way, place, list_, opted_out)
    mine = measured("ours", way, place, list_)
    print(f"{way}: {mine[3].strip()}", file=sys.stderr)
    shutil.rmtree(place)
    list_.unlink()
    told: list[list[object]] = []
    for name, (wall, spent, peak, _) in ((f"release, {way}", mine), (f"bare anti-join and copy, {way}", peer)):
        told.append([name, f"{wall:.1f}", f"{spent:.1f}", f"{rows / wall:,.0f}", f"{rows / (spent / 2):,.0f}", f"{peak:,.0f}"])
    told.append([f"ratio, {way}", f"{mine[0] / peer[0]:.2f}", f"{mine[1] / peer[1]:.2f}", "", "", ""])
    return told


def main(words: list[str]) -> None:
    """Measure, print, publish."""
    match words:
        case ["ours", way, folder, list_]:
            return ours(Path(folder), way, Path(list_))
        case ["bare", way, folder, list_, opted_out]:
            return bare(Path(folder), way, Path(list_), Path(opted_out))
    numbers = [int(word) for word in words if word.isdigit()]
    rows = numbers[0] if numbers else 10_000_000
    out = numbers[1] if len(numbers) > 1 else rows // 10
    ways = [way for way in WAYS if way in words] or list(WAYS)
    given = os.environ.get("UPHELD_BENCH_FOLDER")
    with tempfile.TemporaryDirectory(dir=given and Path(given).parent) as made:
        folder = Path(given) if given else Path(made)
        figures = [row for way in ways for row in compare(folder, way, rows, out)]
    load = os.getloadavg()[1]
    publish(
        "release" if rows == 10_000_000 and len(ways) == 2 else f"release-{rows}-{'-'.join(ways)}",
        "Releases",
        ["what", "wall s", "processor s", "rows a second", "rows a second at two idle cores", "peak MiB"],
        figures,
        data=f"{rows:,} generated people (benches/lists.py), {out:,} opted out, Parquet; load average {load:.0f} on two cores",
        packages=("duckdb", "numpy", "cryptography", "pysqlite3"),
    )
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "MiB for the set-up", file=sys.stderr)
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
