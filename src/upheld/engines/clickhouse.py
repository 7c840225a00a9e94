"""ClickHouse, inside the process (chdb). An extra: `pip install 'upheld[clickhouse]'`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
from chdb import session
from sqlglot import exp

from upheld.engines import Kind, said, shape
from upheld.engines.sqlite import created, dropped

_ARROW = {"integer": pa.int64(), "text": pa.string(), "flag": pa.bool_()}
_TYPES = {"integer": "Nullable(Int64)", "text": "Nullable(String)", "flag": "Nullable(Bool)"}


class ClickHouse:
    """One session; a process can hold only one at a time. Its tables are in memory unless `address` names a folder."""

    dialect = "clickhouse"

    def __init__(self, address: str | None = None) -> None:
        self._session: Any = cast("Any", session.Session)(address)
        self._session.query("CREATE DATABASE IF NOT EXISTS upheld ENGINE = Atomic")
        self._session.query("USE upheld")

    def put(self, table: str, columns: Mapping[str, Kind], rows: Iterable[Sequence[object]]) -> None:
        """Make a table of rows in memory."""
        held = list(rows)
        arrays = [pa.array([row[at] for row in held], _ARROW[kind]) for at, kind in enumerate(columns.values())]
        incoming = pa.table(arrays, names=list(columns))
        self._session.query(said(dropped(table), self.dialect))
        define = created(table, {name: _TYPES[kind] for name, kind in columns.items()})
        define.set("properties", exp.Properties(expressions=[exp.EngineProperty(this=exp.to_identifier("Memory"))]))
        self._session.query(said(define, self.dialect))
        if held:
            source = exp.Anonymous(this="Python", expressions=[exp.to_identifier("incoming")])
            self._session.query(said(exp.insert(exp.select("*").from_(exp.Table(this=source)), exp.to_table(table)), self.dialect))
        del incoming  # chdb finds it by this name while the query runs

    def file(self, table: str, path: Path) -> None:
        """Let a CSV or Parquet file be read as a view; the columns of CSV are text."""
        form = "Parquet" if shape(path) == "parquet" else "CSVWithNames"
        read = exp.Anonymous(this="file", expressions=[exp.Literal.string(str(path.resolve())), exp.Literal.string(form)])
        query = exp.select("*").from_(exp.Table(this=read))
        self._session.query(said(exp.Create(this=exp.to_table(table), kind="VIEW", replace=True, expression=query), self.dialect))

    def rows(self, query: exp.Expr | str) -> list[tuple[Any, ...]]:
        """The whole answer."""
        answer = self._session.query(said(query, self.dialect), "ArrowTable")
        return _tuples(answer)

    def batches(self, query: exp.Expr | str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The answer in lists of at most `size` rows."""
        answer = self._session.query(said(query, self.dialect), "ArrowTable")
        for start in range(0, answer.num_rows, size):
            yield _tuples(answer.slice(start, size))

    def close(self) -> None:
        """End the session."""
        self._session.close()


def _tuples(answer: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in answer.columns), strict=True))
