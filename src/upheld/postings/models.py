"""The table of posted policies."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from upheld.people.models import NUMBER
from upheld.record import METADATA, Time
from upheld.record.growing import only_grows

POSTING = only_grows(
    Table(
        "posting",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),  # 1, 2, 3 … in the order of their times
        Column("version", String, nullable=False, unique=True),
        Column("since", Time, nullable=False, unique=True),  # in force from then
        Column("at", Time, nullable=False),  # when it was posted
        Column("name", String, nullable=False),  # how the file was called: places in refusals name it
        Column("hash", String(64), nullable=False),
        Column("table_hash", String(64), nullable=False),  # of the decision table over the history up to here
        Column("text", String, nullable=False),
    )
)
