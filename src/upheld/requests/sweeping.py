"""Every night each system is read through: who is out, and turns up unmarked (imported again, say), is marked again.

It looks for match codes alone and opens nothing that is sealed, so it holds also for somebody who was erased: their codes and their choice
are all that is left of them. One effect a system and night; each plans the next one in the transaction that writes down what it did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from upheld.choices.queries import changed_since, everybody_out, last_numbers
from upheld.errors import Invalid, No
from upheld.gate.linked import by_link, linked_to, says_whose, value_of, with_columns
from upheld.gate.searching import identifying
from upheld.home import Home
from upheld.ledger import effects
from upheld.ledger.actions import append
from upheld.ledger.effects import Leased
from upheld.ledger.kinds import NUMBER, WORD, declare
from upheld.people import queries as people
from upheld.people.batches import Coder
from upheld.people.codes import Keys
from upheld.people.columns import Chunk
from upheld.people.identifiers import KINDS
from upheld.people.matching import Index
from upheld.record import Record
from upheld.requests.attending import attended
from upheld.requests.finding import in_doubt, row_code
from upheld.requests.office import Office
from upheld.systems.connector import Connector, Failed, Found, Key
from upheld.systems.datamap import DataMap, System, Table
from upheld.systems.held import identifiers

KIND: Final = "system.sweep"
SWEPT: Final = declare(
    "system.swept",
    "one system was read through: rows of people who are out and were not marked there were marked",
    system=WORD,
    read=NUMBER,
    marked=NUMBER,
)
_NIGHT: Final = timedelta(days=1)


def next_at(home: Home, now: datetime) -> datetime | None:
    """The next time of the night's sweep; None if there is to be none. `Invalid` for what is no time of day."""
    said = home.setting("sweep", "at")
    if not said:
        return None
    try:
        at = time.fromisoformat(said)
    except ValueError:
        raise Invalid("`at` in `[sweep]` is no time of day: write it as `03:00`") from None
    today = datetime.combine(now.astimezone(UTC).date(), at.replace(tzinfo=None), UTC)
    return today if today > now else today + _NIGHT


def plan_first(record: Record, home: Home, systems: Sequence[str], now: datetime) -> None:
    """See to it that a sweep of each system is planned, for the time that the settings name now; or none, if they name none."""
    due_at = next_at(home, now)
    if due_at is None:
        effects.call_off(record, KIND)
        return
    with record.reading() as conn:
        if effects.places(conn, KIND) >= {*systems} and effects.waiting_for(conn, KIND, now) <= {due_at}:
            return
    with record.transaction() as tx:
        effects.put_off(tx, KIND, due_at, now)
        planned = effects.places(tx, KIND)
        for name in systems:
            if name not in planned:
                effects.plan(tx, KIND, 0, name, {}, now, due_at=due_at)


def systems_of(datamap: Callable[[], DataMap]) -> tuple[str, ...]:
    """The systems that have anything to mark; none without a data map, or with one that cannot be read: a request will say so."""
    try:
        found = datamap().systems.values()
    except No:
        return ()
    return tuple(each.name for each in found if any(_concerned(table) for table in each.tables) or _leading(each))


def handlers(office: Office) -> Mapping[str, Callable[[Leased], None]]:
    """By kind of effect, who does it."""
    return {KIND: partial(attended, office, sweep, always=True)}


@dataclass(frozen=True, slots=True)
class _Out:
    """Who is out of what, and the codes of everybody: all that a sweep knows. The last two say how old it is."""

    out: Mapping[str, NDArray[np.bool_]]
    index: Index
    keys: Keys
    by_phone: frozenset[int]
    spared: frozenset[str]
    last_choice: int
    last_fact: int

    @classmethod
    def read(cls, conn: Connection, keys: Keys, topics: Sequence[str]) -> _Out:
        """As it stands now."""
        out = everybody_out(conn, topics)
        return cls(out, people.index(conn, KINDS), keys, people.known_only_by(conn, "phone"), in_doubt(conn), *last_numbers(conn))


def sweep(office: Office, leased: Leased) -> None:
    """Read one system through, mark whom it must, see that the marks stay, and plan the next night. Raises `Failed`, `No`."""
    system, read, marked = office.system(leased.place), 0, 0
    if system is not None:
        topics = sorted({flag.topic for table in system.tables for flag in table.flags})
        with office.record.reading() as conn:
            known = _Out.read(conn, office.keeper.keys, topics)
        with closing(office.open_system(system)) as connector:
            for table, found in _by_table(system, connector, known):
                read += found.read
                marked += _mark(office, connector, system, table, found.unmarked, known, leased)
    with office.record.transaction() as tx:
        at = office.clock()
        if system is not None:
            append(tx, SWEPT, {"system": system.name, "read": read, "marked": marked}, at, office.actor)
        effects.done(tx, leased, at, office.actor)
        due_at = next_at(office.home, at)
        if system is not None and due_at is not None:
            effects.plan(tx, KIND, 0, system.name, {}, at, due_at=due_at)


def _concerned(table: Table) -> bool:
    return bool(table.flags) and identifying(table)


_Unmarked = dict[Key, dict[str, set[int]]]
"""By row, the topics that it lacks the mark of, and the people for whom it must bear it."""


@dataclass(slots=True)
class _Read:
    """What was found in one table: rows that lack a mark, and rows of people who are out, if other tables link to it."""

    unmarked: _Unmarked = field(default_factory=dict)
    whose: dict[Key, set[int]] = field(default_factory=dict)
    read: int = 0

    def meets(self, table: Table, row: Found, person: int, known: _Out) -> None:
        """A row is a person's: it lacks the marks of what they are out of."""
        for flag in table.flags:
            if known.out[flag.topic][person] and flag.topic not in row.out:
                self.unmarked.setdefault(row.key, {}).setdefault(flag.topic, set()).add(person)


def _leading(system: System) -> frozenset[str]:
    """The tables that must be read for others with marks, whose rows are somebody's by a link."""
    wanted = {table.name for table in by_link(system) if table.flags}
    found: set[str] = set()
    for table in reversed(by_link(system)):
        if table.name in wanted | found:
            found |= {link.table for link in table.links}
    return frozenset(found)


def _by_table(system: System, connector: Connector, known: _Out) -> Iterator[tuple[Table, _Read]]:
    """Each table with marks, and what was found in it: by its own words, and then by links."""
    leading, whose = _leading(system), dict[str, dict[Key, set[int]]]()
    for table in system.tables:
        if identifying(table) and (table.flags or table.name in leading):
            found = _by_words(connector, table, known, leads=table.name in leading)
            whose[table.name] = found.whose
            yield table, found
    for table in by_link(system):
        if table.flags or table.name in leading:
            found = _by_links(system, connector, table, known, whose)
            whose.setdefault(table.name, {}).update(found.whose)
            yield table, found


def _by_words(connector: Connector, table: Table, known: _Out, *, leads: bool) -> _Read:
    """The rows of a table that say whose they are."""
    made, coder = _Read(), Coder(known.keys)
    for piece in connector.read(table):
        made.read += len(piece)
        for row, person in _meetings(piece, coder, known):
            made.meets(table, piece[row], person, known)
            if leads and any(out[person] for out in known.out.values()):
                made.whose.setdefault(piece[row].key, set()).add(person)
    return made


def _by_links(system: System, connector: Connector, table: Table, known: _Out, whose: Mapping[str, Mapping[Key, set[int]]]) -> _Read:
    """The rows of a table that are somebody's by a link alone."""
    made = _Read()
    for link in table.links:
        there = whose.get(link.table)
        if not there:
            continue
        by_value: dict[Key, set[int]] = {}
        for key, value in linked_to(connector, system.table(link.table), link.to_columns, list(there)):
            by_value.setdefault(value, set()).update(there[key])
        for piece in connector.read(with_columns(table, link.columns)):
            made.read += len(piece)
            for row in piece:
                people_ = by_value.get(value_of(row, link.columns), set()) if not says_whose(row) else set()
                for person in people_:
                    made.meets(table, row, person, known)
                if people_:
                    made.whose.setdefault(row.key, set()).update(people_)
    return made


def _meetings(piece: Sequence[Found], coder: Coder, known: _Out) -> list[tuple[int, int]]:
    """Which rows meet whom. By a telephone number only who is known by nothing else: others share it with their household."""
    of_row = [(at, one) for at, found in enumerate(piece) for one in identifiers(found)]
    sure = _met([pair for pair in of_row if pair[1].kind != "phone"], coder, known.index)
    phones = _met([pair for pair in of_row if pair[1].kind == "phone"], coder, known.index) if known.by_phone else []
    return sure + [(row, person) for row, person in phones if person in known.by_phone]


def _met(of_row: Sequence[tuple[int, object]], coder: Coder, index: Index) -> list[tuple[int, int]]:
    if not of_row or not len(index):
        return []
    batch = coder.batch([one for _, one in of_row])  # type: ignore[misc]
    rows = np.repeat(np.array([at for at, _ in of_row], dtype=np.int64), np.diff(batch.start))
    met, persons = index.match(Chunk(batch.codes, batch.guards, rows, {}, {}, np.ones(len(rows), dtype=np.bool_)))
    return list(zip(met.tolist(), persons.tolist(), strict=True))


def _mark(office: Office, connector: Connector, system: System, table: Table, unmarked: _Unmarked, known: _Out, leased: Leased) -> int:
    """Mark them, but not for people about whom something was recorded since; how many rows. `Failed` if a mark does not stay."""
    with office.record.reading() as conn:
        changed = changed_since(conn, known.last_choice, known.last_fact)
    wanted: dict[tuple[str, ...], list[Key]] = {}
    for key, lacking in unmarked.items():
        if known.spared and row_code(office.home, system.name, table.name, key) in known.spared:
            continue  # an agent said that it is somebody else's, or has yet to look
        topics = tuple(sorted(topic for topic, persons in lacking.items() if persons - changed))
        if topics:
            wanted.setdefault(topics, []).append(key)
    for number, (topics, keys) in enumerate(wanted.items()):
        token = f"{leased.token}-{system.tables.index(table)}-{number}"
        connector.stop(table, keys, topics, token)
        left = sum(not set(topics) <= one.out for one in connector.fetch(table, keys))
        if left:
            raise Failed(system.name, f"took {left} of {len(keys)} marks back: look for what undoes them")
    return sum(map(len, wanted.values()))
