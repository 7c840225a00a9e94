"""Whole sets in one statement, the same on SQLite and PostgreSQL: columns of values put in, and rows sought by many numbers at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Connection, Dialect, Insert, Table, any_, bindparam, func, insert, literal, select

Column = ColumnElement[Any]


def put(tx: Connection, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Add rows, given as columns of equal length. A hundred thousand cost what a few hundred cost one by one."""
    names = tuple(columns)
    count = {len(values) for values in columns.values()}
    assert len(count) == 1, "columns of one length"
    if not count.pop():
        return
    if tx.dialect.name == "postgresql":
        tx.execute(_unnested(table, names), dict(columns))
    else:
        tx.exec_driver_sql(_statement(table, names, tx.dialect), list(zip(*_bound(tx, table, columns), strict=True)))


def among(conn: Connection, column: Column, numbers: Iterable[int]) -> ColumnElement[bool]:
    """Whether a column holds one of these numbers, however many: they are bound as one value."""
    wanted = list(dict.fromkeys(numbers))
    if conn.dialect.name == "postgresql":
        return column == any_(literal(wanted, ARRAY(BigInteger)))
    return column.in_(select(func.json_each(json.dumps(wanted)).table_valued("value").c.value))


@lru_cache(maxsize=256)
def _unnested(table: Table, names: tuple[str, ...]) -> Insert:
    arrays = (bindparam(name, type_=ARRAY(table.c[name].type)) for name in names)
    return insert(table).from_select(names, select(func.unnest(*arrays).table_valued(*names).render_derived()))


@lru_cache(maxsize=256)
def _statement(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    return str(insert(table).compile(dialect=dialect, column_keys=list(names)))


def _bound(tx: Connection, table: Table, columns: Mapping[str, Sequence[Any]]) -> list[Sequence[Any]]:
    """The columns as the driver takes them, in the order in which the statement names them: that of the table."""
    made: list[Sequence[Any]] = []
    for column in table.columns:
        if column.name in columns:
            process = column.type.dialect_impl(tx.dialect).bind_processor(tx.dialect)
            values = columns[column.name]
            made.append([process(value) for value in values] if process else values)
    return made
