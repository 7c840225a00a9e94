"""SQLite: a database file or memory, through the same library as the record."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pysqlite3
from sqlglot import exp

from upheld.engines import Kind, said, shape
from upheld.errors import Invalid

_TYPES = {"integer": "BIGINT", "text": "TEXT", "flag": "BOOLEAN"}


class SQLite:
    """One connection. Tables that `put` and `file` make are temporary: the database file is never written to."""

    dialect = "sqlite"

    def __init__(self, address: str | None = None) -> None:
        self._connection = pysqlite3.connect(address or ":memory:", isolation_level=None)

    def put(self, table: str, columns: Mapping[str, Kind], rows: Iterable[Sequence[object]]) -> None:
        """Make a temporary table of rows."""
        self._connection.execute(said(dropped(table), self.dialect))
        self._connection.execute(said(created(table, {name: _TYPES[kind] for name, kind in columns.items()}), self.dialect))
        places = exp.Tuple(expressions=[exp.Placeholder() for _ in columns])
        insert = exp.insert(exp.Values(expressions=[places]), exp.to_table(table))
        self._connection.execute("BEGIN")
        self._connection.executemany(said(insert, self.dialect), rows)
        self._connection.execute("COMMIT")

    def file(self, table: str, path: Path) -> None:
        """Read a CSV file into a temporary table; all its columns are text, an empty field is NULL."""
        if shape(path) == "parquet":
            raise Invalid("sqlite reads no Parquet: use the engine `duckdb`, or give the list as CSV")
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines)
            header = next(reader, None)
            if header is None:
                raise Invalid(f"`{path.name}` is empty: its first line must name the columns")
            self.put(table, dict.fromkeys(header, "text"), ([field or None for field in row] for row in reader))

    def rows(self, query: exp.Expr | str) -> list[tuple[Any, ...]]:
        """The whole answer."""
        found: list[tuple[Any, ...]] = self._connection.execute(said(query, self.dialect)).fetchall()
        return found

    def batches(self, query: exp.Expr | str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The answer in lists of at most `size` rows."""
        cursor = self._connection.execute(said(query, self.dialect))
        while found := cursor.fetchmany(size):
            yield found

    def close(self) -> None:
        """End the session."""
        self._connection.close()


def dropped(table: str) -> exp.Drop:
    """`DROP TABLE IF EXISTS`."""
    return exp.Drop(tables=[exp.to_table(table)], kind="TABLE", exists=True)


def created(table: str, columns: Mapping[str, str]) -> exp.Create:
    """`CREATE TEMPORARY TABLE` with columns of these types."""
    defined = [exp.ColumnDef(this=exp.to_identifier(name, quoted=True), kind=exp.DataType.build(kind)) for name, kind in columns.items()]
    temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
    return exp.Create(this=exp.Schema(this=exp.to_table(table), expressions=defined), kind="TABLE", properties=temporary)
