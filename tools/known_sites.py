"""Packs what is known of trackers and cookies for the site scanner: `python -m tools.known_sites TRACKERS.sql COOKIES.csv`.

The sources and their licences stand in `src/upheld/traffic/scanning/data/SOURCES.md`; rows are sorted,
so that equal data gives equal files.
"""

from __future__ import annotations

import csv
import gzip
import sys
from pathlib import Path

from pysqlite3 import dbapi2 as sqlite3

FOLDER = Path(__file__).parents[1] / "src" / "upheld" / "traffic" / "scanning" / "data"
HOSTS = """
SELECT d.domain, t.name, k.name, coalesce(c.name, '')
FROM tracker_domains d JOIN trackers t ON t.id = d.tracker JOIN categories k ON k.id = t.category_id
LEFT JOIN companies c ON c.id = t.company_id
"""


def main(argv: list[str]) -> int:
    """Write both tables."""
    trackers, cookies = argv
    base = sqlite3.connect(":memory:")
    base.executescript(Path(trackers).read_text("utf-8"))
    _pack("hosts.tsv.gz", [tuple(map(str, row)) for row in base.execute(HOSTS)])
    with Path(cookies).open(encoding="utf-8-sig", newline="") as file:
        rows = [
            (row["Cookie / Data Key name"], row["Wildcard match"], row["Platform"], row["Category"], row["Data Controller"])
            for row in csv.DictReader(file)
        ]
    _pack("cookies.tsv.gz", [row for row in rows if row[0].strip()])
    return 0


def _pack(name: str, rows: list[tuple[str, ...]]) -> None:
    lines = sorted({"\t".join(" ".join(cell.split()) for cell in row) for row in rows})
    packed = gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0)
    (FOLDER / name).write_bytes(packed)
    print(f"{name}: {len(lines)} rows, {len(packed)} bytes")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
