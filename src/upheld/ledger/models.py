"""The ledger's tables. The database itself refuses to change, delete or skip what is written."""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, MetaData, String, Table, event

from upheld.record import METADATA, Time

ENTRY = Table(
    "ledger_entry",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),  # 0, 1, 2 … without a gap
    Column("at", Time, nullable=False),
    Column("kind", String, nullable=False, index=True),
    Column("canonical", LargeBinary, nullable=False),  # the very bytes that are hashed
)

NODE = Table(
    "ledger_node",
    METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),  # from 1; level 0 are the entries themselves
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

HEAD = Table(
    "ledger_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, 1
    Column("size", BigInteger, nullable=False),
    Column("at", Time),  # of the last entry
    Column("edge", LargeBinary, nullable=False),  # 32 bytes a node, left to right: all that append and root need
)

ACTOR = Table(
    "ledger_actor",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("salt", LargeBinary, nullable=False),  # entries hold the commitment; without name and salt nobody can tell who it was
)


def _guard(_: MetaData, conn: Connection, tables: Collection[Table] = (), **__: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event
    """Once the tables are made: the head of an empty log, and the triggers that make the database itself refuse."""
    if HEAD in tables:
        conn.execute(HEAD.insert().values(id=1, size=0, at=None, edge=b""))
        statements = resources.files("upheld.ledger").joinpath(f"only_grows.{conn.dialect.name}.sql").read_text("utf-8")
        for statement in statements.split("\n\n"):
            conn.exec_driver_sql(statement)


event.listen(METADATA, "after_create", _guard)
