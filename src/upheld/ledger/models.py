"""The ledger's tables. The database itself refuses to change, delete or skip what is written."""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Connection, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, event

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

EFFECT = Table(
    "effect",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),  # 1, 2, 3 …
    Column("kind", String, nullable=False),
    Column("subject", BigInteger, nullable=False),  # whose effect it is: of kinds `request.…`, the number of the request
    Column("place", String, nullable=False),  # where it takes effect: a system, a recipient; or empty
    Column("body", JSON, nullable=False),  # what its kind needs to know; nothing personal
    Column("token", String, nullable=False, unique=True),  # by which systems outside tell a repetition
    Column("state", String, nullable=False),  # effects.STATES
    Column("planned_at", Time, nullable=False),
    Column("due_at", Time, nullable=False),
    Column("tries", Integer, nullable=False),  # since it was planned, or last asked to be tried anew
    Column("fence", Integer, nullable=False),  # one more each time it is leased: only the newest holder may end it
    Column("leased_until", Time),
    Column("reason", String),  # why it was not done at the last try; nothing personal
    Column("ended_at", Time),
    Index("effect_due", "state", "due_at"),
    Index("effect_of", "subject", "kind"),
)

EFFECT_TRY = Table(
    "effect_try",
    METADATA,
    Column("effect", ForeignKey("effect.id"), primary_key=True, autoincrement=False),
    Column("fence", Integer, primary_key=True, autoincrement=False),
    Column("worker", String, nullable=False),
    Column("began_at", Time, nullable=False),
    Column("ended_at", Time),
    Column("outcome", String),  # done, again, given up; lost: the worker never came back
    Column("reason", String),
)


def _guard(_: MetaData, conn: Connection, tables: Collection[Table] = (), **__: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event
    """Once the tables are made: the head of an empty log, and the triggers that make the database itself refuse."""
    if HEAD in tables:
        conn.execute(HEAD.insert().values(id=1, size=0, at=None, edge=b""))
        statements = resources.files("upheld.ledger").joinpath(f"only_grows.{conn.dialect.name}.sql").read_text("utf-8")
        for statement in statements.split("\n\n"):
            conn.exec_driver_sql(statement)


event.listen(METADATA, "after_create", _guard)
