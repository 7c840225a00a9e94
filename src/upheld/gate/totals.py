"""Totals instead of rows: how many people share the same values, and never of fewer people than the policy says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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


def put_people(bench: Workbench, gathered: Gathered, met: tuple[NDArray[np.int64], NDArray[np.int64]]) -> None:
    """Bring to the bench who each row is about. `met`: rows, and the known persons they met.

    Rows that a code or a known person joins, however many rows lie between, count as one person.
    """
    who = np.arange(len(gathered.named), dtype=np.int64)
    rows, ties = (np.concatenate(parts) for parts in zip(*_ties(gathered, met), strict=True))
    _, ties = np.unique(ties, return_inverse=True)
    least = np.empty(int(ties.max()) + 1 if len(ties) else 0, dtype=np.int64)
    while True:
        before = who.copy()
        least[ties] = len(who)
        np.minimum.at(least, ties, who[rows])
        np.minimum.at(who, rows, least[ties])
        who = who[who]  # a row's number stands for the person: who goes by another's goes by that one's
        if np.array_equal(who, before):
            break
    bench.put(WHO, {"row": np.arange(len(who), dtype=np.int64), "who": who})


def _ties(gathered: Gathered, met: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
    """Rows, and numbers that rows about one person have in common: codes, and the persons' own numbers (small, as no code is)."""
    yield met[0], met[1].astype(np.uint64)
    for codes, rows in gathered.chunks():
        yield rows, codes


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
