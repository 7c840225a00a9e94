"""Every read about choices: the standing of one person, and of all people at once.

The latest choice by the time at which it was made holds, not by the time at which we heard of it. Of two choices of the same instant,
`out` holds. Both are asked *as of* a time: `at` (what had been chosen by then) and `known_at` (what we had written down by then);
None is everything there is, which is what a decision of now should ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Executable, Select, Table, func, select

from upheld.choices.models import CHOICE, WORDING
from upheld.people.facts import age
from upheld.people.models import FACT
from upheld.people.queries import last_person
from upheld.policy.dims import Dim
from upheld.policy.table import Table as DecisionTable
from upheld.policy.uses import CHOICES, Choice, Standing
from upheld.record.sets import among
from upheld.record.weeks import monday, week_of

ROWS_AT_ONCE: Final = 20_000
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chosen:
    """One choice as it was recorded."""

    id: int
    person: int
    topic: str
    says: Choice
    at: datetime
    recorded_at: datetime
    how: str
    words: str | None
    version: str | None


@dataclass(frozen=True, slots=True)
class Standings:
    """The standing codes of all people: `codes[p]` is person p's; `codes[0]` is that of somebody who is not known.

    `last_choice` and `last_fact` say how much of the record is in them (see `changed_since`).
    """

    codes: Numbers
    last_choice: int
    last_fact: int


@dataclass(frozen=True, slots=True)
class AsOf:
    """The times as of which the record is asked. `today` is when ages are reckoned, if `at` is None."""

    today: datetime
    at: datetime | None = None
    known_at: datetime | None = None

    @property
    def on(self) -> date:
        """The day on which ages are reckoned."""
        return (self.at or self.today).astimezone(UTC).date()

    def limit(self, query: Select[Any], table: Table) -> Select[Any]:
        """The query, on what had happened and was written down by then."""
        if self.at is not None:
            query = query.where(table.c.at <= self.at)
        if self.known_at is not None:
            query = query.where(table.c.recorded_at <= self.known_at)
        return query


def standing(conn: Connection, person: int, topics: Sequence[str], as_of: AsOf) -> Standing:
    """What rules may ask about one person. `topics` are those of the policy."""
    return standings_of(conn, [person], topics, as_of)[person]


def standings_of(conn: Connection, people: Iterable[int], topics: Sequence[str], as_of: AsOf) -> dict[int, Standing]:
    """What rules may ask about some people, by their numbers; as many as are asked about are two questions to the record."""
    wanted = list(dict.fromkeys(people))
    chosen: dict[int, dict[str, Choice]] = {person: dict.fromkeys(topics, "unset") for person in wanted}
    query = select(CHOICE.c.person, CHOICE.c.topic, CHOICE.c.choice).where(among(conn, CHOICE.c.person, wanted))
    for person, name, number in conn.execute(as_of.limit(query, CHOICE).order_by(CHOICE.c.at, CHOICE.c.choice)):
        if name in chosen[person]:
            chosen[person][name] = CHOICES[number]
    facts: dict[int, dict[tuple[str, str], str]] = {person: {} for person in wanted}
    told = select(FACT.c.person, FACT.c.fact, FACT.c.about, FACT.c.value).where(among(conn, FACT.c.person, wanted))
    for person, fact, about, value in conn.execute(as_of.limit(told, FACT).order_by(FACT.c.at, FACT.c.id)):
        facts[person][fact, about] = value
    return {person: _standing(chosen[person], facts[person], as_of) for person in wanted}


def _standing(choices: dict[str, Choice], facts: dict[tuple[str, str], str], as_of: AsOf) -> Standing:
    born = facts.get(("born", ""))
    return Standing(
        choices=choices,
        region=facts.get(("region", "")),
        age=age(int(born), as_of.on) if born is not None else None,
        since={about: value for (fact, about), value in facts.items() if fact == "since"},
    )


def standing_codes(conn: Connection, table: DecisionTable, as_of: AsOf) -> Standings:
    """The standing codes of everybody, by the layout of a decision table; `served` is unknown in them."""
    codes = np.full(last_person(conn) + 1, nobody(table), dtype=np.int64)
    _add_choices(conn, table, codes, as_of)
    for dim in table.dims:
        if dim.kind in _FACTS:
            _add_facts(conn, dim, codes, as_of)
    return Standings(codes, _last(conn, CHOICE), _last(conn, FACT))


def nobody(table: DecisionTable) -> int:
    """The standing code of somebody who is not known: nothing chosen, everything else unknown."""
    topics: dict[str, Choice] = {dim.about: "unset" for dim in table.dims if dim.kind == "choice"}
    return table.standing_code(Standing(choices=topics))


def changed_since(conn: Connection, last_choice: int, last_fact: int) -> frozenset[int]:
    """Everybody about whom a choice or fact was recorded after these: their standing is to be read again before a release commits."""
    people = set(conn.execute(select(CHOICE.c.person).where(CHOICE.c.id > last_choice).distinct()).scalars())
    return frozenset(people | set(conn.execute(select(FACT.c.person).where(FACT.c.id > last_fact).distinct()).scalars()))


def everybody_out(conn: Connection, topics: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """By topic, by the number of each person, whether they are out: by the latest choice on it."""
    latest = {topic: np.zeros(last_person(conn) + 1, dtype=np.bool_) for topic in topics}
    query = select(CHOICE.c.person, CHOICE.c.topic, CHOICE.c.choice).where(CHOICE.c.topic.in_(list(topics)))
    for rows in _raw(conn, query.order_by(CHOICE.c.at, CHOICE.c.choice)):
        for person, topic, choice in rows:
            latest[topic][person] = CHOICES[choice] == "out"
    return latest


def people_out_by_week(conn: Connection, since: datetime, until: datetime) -> dict[datetime, int]:
    """How many people opted out of something in each week, by its Monday, from `since` up to but without `until`; none: not in it."""
    query = select(week_of(CHOICE.c.at).label("week"), func.count(CHOICE.c.person.distinct())).group_by("week")
    query = query.where(CHOICE.c.choice == CHOICES.index("out"), CHOICE.c.at >= since, CHOICE.c.at < until)
    return {monday(row[0]): row[1] for row in conn.execute(query)}


def last_numbers(conn: Connection) -> tuple[int, int]:
    """The numbers of the newest choice and the newest fact, 0 if there is none: what `changed_since` asks for."""
    return _last(conn, CHOICE), _last(conn, FACT)


def history(conn: Connection, person: int) -> tuple[Chosen, ...]:
    """All choices of a person, oldest first."""
    columns = [CHOICE.c[name] for name in ("id", "person", "topic", "choice", "at", "recorded_at", "how")]
    query = select(*columns, WORDING.c.text, CHOICE.c.version).join_from(CHOICE, WORDING, isouter=True).where(CHOICE.c.person == person)
    rows = conn.execute(query.order_by(CHOICE.c.at, CHOICE.c.choice, CHOICE.c.id))
    return tuple(Chosen(row[0], row[1], row[2], CHOICES[row[3]], row[4], row[5], row[6], row[7], row[8]) for row in rows)


def _last(conn: Connection, table: Table) -> int:
    return int(conn.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())


def _add_choices(conn: Connection, table: DecisionTable, codes: Numbers, as_of: AsOf) -> None:
    dims = [dim for dim in table.dims if dim.kind == "choice"]
    numbers = {dim.about: number for number, dim in enumerate(dims)}
    latest = np.zeros((len(dims), len(codes)), dtype=np.int64)
    query = select(CHOICE.c.person, CHOICE.c.topic, CHOICE.c.choice).where(CHOICE.c.topic.in_(list(numbers)))
    query = as_of.limit(query, CHOICE).order_by(CHOICE.c.at, CHOICE.c.choice)
    for rows in _raw(conn, query):
        people, topics, chosen = zip(*rows, strict=True)
        # NumPy assigns in order, so of several choices of one person the last holds.
        latest[np.fromiter(map(numbers.__getitem__, topics), np.int64, len(rows)), np.array(people)] = chosen
    for number, dim in enumerate(dims):
        steps = np.array([dim.digit(choice) - dim.digit("unset") for choice in CHOICES], dtype=np.int64)
        codes += steps[latest[number]] * dim.stride


def _raw(conn: Connection, query: Executable) -> Iterator[Sequence[Any]]:
    """The rows of a query as the driver gives them, some thousands at once: plain columns only, without a row object for each."""
    cursor = conn.execute(query).cursor
    assert cursor is not None
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        yield rows


_FACTS: Final = {"region": "region", "age": "born", "since": "since"}


def _add_facts(conn: Connection, dim: Dim, codes: Numbers, as_of: AsOf) -> None:
    unknown = dim.of(Standing())
    latest = np.full(len(codes), unknown, dtype=np.int64)
    digits: dict[str, int] = {}
    query = select(FACT.c.person, FACT.c.value).where(FACT.c.fact == _FACTS[dim.kind], FACT.c.about == dim.about)
    query = as_of.limit(query, FACT).order_by(FACT.c.at, FACT.c.id)
    for rows in _raw(conn, query):
        people, values = zip(*rows, strict=True)
        for value in set(values) - digits.keys():
            digits[value] = dim.digit(age(int(value), as_of.on) if dim.kind == "age" else value)
        latest[np.array(people)] = np.fromiter(map(digits.__getitem__, values), np.int64, len(rows))
    codes += (latest - unknown) * dim.stride
