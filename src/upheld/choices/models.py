"""The tables of choices: events that are never changed, the words that were shown, and how far files of choices were taken in."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, SmallInteger, String, Table

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

CHOICE_FILE = Table(
    "choice_file",
    METADATA,
    Column("file", String(64), primary_key=True),  # SHA-256 of its bytes
    Column("reading", String(64), primary_key=True),  # and of what its rows were taken to mean
    Column("round", Integer, primary_key=True, autoincrement=False),  # 0; one more each time it is taken in again
    Column("line", NUMBER, nullable=False),  # the last one that is dealt with; an import goes on after it, whichever process it is
    Column("recorded", NUMBER, nullable=False),  # rows
    Column("ended", Boolean, nullable=False),
)
