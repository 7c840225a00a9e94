"""How fast identifiers are normalised and turned into match codes: whole columns of a list, and one at a time."""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from benches import lists
from benches.publishing import publish
from upheld.people.codes import Keys, tight_codes
from upheld.people.columns import Columns, Reader
from upheld.people.identifiers import Email, Identifier, Postal

ROWS = 10_000_000
CHUNK = 500_000
ONE_BY_ONE = 5000
NAME_AND_ADDRESS = Columns(first="first", last="last", address="address", zip="zip")
KINDS = {"e-mail": Columns(email="email"), "name and address": NAME_AND_ADDRESS}


def keys() -> Keys:
    """Keys of no merchant."""
    return Keys(lambda purpose: hashlib.sha256(purpose.encode()).digest())


def columns(path: Path, kind: str) -> str:
    """Measure one kind over the whole list, in this process: wall seconds, processor seconds, codes, rows read, peak MiB."""
    began, spent, codes, read = time.perf_counter(), time.process_time(), 0, 0
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '700MB'")
        reader, relation = Reader(connection, KINDS[kind], keys()), connection.read_parquet(str(path), file_row_number=True)
        row = duckdb.ColumnExpression("file_row_number")
        for at in range(0, ROWS, CHUNK):
            within = (row >= duckdb.ConstantExpression(at)) & (row < duckdb.ConstantExpression(at + CHUNK))
            chunk = reader.read(relation.filter(within), row="file_row_number")
            codes += len(chunk.codes)
            read += sum(map(len, chunk.read.values()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{time.perf_counter() - began} {time.process_time() - spent} {codes} {read} {peak}"


def one_by_one(path: Path) -> list[list[object]]:
    """Codes of single identifiers, each distinct."""
    rows = duckdb.sql(f"SELECT email, first, last, address, zip FROM read_parquet('{path}') LIMIT {ONE_BY_ONE}").fetchall()
    mails: list[Identifier] = [Email(row[0]) for row in rows]
    postals: list[Identifier] = [Postal(*row[1:]) for row in rows]
    made: list[list[object]] = []
    for kind, identifiers in (("e-mail, one by one", mails), ("name and address, one by one", postals)):
        used, began, codes = keys(), time.process_time(), 0
        for identifier in identifiers:
            codes += len(tight_codes(identifier, used))
        spent = time.process_time() - began
        made.append([kind, f"{len(identifiers):,}", "", f"{len(identifiers) / spent:,.0f}", f"{codes / len(identifiers):.1f}", "", ""])
    return made


def main() -> None:
    """Measure, print, publish. Target: 200,000 rows a second by name and address on two cores."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.parquet"
        lists.write(path, ROWS)
        rows: list[list[object]] = []
        for kind in KINDS:
            child = [sys.executable, "-m", "benches.codes", str(path), kind]
            said = subprocess.run(child, capture_output=True, check=True, text=True).stdout.split()
            wall, spent, codes, read, peak = map(float, said)
            rates = f"{ROWS / wall:,.0f}", f"{ROWS / spent:,.0f}"
            rows.append([kind, f"{ROWS:,}", *rates, f"{codes / ROWS:.1f}", f"{100 * read / ROWS:.1f} %", f"{peak:,.0f} MiB"])
        rows += one_by_one(path)
    head = ["identifier", "rows", "rows a second", "rows a processor second", "codes a row", "read", "peak memory of the process"]
    publish(
        "codes",
        "Match codes",
        head,
        rows,
        data=f"{ROWS:,} generated people (benches/lists.py), Parquet",
        packages=["duckdb", "numpy", "cryptography"],
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(columns(Path(sys.argv[1]), sys.argv[2]))
    else:
        main()
