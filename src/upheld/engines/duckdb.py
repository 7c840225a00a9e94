"""DuckDB: the engine of first choice; files and columns on one machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from upheld.engines import Kind, said, shape
from upheld.engines.sqlite import created, dropped

_TYPES = {"integer": "BIGINT", "text": "TEXT", "flag": "BOOLEAN"}
_ROWS_AT_ONCE = 50_000


class DuckDB:
    """One session. It fetches no extension and nothing from the network."""

    dialect = "duckdb"

    def __init__(self, address: str | None = None) -> None:
        closed = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "allow_unsigned_extensions": "false"}
        self._connection = duckdb.connect(address or ":memory:", config=dict(closed))

    def put(self, table: str, columns: Mapping[str, Kind], rows: Iterable[Sequence[object]]) -> None:
        """Make a temporary table of rows."""
        self._connection.execute(said(dropped(table), self.dialect))
        self._connection.execute(said(created(table, {name: _TYPES[kind] for name, kind in columns.items()}), self.dialect))
        unnested = [exp.Anonymous(this="unnest", expressions=[exp.Placeholder()]) for _ in columns]
        insert = said(exp.insert(exp.select(*unnested), exp.to_table(table)), self.dialect)
        held = list(rows)
        for start in range(0, len(held), _ROWS_AT_ONCE):
            part = held[start : start + _ROWS_AT_ONCE]
            self._connection.execute(insert, [[row[at] for row in part] for at in range(len(columns))])

    def file(self, table: str, path: Path) -> None:
        """Let a CSV or Parquet file be read as a view; the columns of CSV are text."""
        if shape(path) == "parquet":
            self._connection.read_parquet(str(path)).create_view(table)
        else:
            self._connection.read_csv(str(path), all_varchar=True).create_view(table)

    def rows(self, query: exp.Expr | str) -> list[tuple[Any, ...]]:
        """The whole answer."""
        found: list[tuple[Any, ...]] = self._connection.execute(said(query, self.dialect)).fetchall()
        return found

    def batches(self, query: exp.Expr | str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The answer in lists of at most `size` rows."""
        answer = self._connection.execute(said(query, self.dialect))  # a cursor of its own would not see the temporary tables
        while found := answer.fetchmany(size):
            yield found

    def close(self) -> None:
        """End the session."""
        self._connection.close()
