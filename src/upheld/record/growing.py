"""Tables that only grow: the database itself refuses to change or delete what is written."""

from __future__ import annotations

from sqlalchemy import DDL, Table, event

_SQLITE = (
    "CREATE TRIGGER %(table)s_update BEFORE UPDATE ON %(table)s BEGIN SELECT RAISE(ABORT, '%(says)s'); END",
    "CREATE TRIGGER %(table)s_delete BEFORE DELETE ON %(table)s BEGIN SELECT RAISE(ABORT, '%(says)s'); END",
    # REPLACE on a stranger's connection deletes without asking the delete trigger.
    "CREATE TRIGGER %(table)s_insert BEFORE INSERT ON %(table)s WHEN EXISTS (SELECT 1 FROM %(table)s WHERE %(same)s) %(end)s",
)
_POSTGRES = (
    "CREATE OR REPLACE FUNCTION record_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%(says)s'; END $$",
    "CREATE TRIGGER %(table)s_never BEFORE UPDATE OR DELETE ON %(table)s FOR EACH ROW EXECUTE FUNCTION record_only_grows()",
    "CREATE TRIGGER %(table)s_truncate BEFORE TRUNCATE ON %(table)s EXECUTE FUNCTION record_only_grows()",
)
_WORDS = {"says": "this table only grows", "end": "BEGIN SELECT RAISE(ABORT, 'this table only grows'); END"}


def only_grows(table: Table) -> Table:
    """Make the database refuse UPDATE, DELETE, REPLACE and TRUNCATE on a table, by its key; returns it."""
    words = _WORDS | {"same": " AND ".join(f"{column.name} = NEW.{column.name}" for column in table.primary_key.columns)}
    for dialect, statements in (("sqlite", _SQLITE), ("postgresql", _POSTGRES)):
        for statement in statements:
            event.listen(table, "after_create", DDL(statement, context=words).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]
    return table
