"""Whom a new version of the policy touches: how many people in the record would be answered differently, counted before it is posted.

Sets, not rows: everybody's standing is a code; distinct codes are decided once under what is in force and once under what is to come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from upheld.choices import queries as choices
from upheld.errors import Refused
from upheld.gate.verdicts import COARSE
from upheld.people.queries import last_person
from upheld.policy.compiled import Policy
from upheld.policy.differing import Differing, Direction, differing
from upheld.policy.dims import SERVED, Dim
from upheld.policy.row import Row
from upheld.policy.table import Table
from upheld.policy.uses import Decision, Use
from upheld.postings import queries as postings

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

_RECIPIENTS = tuple(product((True, False), repeat=3))


@dataclass(frozen=True, slots=True)
class Touched:
    """For these purposes and recipients: how many people are answered differently from the posting on, and how many once they agree."""

    direction: Direction
    purposes: tuple[str, ...]
    to: tuple[str, ...]
    at_once: int
    once_agreed: int


@dataclass(frozen=True, slots=True)
class Affected:
    """How many of the `people` in the record a new version touches: from its posting on, or only if they agree to it.

    What a version allows more does not reach what was collected earlier, so a wider one touches people once they agree; what it allows
    less binds at once. `follows` is the version it was held against, None if there is none.
    """

    follows: str | None
    people: int
    at_once: int
    once_agreed: int
    touched: tuple[Touched, ...]


def mark(conn: Connection, at: datetime) -> tuple[int, ...]:
    """What the count depends on beside the new version: while it is the same, so is the count."""
    return (*choices.last_numbers(conn), last_person(conn), postings.changes(conn), at.toordinal())


def affected(conn: Connection, new: Policy, at: datetime) -> Affected:
    """Hold a version that is not posted yet against the last posted one, over everybody in the record as of now."""
    posted = postings.posted(conn)
    people = last_person(conn)
    if not posted:
        return Affected(None, people, 0, 0, ())
    old = tuple(each.policy for each in posted)
    worlds = _Worlds(conn, old, new, at)
    first, then = np.zeros(worlds.distinct, dtype=np.bool_), np.zeros(worlds.distinct, dtype=np.bool_)
    found: dict[tuple[Direction, tuple[str, ...], tuple[str, ...]], tuple[Mask, Mask]] = {}
    for each in differing(old[-1], new):
        at_once, agreed = worlds.changed(each)
        first |= at_once
        then |= agreed
        key = (each.direction, each.purposes, each.to)
        before = found.get(key)
        found[key] = (at_once, agreed) if before is None else (before[0] | at_once, before[1] | agreed)
    touched = [Touched(*key, worlds.count(one), worlds.count(other)) for key, (one, other) in found.items()]
    return Affected(posted[-1].version, people, worlds.count(first), worlds.count(then), tuple(touched))


class _Worlds:
    """Everybody's standing under three histories: what is in force, with the new version posted, and the new version alone (agreed to).

    The record is read once, by a layout that tells apart whatever any of them tells apart; only distinct standings are put into the others.
    """

    def __init__(self, conn: Connection, old: tuple[Policy, ...], new: Policy, at: datetime) -> None:
        self.tables = [Table(old), Table((*old, new)), Table((new,))]
        first, layout = self.tables[0], self.tables[1]
        if layout.size >= COARSE:
            raise Refused(
                "the policies ask more of a person than can be counted at once: draft one that asks about fewer topics and regions"
            )
        read = [layout]
        if not {*old[-1].vocabulary.sources} <= {*new.vocabulary.sources}:
            read.append(first)  # since when somebody gave what the new version has no word for, only the old layout tells
        every = [choices.standing_codes(conn, table, choices.AsOf(today=at)).codes[1:] for table in read]
        distinct, counts = np.unique(np.stack(every), axis=1, return_counts=True)
        standings = [layout.standing(int(code)) for code in distinct[0]]
        self.codes: list[Codes] = [np.array([table.standing_code(each) for each in standings], dtype=np.int64) for table in self.tables]
        if first in read:
            self.codes[0] = distinct[1]
        self.counts: Codes = counts
        self.distinct = len(counts)

    def count(self, which: Mask) -> int:
        """How many people."""
        return int(self.counts[which].sum())

    def changed(self, asked: Differing) -> tuple[Mask, Mask]:
        """Of whom the answer differs with the new version posted, and with it agreed to."""
        at_once, agreed = np.zeros(self.distinct, dtype=np.bool_), np.zeros(self.distinct, dtype=np.bool_)
        for use in asked.uses:
            for known in _recipients(use):
                before, after, alone = (self._answers(table, codes, known) for table, codes in zip(self.tables, self.codes, strict=True))
                for one, other, third in zip(before, after, alone, strict=True):
                    at_once |= one != other
                    agreed |= one != third
        return at_once, agreed

    def _answers(self, table: Table, codes: Codes, use: Use) -> Iterator[NDArray[np.object_]]:
        """The answer for each distinct standing; once for each thing a recipient may be to a person, for the record does not know that."""
        row = table.row(use) if _is_known(table, use) else None
        serving = next((dim for dim in table.dims if dim.kind == "served"), None)
        for served in SERVED:
            if row is None:
                yield np.full(len(codes), "", dtype=object)
                continue
            yield _decided(row, codes if serving is None else codes + (serving.digit(served) - serving.digit(None)) * serving.stride)


def _decided(row: Row, codes: Codes) -> NDArray[np.object_]:
    kept: Codes = np.zeros(len(codes), dtype=np.int64)
    for dim in row.dims:
        kept += _digit(dim, codes) * dim.stride
    distinct, places = np.unique(kept, return_inverse=True)
    answers = np.empty(len(distinct), dtype=object)
    answers[:] = [_said(row.decide_code(int(code))) for code in distinct]
    return np.asarray(answers[places], dtype=object)


def _digit(dim: Dim, codes: Codes) -> Codes:
    digits: Codes = codes // dim.stride % dim.size
    return digits


def _said(decision: Decision) -> str:
    """What may be done, without why: the items, and for how many people or how often. Empty: nothing."""
    return repr((decision.permitted, decision.obligations)) if decision.permitted else ""


def _recipients(use: Use) -> Iterator[Use]:
    """The use with every state a recipient may be in; ourselves are in none."""
    if use.to in {"ourselves", "the person"}:
        yield use
        return
    for vetted, contract, process in _RECIPIENTS:
        yield replace(use, vetted=vetted, under_contract=contract, legal_process=process)


def _is_known(table: Table, use: Use) -> bool:
    """Whether the policy in force has all the words of a use: what it has no word for, it refuses."""
    words = table.history[-1].vocabulary
    named = (*use.items, *use.totals, *use.chosen_by)
    return use.purpose in words.purposes and all(item in words.items for item in named)
