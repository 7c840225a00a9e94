"""Merchants' homes for tests: a folder with keys and a record, on SQLite or on a real PostgreSQL."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from upheld.cli.init import load_tables
from upheld.home import Home
from upheld.people.actions import Keeper
from upheld.record import METADATA, Actor, Record

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
CLERK = Actor("clerk", "support")


def later(**more: float) -> datetime:
    """Some time after NOW."""
    return NOW + timedelta(**more)


def empty_record(url: str) -> None:
    """Make an empty record at `url`, with the tables of all rooms."""
    load_tables()
    record = Record(url)
    record.create()
    record.close()


@cache
def blank() -> Path:
    """An empty record on SQLite, made once: copying a file is quicker than making all tables anew for each test."""
    file = Path(tempfile.mkdtemp(prefix="upheld-blank-")) / "record.db"
    empty_record(f"sqlite:///{file}")
    return file


class House:
    """A home with its record and keeper. At `url` an empty record must lie already; without one, SQLite in the home."""

    def __init__(self, path: Path, url: str | None = None) -> None:
        self.home = Home.create(path, "Northgate Systems", url)
        load_tables()
        self.record = Record(self.home.record_url)
        if url is None:
            shutil.copy(blank(), path / "record.db")
        self.keeper = Keeper(self.home)

    def bytes(self) -> bytes:
        """Everything that lies in the home's folder and in the record's tables."""
        files = b"".join(file.read_bytes() for file in sorted(self.home.path.rglob("*")) if file.is_file())
        with self.record.reading() as conn:
            rows = [tuple(row) for table in METADATA.sorted_tables for row in conn.execute(table.select())]
        values = [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
        return files + b"\n".join(values)
