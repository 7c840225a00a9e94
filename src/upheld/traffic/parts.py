"""What an open day grew by, commit by commit: whole tables packed into one value each, until the day is settled and they are forgotten.

Most of what is counted is of too few people and is never told, so it never becomes rows, and its names never get a number.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, insert, select

from upheld.traffic.counting import MEASURES, Increase
from upheld.traffic.models import NAME, PART, TOTAL
from upheld.traffic.tables import ALL, Table

I64 = NDArray[np.int64]

COLUMNS = ("row", "column", *MEASURES, "visitors", "people")
MOST_PARTS = 256
"""Parts of an open day; of more, those of a table are put together."""
_LARGEST_COLUMN = 1 << 8


@dataclass(slots=True)
class Part:
    """Some of a table's cells and sums: COLUMNS of equal length. A row is ALL, a number, or a place in `names` if there are any."""

    columns: dict[str, I64]
    names: list[str] | None
    sketch: bytes | None = None

    def __len__(self) -> int:
        return len(self.columns["row"])


def of(increase: Increase, names: Sequence[str] | None, sketch: bytes | None) -> Part:
    """An increase with the names that it uses alone."""
    row, used = increase.row, None
    if names is not None:
        codes = np.unique(row[row != ALL])
        used = [names[code] for code in codes.tolist()]
        row = np.where(row == ALL, ALL, np.searchsorted(codes, row))
    growth, people = increase.visitors
    columns = {"row": row, "column": increase.column, **increase.grown, "visitors": growth, "people": people}
    return Part(columns, used, sketch)


def joined(parts: Sequence[Part], *, most: tuple[str, ...] = ("people",)) -> Part:
    """Parts of one table put together: what was counted is added up; of `most`, the largest stays, and of sketches the last."""
    names: dict[str, int] | None = None if parts[0].names is None else {}
    rows = []
    for part in parts:
        row = part.columns["row"]
        if names is not None:
            codes = np.array([names.setdefault(name, len(names)) for name in part.names or ()] or [0], dtype=np.int64)
            row = np.where(row == ALL, ALL, codes[np.maximum(row, 0)])
        rows.append(row)
    row, column = np.concatenate(rows), np.concatenate([part.columns["column"] for part in parts])
    key = (row + 1) * _LARGEST_COLUMN + column + 1
    order = np.argsort(key, kind="stable")
    begins = np.flatnonzero(np.concatenate(([True], key[order][1:] != key[order][:-1]))) if len(key) else order
    made = {"row": row[order][begins], "column": column[order][begins]}
    for name in COLUMNS[2:]:
        values = np.concatenate([part.columns[name] for part in parts])[order]
        made[name] = (np.maximum if name in most else np.add).reduceat(values, begins) if len(begins) else values
    sketches = [part.sketch for part in parts if part.sketch is not None]
    return Part(made, None if names is None else list(names), sketches[-1] if sketches else None)


def keep(tx: Connection, unit: int, parts: Iterable[tuple[Table, Part]]) -> None:
    """Keep what an open day grew by."""
    _insert(tx, unit, [(table.number, part) for table, part in parts if len(part)])
    if tx.execute(select(func.count()).where(PART.c.unit == unit)).scalar_one() > MOST_PARTS:
        kinds = tx.execute(select(PART.c.kind).where(PART.c.unit == unit).distinct()).scalars().all()
        together = [(kind, joined(waiting(tx, unit, kind))) for kind in kinds]
        _forget_parts(tx, unit)
        _insert(tx, unit, together)


def _insert(tx: Connection, unit: int, parts: Sequence[tuple[int, Part]]) -> None:
    last = int(tx.execute(select(func.coalesce(func.max(PART.c.id), 0))).scalar_one())
    rows = [
        {"id": last + number, "unit": unit, "kind": kind, "cells": packed(part), "names": _text(part), "sketch": part.sketch}
        for number, (kind, part) in enumerate(parts, 1)
    ]
    if rows:
        tx.execute(insert(PART), rows)


def held(tx: Connection, unit: int, table: Table) -> Part | None:
    """What there is of a table: what it grew by while its day was open, or what is told of it since it was settled. None if nothing."""
    found = [*_told(tx, unit, table), *waiting(tx, unit, table.number)]
    return joined(found) if len(found) > 1 else found[0] if found else None


def waiting(tx: Connection, unit: int, kind: int) -> list[Part]:
    """The parts of one kind of an open day."""
    rows = tx.execute(select(PART.c.cells, PART.c.names, PART.c.sketch).where(PART.c.unit == unit, PART.c.kind == kind).order_by(PART.c.id))
    return [Part(unpacked(cells), None if names is None else names.split("\n"), sketch) for cells, names, sketch in rows]


def _told(tx: Connection, unit: int, table: Table) -> list[Part]:
    own = (TOTAL.c.unit == unit, TOTAL.c.kind == table.number)
    found = [tuple(row) for row in tx.execute(select(*(TOTAL.c[name] for name in COLUMNS), TOTAL.c.sketch).where(*own))]
    if not found:
        return []
    *columns, sketches = zip(*found, strict=True)
    made = {name: np.array(values, dtype=np.int64) for name, values in zip(COLUMNS, columns, strict=True)}
    used = None
    if table.names is not None:
        named = select(NAME.c.id, NAME.c.name).where(NAME.c.id.in_(select(TOTAL.c.row).where(*own)))
        known: list[tuple[int, str]] = [tuple(row) for row in tx.execute(named.order_by(NAME.c.id))]
        numbers, used = np.array([number for number, _ in known], dtype=np.int64), [name for _, name in known]
        made["row"] = np.where(made["row"] == ALL, ALL, np.searchsorted(numbers, made["row"]))
    return [Part(made, used, next((sketch for sketch in sketches if sketch is not None), None))]


def forget(tx: Connection, unit: int) -> bool:
    """Forget all that is held of a day; it leaves the file too. Whether something of it was told."""
    _forget_parts(tx, unit)
    return tx.execute(delete(TOTAL).where(TOTAL.c.unit == unit)).rowcount > 0


def _forget_parts(tx: Connection, unit: int) -> None:
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("PRAGMA secure_delete = ON")
    tx.execute(delete(PART).where(PART.c.unit == unit))


def packed(part: Part) -> bytes:
    """Each column in as few bytes a number as its numbers need."""
    pieces = [struct.pack("<I", len(part))]
    for name in COLUMNS:
        values = part.columns[name]
        least, most = (int(values.min()), int(values.max())) if len(values) else (0, 0)
        width = next(width for width in (1, 2, 4, 8) if -(1 << 8 * width - 1) <= least and most < 1 << 8 * width - 1)
        pieces += [bytes([width]), values.astype(f"<i{width}").tobytes()]
    return b"".join(pieces)


def unpacked(cells: bytes) -> dict[str, I64]:
    """The columns of a packed part."""
    (count,) = struct.unpack_from("<I", cells)
    at, made = 4, {}
    for name in COLUMNS:
        width = cells[at]
        made[name] = np.frombuffer(cells, dtype=f"<i{width}", count=count, offset=at + 1).astype(np.int64)
        at += 1 + width * count
    return made


def _text(part: Part) -> str | None:
    """Names hold no line's end: they are printable."""
    return None if part.names is None else "\n".join(part.names)
