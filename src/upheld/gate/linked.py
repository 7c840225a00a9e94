"""Rows that are somebody's by a link alone: a device that bears nothing but a customer's number belongs to that customer.

They say nothing of a person themselves, so that no search meets them: they are read by the links of the data map, from the rows that are
the person's, and on from there. A row that says of itself whose it is goes by its own words, whatever it links to: a gift goes to another.
So it is stopped by what it says; it is shown (`shown_by_link`) only if the name on it is the person's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, cast

from upheld.people.comparing import compare
from upheld.people.portrait import of_row
from upheld.people.verdicts import Showing, for_linked
from upheld.systems.connector import Connector, Found, Key
from upheld.systems.datamap import Column, Link, Part, System, Table
from upheld.systems.held import held

_WHOSE: Final = frozenset({"email", "phone", "account", "first", "last", "full", "address"})


def by_link(system: System, *, to_show: bool = False) -> tuple[Table, ...]:
    """The tables whose rows may be somebody's by a link, and what leads to such; each after those that it links to.

    What has neither marks nor anything to keep matters only `to_show`.
    """
    led_to = {link.table for table in system.tables for link in table.links}
    left = [
        table for table in system.tables if table.links and table.key and (to_show or table.flags or table.kept or table.name in led_to)
    ]
    made: list[Table] = []
    while left:
        waiting = {table.name for table in left}
        ready = [table for table in left if not any(link.table in waiting - {table.name} for link in table.links)] or left[:1]
        made += ready
        left = [table for table in left if table not in ready]
    return tuple(made)


def linked(system: System, connector: Connector, rows: Iterable[tuple[str, Key]]) -> list[Found]:
    """The rows that are somebody's because these are (table and key), read fresh. The connector stays open. Raises `Failed`."""
    return _linked(system, connector, rows, by_link(system), lambda row: not says_whose(row))


def shown_by_link(system: System, connector: Connector, own: Sequence[Found]) -> list[tuple[Found, Showing]]:
    """The rows that the person of these may see because they lead there: no row that names anybody but them. As `linked` else."""
    theirs, found = [portrait for row in own for portrait in of_row(held(row))], dict[tuple[str, Key], Showing]()

    def may_see(row: Found) -> bool:
        named = of_row(held(row)) if says_whose(row) else ()
        verdicts = [for_linked([compare(one, said) for one in theirs]) for said in named] or [for_linked(None)]
        if any(each.verdict != "same" for each in verdicts):
            return False
        found[row.table, row.key] = verdicts[0]
        return True

    rows = _linked(system, connector, [(row.table, row.key) for row in own], by_link(system, to_show=True), may_see)
    return [(row, found[row.table, row.key]) for row in rows]


def _linked(
    system: System, connector: Connector, rows: Iterable[tuple[str, Key]], tables: Sequence[Table], theirs: Callable[[Found], bool]
) -> list[Found]:
    keys: dict[str, dict[Key, None]] = {}
    for name, key in rows:
        keys.setdefault(name, {})[key] = None
    found: dict[tuple[str, Key], Found] = {}
    for table in tables:
        for link in table.links:
            there = keys.get(link.table)
            for row in _follow(system, connector, table, link, list(there)) if there else ():
                if row.key not in keys.get(table.name, {}) and theirs(row):
                    keys.setdefault(table.name, {})[row.key] = None
                    found[table.name, row.key] = row
    return list(found.values())


def _follow(system: System, connector: Connector, table: Table, link: Link, keys: Sequence[Key]) -> Iterator[Found]:
    values = list(dict.fromkeys(value for _, value in linked_to(connector, system.table(link.table), link.to_columns, keys)))
    if not values:
        return
    for one in connector.fetch(replace(with_columns(table, table.key), key=link.columns), values):
        own = tuple(one.values[_part(name)][0] for name in table.key)
        yield replace(one, key=own, values={part: texts for part, texts in one.values.items() if part in table.parts()})


def linked_to(connector: Connector, there: Table, columns: Sequence[str], keys: Sequence[Key]) -> Iterator[tuple[Key, Key]]:
    """By the keys of rows, what stands in the columns that are linked to."""
    if {*columns} <= {*there.key}:
        yield from ((key, tuple(key[there.key.index(name)] for name in columns)) for key in keys)
        return
    for one in connector.fetch(replace(with_columns(there, columns), flags=()), keys):
        value = value_of(one, columns)
        if all(value):
            yield one.key, value


def with_columns(table: Table, columns: Sequence[str]) -> Table:
    """The table, read with these columns too, as if each were a part of its own name (`value_of`)."""
    return replace(table, columns=(*table.columns, *(Column(name, None, _part(name)) for name in columns)))


def value_of(row: Found, columns: Sequence[str]) -> Key:
    """What stands in columns that were read along; nothing for NULL."""
    return tuple(row.values[_part(name)][0] for name in columns)


def says_whose(row: Found) -> bool:
    """Whether a row says itself whose it is."""
    return any(text for part, texts in row.values.items() if part in _WHOSE for text in texts)


def _part(name: str) -> Part:
    return cast("Part", f"column {name}")
