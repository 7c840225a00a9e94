"""Which cells of a table of totals may be told, so that no number under the policy's N can be told or worked out.

Sums are known: of all, of each row that is shown, and, to be on the safe side, of every column. So a cell that is withheld is not enough:
one that can be taken away from a sum must be hidden with it (complementary suppression). An empty cell is withheld like a small one, so
that nobody can tell them apart. What is settled here once never grows, and every answer is made of it alone: filters, sums over days
and comparisons cannot tell more than it does.

Where the policy's N grows later, what is told is settled anew of itself alone. What a sum then holds besides the cells that are still known
(its *rest*) was withheld before: it counts as one more cell of too few people, and nobody is thought not to know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a crossed table that hold anything. `row` and `column` number from 0; `values`: hits, bytes … of each cell."""

    row: I64
    column: I64
    people: I64
    values: tuple[I64, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """Rows that another table counts by column as well, and between which columns that table could shift each value a little, both ways.

    Where it could not, a shift of a linked row must be undone by linked rows.
    """

    rows: Bools
    between: tuple[Bools, ...]


@dataclass(frozen=True, slots=True)
class Rest:
    """Which rows' and which columns' sums hold more than the cells that are known."""

    rows: Bools
    columns: Bools


def one_way(people: I64, values: Sequence[I64], least: int, *, sum_told: bool = True, rest: bool = False) -> Bools:
    """Which cells of a table of one dimension may be told.

    If any is withheld, the smallest that could be told is withheld too: what remains of the sum is then of at least N people, of two cells.
    If the sum itself is withheld, one cell must be: else all of them would make it. `rest`: the sum holds more than these cells.
    """
    shown = people >= least
    if (shown.all() and sum_told and not rest) or not shown.any():
        return shown
    full = np.logical_and.reduce([value > 0 for value in values if value.any()] or [np.ones(len(people), dtype=np.bool_)])
    candidates = np.flatnonzero(shown & full)
    candidates = candidates if len(candidates) else np.flatnonzero(shown)
    shown[candidates[np.argmin(people[candidates])]] = False
    return shown


def two_way(
    cells: Cells,
    rows_shown: Bools,
    columns_shown: Bools,
    least: int,
    *,
    columns_told: bool,
    rest: Rest | None = None,
    link: Link | None = None,
) -> Bools:
    """Which cells of a crossed table may be told, when the sums of `rows_shown` are told and (`columns_told`) those of `columns_shown`.

    Whatever sum is told, what remains of it besides the cells shown is nothing, or of at least N people; and no cell of fewer people is the
    only one that could be what it is.
    """
    shown = (cells.people >= least) & rows_shown[cells.row] & columns_shown[cells.column]
    large = cells.people >= least
    rest = rest or Rest(np.zeros_like(rows_shown), np.zeros_like(columns_shown))
    while True:
        _hide_remainders(cells.row, cells.people, shown, large, rows_shown, rest.rows)
        if columns_told and _hide_remainders(cells.column, cells.people, shown, large, columns_shown, rest.columns):
            continue
        exposed = _exposed(cells, shown, rows_shown, columns_shown, least, link)
        if not len(exposed) or not shown.any():
            return shown
        if not _hide_beside(cells, shown, exposed):
            return np.zeros_like(shown)  # from sums of rows and columns alone, no cell with something beside it follows


def shifts(cells: Cells, shown: Bools, rows_shown: Bools, columns: int) -> tuple[Bools, ...]:
    """Between which columns a table could shift each of its values a little, both ways, if its shown cells and its rows' sums are known."""
    made = []
    for value in cells.values:
        hidden, positive = _hidden(cells, value, shown, rows_shown, np.zeros(len(rows_shown), dtype=np.bool_), columns)
        way = _ways(positive, hidden) > 0
        made.append(way & way.T)
    return tuple(made)


def _hide_remainders(line: I64, people: I64, shown: Bools, large: Bools, told: Bools, rest: Bools) -> bool:
    """In each line whose hidden cells are all small, hide the smallest shown one too. Whether any was hidden."""
    count = len(told)
    hidden, hidden_large = (np.bincount(line[rows], minlength=count) for rows in (~shown, ~shown & large))
    wanting = told & ((hidden > 0) | rest) & (hidden_large == 0)
    candidates = np.flatnonzero(shown & wanting[line])
    if not len(candidates):
        return False
    ordered = candidates[np.lexsort((people[candidates], line[candidates]))]
    first = np.concatenate(([True], line[ordered][1:] != line[ordered][:-1]))
    shown[ordered[first]] = False
    return True


def _exposed(cells: Cells, shown: Bools, rows_shown: Bools, columns_shown: Bools, least: int, link: Link | None) -> I64:
    """Small cells that could be worked out from the sums: those that cannot be a little more or less while all sums stay."""
    small = np.flatnonzero((cells.people < least) & rows_shown[cells.row] & columns_shown[cells.column])
    bad = np.zeros(len(small), dtype=np.bool_)
    for number, value in enumerate(cells.values if len(small) else ()):
        if value.any():
            between = None if link is None else link.between[number]
            moves = _movable(cells, value, shown, rows_shown, columns_shown, small, link, between)
            if link is not None and not moves.all():
                moves |= _moves_among_linked(cells, value, shown, rows_shown, columns_shown, small, link)
            bad |= ~moves
    return small[bad]


def _movable(
    cells: Cells, value: I64, shown: Bools, rows_shown: Bools, columns_shown: Bools, small: I64, link: Link | None, between: Bools | None
) -> Bools:
    """Whether each small cell can move: its row shifts a little between two hidden cells, and other rows shift it back.

    All rows whose sums are not told are one row (linked ones another), of which every cell is hidden.
    """
    rest, columns = len(rows_shown), len(columns_shown)
    linked = link.rows if link is not None else np.zeros(rest, dtype=np.bool_)
    hidden, positive = _hidden(cells, value, shown, rows_shown, linked, columns)
    ties = np.concatenate((linked, [False, True]))
    between = np.ones((columns, columns), dtype=np.bool_) if between is None else between
    ways = _ways(positive[~ties], hidden[~ties]) + _ways(positive[ties], hidden[ties]) * between
    free = ~columns_shown
    reach = _closure((ways >= 2) | (free[:, None] & free[None, :]) | np.eye(columns, dtype=np.bool_))
    own, column = cells.row[small], cells.column[small]
    less, more = np.zeros(len(small), dtype=np.bool_), np.zeros(len(small), dtype=np.bool_)
    for some, allowed in ((~linked[own], None), (linked[own], between)):
        lead, led = (reach, reach.T) if allowed is None else (reach & allowed, reach.T & allowed)
        less[some] = _other_ways(hidden, lead, own[some], column[some])
        more[some] = _other_ways(positive, led, own[some], column[some])
    return less & (value[small] > 0) | more


def _moves_among_linked(cells: Cells, value: I64, shown: Bools, rows_shown: Bools, columns_shown: Bools, small: I64, link: Link) -> Bools:
    """Whether small cells of linked rows can move with other linked rows alone, so that the other table need not shift."""
    kept = np.flatnonzero(link.rows[cells.row])
    place = np.searchsorted(kept, small)
    inside = link.rows[cells.row[small]]
    part = Cells(cells.row[kept], cells.column[kept], cells.people[kept], tuple(each[kept] for each in cells.values))
    moves = np.zeros(len(small), dtype=np.bool_)
    moves[inside] = _movable(part, value[kept], shown[kept], rows_shown & link.rows, columns_shown, place[inside], None, None)
    return moves


def _hidden(cells: Cells, value: I64, shown: Bools, rows_shown: Bools, linked: Bools, columns: int) -> tuple[Bools, Bools]:
    """Which cells are hidden, and which of these hold something. The last two rows stand for all whose sums are not told."""
    rest = len(rows_shown)
    row = np.where(rows_shown[cells.row], cells.row, np.where(linked[cells.row], rest + 1, rest))
    hidden = np.ones((rest + 2, columns), dtype=np.bool_)
    hidden[row[shown], cells.column[shown]] = False
    hidden[:rest][~rows_shown] = False
    positive = np.zeros_like(hidden)
    able = ~shown & (value > 0)
    positive[row[able], cells.column[able]] = True
    return hidden, positive


def _ways(positive: Bools, hidden: Bools) -> NDArray[np.float32]:
    """How many rows could shift a little from one column to another."""
    # Here and below no matrix product: for so few columns its threads cost more than they save.
    return np.stack([hidden[positive[:, column]].sum(axis=0, dtype=np.float32) for column in range(positive.shape[1])])


def _other_ways(there: Bools, reach: Bools, row: I64, column: I64) -> Bools:
    """Whether some other place of the same row leads to the column."""
    both = np.packbits(there, axis=1).take(row, axis=0) & np.packbits(reach.T, axis=1).take(column, axis=0)
    found = np.bitwise_count(both).sum(axis=1, dtype=np.int64)
    own = there[row, column] & reach[column, column]
    other: Bools = found > own
    return other


def _closure(reach: Bools) -> Bools:
    while True:
        further: Bools = np.stack([reach[row].any(axis=0) for row in reach])
        if (further == reach).all():
            return reach
        reach = further


def _hide_beside(cells: Cells, shown: Bools, exposed: I64) -> bool:
    """Hide, for each exposed cell, the smallest shown one of its row, else of its column. Whether any was hidden."""
    done = False
    for cell in exposed.tolist():
        for line in (cells.row, cells.column):
            candidates = np.flatnonzero(shown & (line == line[cell]))
            if len(candidates):
                shown[candidates[np.argmin(cells.people[candidates])]] = False
                done = True
                break
    return done
