"""The tables of choices: events that are never changed, and the words that were shown."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, SmallInteger, String, Table

from upheld.people.models import NUMBER
from upheld.record import METADATA, Time
from upheld.record.growing import only_grows

WORDING = only_grows(
    Table(
        "wording",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),
        Column("hash", String(64), nullable=False, unique=True),  # SHA-256 of the text, as the ledger names it
        Column("text", String, nullable=False),
    )
)

CHOICE = only_grows(
    Table(
        "choice",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),  # 1, 2, 3 …
        Column("person", NUMBER, ForeignKey("person.id"), nullable=False),
        Column("topic", String, nullable=False),
        Column("choice", SmallInteger, nullable=False),  # 1 in, 2 out: the digits of a standing code
        Column("at", Time, nullable=False),  # when the person chose
        Column("recorded_at", Time, nullable=False),  # when we wrote it down
        Column("how", String, nullable=False),
        Column("wording", NUMBER, ForeignKey("wording.id")),
        Column("version", String),  # of the policy in force when the person chose
        Index("choice_of", "person", "topic"),
    )
)
