"""The tables of recipients: histories that only grow; the newest row holds."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, String, Table

from upheld.people.models import NUMBER
from upheld.record import METADATA, Time
from upheld.record.growing import only_grows

RECIPIENT = only_grows(
    Table(
        "recipient",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),
        Column("name", String, nullable=False, unique=True),  # the short name that commands and the ledger use
        Column("title", String, nullable=False),
        Column("kind", String, nullable=False),
        Column("region", String),
        Column("at", Time, nullable=False),
    )
)

VETTING = only_grows(
    Table(
        "recipient_vetting",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),
        Column("recipient", NUMBER, ForeignKey("recipient.id"), nullable=False, index=True),
        Column("reputable", Boolean, nullable=False),
        Column("reviewed_on", Date, nullable=False),
        Column("at", Time, nullable=False),
    )
)

CONTRACT = only_grows(
    Table(
        "recipient_contract",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),
        Column("recipient", NUMBER, ForeignKey("recipient.id"), nullable=False, index=True),
        Column("purposes", String, nullable=False),  # separated by blanks; a branch covers its leaves; empty: none, the contract is ended
        Column("from", Time, nullable=False),
        Column("until", Time),  # None: until another row says otherwise
        Column("at", Time, nullable=False),
    )
)

CONTRACT_TERM = only_grows(
    Table(
        "recipient_contract_term",
        METADATA,
        Column("contract", NUMBER, ForeignKey("recipient_contract.id"), primary_key=True, autoincrement=False),
        Column("term", String, primary_key=True),  # as in terms.checklist
    )
)

RECIPIENT_ADDRESS = only_grows(
    Table(
        "recipient_address",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),
        Column("recipient", NUMBER, ForeignKey("recipient.id"), nullable=False, index=True),
        Column("way", String, nullable=False),  # actions.WAYS
        Column("value", String, nullable=False),  # a company's, not a customer's; empty: no longer reached so
        Column("at", Time, nullable=False),
    )
)
