"""WHAT A USE ASKS OF A STANDING: "and" and "or" over sets of values of its columns, made small.

A formula has no negation: "not opted out" is the set of the other values, and whether *unknown* is among them is said by whoever builds
the set. So a formula that is true stays true under SQL's third value, and a value that no set names never makes anything true.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

Value = str | int | None
"""A value of a standing column; None is *unknown*."""

Domains = Mapping[str, frozenset[Value]]
"""All values that each column may have."""

CELLS = 1 << 16
"""Formulas are compared over all combinations of values up to so many; beyond, they are only tidied."""


@dataclass(frozen=True, slots=True)
class Is:
    """The column has one of these values."""

    column: str
    values: frozenset[Value]


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds; without parts: true."""

    parts: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Or:
    """Some part holds; without parts: false."""

    parts: tuple[Formula, ...] = ()


Formula = Is | And | Or
TRUE, FALSE = And(), Or()


def smallest(formula: Formula, domains: Domains) -> Formula:
    """An equal formula from which nothing can be left out, with common parts said once.

    Equal means: over all combinations of `domains`. Beyond `CELLS` combinations the formula is tidied but perhaps not smallest.
    """
    small = tidy(formula, domains)
    cells = _Cells.of(small, domains)
    if cells is None:
        return small
    truth = cells.truth(small)
    while True:
        for candidate in _shorter(small):
            tried = tidy(candidate, domains)
            if weight(tried) < weight(small) and cells.truth(tried) == truth:
                small = tried
                break
        else:
            return small


def weight(formula: Formula) -> int:
    """How much there is to read: literals first, then the values they name."""
    if isinstance(formula, Is):
        return 100 + len(formula.values)
    return sum(map(weight, formula.parts))


def columns(formula: Formula) -> frozenset[str]:
    """The columns that a formula asks about."""
    if isinstance(formula, Is):
        return frozenset({formula.column})
    return frozenset().union(*map(columns, formula.parts))


def holds(formula: Formula, row: Mapping[str, Value]) -> bool:
    """Whether a formula is true of one standing, given as column to value."""
    match formula:
        case Is(column, values):
            return row[column] in values
        case And(parts):
            return all(holds(part, row) for part in parts)
        case _:
            return any(holds(part, row) for part in formula.parts)


def tidy(formula: Formula, domains: Domains) -> Formula:
    """Flat, without constants or repetition, with one literal per column in each "and" and each "or"."""
    match formula:
        case Is(column, values):
            known = values & domains[column]
            return FALSE if not known else TRUE if known == domains[column] else Is(column, known)
        case And(parts):
            return _join(And, FALSE, parts, domains)
        case _:
            return _join(Or, TRUE, formula.parts, domains)


def _join(kind: type[And | Or], absorbing: Formula, parts: Iterable[Formula], domains: Domains) -> Formula:
    literals: dict[str, frozenset[Value]] = {}
    others: dict[Formula, None] = {}
    for part in _flat(kind, (tidy(part, domains) for part in parts)):
        if part == absorbing:
            return absorbing
        if isinstance(part, Is):
            seen = literals.get(part.column, part.values)
            literals[part.column] = seen & part.values if kind is And else seen | part.values
        else:
            others[part] = None
    joined = [tidy(Is(column, values), domains) for column, values in literals.items()]
    if absorbing in joined:
        return absorbing
    joined = [*(part for part in joined if isinstance(part, Is)), *others]
    return joined[0] if len(joined) == 1 else kind(tuple(joined))


def _flat(kind: type[And | Or], parts: Iterable[Formula]) -> Iterator[Formula]:
    for part in parts:
        if isinstance(part, kind):
            yield from part.parts
        else:
            yield part


def _shorter(formula: Formula) -> Iterator[Formula]:
    """Formulas that say less: one part left out, or a common part said once. Some are equal to the given one, most are not."""
    if isinstance(formula, Is):
        return
    kind, parts = type(formula), formula.parts
    for at in sorted(range(len(parts)), key=lambda at: -weight(parts[at])):
        yield kind((*parts[:at], *parts[at + 1 :]))
    yield from _factored(formula)
    for at, part in enumerate(parts):
        for shorter in _shorter(part):
            yield kind((*parts[:at], shorter, *parts[at + 1 :]))


def _factored(formula: And | Or) -> Iterator[Formula]:
    """`a and x or a and y` as `a and (x or y)`, and the same with "and" and "or" exchanged; two literals may join in the process."""
    kind: type[And | Or] = type(formula)
    inner: type[And | Or] = Or if kind is And else And
    alternatives = {at: _set(part, inner) for at, part in enumerate(formula.parts)}
    common = dict.fromkeys(literal for members in alternatives.values() for literal in members)
    for literal in common:
        having = [at for at, members in alternatives.items() if literal in members]
        if len(having) > 1:
            rests = tuple(inner(tuple(part for part in alternatives[at] if part != literal)) for at in having)
            others = tuple(part for at, part in enumerate(formula.parts) if at not in having)
            yield kind((*others, inner((literal, kind(rests)))))


def _set(part: Formula, inner: type[And | Or]) -> tuple[Formula, ...]:
    return part.parts if isinstance(part, inner) else (part,)


@dataclass(frozen=True, slots=True)
class _Cells:
    """All combinations of values that some formulas can tell apart, one bit each; a formula's truth is one integer."""

    masks: Mapping[tuple[str, Value], int]  # the combinations in which the column has that value
    full: int

    @classmethod
    def of(cls, formula: Formula, domains: Domains) -> _Cells | None:
        """None if there are more than `CELLS`."""
        sets: dict[str, list[frozenset[Value]]] = {}
        for literal in _literals(formula):
            sets.setdefault(literal.column, []).append(literal.values)
        classes = {column: _classes(domains[column], found) for column, found in sets.items()}
        total = 1
        for found in classes.values():
            total *= len(found)
        if total > CELLS:
            return None
        full, stride, masks = (1 << total) - 1, 1, dict[tuple[str, Value], int]()
        for column, members in classes.items():
            period = stride * len(members)
            repeat = full // ((1 << period) - 1)
            for at, values in enumerate(members):
                mask = (((1 << stride) - 1) << (at * stride)) * repeat
                masks.update({(column, value): mask for value in values})
            stride = period
        return cls(masks, full)

    def truth(self, formula: Formula) -> int:
        """The combinations of which the formula is true, as bits."""
        match formula:
            case Is(column, values):
                bits = 0
                for value in values:
                    bits |= self.masks[column, value]
            case And(parts):
                bits = self.full
                for part in parts:
                    bits &= self.truth(part)
            case _:
                bits = 0
                for part in formula.parts:
                    bits |= self.truth(part)
        return bits


def _literals(formula: Formula) -> Iterator[Is]:
    if isinstance(formula, Is):
        yield formula
    else:
        for part in formula.parts:
            yield from _literals(part)


def _classes(domain: frozenset[Value], sets: list[frozenset[Value]]) -> list[list[Value]]:
    """The values of a column, those together that no set tells apart."""
    found: dict[tuple[bool, ...], list[Value]] = {}
    for value in sorted(domain, key=repr):
        found.setdefault(tuple(value in values for values in sets), []).append(value)
    return list(found.values())
