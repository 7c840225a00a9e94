"""The tables of people: a number, what they are known by (sealed, and as match codes), and facts about them. No value in clear."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from upheld.record import METADATA, Time
from upheld.record.growing import only_grows

NUMBER = BigInteger().with_variant(Integer, "sqlite")

PERSON = Table(
    "person",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),  # 1, 2, 3 … dense, so that sets of people are small
    Column("at", Time, nullable=False),
)

IDENTIFIER = Table(
    "identifier",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("person", NUMBER, ForeignKey("person.id"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("norm", String, nullable=False),  # the version of the normal form that the codes are made of
    Column("sealed", LargeBinary, nullable=False),  # as given
    Column("codes", LargeBinary, nullable=False),  # all of them, 12 bytes each (matching.CODE), to be read in bulk
    Column("at", Time, nullable=False),
)

CODE = Table(
    "code",
    METADATA,
    Column("code", BigInteger, primary_key=True, autoincrement=False),  # the 64 bits, read as signed
    Column("identifier", NUMBER, ForeignKey("identifier.id"), primary_key=True, autoincrement=False),
    Column("guard", Integer, nullable=False),
    Column("person", NUMBER, nullable=False),
    sqlite_with_rowid=False,
)

FACT = only_grows(
    Table(
        "person_fact",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),
        Column("person", NUMBER, ForeignKey("person.id"), nullable=False),
        Column("fact", String, nullable=False),  # region, born, since
        Column("about", String, nullable=False),  # of `since`: the source; else empty
        Column("value", String, nullable=False),  # a region; months since year 0 (facts.born_month); a policy version
        Column("at", Time, nullable=False),  # from when it holds
        Column("recorded_at", Time, nullable=False),
        Index("person_fact_of", "person", "fact", "about"),
    )
)

MATCH_WEIGHTS = only_grows(
    Table(
        "match_weights",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),  # the newest is in use
        Column("version", String, nullable=False),
        Column("body", LargeBinary, nullable=False),  # weights.Weights.as_bytes: shares, and nothing about anybody
        Column("at", Time, nullable=False),
        Column("by", String, nullable=False),
    )
)
