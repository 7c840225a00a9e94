"""The table of scans: what each found, as it was said."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, String, Table

from upheld.people.models import NUMBER
from upheld.record import METADATA, Time
from upheld.record.growing import only_grows

SCAN = only_grows(
    Table(
        "site_scan",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),  # 1, 2, 3 …
        Column("at", Time, nullable=False, index=True),
        Column("pages", Integer, nullable=False),
        Column("errors", Integer, nullable=False),
        Column("warnings", Integer, nullable=False),
        Column("hash", String(64), nullable=False),  # SHA-256 of the report, as the ledger names it
        Column("report", JSON, nullable=False),  # names of pages, hosts, cookies; nothing about people
    )
)
