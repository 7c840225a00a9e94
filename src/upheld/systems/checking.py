"""Comparing a data map with the systems as they are now, and with the policy: what does not fit is a fault with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from upheld.errors import No
from upheld.policy.compiled import Policy
from upheld.policy.faults import Fault, suggestion
from upheld.systems.connector import Connector, Failed, LiveTable
from upheld.systems.datamap import Link, Part, System, Table
from upheld.systems.indexing import identifying
from upheld.systems.reading import Reading

Open = Callable[[System], Connector]


def check(reading: Reading, open_: Open, policy: Policy | None, *, advance: Callable[[str], None] = lambda _: None) -> list[Fault]:
    """Every fault of a map, sorted by place: its own, those against each system, and those against the policy (None: there is none)."""
    faults = [*reading.faults]
    for system in reading.map.systems.values():
        advance(system.name)
        live = _live(system, open_)
        if isinstance(live, str):
            faults.append(Fault(reading.place(system.name), "unreachable", f"`{system.name}` {live}", "mend it, or leave the system out"))
        else:
            faults += _against_system(reading, system, live)
        for table in system.tables:
            faults += _of_table(reading, system, table)
            if policy is not None:
                faults += _against_policy(reading, system, table, policy)
    return sorted({*faults}, key=lambda fault: (fault.place, fault.severity, fault.rule, fault.message))


def _live(system: System, open_: Open) -> Mapping[str, LiveTable] | str:
    """The tables of a system, or in words why they cannot be seen."""
    try:
        connector = open_(system)
        try:
            return {table.name: table for table in connector.live()}
        finally:
            connector.close()
    except Failed as failed:
        return failed.words
    except No as no:
        return no.message.removeprefix(f"`{system.name}` ")


def _against_system(reading: Reading, system: System, live: Mapping[str, LiveTable]) -> Iterator[Fault]:
    said = {path[2] for path in reading.places if len(path) > 2 and path[:2] == (system.name, "columns")}
    for name in live.keys() - said:
        hint = f'map its columns, or say `{_key(name)} = "nothing"`; `upheld systems scan {system.name}` proposes them'
        yield Fault(reading.place(system.name, "columns"), "unmapped-table", f"the table `{name}` of `{system.name}` is not mapped", hint)
    for name in sorted(said - live.keys()):
        place = reading.place(system.name, "columns", name)
        yield Fault(place, "table-gone", f"`{system.name}` has no table `{name}`", suggestion(name, live) or "take its lines out")
    for name in sorted(said & live.keys() - reading.ignored.get(system.name, frozenset())):
        yield from _columns(reading, system.name, live[name])
    for table in (table for table in system.tables if table.name in live):
        yield from _key_and_links(reading, system, table, live)
    for name in sorted(said & live.keys()):
        yield from _unlinked(reading, system, live[name])


def _columns(reading: Reading, system: str, table: LiveTable) -> Iterator[Fault]:
    said = {path[3] for path in reading.places if len(path) == 4 and path[:3] == (system, "columns", table.name)}
    there = [column.name for column in table.columns]
    for name in (name for name in there if name not in said):
        place = reading.place(system, "columns", table.name)
        hint = f'say what it holds, or `{_key(table.name)}.{_key(name)} = "nothing"`'
        yield Fault(place, "unmapped-column", f"`{table.name}.{name}` is not mapped", hint)
    for name in sorted(said - {*there}):
        place = reading.place(system, "columns", table.name, name)
        yield Fault(place, "column-gone", f"`{table.name}` has no column `{name}`", suggestion(name, there) or "take the line out")


def _key_and_links(reading: Reading, system: System, table: Table, live: Mapping[str, LiveTable]) -> Iterator[Fault]:
    own = live[table.name].key
    if own and table.key and {*own} != {*table.key}:
        place = reading.place(system.name, "columns", table.name, table.key[0])
        named = ", ".join(f"`{name}`" for name in own)
        yield Fault(place, "other-key", f"the key of `{table.name}` is {named} in the system", 'say `"key"` of these columns', "warning")
    for link in table.links:
        whole = _key_of(system, link, live)
        if len({*whole}) > 1 and {*link.to_columns} & {*whole} and {*link.to_columns} != {*whole}:
            place = reading.place(system.name, "columns", table.name, link.columns[0])
            named = ", ".join(f"`{name}`" for name in whole)
            message = f"the link to `{link.table}` is not its whole key: it has {named}, so that rows of others could be meant"
            yield Fault(place, "partial-link", message, f"link a column to each: `link to {link.table}.{whole[0]}` …")


def _unlinked(reading: Reading, system: System, there: LiveTable) -> Iterator[Fault]:
    """Foreign keys of the database that lead to a table about people, and that the map does not follow."""
    mapped = {table.name: table for table in system.tables}
    links = {column for link in (mapped[there.name].links if there.name in mapped else ()) for column in link.columns}
    for columns, other, to in there.foreign:
        if other in mapped and (identifying(mapped[other]) or mapped[other].links) and not {*columns} <= links:
            place = reading.place(system.name, "columns", there.name, columns[0])
            message = (
                f"`{there.name}.{columns[0]}` leads to `{other}`, which the map does not follow: its rows are not stopped with the person"
            )
            yield Fault(place, "unlinked", message, f"say `link to {other}.{to[0]}`, if its rows are of that person", "warning")


def _key_of(system: System, link: Link, live: Mapping[str, LiveTable]) -> Sequence[str]:
    there = live.get(link.table)
    if there is not None and there.key:
        return there.key
    return next((table.key for table in system.tables if table.name == link.table), ())


def _of_table(reading: Reading, system: System, table: Table) -> Iterator[Fault]:
    """Whether what a table says of a person is enough to find one by, and whether a person can be marked there."""
    said = [path for path in reading.places if len(path) == 4 and path[:3] == (system.name, "columns", table.name)]
    if len(said) != len(table.columns):
        return  # what is missing may be among the lines that could not be read
    parts = table.parts()
    lacking: tuple[tuple[Part, Part, str], ...] = (
        ("first", "last", "last name"),
        ("last", "first", "first name"),
        ("address", "zip", "zip code"),
        ("zip", "address", "street"),
    )
    for part, other, words in lacking:
        if part in parts and other not in parts and not (part in {"first", "last"} and "full" in parts):
            place = reading.place(system.name, "columns", table.name, parts[part][0])
            message = f"`{table.name}.{parts[part][0]}` is only a part: no column of `{table.name}` is the {words}"
            hint = f"say which one is (`{other} of …`); nobody is found by the one without the other"
            yield Fault(place, "part-missing", message, hint)
    if table.flags and not table.links and not identifying(table):
        place = reading.place(system.name, "columns", table.name, table.flags[0].column)
        hint = "say which column identifies them, or links to a table that does (`link to customers.id`)"
        yield Fault(place, "nobody-found", f"nothing in `{table.name}` says whose its rows are, so nobody is ever marked there", hint)
    if identifying(table) and not table.flags and not table.kept:
        place = reading.place(system.name, "columns", table.name)
        hint = "say which column marks those who stopped (`out of … when …`), or in `keeps` what is kept under which clause"
        yield Fault(place, "no-flag", f"nothing in `{table.name}` marks who stopped, so a removal cannot be proven there", hint, "warning")


def _against_policy(reading: Reading, system: System, table: Table, policy: Policy) -> Iterator[Fault]:
    words = policy.vocabulary
    for column in table.columns:
        if column.item is not None and column.item not in words.items:
            place = reading.place(system.name, "columns", table.name, column.name)
            hint = suggestion(column.item, words.items) or "the policy must say that it is collected, or the column go"
            yield Fault(
                place, "never-collected", f"the policy collects no `{column.item}`, yet `{table.name}.{column.name}` holds it", hint
            )
    for flag in table.flags:
        if flag.topic not in words.topics:
            place = reading.place(system.name, "columns", table.name, flag.column)
            yield Fault(place, "unknown-topic", f"the policy has no topic `{flag.topic}`", suggestion(flag.topic, words.topics))
    clauses = [clause.id for clause in policy.document.clauses]
    for kept in table.kept:
        if kept.clause not in clauses:
            place = reading.place(system.name, "keeps", table.name)
            yield Fault(place, "unknown-clause", f"the policy has no clause `{kept.clause}`", suggestion(kept.clause, clauses))


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else f'"{name}"'
