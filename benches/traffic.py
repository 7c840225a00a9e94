"""Web logs into totals, beside GoAccess and a parse by DuckDB, on one file in one run: lines a second of processor time, and peak memory.

`python -m benches.traffic [LINES]`; 5,000,000 unless said otherwise. Ours makes all tables of `traffic/tables.py`, visitors in each cell
and sum, writes them into a record, and settles the days. GoAccess makes its report as JSON. DuckDB only splits lines by regular expressions
and counts by status. Aims: 10 times GoAccess and a million lines a second with the kernel, 2.5 times GoAccess without, 1.5 GiB.
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

from benches.publishing import publish
from benches.weblog import write

LINES = 5_000_000
POLICY = Path(__file__).parents[1] / "policies" / "northgate.md"
WAYS = ("kernel", "arrays")
_SQL = r"""
SELECT regexp_extract(line, '" (\d{3}) ', 1) AS status, count(*), count(DISTINCT regexp_extract(line, '^(\S+)', 1)),
    count(DISTINCT regexp_extract(line, '"[A-Z]+ (\S+) ', 1)), count(DISTINCT regexp_extract(line, '"([^"]*)"$', 1))
FROM read_csv(?, columns={'line': 'VARCHAR'}, delim=chr(1), quote='', escape='', header=false, auto_detect=false) GROUP BY ALL
"""


def ours(log: Path, way: str) -> None:
    """One import in this process."""
    from upheld.cli.init import load_tables
    from upheld.home import Home
    from upheld.policy import document
    from upheld.postings import actions as postings
    from upheld.record import Actor, Record
    from upheld.traffic.importing import Import
    from upheld.traffic.reader import Site

    at, actor = datetime(2027, 1, 1, tzinfo=UTC), Actor("bench")
    with tempfile.TemporaryDirectory() as folder:
        home = Home.create(Path(folder) / "home")
        load_tables()
        record = Record(home.record_url)
        record.create()
        with record.transaction() as tx:
            postings.post(tx, document.read(POLICY), at=at, actor=actor)
        done = Import(home, record, Site(hosts=("shop.example",)), lambda: at, actor, way).read([log])  # type: ignore[arg-type]
        assert done.account.read == sum(done.account.fates.values()) + sum(done.account.rejected.values())
        assert done.settled
        record.close()


def by_duckdb(log: Path) -> None:
    """Lines split and counted by SQL."""
    import duckdb

    duckdb.connect().execute(_SQL, [str(log)]).fetchall()


def measured(command: list[str]) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak MiB of a program."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, said = process.communicate()
    assert process.returncode == 0, said.decode()[-2000:]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, spent, after.ru_maxrss / 1024


def main(lines: int = LINES) -> None:
    """Measure, print, publish."""
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as name:
        log, out = Path(name) / "access.log", Path(name) / "goaccess.json"
        size = write(log, lines, days=max(1, lines // 2_500_000))
        commands = {f"upheld, {way}": [sys.executable, "-m", "benches.traffic", str(log), way] for way in WAYS}
        commands["DuckDB, split and count by status"] = [sys.executable, "-m", "benches.traffic", str(log), "duckdb"]
        if shutil.which("goaccess"):
            commands["GoAccess"] = ["goaccess", str(log), "--log-format=COMBINED", "--no-progress", "-o", str(out)]
        found = {each: measured(command) for each, command in commands.items()}  # peaks only grow: the largest is of the last ones
        slow = found.get("GoAccess", (0.0, 0.0, 0.0))[1]
        for each, (wall, spent, peak) in found.items():
            times = f"{slow / spent:.1f}" if slow else "-"
            rows.append([each, f"{lines:,}", f"{spent:.1f} s", f"{lines / spent:,.0f}", times, f"{wall:.1f} s", f"{peak:,.0f} MiB"])
    load = f"load average {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores"
    head = ["way", "lines", "processor time", "lines a second of it", "times GoAccess", "wall time", "peak memory so far"]
    data = f"{lines:,} lines in combined form, {size / 1e6:,.0f} MB, made up from a seed (benches/weblog.py); {load}"
    publish("traffic", "Web logs into totals", head, rows, data=data, packages=["numpy", "duckdb", "datasketches"])


if __name__ == "__main__":
    if len(sys.argv) > 2:
        by_duckdb(Path(sys.argv[1])) if sys.argv[2] == "duckdb" else ours(Path(sys.argv[1]), sys.argv[2])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else LINES)
