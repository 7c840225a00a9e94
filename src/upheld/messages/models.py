"""The tables of webhooks: who of the merchant's programs is told of events, and how far. They only grow."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from upheld.people.models import NUMBER
from upheld.record import METADATA, Time
from upheld.record.growing import only_grows

WEBHOOK = only_grows(
    Table(
        "webhook",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),
        Column("name", String, nullable=False, unique=True),  # the short name that commands and the ledger use
        Column("address", String, nullable=False),
        Column("about", String, nullable=False),  # the rooms whose entries are told, separated by blanks
        Column("since", BigInteger, nullable=False),  # the first entry of the ledger that may be told
        Column("at", Time, nullable=False),
    )
)

WEBHOOK_END = only_grows(
    Table(
        "webhook_end",
        METADATA,
        Column("webhook", NUMBER, ForeignKey("webhook.id"), primary_key=True, autoincrement=False),
        Column("at", Time, nullable=False),
    )
)

WEBHOOK_TOLD = only_grows(
    Table(
        "webhook_told",
        METADATA,
        Column("webhook", NUMBER, ForeignKey("webhook.id"), primary_key=True, autoincrement=False),
        Column("upto", BigInteger, primary_key=True, autoincrement=False),  # every entry before this one was told, or was not asked for
        Column("at", Time, nullable=False),
    )
)
