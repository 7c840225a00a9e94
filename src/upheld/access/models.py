"""The tables of keys: what was given out, and what was taken back. They only grow."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table

from upheld.people.models import NUMBER
from upheld.record import METADATA, Time
from upheld.record.growing import only_grows

KEY = only_grows(
    Table(
        "program_key",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),
        Column("name", String, nullable=False, unique=True),  # the short name that commands and the ledger use
        Column("hash", LargeBinary(32), nullable=False),  # keyed: the table alone lets nobody in
        Column("may", String, nullable=False),  # what it may do, separated by blanks
        Column("purposes", String, nullable=False),  # separated by blanks; a branch covers its leaves
        Column("at", Time, nullable=False),
    )
)

KEY_END = only_grows(
    Table(
        "program_key_end",
        METADATA,
        Column("key", NUMBER, ForeignKey("program_key.id"), primary_key=True, autoincrement=False),
        Column("at", Time, nullable=False),
    )
)
