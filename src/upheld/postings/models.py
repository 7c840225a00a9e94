"""The tables of posted policies, and of those that wait for a second person."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table

from upheld.people.models import NUMBER
from upheld.record import METADATA, Time
from upheld.record.growing import only_grows

POSTING = only_grows(
    Table(
        "posting",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),  # 1, 2, 3 … in the order of posting
        Column("version", String, nullable=False, unique=True),
        Column("since", Time, nullable=False, unique=True),  # in force from then
        Column("at", Time, nullable=False),  # when it was posted
        Column("name", String, nullable=False),  # how the file was called: places in refusals name it
        Column("hash", String(64), nullable=False),
        Column("table_hash", String(64), nullable=False),  # of the decision table over the history up to here
        Column("text", String, nullable=False),
    )
)

UNPOSTING = only_grows(
    Table(
        "unposting",
        METADATA,
        Column("posting", NUMBER, ForeignKey("posting.id"), primary_key=True, autoincrement=False),  # it was not in force yet
        Column("at", Time, nullable=False),
        Column("by", String, nullable=False),
    )
)

DRAFT = only_grows(
    Table(
        "policy_draft",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),  # 1, 2, 3 …
        Column("version", String, nullable=False),
        Column("since", Time),  # to be in force from then; None: from its posting
        Column("follows", String),  # the version that its changes were shown against
        Column("name", String, nullable=False),
        Column("hash", String(64), nullable=False),
        Column("text", String, nullable=False),
        Column("at", Time, nullable=False),
        Column("by", String, nullable=False),  # a member of staff
    )
)

DRAFT_STEP = only_grows(
    Table(
        "policy_draft_step",
        METADATA,
        Column("draft", NUMBER, ForeignKey("policy_draft.id"), primary_key=True, autoincrement=False),
        Column("step", String, primary_key=True),  # drafts.STEPS
        Column("at", Time, nullable=False),
        Column("by", String, nullable=False),
    )
)
