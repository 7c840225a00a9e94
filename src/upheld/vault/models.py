"""The keys of people, wrapped. Who destroys a row here makes every sealed value of that person unreadable."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table

from upheld.record import METADATA

PERSON_KEY = Table(
    "person_key",
    METADATA,
    Column("person", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),
)
