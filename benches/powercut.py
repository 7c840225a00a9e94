"""Power cuts of the SQLite record on a simulated disk: none may lose an acknowledged choice, release or entry.

`python -m benches.powercut [CUTS]`; 100,000 unless said. Ends with 1 if anything was lost. How it is done: tests/powercut.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

import click

from benches.publishing import publish
from tests.powercut.deeds import DEEDS
from tests.powercut.lives import Outcome, run

CUTS = 100_000
WEAKER = 2_000  # cuts to show what other settings lose
AT_ONCE = 250  # cuts
SEEDS_APART = 1_000


def many(cuts: int, synchronous: str | None = None) -> tuple[Outcome, float]:
    """So many cuts over all cores, and the seconds it took."""
    began, total = time.perf_counter(), Outcome()
    parts = -(-cuts // AT_ONCE)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        running = [pool.submit(run, DEEDS, AT_ONCE, part * SEEDS_APART, synchronous) for part in range(parts)]
        with click.progressbar(length=parts * AT_ONCE, label=f"power cuts, {synchronous or 'FULL'}", file=sys.stderr) as bar:
            for done in as_completed(running):
                total.add(done.result())
                bar.update(AT_ONCE)
    return total, time.perf_counter() - began


def main() -> int:
    """Cut, count, publish. Target: nothing lost."""
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else CUTS
    rows = []
    for name, synchronous, number in (("FULL (ours)", None, cuts), ("NORMAL", "NORMAL", WEAKER), ("OFF", "OFF", WEAKER)):
        seen, seconds = many(number, synchronous)
        if synchronous is None:
            ours = seen
        said = [f"{seen.cuts:,}", f"{seen.acknowledged:,}", f"{seen.lost:,}", f"{seen.cuts_that_lost:,}", f"{seen.broken:,}"]
        rows.append([name, *said, f"{seen.cuts / seconds:,.0f}"])
    by_action = ", ".join(f"{times:,} of `{name}`" for name, times in sorted(ours.by_action.items()))
    publish(
        "powercut",
        "Power cuts of the SQLite record",
        ["synchronous", "cuts", "acknowledged", "of these lost", "cuts that lost", "records broken", "cuts a second"],
        rows,
        data="a simulated disk: 512-byte sectors, each unsynced one survives at random; the power goes at a random write or sync, also "
        f"while SQLite recovers; acknowledged under FULL: {by_action}. After each cut all of it must be there, the ledger must verify and "
        "SQLite's integrity check be clean",
        packages=["apsw", "sqlalchemy"],
    )
    for fault in ours.faults:
        print(fault)
    return 1 if ours.lost or ours.broken else 0


if __name__ == "__main__":
    sys.exit(main())
