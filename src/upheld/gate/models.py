"""The gate's tables: what left, for whom, about whom; and whether the file arrived."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table

from upheld.ledger import kinds
from upheld.record import METADATA, Time
from upheld.record.growing import only_grows

DISCLOSURE = only_grows(
    Table(
        "disclosure",
        METADATA,
        Column("id", Integer, primary_key=True),
        Column("at", Time, nullable=False),
        Column("purpose", String, nullable=False),
        Column("recipient", String, nullable=False),
        Column("recipient_kind", String, nullable=False),
        Column("form", String, nullable=False),  # individual or totals
        Column("items", JSON, nullable=False),
        Column("chosen_by", JSON, nullable=False),
        Column("clauses", JSON, nullable=False),  # that permitted
        Column("policy_version", String, nullable=False),
        Column("policy_hash", String, nullable=False),
        Column("input_name", String, nullable=False),
        Column("input_hash", String, nullable=False),
        Column("output_path", String, nullable=False),
        Column("output_hash", String, nullable=False),
        Column("read", BigInteger, nullable=False),  # rows; read = released + refused + rejected
        Column("released", BigInteger, nullable=False),
        Column("refused", BigInteger, nullable=False),
        Column("rejected", BigInteger, nullable=False),
        Column("persons", LargeBinary, nullable=False),  # a Roaring bitmap of person numbers
        Column("codes", BigInteger, nullable=False),  # how many match codes of released rows are kept
        Column("codes_hash", String, nullable=False),
        Column("bucket_bits", Integer, nullable=False),
        Column("salt", LargeBinary, nullable=False),  # opens the ledger entry's commitments
        Column("entry", BigInteger, nullable=False),  # in the ledger
    )
)

DISCLOSED_CODE = only_grows(
    Table(
        "disclosed_code",
        METADATA,
        Column("disclosure", ForeignKey("disclosure.id"), primary_key=True),
        Column("bucket", Integer, primary_key=True, autoincrement=False),  # the code's first bits
        Column("codes", LargeBinary, nullable=False),  # sorted unsigned 64-bit, little-endian
    )
)

DELIVERY = only_grows(
    Table(
        "disclosure_delivery",
        METADATA,
        Column("disclosure", ForeignKey("disclosure.id"), primary_key=True),
        Column("at", Time, nullable=False),
        Column("state", String, nullable=False),  # delivered or undelivered
        Column("entry", BigInteger, nullable=False),
    )
)

RELEASE_RECORDED = kinds.declare(
    "release.recorded",
    "what of a list may leave, decided and recorded before the file appears",
    release=kinds.NUMBER,
    purpose=kinds.WORD,
    recipient=kinds.WORD,
    recipient_kind=kinds.WORD,
    form=kinds.one_of("individual", "totals"),
    items=kinds.list_of(kinds.WORD),
    chosen_by=kinds.list_of(kinds.WORD),
    clauses=kinds.list_of(kinds.WORD),
    policy_version=kinds.VERSION,
    policy_hash=kinds.HASH,
    input=kinds.HASH,
    output=kinds.HASH,
    persons=kinds.HASH,
    codes=kinds.HASH,
    read=kinds.NUMBER,
    released=kinds.NUMBER,
    refused=kinds.NUMBER,
    rejected=kinds.NUMBER,
    refused_by=kinds.counts_of(kinds.WORD),
)
"""`input`, `output`, `persons` and `codes` are commitments to the SHA-256 of each, under the disclosure's salt."""

RELEASE_ENDED = kinds.declare(
    "release.ended",
    "whether the file of a recorded release appeared under its name",
    release=kinds.NUMBER,
    state=kinds.one_of("delivered", "undelivered"),
)

LIST_ORDER = Table(
    "list_order",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 …
    Column("at", Time, nullable=False),
    Column("changed_at", Time, nullable=False),
    Column("by", String, nullable=False),  # a member of staff
    Column("role", String, nullable=False),
    Column("list", String, nullable=False),  # what the file was called
    Column("inbox", Boolean, nullable=False),  # it lies in the home's inbox, and stays there
    Column("token", String, nullable=False, unique=True),  # names its private folder
    Column("asked", JSON, nullable=False),  # ordering.Asked
    Column("state", String, nullable=False, index=True),  # ordering.State
    Column("release", Integer),
    Column("reason", String),  # why it failed; nothing personal
)
