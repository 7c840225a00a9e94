"""PostgreSQL: where the merchant's own tables lie on a server."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlglot import exp

from upheld.engines import Kind, said, shape
from upheld.engines.sqlite import created, dropped
from upheld.errors import Invalid

_TYPES = {"integer": "BIGINT", "text": "TEXT", "flag": "BOOLEAN"}


class Postgres:
    """One connection. Tables that `put` and `file` make are temporary: nothing of yours is written to."""

    dialect = "postgres"

    def __init__(self, address: str | None = None) -> None:
        if address is None:
            raise Invalid("say which PostgreSQL: `postgresql://USER@HOST/DATABASE`")
        try:
            url = make_url(address).set(drivername="postgresql")
            self._connection = psycopg.connect(url.render_as_string(hide_password=False))
        except (ArgumentError, psycopg.OperationalError) as error:
            raise Invalid("the database does not answer: look at its rights and address, `postgresql://USER@HOST/DATABASE`") from error

    def put(self, table: str, columns: Mapping[str, Kind], rows: Iterable[Sequence[object]]) -> None:
        """Make a temporary table of rows."""
        self._connection.execute(said(dropped(table), self.dialect).encode())
        self._connection.execute(said(created(table, {name: _TYPES[kind] for name, kind in columns.items()}), self.dialect).encode())
        with self._connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
            for row in rows:
                copy.write_row(row)
        self._connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))
        self._connection.commit()

    def file(self, table: str, path: Path) -> None:
        """Copy a CSV file into a temporary table; all its columns are text, an empty field is NULL."""
        if shape(path) == "parquet":
            raise Invalid("postgres reads no Parquet: use the engine `duckdb`, or give the list as CSV")
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines)
            header = next(reader, None)
            if header is None:
                raise Invalid(f"`{path.name}` is empty: its first line must name the columns")
            self.put(table, dict.fromkeys(header, "text"), ([field or None for field in row] for row in reader))

    def rows(self, query: exp.Expr | str) -> list[tuple[Any, ...]]:
        """The whole answer."""
        return self._connection.execute(said(query, self.dialect).encode()).fetchall()

    def batches(self, query: exp.Expr | str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The answer in lists of at most `size` rows, through a cursor on the server."""
        with self._connection.cursor(name="upheld_batches") as cursor:
            cursor.execute(said(query, self.dialect).encode())
            while found := cursor.fetchmany(size):
                yield found

    def close(self) -> None:
        """End the session."""
        self._connection.close()
