"""Pairs of records that may be one person's, as the night proposed them: an agent joins two, or keeps them apart.

A pair is shown as places and comparisons in words, never a stored value: both rows are read fresh, compared, and forgotten. What was
decided holds from the next index on (`upheld systems index`, or the night): it goes before every rule of `people.resolving`, and teaches
the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import product
from typing import Final

from sqlalchemy import Connection, func, insert, select

from upheld.errors import NotFound
from upheld.home import Home
from upheld.ledger.actions import append
from upheld.ledger.kinds import WORD, declare, list_of, one_of
from upheld.people.comparing import compare
from upheld.people.portrait import of_row
from upheld.people.weights import Likeness, Weights
from upheld.record import Actor
from upheld.requests.finding import row_code
from upheld.requests.models import LINK_DECISION
from upheld.systems.connector import Connector, Found
from upheld.systems.datamap import DataMap, System
from upheld.systems.held import held
from upheld.systems.indexing import Decisions, Index
from upheld.systems.places import Place

PAIRED: Final = declare(
    "rights.paired",
    "an agent decided whether two records are one person's",
    decision=one_of("same", "different"),
    systems=list_of(WORD),
)
_MARK: Final = 6  # signs of the index's own name, so that a number of yesterday means no pair of today


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be one person's: where they lie, and by which comparisons. `pair` names it as long as this index is in use."""

    pair: str
    places: tuple[str, str]
    weight: float
    reasons: tuple[tuple[str, str, float], ...]
    weights: str
    codes: tuple[str, str] = field(repr=False)


class Pairs:
    """The proposed pairs of an index, read as they stand now."""

    def __init__(self, home: Home, index: Index, datamap: DataMap, open_system: Callable[[System], Connector], weights: Weights) -> None:
        self._index, self._datamap, self._open, self._weights = index, datamap, open_system, weights
        self._mark = index.folder.name[:_MARK]
        self._code = partial(row_code, home)
        self._proposed = index.links().pairs

    def __len__(self) -> int:
        """How many were proposed, decided ones too."""
        return len(self._proposed)

    def open(self, decided: Mapping[tuple[str, str], bool]) -> Iterator[Pair]:
        """The pairs that nobody has decided about and whose rows still exist. Raises `Failed` if a system does."""
        for one, other in self._proposed:
            places = self._index.places.of(int(one)), self._index.places.of(int(other))
            if self._codes(*places) not in decided and (made := self._read(int(one), int(other), *places)) is not None:
                yield made

    def named(self, name: str) -> Pair:
        """The pair of this name. `NotFound` if it is none, is of an older index, or one of its rows is gone. Raises `Failed`."""
        mark, _, numbers = name.partition("-")
        pair = tuple(int(number) for number in numbers.split("-") if number.isdecimal() and len(number) <= 10)
        if mark != self._mark or len(pair) != 2 or not (self._proposed == pair).all(axis=1).any():
            raise NotFound(f"`{name}` is no pair of the index in use: `upheld match pairs` shows them")
        found = self._read(*pair, *map(self._index.places.of, pair))
        if found is None:
            raise NotFound(f"a record of `{name}` is not there any more")
        return found

    def _codes(self, one: Place, other: Place) -> tuple[str, str]:
        low, high = sorted(self._code(place.system, place.table, place.key) for place in (one, other))
        return low, high

    def _read(self, number: int, also: int, one: Place, other: Place) -> Pair | None:
        rows = self._row(one), self._row(other)
        if rows[0] is None or rows[1] is None:
            return None
        like = self._likeness(rows[0], rows[1])
        places = f"{one.system}.{one.table}", f"{other.system}.{other.table}"
        reasons = tuple((each.of, each.words, each.bits) for each in like.evidence)
        return Pair(f"{self._mark}-{number}-{also}", places, like.weight, reasons, self._weights.version, self._codes(one, other))

    def _likeness(self, one: Found, other: Found) -> Likeness:
        each = (self._weights.weigh(compare(said, also)) for said, also in product(of_row(held(one)), of_row(held(other))))
        return max(each, key=lambda like: like.weight)

    def _row(self, place: Place) -> Found | None:
        system = self._datamap.systems.get(place.system)
        if system is None or place.table not in {table.name for table in system.tables}:
            return None
        with closing(self._open(system)) as connector:
            return next(iter(connector.fetch(system.table(place.table), [place.key])), None)


def decide(tx: Connection, pair: Pair, *, same: bool, at: datetime, actor: Actor) -> None:
    """An agent says that two records are one person's, or that they are not. The last word about a pair counts."""
    number = int(tx.execute(select(func.coalesce(func.max(LINK_DECISION.c.id), 0))).scalar_one()) + 1
    kept = {"one": pair.codes[0], "other": pair.codes[1], "same": same, "weight": round(pair.weight, 1), "weights": pair.weights}
    said = [[of, words, round(bits, 1)] for of, words, bits in pair.reasons]
    tx.execute(insert(LINK_DECISION).values(id=number, evidence=said, at=at, by=actor.name, **kept))
    systems = sorted({place.partition(".")[0] for place in pair.places})
    append(tx, PAIRED, {"decision": "same" if same else "different", "systems": systems}, at, actor)


def decided(conn: Connection) -> Mapping[tuple[str, str], bool]:
    """What holds of each pair that was decided about, by the codes of its rows."""
    rows = conn.execute(select(LINK_DECISION.c.one, LINK_DECISION.c.other, LINK_DECISION.c.same).order_by(LINK_DECISION.c.id))
    return {(row.one, row.other): row.same for row in rows}


def decisions(conn: Connection, home: Home) -> Decisions:
    """The same, as whoever makes an index anew needs it."""
    return Decisions(partial(row_code, home), decided(conn))
