"""What it takes to carry out requests: the home, the record, a clock, the systems, and ways to speak to people and recipients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from upheld.home import Home
from upheld.people.actions import Keeper
from upheld.people.identifiers import Identifier
from upheld.record import Actor, Record
from upheld.systems.connector import Connector
from upheld.systems.datamap import DataMap, System

WORKER: Final = Actor("worker", "privacy")


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a person is to be told at the end, and where it may go: only what they gave themselves. `token`: the same letter again."""

    request: int
    channel: str
    words: str
    given: tuple[Identifier, ...] = field(repr=False)
    token: str = ""


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a recipient is told: whom to stop, by what they were given of that person. `token`: the same instruction again."""

    recipient: str
    request: int
    topics: tuple[str, ...]
    releases: tuple[int, ...]
    identifiers: tuple[Identifier, ...] = field(repr=False)
    token: str = ""
    reminder: bool = False


@dataclass(frozen=True, slots=True)
class Office:
    """Everything a handler of effects needs. `open_system` opens a system anew each time; who gets a connector closes it.

    `confirm` tells the person, and says in a few words how (`sent by e-mail`); `tell` hands an instruction to a recipient, once a token.
    """

    home: Home
    record: Record
    keeper: Keeper
    clock: Callable[[], datetime]
    datamap: Callable[[], DataMap]
    open_system: Callable[[System], Connector]
    confirm: Callable[[Confirmation], str]
    tell: Callable[[Instruction], None]
    actor: Actor = WORKER

    def system(self, name: str) -> System | None:
        """A system by name; None if the map describes it no longer."""
        return self.datamap().systems.get(name)
