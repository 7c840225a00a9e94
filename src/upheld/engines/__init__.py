"""WHERE SETS ARE COMPUTED: one small file an engine, all with the same few verbs.

Whatever is about many people is one query. A query comes in as a sqlglot tree (or as text from `policy.sql`), is said in the engine's own
dialect, and goes out as rows. DuckDB and SQLite come with the house, PostgreSQL is a server of yours, Spark and ClickHouse are extras.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol

from sqlglot import exp

from upheld.errors import Invalid
from upheld.policy import sql_dialects

Kind = Literal["integer", "text", "flag"]
"""The types of columns that decisions need: 64-bit integers, text, true or false. NULL is allowed in all."""


class Engine(Protocol):
    """What every engine does. `dialect` is how `policy.sql` must speak to it."""

    dialect: str

    def put(self, table: str, columns: Mapping[str, Kind], rows: Iterable[Sequence[object]]) -> None:
        """Make a table of rows, in place of one of that name made before. It is gone when the engine is closed."""

    def file(self, table: str, path: Path) -> None:
        """Let a CSV file (with a header) or a Parquet file be read as a table. `Invalid` if the engine cannot."""

    def rows(self, query: exp.Expr | str) -> list[tuple[Any, ...]]:
        """The whole answer."""

    def batches(self, query: exp.Expr | str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The answer in lists of at most `size` rows, without holding it whole. Read it to its end before the next query."""

    def close(self) -> None:
        """End the session."""


_ENGINES = {
    "sqlite": ("upheld.engines.sqlite", "SQLite"),
    "duckdb": ("upheld.engines.duckdb", "DuckDB"),
    "postgres": ("upheld.engines.postgres", "Postgres"),
    "spark": ("upheld.engines.spark", "Spark"),
    "clickhouse": ("upheld.engines.clickhouse", "ClickHouse"),
}
_EXTRAS = {"spark": "pyspark", "clickhouse": "chdb"}


def opened(name: str, address: str | None = None) -> Engine:
    """A session of the engine of that name, loaded only now.

    `address`: a database file (SQLite, DuckDB; None: in memory), a URL (PostgreSQL, needed), a master (Spark; None: this machine) or
    a folder (ClickHouse; None: a temporary one). `Invalid` if there is no such engine, or if its extra is not installed.
    """
    module, kind = _ENGINES[sql_dialects.named(name)]
    try:
        made: Engine = getattr(import_module(module), kind)(address)
    except ImportError as error:
        if error.name and error.name.partition(".")[0] in {_EXTRAS.get(name), "pyarrow"}:
            raise Invalid(f"the engine `{name}` is not installed: `pip install 'upheld[{name}]'`") from error
        raise
    return made


def said(query: exp.Expr | str, dialect: str) -> str:
    """The query as the dialect's text; text is taken as already being so."""
    return query if isinstance(query, str) else sql_dialects.text(query, dialect)


def shape(path: Path) -> Literal["csv", "parquet"]:
    """What a file's ending says it is. `Invalid` if it is neither CSV nor Parquet."""
    match path.suffix.lower():
        case ".csv":
            return "csv"
        case ".parquet" | ".pq":
            return "parquet"
        case ending:
            raise Invalid(f"files are read as `.csv` or `.parquet`, not as `{ending or path.name}`")
