"""Finding a person by the blind index instead of reading whole tables: keyed codes lead to rows, the rows are read fresh and judged.

For many requests at once, for an answer within milliseconds, and for the first look of a removal. What was written since the index was made
is not in it, so no proof of a removal rests on it. Records that were found ahead of time to be one person's come along for stopping
(`gate.joining`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from upheld.errors import Conflict
from upheld.gate.joining import JOINED, Joining
from upheld.gate.searching import WHY, Beside, Candidate, Searched, Wanted, candidates, identifying, judged_beside
from upheld.people.held import Evidence
from upheld.people.weights import Weights
from upheld.systems.connector import Connector, Found, Key
from upheld.systems.datamap import DataMap, System
from upheld.systems.indexing import Decisions, Index


class Finder:
    """Finds one person after another. Systems are opened when first needed, and closed at the end of the `with`."""

    def __init__(
        self,
        index: Index,
        datamap: DataMap,
        open_system: Callable[[System], Connector],
        weights: Weights,
        decisions: Decisions | None = None,
    ) -> None:
        self._index, self._datamap, self._open, self._weights = index, datamap, open_system, weights
        self._opened: dict[str, Connector] = {}
        self._joining = Joining(index, decisions)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for connector in self._opened.values():
            connector.close()

    def find(self, wanted: Wanted) -> list[Candidate]:
        """The rows of all systems that are, or may be, to be stopped. Raises `Failed` if a system does."""
        numbers = self._index.blind.candidates(wanted.all, self._index.keys).tolist()
        rows = self._read(numbers)
        judged = candidates(list(rows.values()), wanted, self._weights)
        found = {number: one for number, one in zip(rows, judged, strict=True) if one.verdict != "different"}
        sure = [number for number, one in found.items() if one.verdict == "same"]
        for number, row in self._joining.joined(sure, self._read).items():
            (one,) = candidates([row], wanted, self._weights)
            found[number] = replace(one, verdict="same", evidence=(Evidence(WHY, JOINED, 0.0), *one.evidence))
        return list(found.values())

    def find_in(self, system: System, wanted: Wanted, beside: Beside = tuple) -> Searched:
        """The rows of one system, as `searching.search` would judge them; links bring nothing. Raises `Failed` if the system does."""
        numbers = self._index.blind.candidates(wanted.all, self._index.keys).tolist()
        rows = list(self._read([number for number in numbers if self._index.places.of(number).system == system.name]).values())
        found = judged_beside(rows, wanted, self._weights, beside)
        return Searched(system.name, tuple(one for one in found if one.verdict != "different"), len(rows))

    def _read(self, numbers: Sequence[int]) -> dict[int, Found]:
        """The rows of these numbers that still exist."""
        by_table: dict[tuple[str, str], dict[Key, int]] = {}
        for number in numbers:
            place = self._index.places.of(number)
            by_table.setdefault((place.system, place.table), {})[place.key] = number
        return {
            keys[found.key]: found for (system, table), keys in by_table.items() for found in self._fetched(system, table, list(keys))
        }  # fmt: skip

    def _fetched(self, name: str, table: str, keys: list[Key]) -> list[Found]:
        system = self._datamap.systems.get(name)
        if system is None or table not in {one.name for one in system.tables}:
            raise Conflict(f"`{name}.{table}` is in the index and not in the data map: run `upheld systems index`")
        if any(len(key) != len(system.table(table).key) for key in keys):
            raise Conflict(f"the index was made under another key of `{name}.{table}`: run `upheld systems index`")
        if name not in self._opened:
            self._opened[name] = self._open(system)
        return list(self._opened[name].fetch(system.table(table), keys))


def covers(index: Index, system: System) -> bool:
    """Whether the index was made over every table of the system that says who its rows are about."""
    tables = {span.table for span in index.places.spans if span.system == system.name}
    return tables >= {table.name for table in system.tables if identifying(table)} != set()
