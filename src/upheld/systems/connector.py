"""What every kind of system can do for a request. A connector is opened for one piece of work and closed after it.

Whatever fails in the system itself (down, slow, read-only, a table gone) is raised as `Failed`, with words and no value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from upheld.people.identifiers import Identifier
from upheld.systems.datamap import Part, Table

Key = tuple[str, ...]
"""A row's key, each value as text."""


@dataclass(frozen=True, slots=True)
class LiveColumn:
    """A column as the system itself describes it."""

    name: str
    type: str
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class LiveTable:
    """A table as the system itself describes it; `foreign` are its foreign keys: (columns, table, its columns)."""

    name: str
    columns: tuple[LiveColumn, ...]
    key: tuple[str, ...] = ()
    foreign: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One row about somebody, as read now. `values` never show in a trace; a part with several columns has several values.

    `out`: the topics for which the row says that the person stopped (only topics for which its table has a flag).
    """

    system: str
    table: str
    key: Key = field(repr=False)
    values: Mapping[Part, tuple[str, ...]] = field(repr=False)
    out: frozenset[str] = frozenset()


@dataclass(eq=False)
class Failed(Exception):  # not frozen: Python itself writes the trace into an exception
    """The system could not do it. `again`: trying later may help (down, slow, locked); else a person must mend something first."""

    system: str
    words: str
    again: bool = True

    def __str__(self) -> str:
        """One line, without any value."""
        return f"`{self.system}` {self.words}"


class Connector(Protocol):
    """A system at work. All calls may raise `Failed`."""

    def live(self) -> Sequence[LiveTable]:
        """The tables that are there now, with their columns and keys."""

    def sample(self, table: str, most: int = 200) -> Sequence[Mapping[str, object]]:
        """Some rows of any table, mapped or not, to guess what its columns hold; the caller keeps none of them."""

    def read(self, table: Table, size: int = 20_000) -> Iterator[Sequence[Found]]:
        """All rows of a mapped table, in pieces, in one consistent state where the system can."""

    def fetch(self, table: Table, keys: Sequence[Key]) -> Sequence[Found]:
        """The rows of these keys that still exist."""

    def search(self, table: Table, given: Sequence[Identifier]) -> Sequence[Found]:
        """Every row that any of the identifiers could mean, read fresh from every mapped identifying column, never from an index of ours.

        A superset of those that `people.codes.tight_codes` meets.
        """

    def stop(self, table: Table, keys: Sequence[Key], topics: Sequence[str], token: str) -> None:
        """Mark these rows as stopped for the topics that have a flag: all rows or none. Doing it again changes nothing.

        `token` names this piece of work to systems outside, so that they can tell a repetition.
        """

    def close(self) -> None:
        """Give back connections."""
