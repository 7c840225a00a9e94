"""Proposing a data map from a system as it is now: names, types, keys and foreign keys, and a look at some rows, which are forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from upheld.systems.connector import Connector, LiveTable
from upheld.systems.guessing import Guess, guess, harmless, is_number_or_time
from upheld.systems.proposing import Items, Line, Proposed, line


def scan(connector: Connector, items: Items, *, rows: int = 200, advance: Callable[[str], None] = lambda _: None) -> tuple[Proposed, ...]:
    """A proposal for each table that is there. `Failed` if the system fails; no value of any row is in what is returned, but of flags."""
    live = sorted(connector.live(), key=lambda table: table.name)
    guesses: dict[str, dict[str, Guess]] = {}
    for table in live:
        advance(table.name)
        sample = connector.sample(table.name, rows)
        guesses[table.name] = {one.name: guess(one.name, one.type, [row.get(one.name) for row in sample]) for one in table.columns}
        del sample
    people = _about_people(live, guesses)
    return tuple(_table(table, guesses[table.name], people, items) for table in live)


def _about_people(live: Sequence[LiveTable], guesses: Mapping[str, Mapping[str, Guess]]) -> frozenset[str]:
    """The tables that speak of people, and those whose foreign keys lead to one."""
    found = {table.name for table in live if not harmless(guesses[table.name])}
    while more := {table.name for table in live if table.name not in found and any(other in found for _, other, _ in table.foreign)}:
        found |= more
    return frozenset(found)


def _table(table: LiveTable, guesses: Mapping[str, Guess], people: frozenset[str], items: Items) -> Proposed:
    if table.name not in people:
        return Proposed(table.name, asks=any(not is_number_or_time(column.type) for column in table.columns))
    lines = []
    for column in table.columns:
        certain = [*(["key"] if column.name in table.key else []), *_links(table, column.name, people)]
        guessed = guesses[column.name]
        if certain and not guessed.seen and guessed.topic is None:
            guessed = Guess()  # a key or link is what it is; a name alone adds nothing to it
        lines.append(line(column.name, table.name, guessed, items, is_text=not is_number_or_time(column.type), certain=certain))
    if not table.key and lines:
        lines[0] = Line(lines[0].column, f"key; {lines[0].saying}", asks=True, note="the table has no key: which columns tell rows apart?")
    return Proposed(table.name, tuple(lines))


def _links(table: LiveTable, column: str, people: frozenset[str]) -> tuple[str, ...]:
    """What the database's own foreign keys say of a column, where they lead to somebody."""
    return tuple(
        f"link to {other}.{there}"
        for here, other, to in table.foreign
        for ours, there in zip(here, to, strict=False)
        if ours == column and other in people
    )
