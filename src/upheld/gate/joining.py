"""Rows that were joined ahead of time with rows that are somebody's: records joined for marketing are joined for stopping.

The night's links (`people.resolving`) say which rows to look at together; whether they are joined is worked out anew from how these stand
now, and from what agents decided since. A link that was merely proposed brings nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from upheld.people.links import Links
from upheld.people.resolving import Resolver
from upheld.systems.connector import Found
from upheld.systems.held import held
from upheld.systems.indexing import Decisions, Index

JOINED: Final = "joined for marketing with a record that is theirs"

Read = Callable[[Sequence[int]], Mapping[int, Found]]
"""The rows of these numbers that still exist, and can be read."""


class Joining:
    """The links of one index, as they hold now."""

    def __init__(self, index: Index, decisions: Decisions | None = None) -> None:
        self._links, self._decisions = index.links(), decisions

    def joined(self, sure: Sequence[int], read: Read) -> dict[int, Found]:
        """The rows that are joined with these numbers' rows, by number; without these."""
        found: dict[int, Found] = {}
        for cluster in {of for number in sure if len(of := self._links.with_linked([number])) > 1}:
            rows = read(cluster)
            held_by = self._resolved(rows).with_linked(number for number in sure if number in rows)
            found |= {number: rows[number] for number in held_by if number not in sure}
        return found

    def _resolved(self, rows: Mapping[int, Found]) -> Links:
        resolver = Resolver()
        numbers: dict[str, int] = {}
        for number, row in rows.items():
            for one in held(row):
                resolver.add(number, one)
            if self._decisions is not None and self._decisions.same:
                numbers[self._decisions.code(row.system, row.table, row.key)] = number
        if self._decisions is not None:
            self._decisions.tell(resolver, numbers)
        return resolver.links()
