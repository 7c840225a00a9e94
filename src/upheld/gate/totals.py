"""Totals instead of rows: how many people share the same values, and never of fewer people than the policy says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from upheld.gate.gathering import Gathered
from upheld.gate.lists import ROW, OpenList
from upheld.gate.workbench import Workbench
from upheld.gate.writing import Shown, permitted_of

WHO = "upheld_who"
PEOPLE = "people"
"""The output's column with the number of people."""


def put_people(bench: Workbench, gathered: Gathered) -> None:
    """Bring to the bench who each row is about: rows with a code in common count as one person."""
    who = np.full(len(gathered.named), np.iinfo(np.uint64).max, dtype=np.uint64)
    for codes, rows in gathered.chunks():
        np.minimum.at(who, rows, codes)
    bench.put(WHO, {"row": np.arange(len(who), dtype=np.int64), "who": who})


def too_few(bench: Workbench, opened: OpenList, shown: Sequence[Shown], least: int) -> NDArray[np.int64]:
    """The permitted rows whose values fewer than `least` people share."""
    share = exp.Window(this=_people(), partition_by=_values(shown))
    counted = _permitted(opened, exp.column(ROW, table="list"), share.as_("sharing"))
    few = exp.LT(this=exp.column("sharing"), expression=exp.Literal.number(least))
    found: NDArray[np.int64] = bench.arrays(exp.select(ROW).from_(counted.subquery("counted")).where(few))[ROW]
    return found


def totals(opened: OpenList, shown: Sequence[Shown]) -> exp.Select:
    """One row for each combination of values, with the number of people."""
    named = [exp.alias_(value, column.name, quoted=True) for value, column in zip(_values(shown), shown, strict=True)]
    return _permitted(opened, *named, _people().as_(PEOPLE)).group_by(*_values(shown)).order_by(*_values(shown))


def _permitted(opened: OpenList, *shown: exp.Expr) -> exp.Select:
    row = exp.column(ROW, table="list")
    same = exp.EQ(this=exp.column("row", table=WHO), expression=row.copy())
    joined = exp.select(*shown).from_(opened.relation.subquery("list")).join(exp.to_table(WHO), on=same, join_type="inner")
    return permitted_of(joined, row)


def _people() -> exp.Count:
    return exp.Count(this=exp.Distinct(expressions=[exp.column("who", table=WHO)]))


def _values(shown: Sequence[Shown]) -> list[exp.Expr]:
    return [exp.column(f"c{column.place}", table="list") for column in shown]
