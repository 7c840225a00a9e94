"""The ledger's tables. The database itself refuses to change, delete or skip what is written."""

from __future__ import annotations

from typing import Any

from sqlalchemy import DDL, BigInteger, Column, Connection, Integer, LargeBinary, String, Table, event

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


def _first_head(_: Table, conn: Connection, **__: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event
    conn.execute(HEAD.insert().values(id=1, size=0, at=None, edge=b""))


event.listen(HEAD, "after_create", _first_head)

_SAY = "the ledger only grows"
_SQLITE = (
    (ENTRY, f"CREATE TRIGGER ledger_entry_update BEFORE UPDATE ON ledger_entry BEGIN SELECT RAISE(ABORT, '{_SAY}'); END"),
    (ENTRY, f"CREATE TRIGGER ledger_entry_delete BEFORE DELETE ON ledger_entry BEGIN SELECT RAISE(ABORT, '{_SAY}'); END"),
    (
        ENTRY,  # also stops REPLACE, which deletes without asking the delete trigger on a stranger's connection
        "CREATE TRIGGER ledger_entry_insert BEFORE INSERT ON ledger_entry "
        "WHEN NEW.id <> (SELECT coalesce(max(id) + 1, 0) FROM ledger_entry) "
        f"BEGIN SELECT RAISE(ABORT, '{_SAY} at its end'); END",
    ),
    (NODE, f"CREATE TRIGGER ledger_node_update BEFORE UPDATE ON ledger_node BEGIN SELECT RAISE(ABORT, '{_SAY}'); END"),
    (NODE, f"CREATE TRIGGER ledger_node_delete BEFORE DELETE ON ledger_node BEGIN SELECT RAISE(ABORT, '{_SAY}'); END"),
    (
        NODE,
        "CREATE TRIGGER ledger_node_insert BEFORE INSERT ON ledger_node "
        "WHEN EXISTS (SELECT 1 FROM ledger_node WHERE level = NEW.level AND position = NEW.position) "
        f"BEGIN SELECT RAISE(ABORT, '{_SAY}'); END",
    ),
    (
        HEAD,
        f"CREATE TRIGGER ledger_head_update BEFORE UPDATE ON ledger_head WHEN NEW.size <= OLD.size BEGIN SELECT RAISE(ABORT, '{_SAY}'); END",
    ),
    (HEAD, f"CREATE TRIGGER ledger_head_delete BEFORE DELETE ON ledger_head BEGIN SELECT RAISE(ABORT, '{_SAY}'); END"),
    (
        HEAD,
        "CREATE TRIGGER ledger_head_insert BEFORE INSERT ON ledger_head WHEN EXISTS (SELECT 1 FROM ledger_head) "
        f"BEGIN SELECT RAISE(ABORT, '{_SAY}'); END",
    ),
)
_NEVER = f"CREATE OR REPLACE FUNCTION ledger_never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_SAY}'; END $$"
_AT_END = (
    "CREATE OR REPLACE FUNCTION ledger_at_end() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF NEW.id <> (SELECT coalesce(max(id) + 1, 0) FROM ledger_entry) "
    f"THEN RAISE EXCEPTION '{_SAY} at its end'; END IF; RETURN NEW; END $$"
)
_POSTGRES = (
    (ENTRY, _NEVER),
    (ENTRY, _AT_END),
    (ENTRY, "CREATE TRIGGER ledger_entry_never BEFORE UPDATE OR DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_never()"),
    (ENTRY, "CREATE TRIGGER ledger_entry_truncate BEFORE TRUNCATE ON ledger_entry EXECUTE FUNCTION ledger_never()"),
    (ENTRY, "CREATE TRIGGER ledger_entry_insert BEFORE INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_at_end()"),
    (NODE, _NEVER),
    (NODE, "CREATE TRIGGER ledger_node_never BEFORE UPDATE OR DELETE ON ledger_node FOR EACH ROW EXECUTE FUNCTION ledger_never()"),
    (NODE, "CREATE TRIGGER ledger_node_truncate BEFORE TRUNCATE ON ledger_node EXECUTE FUNCTION ledger_never()"),
    (HEAD, _NEVER),
    (HEAD, "CREATE TRIGGER ledger_head_delete BEFORE DELETE ON ledger_head FOR EACH ROW EXECUTE FUNCTION ledger_never()"),
    (HEAD, "CREATE TRIGGER ledger_head_truncate BEFORE TRUNCATE ON ledger_head EXECUTE FUNCTION ledger_never()"),
    (
        HEAD,
        "CREATE TRIGGER ledger_head_update BEFORE UPDATE ON ledger_head FOR EACH ROW "
        "WHEN (NEW.size <= OLD.size) EXECUTE FUNCTION ledger_never()",
    ),
)
for _dialect, _statements in (("sqlite", _SQLITE), ("postgresql", _POSTGRES)):
    for _table, _statement in _statements:
        event.listen(_table, "after_create", DDL(_statement).execute_if(dialect=_dialect))
