"""How the five engines say the same thing in SQL, and what each of them cannot say."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from sqlglot import exp

from upheld.errors import Invalid, Refused

DIALECTS = ("sqlite", "duckdb", "postgres", "spark", "clickhouse")

LONGEST_NAME = {"postgres": 63}
"""Bytes of a column name. PostgreSQL cuts a longer one off without a word, and two columns may become one."""

LONGEST_TEXT = {"clickhouse": 262_144}
"""Bytes of a statement. ClickHouse's own limit (`max_query_size`), which a server's owner may have left as it is."""

ROOM_FOR_THE_REST = 4_096  # of a statement, around a predicate

_UNSAFE = re.compile(r"_(?=x[0-9a-f])|[^a-z0-9_]")


def named(dialect: str) -> str:
    """The dialect, if it is one of the five; else Invalid with a suggestion."""
    if dialect in DIALECTS:
        return dialect
    near = difflib.get_close_matches(dialect.lower(), DIALECTS, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(DIALECTS)}"
    raise Invalid(f"no SQL dialect `{dialect}`; {hint}")


def safe(name: str) -> str:
    """A name of the policy as part of a column name: `a-z`, `0-9` and `_` stand, other characters become `_x<hex>_`.

    No two names give the same part, and no engine folds or quotes it.
    """
    return _UNSAFE.sub(lambda found: f"_x{ord(found[0]):x}_", name)


def text(expression: exp.Expr, dialect: str) -> str:
    """The expression as SQL of one dialect. What the dialect cannot express is Refused; nothing is bent to fit."""
    said = expression.transform(_SAID.get(named(dialect), _as_it_is))
    for name in {part.name for part in said.find_all(exp.Identifier)}:
        limit = LONGEST_NAME.get(dialect)
        if limit is not None and len(name.encode()) > limit:
            raise Refused(f"`{name}` is longer than the {limit} bytes that {dialect} keeps of a name; use a shorter topic or source")
    written = said.sql(dialect=dialect)
    limit = LONGEST_TEXT.get(dialect)
    if limit is not None and len(written.encode()) > limit - ROOM_FOR_THE_REST:
        raise Refused(f"{dialect} reads no statement longer than {limit} bytes; join with the exported decision table instead")
    return written


def number(value: int) -> exp.Expr:
    """An integer as written in SQL."""
    return exp.Literal.number(value) if value >= 0 else exp.Neg(this=exp.Literal.number(-value))


def among(column: exp.Expr, values: Sequence[exp.Expr]) -> exp.Expr:
    """The column has one of these values, positively: NULL and any other value are not among them."""
    if len(values) == 1:
        return exp.EQ(this=column, expression=values[0])
    return exp.In(this=column, expressions=list(values))


def both(parts: Iterable[exp.Expr]) -> exp.Expr:
    """All parts; without parts TRUE."""
    found = list(parts)
    return exp.and_(*found) if found else exp.true()


def either(parts: Iterable[exp.Expr]) -> exp.Expr:
    """Some part; without parts FALSE."""
    found = list(parts)
    return exp.or_(*found) if found else exp.false()


def digit(column: exp.Expr, stride: int, size: int | None) -> exp.Expr:
    """One digit of a mixed-radix code, in integers only: `column / stride % size`; size None is the highest digit."""
    found = column if stride == 1 else exp.IntDiv(this=column, expression=number(stride))
    return found if size is None else exp.Mod(this=exp.paren(found) if stride != 1 else found, expression=number(size))


def bit(bits: str, index: exp.Expr, dialect: str) -> exp.Expr:
    """Whether the bit at `index` (0-based, within the bits) is set, by the fastest thing that the dialect has for it."""
    match named(dialect):
        case "duckdb":
            string: exp.Expr = exp.cast(exp.Literal.string(bits), "bit")
            return _is_one(exp.Anonymous(this="get_bit", expressions=[string, exp.cast(index, "int")]), number(1))
        case "postgres":  # CAST('…' AS BIT) would keep the first bit only
            return _is_one(exp.Anonymous(this="get_bit", expressions=[exp.BitString(this=bits), exp.cast(index, "int")]), number(1))
        case "clickhouse":
            return _is_one(_one_of(exp.Literal.string(bits), index), exp.Literal.string("1"))
        case _:  # bytes: in text these two count characters from the start, for each row
            return _is_one(_one_of(exp.HexString(this=bits.encode().hex()), index), exp.HexString(this=b"1".hex()))


def _one_of(string: exp.Expr, index: exp.Expr) -> exp.Expr:
    start = exp.Add(this=exp.paren(index), expression=number(1))
    return exp.Substring(this=string, start=start, length=number(1))


def _is_one(found: exp.Expr, one: exp.Expr) -> exp.Expr:
    return exp.EQ(this=found, expression=one)


def _as_it_is(node: exp.Expr) -> exp.Expr:
    return node


def _whole_division(node: exp.Expr) -> exp.Expr:
    """Sqlglot would divide as floating point here and round, which loses codes above 2 to the 53rd."""
    if isinstance(node, exp.IntDiv):
        return exp.Div(this=node.this, expression=node.expression, typed=True, safe=False)
    return node


_CLICKHOUSE_FUNCTIONS: dict[type[exp.Expr], str] = {
    exp.IntDiv: "intDiv",
    exp.BitwiseAnd: "bitAnd",  # sqlglot leaves `a & b`, which ClickHouse cannot read
    exp.BitwiseOr: "bitOr",
    exp.BitwiseXor: "bitXor",
    exp.BitwiseLeftShift: "bitShiftLeft",
    exp.BitwiseRightShift: "bitShiftRight",
}


def _as_functions(node: exp.Expr) -> exp.Expr:
    name = _CLICKHOUSE_FUNCTIONS.get(type(node))
    return exp.Anonymous(this=name, expressions=[node.this, node.expression]) if name else node


_SAID = {"sqlite": _whole_division, "postgres": _whole_division, "clickhouse": _as_functions}
