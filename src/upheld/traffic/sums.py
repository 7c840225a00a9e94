"""What reports are made of: the sums that are told, packed by day and by month, so that a year of ten thousand pages is read at once.

They repeat what TOTAL tells and nothing else. They are made anew, in the same transaction, whenever a day of theirs is settled.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, delete, func, insert, or_, select

from upheld.record.sets import among
from upheld.traffic.models import SUM, TOTAL, UNIT
from upheld.traffic.parts import COLUMNS, Part, joined, packed, unpacked
from upheld.traffic.tables import ALL, STATUS, TABLES, Table

I64 = NDArray[np.int64]

EPOCH = date(1970, 1, 1)
_COUNTED = ("hits", "size", "micros", "timed", "visitors")
_SINGLE = tuple(table.number for table in TABLES if not table.crossed)


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of a table over some days, a row and a column each; `row` is the number of a name, a status, or ALL."""

    row: I64
    column: I64
    hits: I64
    size: I64
    micros: I64
    timed: I64
    visitors: I64
    days: I64

    def of(self, which: NDArray[np.bool_]) -> Sums:
        """Some of them."""
        return Sums(*(getattr(self, name)[which] for name in self.__slots__))


def over(conn: Connection, table: Table, source: str, first: date, last: date, people: int) -> Sums:
    """The sums of a table over a period, of days settled for at least so many people: whole months as they are, and days at both ends."""
    begin, end = (first - EPOCH).days, (last - EPOCH).days
    months = [month for month in _months(first, last) if begin <= month[0] and month[0] + month[1] - 1 <= end]
    inner = (months[0][0], months[-1][0] + months[-1][1] - 1) if months else (end + 1, end)
    whole = and_(SUM.c.days > 1, SUM.c.day.between(*inner))
    single = and_(SUM.c.days == 1, SUM.c.day.between(begin, end), or_(SUM.c.day < inner[0], SUM.c.day > inner[1]))
    asked = select(SUM.c.cells).where(SUM.c.source == source, SUM.c.kind == table.number, SUM.c.least >= people, or_(whole, single))
    made = _added(Part(unpacked(cells), None) for cells in conn.execute(asked).scalars())
    return Sums(*(made[name] for name in ("row", "column", *_COUNTED, "people")))


def make(tx: Connection, source: str, days: Iterable[int]) -> None:
    """Make the sums of these days anew, and of the months they lie in."""
    wanted = sorted(set(days))
    for day in wanted:
        _replace(tx, source, day, 1, _of_day(tx, source, day), _least(tx, source, day, 1))
    for begin, length in sorted({_month(EPOCH + timedelta(days=day)) for day in wanted}):
        found: dict[int, list[Part]] = {}
        own = (SUM.c.source == source, SUM.c.days == 1, SUM.c.day.between(begin, begin + length - 1))
        for kind, cells in tx.execute(select(SUM.c.kind, SUM.c.cells).where(*own)).all():
            found.setdefault(kind, []).append(Part(unpacked(cells), None))
        together = {kind: _added(parts) for kind, parts in found.items()}
        _replace(tx, source, begin, length, together, _least(tx, source, begin, length))


def missing(conn: Connection, units: Sequence[int] = ()) -> dict[str, list[int]]:
    """By source, the days of these units, and settled days that have no sums yet: they were settled by an earlier release."""
    has = select(SUM.c.day).where(SUM.c.source == UNIT.c.source, SUM.c.day == UNIT.c.day, SUM.c.days == 1)
    wanting = and_(UNIT.c.least.is_not(None), ~has.exists())
    wanting = or_(wanting, among(conn, UNIT.c.id, units)) if units else wanting
    found: dict[str, list[int]] = {}
    for source, day in conn.execute(select(UNIT.c.source, UNIT.c.day).where(wanting).distinct()).all():
        found.setdefault(source, []).append(day)
    return found


def _of_day(tx: Connection, source: str, day: int) -> dict[int, dict[str, I64]]:
    """The told sums of a day: over all columns, of columns over all rows, and whole tables of one dimension."""
    settled = and_(UNIT.c.source == source, UNIT.c.day == day, UNIT.c.settled_at.is_not(None))
    sums = or_(TOTAL.c.row == ALL, TOTAL.c.column == ALL, TOTAL.c.kind.in_(_SINGLE))
    asked = select(*(TOTAL.c[name] for name in ("kind", "row", "column", *_COUNTED))).join(UNIT, UNIT.c.id == TOTAL.c.unit)
    rows = tx.execute(asked.where(settled, sums)).all()
    every = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(len(rows), 3 + len(_COUNTED))
    made = {STATUS.number: _added(())}
    for kind in np.unique(every[:, 0]).tolist():
        columns = every[every[:, 0] == kind].T[1:]
        named = dict(zip(("row", "column", *_COUNTED), columns, strict=True)) | {"people": np.ones(columns.shape[1], dtype=np.int64)}
        made[kind] = _added([Part(named, None)])
    return made


def _added(parts: Iterable[Part]) -> dict[str, I64]:
    """Parts added up. Where a part holds people, a sum holds the number of days that it is of."""
    found = list(parts)
    return joined(found, most=()).columns if found else {name: np.zeros(0, dtype=np.int64) for name in COLUMNS}


def _replace(tx: Connection, source: str, day: int, days: int, made: dict[int, dict[str, I64]], least: int) -> None:
    tx.execute(delete(SUM).where(SUM.c.source == source, SUM.c.day == day, SUM.c.days == days))
    same = {"source": source, "day": day, "days": days, "least": least}
    tx.execute(insert(SUM), [same | {"kind": kind, "cells": packed(Part(columns, None))} for kind, columns in made.items()])


def _least(tx: Connection, source: str, day: int, days: int) -> int:
    own = (UNIT.c.source == source, UNIT.c.day.between(day, day + days - 1))
    return int(tx.execute(select(func.coalesce(func.min(UNIT.c.least), 0)).where(*own)).scalar_one())


def _months(first: date, last: date) -> Sequence[tuple[int, int]]:
    made, at = [], first
    while at <= last:
        begin, length = _month(at)
        made.append((begin, length))
        at = EPOCH + timedelta(days=begin + length)
    return made


def _month(day: date) -> tuple[int, int]:
    """The first day of its month, and how many it has."""
    return (day.replace(day=1) - EPOCH).days, monthrange(day.year, day.month)[1]
