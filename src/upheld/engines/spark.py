"""Spark: sets beyond one machine. An extra: `pip install 'upheld[spark]'`, and Java 17 or newer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession
from sqlglot import exp

from upheld.engines import Kind, said, shape

_TYPES = {"integer": pa.int64(), "text": pa.string(), "flag": pa.bool_()}


class Spark:
    """A Spark session: on this machine, or on the cluster that `address` names (a master, or `sc://` for Spark Connect).

    A process that has a session already is served by it, and keeps it.
    """

    dialect = "spark"

    def __init__(self, address: str | None = None) -> None:
        builder = SparkSession.builder.appName("upheld").config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
        builder = builder.config("spark.sql.session.timeZone", "UTC").config("spark.sql.ansi.enabled", "true")
        where = address or "local[2]"
        if where.startswith("local"):  # 200 parts, as a cluster has them, are 200 tasks here for the smallest question
            builder = builder.config("spark.sql.shuffle.partitions", "4").config("spark.default.parallelism", "4")
        self._is_ours = SparkSession.getActiveSession() is None
        chosen = builder.remote(where) if where.startswith("sc://") else builder.master(where)
        self._session = chosen.getOrCreate()

    @property
    def session(self) -> SparkSession:
        """The session itself, for libraries that work on one."""
        return self._session

    def put(self, table: str, columns: Mapping[str, Kind], rows: Iterable[Sequence[object]]) -> None:
        """Make a temporary view of rows."""
        held = list(rows)
        arrays = [pa.array([row[at] for row in held], _TYPES[kind]) for at, kind in enumerate(columns.values())]
        self._session.createDataFrame(pa.table(arrays, names=list(columns))).createOrReplaceTempView(table)

    def file(self, table: str, path: Path) -> None:
        """Let a CSV or Parquet file (or a folder of such parts) be read as a view; the columns of CSV are text."""
        reader = self._session.read
        frame = reader.parquet(str(path)) if shape(path) == "parquet" else reader.csv(str(path), header=True, escape='"', multiLine=True)
        frame.createOrReplaceTempView(table)

    def rows(self, query: exp.Expr | str) -> list[tuple[Any, ...]]:
        """The whole answer."""
        return [tuple(row) for row in self._session.sql(said(query, self.dialect)).collect()]

    def batches(self, query: exp.Expr | str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The answer in lists of at most `size` rows, one partition at a time."""
        held: list[tuple[Any, ...]] = []
        for row in self._session.sql(said(query, self.dialect)).toLocalIterator():
            held.append(tuple(row))
            if len(held) == size:
                yield held
                held = []
        if held:
            yield held

    def close(self) -> None:
        """End the session, if it was begun here."""
        if self._is_ours:
            self._session.stop()
