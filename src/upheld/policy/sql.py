"""The policy as SQL for one use: a residual predicate, a bit test on the standing code, or a join with the exported decision table.

All three select positively: the rows for which the answer is TRUE. A list of people who must *not* be reached is everything that is not
selected, never `NOT` of the predicate: where a fact is NULL a row would be in neither list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

from sqlglot import exp

from upheld.policy.compiled import Policy
from upheld.policy.predicate import And, Domains, Formula, Or, Value, smallest
from upheld.policy.residual import NOT_KNOWN, choice_column, domains, remains, since_column
from upheld.policy.sql_dialects import among, bit, both, digit, either, number, text
from upheld.policy.table import Table
from upheld.policy.terms import REGION_PARENTS
from upheld.policy.uses import Decision, Use

__all__ = [
    "bit_test",
    "choice_column",
    "column_of",
    "decision_rows",
    "residual",
    "residuals",
    "since_column",
    "standing_columns",
    "table_join",
    "text",
]

_REGIONS = {name: at for at, name in enumerate(("anywhere", *REGION_PARENTS))}


def column_of(dim: str) -> str:
    """The standing column of a dim: `choice.newsletter` is in `choice_newsletter`. Safe in all dialects without quotes."""
    kind, _, about = dim.partition(".")
    match kind:
        case "choice":
            return choice_column(about)
        case "since":
            return since_column(about)
    return kind


def standing_columns(history: Sequence[Policy]) -> dict[str, str]:
    """The columns that a predicate may ask about, each as `integer`, `text` or `flag`, in a fixed order."""
    kinds = {"region": "text", "served": "flag"}
    return {column: kinds.get(column, "integer") for column in domains(history)}


def residuals(history: Sequence[Policy], use: Use, dialect: str) -> dict[str, exp.Expr]:
    """For each item asked for: the predicate over the standing columns that is TRUE exactly where the item is permitted.

    `Invalid` for an undeclared word in the use; `Refused` for what the dialect cannot express.
    """
    known = domains(history)
    return {item: _said(smallest(formula, known), known, dialect) for item, formula in remains(history, use).items()}


def residual(history: Sequence[Policy], use: Use, dialect: str) -> exp.Expr:
    """The predicate that is TRUE exactly where everything asked for is permitted."""
    known = domains(history)
    return _said(smallest(And(tuple(remains(history, use).values())), known), known, dialect)


def bit_test(table: Table, use: Use, column: str, dialect: str, item: str | None = None) -> exp.Expr:
    """TRUE exactly where the standing code in `column` is one for which everything asked for (or one `item` of it) is permitted.

    A NULL, or a number that is no standing code, is not selected. `Refused` if the dialect cannot hold so many bits in a statement.
    """
    rows, decisions = decision_rows(table, use)
    good = [decision.allowed if item is None else item in decision.permitted for decision in decisions]
    bits = "".join("1" if good[outcome] else "0" for _, outcome in rows)
    found = _guarded(table, column, bit(bits, _place(table, use, column), dialect), exp.false())
    text(found, dialect)
    return found


def decision_rows(table: Table, use: Use) -> tuple[list[tuple[int, int]], list[Decision]]:
    """The decision table of one use as rows `(place, outcome)`, and the decisions that the outcomes number."""
    row = table.row(use)
    return list(enumerate(row.codes)), row.outcomes  # in this order: spelling out the codes meets all outcomes


def table_join(table: Table, use: Use, standings: str, column: str, decisions: str) -> exp.Select:
    """All rows of the table `standings` with the `outcome` that its standing code in `column` has.

    `decisions` is a table with the columns `place` and `outcome`, filled with `decision_rows`. The outcome is NULL where there is no
    standing code: nothing is permitted there.
    """
    place = _guarded(table, f"{standings}.{column}", _place(table, use, f"{standings}.{column}"), exp.null())
    found = exp.EQ(this=exp.column("place", decisions), expression=place)
    everything = exp.Column(this=exp.Star(), table=exp.to_identifier(standings))
    return exp.select(everything, exp.column("outcome", decisions)).from_(standings).join(decisions, on=found, join_type="left")


def _place(table: Table, use: Use, column: str) -> exp.Expr:
    """Where a standing code falls in the use's row: its digits of the row's dims, the first fastest."""
    spans: list[tuple[int, int, int]] = []  # stride in the code, size, stride in the row; neighbours in both are one
    weight = 1
    for dim in table.row(use).dims:
        if spans and spans[-1][0] * spans[-1][1] == dim.stride:
            stride, size, within_row = spans.pop()
            spans.append((stride, size * dim.size, within_row))
        else:
            spans.append((dim.stride, dim.size, weight))
        weight *= dim.size
    parts = [
        _times(digit(_column(column), stride, None if stride * size == table.size else size), within_row)
        for stride, size, within_row in spans
    ]
    return reduce(lambda left, right: exp.Add(this=left, expression=right), parts) if parts else number(0)


def _times(found: exp.Expr, weight: int) -> exp.Expr:
    return found if weight == 1 else exp.Mul(this=exp.paren(found), expression=number(weight))


def _guarded(table: Table, column: str, found: exp.Expr, otherwise: exp.Expr) -> exp.Expr:
    is_code = exp.Between(this=_column(column), low=number(0), high=number(table.size - 1))
    return exp.case().when(is_code, found).else_(otherwise)


def _column(name: str) -> exp.Column:
    table, _, column = name.rpartition(".")
    return exp.column(column, table or None)


def _said(formula: Formula, known: Domains, dialect: str) -> exp.Expr:
    found = expression(formula, known)
    text(found, dialect)  # refuses now what would be refused later
    return found


def expression(formula: Formula, known: Domains) -> exp.Expr:
    """A formula as a tree that all five dialects read alike: comparisons, `IN` lists, `IS NULL`, `AND`, `OR`; no `NOT`."""
    match formula:
        case And(parts):
            return both(expression(part, known) for part in parts)
        case Or(parts):
            return either(expression(part, known) for part in parts)
        case _:
            return either(_literal(formula.column, formula.values, known[formula.column]))


def _literal(column: str, values: frozenset[Value], known: frozenset[Value]) -> Iterator[exp.Expr]:
    """The column has one of these values; NULL is what is not known, or the earliest version."""
    null = NOT_KNOWN if column.startswith("choice_") else 0 if column.startswith("since_") else None
    if null in values:
        yield exp.Is(this=exp.column(column), expression=exp.null())
    if column == "age":
        yield from _bands(values, sorted(value for value in known if isinstance(value, int)))
        return
    named = [_value(value) for value in sorted(values - {None, NOT_KNOWN}, key=_order)]
    if named:
        yield among(exp.column(column), named)


def _bands(values: frozenset[Value], starts: list[int]) -> Iterator[exp.Expr]:
    """Ages: bands beside each other as one comparison. An age below zero is no age, and in no band."""
    begins: int | None = None
    for start in [*starts, None]:
        if start is not None and start in values:
            begins = start if begins is None else begins
        elif begins is not None:
            from_ = exp.GTE(this=exp.column("age"), expression=number(begins))
            yield from_ if start is None else exp.and_(from_, exp.LT(this=exp.column("age"), expression=number(start)))
            begins = None


def _value(value: Value) -> exp.Expr:
    match value:
        case bool():
            return exp.Boolean(this=value)
        case int():
            return number(value)
        case _:
            return exp.Literal.string(str(value))


def _order(value: Value) -> int:
    return _REGIONS[value] if isinstance(value, str) else int(value or 0)
