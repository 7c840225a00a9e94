"""One use decided for many standing codes at once, with NumPy: a gather into the outcomes of a row, each of which explains itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upheld.errors import Invalid
from upheld.policy.dims import Dim, with_strides
from upheld.policy.row import DENSE, Row
from upheld.policy.table import Table
from upheld.policy.uses import Decision

Codes = NDArray[np.integer[Any]]
"""Standing codes, any integer type, shape (n,)."""

CHUNK = 1 << 18
"""Rows decided at a time: what is in between fits a cache, so a hundred million rows need no more memory than their answers."""

WHOLE = 1 << 20
"""The largest code space that is spelt out as one array; a larger one is read digit group by digit group."""

_LARGEST = 1 << 63


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The answers for *n* people: `ids[i]` is the place in `decisions` of the decision for the *i*th."""

    ids: NDArray[np.unsignedinteger[Any]]
    decisions: Sequence[Decision]

    def of(self, at: int) -> Decision:
        """The decision for one of them."""
        return self.decisions[int(self.ids[at])]

    def permitted(self, item: str) -> NDArray[np.bool_]:
        """Who this item is permitted for, shape (n,)."""
        return np.take(np.array([item in decision.permitted for decision in self.decisions], dtype=np.bool_), self.ids)

    def allowed(self) -> NDArray[np.bool_]:
        """Who everything asked for is permitted for, shape (n,)."""
        return np.take(np.array([decision.allowed for decision in self.decisions], dtype=np.bool_), self.ids)

    def counts(self) -> list[tuple[Decision, int]]:
        """How many people got each decision, most first."""
        found = np.bincount(self.ids, minlength=len(self.decisions))
        order = np.argsort(-found, kind="stable")
        return [(self.decisions[at], int(found[at])) for at in order if found[at]]


def decide(table: Table, row: Row, codes: Codes) -> Outcomes:
    """The decisions of `row` for `codes` of `table`. `Invalid` for a number that is no standing code."""
    if codes.ndim != 1 or codes.dtype.kind not in "ui":
        raise Invalid("standing codes are one column of whole numbers")
    if table.size > _LARGEST or row.size > DENSE:
        return _one_by_one(table, row, codes)
    gather = _Gather(table, row)
    ids: NDArray[np.unsignedinteger[Any]] = np.empty(len(codes), dtype=gather.dtype)
    for start in range(0, len(codes), CHUNK):
        part = codes[start : start + CHUNK]
        _check(table, part)
        gather.into(part, ids[start : start + CHUNK])
    return Outcomes(ids, row.outcomes)


def encode(table: Table, digits: Mapping[str, NDArray[np.integer[Any]]]) -> NDArray[np.uint64]:
    """Standing codes from a column of digits for each of the table's dims, by the dim's name. `Invalid` if one is missing or too large."""
    if table.size > _LARGEST:
        raise Invalid("the policy asks too many facts for one number a person: decide by the digits of each use instead")
    lengths = {len(column) for column in digits.values()}
    if not table.dims or len(lengths) != 1:
        raise Invalid("standing codes need columns of one length, one for each fact that the policy asks")
    codes = np.zeros(lengths.pop(), dtype=np.uint64)
    for dim in table.dims:
        codes += _column(dim, digits).astype(np.uint64) * np.uint64(dim.stride)
    return codes


def decide_digits(row: Row, digits: Mapping[str, NDArray[np.integer[Any]]]) -> Outcomes:
    """The decisions from a column of digits for each dim that the use depends on (`row.dims`), whatever else the policy asks."""
    if not row.dims:
        raise Invalid("the use depends on no fact about the person: decide it once")
    columns = [_column(dim, digits) for dim in row.dims]
    if row.size > DENSE:
        found = [row.outcome(tuple(map(int, each))) for each in zip(*columns, strict=True)]
        return Outcomes(np.array(found, dtype=np.uint32), row.outcomes)
    at = np.zeros(len(columns[0]), dtype=np.uint32)
    for dim, column in zip(with_strides(row.dims), columns, strict=True):
        at += column.astype(np.uint32) * np.uint32(dim.stride)
    return Outcomes(np.take(np.asarray(row.codes), at), row.outcomes)


class _Gather:
    """A row laid out over the whole code space, or over groups of its digits if that is too large."""

    def __init__(self, table: Table, row: Row) -> None:
        codes = np.asarray(row.codes)
        self.dtype = codes.dtype
        local = {dim.name: dim.stride for dim in with_strides(row.dims)}
        self.whole: NDArray[Any] | None = None
        if table.size <= WHOLE:
            self.whole = codes[_places(table.dims, local)]
            return
        self.outcomes = codes
        self.groups = [
            (group[0].stride, prod(dim.size for dim in group), _places(group, local))
            for group in _grouped(table.dims)
            if any(dim.name in local for dim in group)
        ]

    def into(self, codes: Codes, ids: NDArray[Any]) -> None:
        """Write the outcomes of `codes` to `ids`."""
        if self.whole is not None:
            np.take(self.whole, codes, out=ids, mode="clip")  # checked before
            return
        at = np.zeros(len(codes), dtype=np.intp)
        for stride, size, places in self.groups:
            digits = codes // stride if stride > 1 else codes
            at += np.take(places, digits % size)
        np.take(self.outcomes, at, out=ids, mode="clip")


def _places(dims: Sequence[Dim], local: Mapping[str, int]) -> NDArray[np.int32]:
    """For each combination of the digits of `dims` (first fastest): what it adds to the place in a row."""
    found = np.zeros(1, dtype=np.int32)
    for dim in dims:
        steps = np.arange(dim.size, dtype=np.int32) * np.int32(local.get(dim.name, 0))
        found = (steps[:, None] + found[None, :]).ravel()
    return found


def _grouped(dims: Sequence[Dim]) -> list[list[Dim]]:
    groups: list[list[Dim]] = []
    for dim in dims:
        if not groups or prod(each.size for each in groups[-1]) * dim.size > 1 << 16:
            groups.append([])
        groups[-1].append(dim)
    return groups


def _check(table: Table, codes: Codes) -> None:
    if len(codes) and (int(codes.max()) >= table.size or int(codes.min()) < 0):
        raise Invalid(f"standing codes of this policy go from 0 to {table.size - 1}: work them out again")


def _one_by_one(table: Table, row: Row, codes: Codes) -> Outcomes:
    if table.size <= _LARGEST:
        _check(table, codes)
    different, back = np.unique(codes, return_inverse=True)
    found = np.array([row.outcome(row.digits(int(code))) for code in different], dtype=np.uint32)
    return Outcomes(found[back], row.outcomes)


def _column(dim: Dim, digits: Mapping[str, NDArray[np.integer[Any]]]) -> NDArray[np.integer[Any]]:
    column = digits.get(dim.name)
    if column is None or (len(column) and (int(column.max()) >= dim.size or int(column.min()) < 0)):
        raise Invalid(f"the digits of `{dim.name}` are missing, or not all from 0 to {dim.size - 1}")
    return column
