"""What the other systems hold beside the one that is searched: rows that the index leads to, read as they stand now."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial

from upheld.errors import No
from upheld.gate import searching
from upheld.gate.searching import Searched
from upheld.requests.finding import Search, by_index
from upheld.requests.office import Office
from upheld.systems.connector import Failed, Found, Key
from upheld.systems.datamap import System
from upheld.systems.indexing import Index, open_index


def searched(office: Office, system: System, search: Search, *, quick: bool = False) -> Searched:
    """Search one system, with regard to who else is on file at the address in the others. Raises `Failed`.

    `quick`: by the index, if it covers the system; else all of it is read, fresh.
    """
    beside = partial(_beside, office, system, search)
    found = by_index(office, system, search, beside) if quick else None
    return found or searching.search(system, office.open_system(system), search.wanted, search.weights, beside)


def _beside(office: Office, system: System, search: Search) -> Sequence[Found]:
    """The rows of the other systems that the index leads to, as far as these answer; none without an index that can be used."""
    with suppress(No):
        index = open_index(office.home)
        reader = Reader(office, index)
        numbers = index.blind.candidates(search.wanted.all, index.keys).tolist()
        return tuple(reader.read([number for number in numbers if reader.place(number)[0] != system.name]).values())
    return ()


@dataclass
class Reader:
    """Reads rows by their numbers in the index. `silent`: the systems that did not answer."""

    office: Office
    index: Index
    silent: list[str] = field(default_factory=list)

    def place(self, number: int) -> tuple[str, str, Key]:
        """Where a record stands."""
        place = self.index.places.of(number)
        return place.system, place.table, place.key

    def read(self, numbers: Sequence[int]) -> dict[int, Found]:
        """The rows that still exist, of the systems that answer."""
        by_table: dict[tuple[str, str], dict[Key, int]] = {}
        for number in numbers:
            name, table, key = self.place(number)
            by_table.setdefault((name, table), {})[key] = number
        found: dict[int, Found] = {}
        for (name, table), wanted in by_table.items():
            system = self.office.system(name)
            if system is None or name in self.silent or table not in {each.name for each in system.tables}:
                continue
            if any(len(key) != len(system.table(table).key) for key in wanted):
                continue  # the map names another key now
            try:
                with closing(self.office.open_system(system)) as connector:
                    found |= {wanted[row.key]: row for row in connector.fetch(system.table(table), list(wanted))}
            except Failed:
                self.silent.append(name)
        return found
