"""The data map as values: which system holds what about people, in which columns, and how a person is marked as stopped there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

SystemKind = Literal["database", "files", "webhook", "listmonk"]
Part = Literal["email", "phone", "account", "first", "last", "full", "address", "unit", "city", "state", "zip", "suffix", "region"]
"""What a column says of a person's identity. `full` is a whole name; `unit` an apartment kept apart from the street."""

PARTS: Final[tuple[Part, ...]] = (
    "email", "phone", "account", "first", "last", "full", "address", "unit", "city", "state", "zip", "suffix", "region",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the item of the policy that it holds (`order.email`; None: the map says it holds nothing about people), and its part."""

    name: str
    item: str | None
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """Where a table marks that a person stopped a topic: `column` holds `out` for those. What NULL means is `null_is_out`."""

    topic: str
    column: str
    out: str | int | bool
    null_is_out: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """Items that the table must keep also for a person who was stopped or erased, and the clause that says so."""

    items: tuple[str, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class Link:
    """Rows of this table belong to the person of another table's row: `columns` here equal `to_columns` there."""

    columns: tuple[str, ...]
    table: str
    to_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table (of files: one file; of an API: one kind of record)."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    flags: tuple[Flag, ...] = ()
    kept: tuple[Kept, ...] = ()
    links: tuple[Link, ...] = ()

    def parts(self) -> Mapping[Part, tuple[str, ...]]:
        """The columns that say who a row is about, by part, in the order of the map."""
        found: dict[Part, tuple[str, ...]] = {}
        for column in self.columns:
            if column.part is not None:
                found[column.part] = (*found.get(column.part, ()), column.name)
        return found


@dataclass(frozen=True, slots=True)
class System:
    """One of the merchant's own stores. `address` is a URL or path without secrets; `options` are those of its kind."""

    name: str
    kind: SystemKind
    address: str
    tables: tuple[Table, ...]
    options: Mapping[str, str | int | bool] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """The table of that name; `KeyError` if the map has none."""
        return next(table for table in self.tables if table.name == name)


@dataclass(frozen=True, slots=True)
class DataMap:
    """All systems, by name, in the order of the file."""

    systems: Mapping[str, System]

    def bound(self) -> frozenset[tuple[str, Part]]:
        """Each item with the parts of a person's identity that some column keeps under it."""
        columns = (column for system in self.systems.values() for table in system.tables for column in table.columns)
        return frozenset((column.item, column.part) for column in columns if column.item and column.part)
