"""The scrub before a campaign: a mailing list of ten million rows against five million opt-outs, three match codes each.

Both ways read the same Parquet files, write the rows that may be mailed, and account for every row: kept + dropped = read. One is the index
of `people.matching`, which releases use; beside it, in the same run, a plain DuckDB semi-join on the same codes.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np

from benches.publishing import publish
from upheld.people.columns import Chunk
from upheld.people.matching import CODE, Index

ROWS, OPT_OUTS, EVERY = 10_000_000, 5_000_000, 33
AT_ONCE = 1_000_000
MEMORY = "4GB"

_LIST = """
SELECT i AS row, 'household ' || i AS label, hash(i * 3) AS c0, hash(i * 3 + 1) AS c1, hash(i * 3 + 2) AS c2
FROM range($rows) AS rows(i)
"""
# Every 33rd row of the list shares one of its codes with an opt-out; the codes of all others are of nobody on the list.
_OPT_OUTS = """
SELECT
    j AS person,
    CASE WHEN planted AND j % 3 = 0 THEN hash(j * $every * 3) ELSE hash(-1 - j * 3) END AS c0,
    CASE WHEN planted AND j % 3 = 1 THEN hash(j * $every * 3 + 1) ELSE hash(-2 - j * 3) END AS c1,
    CASE WHEN planted AND j % 3 = 2 THEN hash(j * $every * 3 + 2) ELSE hash(-3 - j * 3) END AS c2
FROM (SELECT j, j * $every < $rows AS planted FROM range($opt_outs) AS people(j))
"""
_SEMI_JOIN = """
COPY (
    WITH met AS (
        SELECT DISTINCT row
        FROM (SELECT row, unnest([c0, c1, c2]) AS code FROM read_parquet('{list}'))
        SEMI JOIN (SELECT unnest([c0, c1, c2]) AS code FROM read_parquet('{out}')) AS opted USING (code)
    )
    SELECT l.row, l.label FROM read_parquet('{list}') AS l ANTI JOIN met USING (row)
) TO '{kept}' (FORMAT parquet)
"""


def by_index(folder: Path) -> int:
    """Kept rows, by the index that releases use."""
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        got = connection.execute(f"SELECT c0, c1, c2, person FROM read_parquet('{folder / 'out.parquet'}')").fetchnumpy()
        kept = np.empty((len(got["person"]), 3), dtype=CODE)
        for at, name in enumerate(("c0", "c1", "c2")):
            kept["code"][:, at], kept["guard"][:, at] = got[name], 0
        index = Index(kept.tobytes(), got["person"].astype(np.int64), np.full(len(kept), 3))
        del got, kept
        may = np.ones(ROWS, dtype=np.bool_)
        for at in range(0, ROWS, AT_ONCE):
            query = f"SELECT row, c0, c1, c2 FROM read_parquet('{folder / 'list.parquet'}') WHERE row >= {at} AND row < {at + AT_ONCE}"
            part = connection.execute(query).fetchnumpy()
            codes = np.concatenate([part["c0"], part["c1"], part["c2"]])
            rows = np.tile(part["row"].astype(np.int64), 3)
            met, _ = index.match(Chunk(codes, np.zeros(len(codes), dtype=np.uint32), rows))
            may[met] = False
        connection.register("may", {"row": np.flatnonzero(may)})
        connection.execute(
            f"COPY (SELECT l.row, l.label FROM read_parquet('{folder / 'list.parquet'}') AS l SEMI JOIN may USING (row)) "
            f"TO '{folder / 'kept.parquet'}' (FORMAT parquet)"
        )
        return int(may.sum())


def by_duckdb(folder: Path) -> int:
    """Kept rows, by a semi-join."""
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        names = {"list": folder / "list.parquet", "out": folder / "out.parquet", "kept": folder / "kept.parquet"}
        connection.execute(_SEMI_JOIN.format(**names))
        return int(connection.execute(f"SELECT count(*) FROM read_parquet('{folder / 'kept.parquet'}')").fetchall()[0][0])


WAYS = {"the index that releases use": by_index, "DuckDB semi-join": by_duckdb}


def measure(folder: Path, way: str) -> str:
    """One way, in this process: wall seconds, processor seconds, kept, peak MiB."""
    began, spent = time.perf_counter(), time.process_time()
    kept = WAYS[way](folder)
    wall, spent = time.perf_counter() - began, time.process_time() - spent
    return f"{wall} {spent} {kept} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}"


def check(folder: Path) -> int:
    """How many rows were dropped; the account must hold, and exactly the planted rows be gone."""
    with duckdb.connect() as connection:
        query = f"SELECT count(*), count(DISTINCT row), count(*) FILTER (row % {EVERY} = 0) FROM read_parquet('{folder / 'kept.parquet'}')"
        kept, distinct, planted = connection.execute(query).fetchall()[0]
    dropped = len(range(0, ROWS, EVERY))
    assert (kept, distinct, planted) == (ROWS - dropped, kept, 0), (kept, distinct, planted)
    return dropped


def main() -> None:
    """Measure, print, publish. Target: 15 seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({_LIST.replace('$rows', str(ROWS))}) TO '{folder / 'list.parquet'}' (FORMAT parquet)")
            opted = _OPT_OUTS.replace("$every", str(EVERY)).replace("$rows", str(ROWS)).replace("$opt_outs", str(OPT_OUTS))
            connection.execute(f"COPY ({opted}) TO '{folder / 'out.parquet'}' (FORMAT parquet)")
        rows: list[list[object]] = []
        for way in WAYS:
            child = [sys.executable, "-m", "benches.scrub", str(folder), way]
            wall, spent, kept, peak = map(float, subprocess.run(child, capture_output=True, check=True, text=True).stdout.split())
            dropped = check(folder)
            (folder / "kept.parquet").unlink()
            rows.append([way, f"{ROWS:,}", f"{kept:,.0f}", f"{dropped:,}", "yes", f"{wall:.1f} s", f"{spent:.1f} s", f"{peak:,.0f} MiB"])
    load = f"load average {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores"
    head = ["way", "read", "kept", "dropped", "kept + dropped = read", "wall time", "processor time", "peak memory of the process"]
    publish(
        "scrub",
        "The scrub before a campaign",
        head,
        rows,
        data=f"{ROWS:,} rows and {OPT_OUTS:,} opt-outs, three 64-bit codes each, generated; one row in {EVERY} shares one code; {load}",
        packages=["duckdb", "numpy"],
    )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(measure(Path(sys.argv[1]), sys.argv[2]))
    else:
        main()
