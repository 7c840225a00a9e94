"""Match weights learnt from the merchant's own records: read for the purpose `rights`, compared in memory, and nothing of them is kept."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

from upheld.errors import Invalid
from upheld.gate.searching import identifying
from upheld.people import training
from upheld.people.comparing import Compared
from upheld.people.portrait import Portrait, of_row
from upheld.people.weights import Weights
from upheld.systems.connector import Connector
from upheld.systems.datamap import DataMap, System
from upheld.systems.held import held

ORIGIN = "Splink on the merchant's own records"


def learn(
    datamap: DataMap,
    open_system: Callable[[System], Connector],
    labels: Iterable[tuple[Compared, bool]],
    *,
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[Weights, int]:
    """The weights that all mapped records and the agents' decisions teach, and of how many records. Raises `Failed` if a system does.

    Of more records than are needed, some are chosen by lot. `Invalid` if there are too few, or if the extra `matching` is not installed.
    """
    said = _by_lot(_portraits(datamap, open_system, advance), training.MOST)
    try:
        return training.train(said, origin=ORIGIN, labels=labels), len(said)
    except ModuleNotFoundError as error:
        raise Invalid("training needs an extra: install `upheld[matching]`") from error


def _portraits(datamap: DataMap, open_system: Callable[[System], Connector], advance: Callable[[int], None]) -> Iterator[Portrait]:
    for system in datamap.systems.values():
        tables = [table for table in system.tables if identifying(table)]
        if not tables:
            continue
        with closing(open_system(system)) as connector:
            for table in tables:
                for piece in connector.read(table):
                    yield from (one for found in piece for one in of_row(held(found)))
                    advance(len(piece))


def _by_lot(said: Iterable[Portrait], most: int) -> list[Portrait]:
    lot = random.Random(training.SEED)  # noqa: S311 - no secret: the same records teach the same
    kept: list[Portrait] = []
    for at, one in enumerate(said):
        if at < most:
            kept.append(one)
        elif (place := lot.randrange(at + 1)) < most:
            kept[place] = one
    return kept
