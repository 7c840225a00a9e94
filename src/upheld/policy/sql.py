"""The policy as SQL for one use: a residual predicate, a bit test on the standing code, or a join with the exported decision table.

All three select positively: the rows for which the answer is TRUE. A list of people who must *not* be reached is everything that is not
selected, never `NOT` of the predicate: where a fact is NULL a row would be in neither list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from upheld.policy.compiled import Policy
from upheld.policy.predicate import And, Domains, Formula, Is, Or, Value, smallest
from upheld.policy.residual import NOT_KNOWN, choice_column, domains, remains, since_column
from upheld.policy.sql_dialects import among, both, either, number, text
from upheld.policy.terms import REGION_PARENTS
from upheld.policy.uses import Use

__all__ = ["choice_column", "residual", "residuals", "since_column", "standing_columns", "text"]

_REGIONS = {name: at for at, name in enumerate(("anywhere", *REGION_PARENTS))}


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
        case Is(column, values):
            return either(_literal(column, values, known[column]))


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
