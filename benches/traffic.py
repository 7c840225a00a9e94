"""Web logs into totals, beside GoAccess and a parse by DuckDB, on one file in one run: lines a second of processor time, and peak memory.

`python -m benches.traffic [LINES [MORE]]`; 5,000,000 and 50,000,000 unless said otherwise: the larger log is read by ours alone. Each row
is one program from its start to its end; that of ours with the kernel the median of RUNS, two of them before the others and one after each.
Ours is `upheld traffic import`: all tables of `traffic/tables.py`, visitors in each cell and sum, written into a record, and the days
settled. GoAccess makes its report as JSON. DuckDB only splits lines by regular expressions and counts by status. Aims: 10 times GoAccess
and a million lines a second with the kernel, 2.5 times GoAccess without, 1.5 GiB.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benches.publishing import append, publish
from benches.weblog import write

LINES, MORE = 5_000_000, 50_000_000
LINES_A_DAY = 2_500_000
RUNS = 5
POLICY = Path(__file__).parents[1] / "policies" / "northgate.md"
_SQL = r"""
SELECT regexp_extract(line, '" (\d{3}) ', 1) AS status, count(*), count(DISTINCT regexp_extract(line, '^(\S+)', 1)),
    count(DISTINCT regexp_extract(line, '"[A-Z]+ (\S+) ', 1)), count(DISTINCT regexp_extract(line, '"([^"]*)"$', 1))
FROM read_csv(?, columns={'line': 'VARCHAR'}, delim=chr(1), quote='', escape='', header=false, auto_detect=false) GROUP BY ALL
"""


def by_duckdb(log: Path) -> None:
    """Lines split and counted by SQL."""
    import duckdb

    duckdb.connect().execute(_SQL, [str(log)]).fetchall()


def upheld(*words: object) -> list[str]:
    """A command line of ours."""
    return [sys.executable, "-m", "upheld.cli.main", *map(str, words)]


def home_in(folder: Path) -> Path:
    """A home whose policy is in force."""
    home = folder / "home"
    subprocess.run(upheld("init", home, "--company", "Northgate"), check=True, stdout=subprocess.DEVNULL)
    with (home / "upheld.toml").open("a", encoding="utf-8") as file:
        file.write('\n[traffic]\nhosts = "shop.example"\n')
    subprocess.run(upheld("--home", home, "policy", "post", POLICY), check=True, stdout=subprocess.DEVNULL)
    return home


def ours(log: Path, lines: int, *, kernel: bool) -> tuple[float, float, float]:
    """`upheld traffic import`, with a C compiler in reach or none."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home, said = home_in(folder), folder / "said.json"
        command = upheld("--home", home, "traffic", "import", log, "--json")
        around = {} if kernel else {"PATH": name, "XDG_CACHE_HOME": name}
        if kernel:  # compiled once on a machine, and not now
            subprocess.run([sys.executable, "-c", "from upheld.traffic.parsing.kernel import load; assert load()"], check=True)
        found = measured(command, said, around)
        told = json.loads(said.read_text("utf-8"))
        assert told["read"] == lines == sum(told["fates"].values()) + sum(told["rejected"].values())
        assert len(told["settled"]) >= max(1, lines // LINES_A_DAY)
        return found


def measured(command: list[str], out: Path, around: Mapping[str, str] = {}) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak MiB of a program."""
    began = time.perf_counter()
    with out.open("wb") as file, out.with_suffix(".bad").open("wb") as bad:
        process = subprocess.Popen(command, stdout=file, stderr=bad, env={**os.environ, **around})
        _, status, spent = os.wait4(process.pid, 0)
    assert status == 0, out.with_suffix(".bad").read_text("utf-8")[-2000:]
    return time.perf_counter() - began, spent.ru_utime + spent.ru_stime, spent.ru_maxrss / 1024


def main(lines: int = LINES, more: int = MORE) -> None:
    """Measure, print, publish."""
    load = f"load average {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores"
    found: dict[tuple[str, int], tuple[float, float, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        log, out = Path(name) / "access.log", Path(name) / "peer.json"
        size = write(log, lines, days=max(1, lines // LINES_A_DAY))
        runs = [ours(log, lines, kernel=True) for _ in range(RUNS - 3)]
        others = {
            "upheld, NumPy alone": lambda: ours(log, lines, kernel=False),
            "DuckDB, split and count by status": lambda: measured([sys.executable, "-m", "benches.traffic", "duckdb", str(log)], out),
            "GoAccess": lambda: measured(["goaccess", str(log), "--log-format=COMBINED", "--no-progress", "-o", str(out)], out),
        }
        for name_, run in others.items():
            if name_ != "GoAccess" or shutil.which("goaccess"):
                found[name_, lines] = run()
            runs.append(ours(log, lines, kernel=True))
        found = {("upheld, with the kernel", lines): sorted(runs, key=lambda one: one[1])[RUNS // 2]} | found
        if more:
            size_of_more = write(log, more, days=max(1, more // LINES_A_DAY))
            found["upheld, with the kernel", more] = ours(log, more, kernel=True)
    slow = found.get(("GoAccess", lines), (0.0, 0.0, 0.0))[1]
    rows = []
    for (each, count), (wall, spent, peak) in found.items():
        times = f"{slow / spent:.1f}" if slow and count == lines else "-"
        rows.append([each, f"{count:,}", f"{spent:.1f} s", f"{count / spent:,.0f}", times, f"{wall:.1f} s", f"{peak:,.0f} MiB"])
    head = ["way", "lines", "processor time", "lines a second of it", "times GoAccess", "wall time", "peak memory"]
    data = f"{lines:,} lines in combined form over {max(1, lines // LINES_A_DAY)} days, {size / 1e6:,.0f} MB"
    data += f", and {more:,} over {more // LINES_A_DAY}, {size_of_more / 1e6:,.0f} MB" if more else ""
    data += f", made up from a seed (benches/weblog.py); whole programs, from start to end; {load}"
    publish("traffic", "Web logs into totals", head, rows, data=data, packages=["numpy", "duckdb", "datasketches"])
    each_run = [[number, f"{spent:.2f} s", f"{lines / spent:,.0f}"] for number, (_, spent, _) in enumerate(runs, 1)]
    append("traffic", "The first row, run by run", ["run", "processor time", "lines a second of it"], each_run)


if __name__ == "__main__":
    if sys.argv[1:2] == ["duckdb"]:
        by_duckdb(Path(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:]))
