"""A report over a year of totals of 10,000 pages beside the year before: processor and wall time from the record to the finished page.

`python -m benches.visits [DAYS]`; 730 unless said otherwise: two years. Each day tells of 10,000 pages, by hour of the 200 heaviest, and of
statuses, countries, referrers and campaigns. They are put into the record as they lie there once days are settled. Aim: 300 ms.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, insert

from benches.publishing import publish
from upheld.cli.init import load_tables
from upheld.gate.measuring import permit
from upheld.home import Home
from upheld.policy import document
from upheld.postings import actions as postings
from upheld.record import Actor, Record
from upheld.record.sets import put
from upheld.traffic import reports, sums, telling
from upheld.traffic.models import NAME, TOTAL, UNIT
from upheld.traffic.queries import Period
from upheld.traffic.tables import ALL, CAMPAIGN, COUNTRY, ITEMS, KINDS, MISSED, PAGE, REFERRER, STATUS, Table

DAYS, PAGES, HOURLY, TRIES = 730, 10_000, 200, 5
POLICY = Path(__file__).parents[1] / "policies" / "northgate.md"
LAST = date(2026, 11, 20)


def fill(tx: Connection, days: int) -> int:
    """So many settled days; the rows."""
    random = np.random.default_rng(11)
    counts = {"page": PAGES, "country": 80, "referrer": 2_000, "campaign": 300}
    first = dict(zip(KINDS, np.cumsum([1, *(counts[kind] for kind in KINDS)]).tolist(), strict=False))
    for number, kind in enumerate(KINDS, 1):
        every = range(first[kind], first[kind] + counts[kind])
        put(tx, NAME, {"id": list(every), "kind": [number] * counts[kind], "name": [f"/{kind}/{each}" for each in every]})
    written = 0
    for day in range(days):
        at = (LAST - date(1970, 1, 1)).days - days + 1 + day
        tx.execute(
            insert(UNIT).values(id=day + 1, day=at, source="web", least=10, settled_at=datetime(2026, 11, 25, tzinfo=UTC), withheld=0)
        )
        for table, rows in (
            (PAGE, _crossed(first["page"], PAGES, HOURLY, 24)),
            (STATUS, _crossed(200, 12, 12, 24)),
            (COUNTRY, _crossed(first["country"], counts["country"], 20, 4)),
            (MISSED, _single(first["page"], 300)),
            (REFERRER, _single(first["referrer"], counts["referrer"])),
            (CAMPAIGN, _single(first["campaign"], counts["campaign"])),
        ):
            written += _put(tx, day + 1, table, rows, random)
    return written


def _crossed(first: int, rows: int, inside: int, columns: int) -> list[tuple[int, int]]:
    cells = [(first + row, column) for row in range(inside) for column in range(columns)]
    return [(ALL, ALL), *((ALL, column) for column in range(columns)), *((first + row, ALL) for row in range(rows)), *cells]


def _single(first: int, rows: int) -> list[tuple[int, int]]:
    return [(ALL, 0), *((first + row, 0) for row in range(rows))]


def _put(tx: Connection, unit: int, table: Table, rows: list[tuple[int, int]], random: np.random.Generator) -> int:
    row, column = zip(*rows, strict=True)
    hits = random.integers(10, 5_000, len(rows)).tolist()
    same = {"unit": [unit] * len(rows), "kind": [table.number] * len(rows), "row": row, "column": column}
    put(tx, TOTAL, same | dict.fromkeys(("hits", "size", "visitors", "people"), hits) | dict.fromkeys(("micros", "timed"), [0] * len(rows)))
    return len(rows)


def main(days: int = DAYS) -> None:
    """Fill, measure, print, publish."""
    at, actor = datetime(2026, 11, 26, tzinfo=UTC), Actor("bench")
    with tempfile.TemporaryDirectory() as folder:
        home = Home.create(Path(folder) / "home")
        load_tables()
        record = Record(home.record_url)
        record.create()
        with record.transaction() as tx:
            postings.post(tx, document.read(POLICY), at=at - timedelta(days=days + 90), actor=actor)
            written = fill(tx, days)
            sums.make(tx, "web", (each for found in sums.missing(tx).values() for each in found))
        table = [_measured(record, at, name, span) for name, span in (("a year, beside the year before", 365), ("28 days, beside 28", 28))]
        data = f"{written:,} rows of {days} settled days, {PAGES:,} pages, made up from a seed; the best of {TRIES} tries after the first"
        record.close()
    load = f"load average {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores"
    head = ["report over", "processor time", "wall time", "page"]
    publish("visits", "A report over a year", head, table, data=f"{data}; {load}", packages=["numpy", "sqlalchemy"])


def _measured(record: Record, at: datetime, name: str, span: int) -> list[object]:
    best = (float("inf"), float("inf"), 0)
    for _ in range(TRIES + 1):
        spent, wall = time.process_time(), time.perf_counter()
        with record.reading() as conn:
            made = reports.report(conn, permit(conn, ITEMS, at), Period(LAST, LAST).ending_with(span))
            page = telling.as_html(made)
        best = min(best, (time.process_time() - spent, time.perf_counter() - wall, len(page)))
        assert made.total_before.days
    return [name, f"{best[0] * 1000:.0f} ms", f"{best[1] * 1000:.0f} ms", f"{best[2] / 1000:.0f} kB"]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DAYS)
