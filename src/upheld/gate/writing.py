"""Writing what may leave: positive selection only. A row is copied because its bit says so, a cell because its item's bit says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from upheld.errors import Invalid
from upheld.gate.lists import ROW, OpenList
from upheld.gate.mapping import ColumnMap
from upheld.gate.workbench import Workbench, copy_to

WORD = 64
FORMS = {".csv": "csv", ".parquet": "parquet"}
PERMITTED = "permitted"
"""The table of permission bits: `word` is the row's number // 64, `keep` the rows, `i0`, `i1` … the items that not every row shows."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One column of the output; `bit` is its item's place in the masks, `everywhere` whether every released row shows it."""

    name: str
    place: int
    bit: int
    everywhere: bool


def form_of(out: Path) -> str:
    """`csv` or `parquet`, by the file's ending; `Invalid` for another."""
    if out.suffix.lower() not in FORMS:
        raise Invalid(f"cannot tell what kind of file `{out.name}` shall be: end it in {' or '.join(f'`{ending}`' for ending in FORMS)}")
    return FORMS[out.suffix.lower()]


def shown_columns(opened: OpenList, mapping: ColumnMap, items: Sequence[str], masks: NDArray[Any]) -> tuple[Shown, ...]:
    """The columns whose item at least one row may show. The others, and those that are no item, are absent."""
    released = masks[masks != 0]
    some = int(np.bitwise_or.reduce(released)) if len(released) else 0
    every = int(np.bitwise_and.reduce(released)) if len(released) else 0
    shown = []
    for place, (name, column) in enumerate(zip(opened.columns, mapping.columns, strict=True)):
        bit = items.index(column.item) if column.item in items else None
        if bit is not None and some >> bit & 1:
            shown.append(Shown(name, place, bit, bool(every >> bit & 1)))
    return tuple(shown)


def put_bits(bench: Workbench, masks: NDArray[Any], shown: Sequence[Shown]) -> None:
    """Bring the permissions to the bench as 64 rows a word."""
    columns: dict[str, NDArray[Any]] = {"keep": _words(masks != 0)}
    for bit in sorted({column.bit for column in shown if not column.everywhere}):
        columns[f"i{bit}"] = _words((masks >> masks.dtype.type(bit)) & masks.dtype.type(1) != 0)
    bench.put(PERMITTED, {"word": np.arange(len(columns["keep"]), dtype=np.int64), **columns})


def _words(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    packed = np.packbits(bits, bitorder="little")
    padded = np.zeros(-(-len(packed) // 8) * 8, dtype=np.uint8)
    padded[: len(packed)] = packed
    return padded.view("<u8").astype(np.uint64, copy=False)


def is_set(words: str, row: exp.Expr) -> exp.Expr:
    """Whether a row's bit is set in a column of words."""
    shift = exp.Paren(this=exp.BitwiseAnd(this=row.copy(), expression=exp.Literal.number(WORD - 1)))
    shifted = exp.Paren(this=exp.BitwiseRightShift(this=exp.column(words, table=PERMITTED), expression=shift))
    return exp.EQ(this=exp.Paren(this=exp.BitwiseAnd(this=shifted, expression=exp.Literal.number(1))), expression=exp.Literal.number(1))


def permitted_of(query: exp.Select, row: exp.Expr) -> exp.Select:
    """The query, for permitted rows only."""
    word = exp.BitwiseRightShift(this=row.copy(), expression=exp.Literal.number(6))
    same = exp.EQ(this=exp.column("word", table=PERMITTED), expression=exp.Paren(this=word))
    return query.join(exp.to_table(PERMITTED), on=same, join_type="inner").where(is_set("keep", row))


def released(opened: OpenList, shown: Sequence[Shown]) -> exp.Select:
    """What leaves: the permitted rows, each with the cells that it may show."""
    row = exp.column(ROW, table="list")
    cells: list[exp.Expr] = []
    for column in shown:
        value: exp.Expr = exp.column(f"c{column.place}", table="list")
        if not column.everywhere:
            value = exp.Case(ifs=[exp.If(this=is_set(f"i{column.bit}", row), true=value)])
        cells.append(exp.alias_(value, column.name, quoted=True))
    return permitted_of(exp.select(*cells).from_(opened.relation.subquery("list")), row)


def write(bench: Workbench, query: exp.Query, part: Path, form: str) -> None:
    """Write a query's answer into the unfinished file."""
    bench.run(copy_to(query, part, form))
