"""The tables of the panel: what was shown, and what was chosen in it. No table names a visitor."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, String, Table

from upheld.people.models import NUMBER
from upheld.record import METADATA, Time
from upheld.record.growing import only_grows

PANEL = only_grows(
    Table(
        "panel",
        METADATA,
        Column("hash", String(64), primary_key=True),
        Column("at", Time, nullable=False),  # when somebody first chose in it
        Column("shown", JSON, nullable=False),  # the words, the tags, the policy's version
    )
)

PANEL_CHOICE = only_grows(
    Table(
        "panel_choice",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),  # 1, 2, 3 …
        Column("at", Time, nullable=False, index=True),
        Column("panel", ForeignKey("panel.hash"), nullable=False),
        Column("receipt", String(64), nullable=False, index=True),  # SHA-256 of a random number that only the visitor's browser holds
        Column("allowed", String, nullable=False),  # names of tags, with blanks between; empty: refused
        Column("region", String),
    )
)
