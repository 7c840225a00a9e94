"""The DuckDB session that one release works in: bounded memory, its spill in a private folder, nothing fetched from anywhere."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from sqlglot import exp

from upheld.engines.sqlite import dropped
from upheld.errors import Conflict, Invalid

MEMORY_MB = 1200
"""What DuckDB may hold; beyond it spills. With Python and the arrays beside it a release of 10 million rows stays below 2 GiB."""


class Workbench:
    """One DuckDB session. SQL comes in as trees only; values are bound."""

    def __init__(self, folder: Path, memory_mb: int = MEMORY_MB) -> None:
        settings: dict[str, Any] = {
            "memory_limit": f"{memory_mb}MB",
            "threads": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1),
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_unsigned_extensions": "false",
        }
        self.connection = duckdb.connect(":memory:", config=settings)
        self.connection.execute("SET enable_progress_bar = false")

    def close(self) -> None:
        """End the session; its tables are gone."""
        self.connection.close()

    def run(self, query: exp.Expr, values: Sequence[object] = ()) -> duckdb.DuckDBPyConnection:
        """Carry out one statement. `Conflict` if the disk or the memory is full, `Invalid` if a file cannot be read."""
        with said():
            return self.connection.execute(query.sql("duckdb"), list(values))

    def arrays(self, query: exp.Expr, values: Sequence[object] = ()) -> dict[str, np.ndarray[Any, Any]]:
        """The whole answer as one NumPy array a column (masked where there are NULLs)."""
        with said():
            answer: dict[str, np.ndarray[Any, Any]] = self.run(query, values).fetchnumpy()
        return answer

    def rows(self, query: exp.Expr, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The whole answer as tuples."""
        with said():
            answer: list[tuple[Any, ...]] = self.run(query, values).fetchall()
        return answer

    def one(self, query: exp.Expr, values: Sequence[object] = ()) -> Any:  # noqa: ANN401 - whatever the column holds
        """The only value of the only row."""
        return self.rows(query, values)[0][0]

    def put(self, table: str, columns: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Make a table of arrays of equal length."""
        self.connection.register("incoming", dict(columns))
        try:
            source = exp.select(*(exp.column(name, quoted=True) for name in columns)).from_("incoming")
            self.run(create(table, source))
        finally:
            self.connection.unregister("incoming")

    def drop(self, table: str) -> None:
        """Forget a table, if it is there."""
        self.run(dropped(table))


def create(table: str, query: exp.Query) -> exp.Create:
    """`CREATE OR REPLACE TEMP TABLE … AS …`."""
    temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
    return exp.Create(this=exp.to_table(table), kind="TABLE", replace=True, expression=query, properties=temporary)


def copy_to(query: exp.Query, path: Path, form: str) -> exp.Copy:
    """`COPY (…) TO path`, straight into the file that is there; `form` is `parquet` or `csv`."""
    options = [("FORMAT", exp.var(form)), ("USE_TMP_FILE", exp.false()), *([("HEADER", exp.true())] if form == "csv" else [])]
    parameters = [exp.CopyParameter(this=exp.var(name), expression=value) for name, value in options]
    return exp.Copy(this=exp.Subquery(this=query), kind=False, files=[exp.Literal.string(str(path))], params=parameters)


def call(function: str, *arguments: exp.Expr, **named: exp.Expr) -> exp.Anonymous:
    """A call of a DuckDB function, with named arguments where it has them."""
    pairs = [exp.EQ(this=exp.to_identifier(name), expression=value) for name, value in named.items()]
    return exp.Anonymous(this=function, expressions=[*arguments, *pairs])


@contextlib.contextmanager
def said() -> Iterator[None]:
    """Turn what DuckDB says about disk, memory and files into one line."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise Conflict("the release needs more memory than it may take: free some disk space for its temporary files") from error
    except duckdb.IOException as error:
        if "no space left" in str(error).lower() or "file too large" in str(error).lower():
            raise Conflict("the disk is full: make room and run it again; nothing was released") from error
        raise Invalid("the list cannot be read: look at its owner and mode; if they are right it is damaged: write it again") from error
    except duckdb.Error as error:
        if type(error) is duckdb.Error or isinstance(error, _DAMAGED):
            raise Invalid("the list is no Parquet file, or a damaged one: write it again") from error
        raise


_DAMAGED = (
    duckdb.InvalidInputException,
    duckdb.InternalException,  # the reader's own assumptions about a file are broken by flipped bytes; the session is over then
    duckdb.FatalException,  # what it says of everything after that
    duckdb.NotImplementedException,
)
"""What the reader of Parquet says of a damaged file. In the middle of one it has no class of its own for it: a bare `duckdb.Error`."""
