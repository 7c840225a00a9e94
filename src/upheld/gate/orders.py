"""What somebody wants to release, and in which steps it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from upheld.errors import Invalid
from upheld.gate.lists import Reading

STEPS: Final = (
    "recovered",  # what an earlier crash left is completed or marked undelivered
    "locked",  # the unfinished file is made, nobody else can write it
    "read",  # the list is open
    "mapped",  # its columns are known
    "snapshot",  # the record was read
    "matched",  # rows met persons
    "decided",  # every row has its verdict
    "written",  # the unfinished file is whole
    "synced",  # and on the disk
    "recording",  # inside the record's transaction, before it commits
    "recorded",  # disclosure and ledger entry are committed
    "published",  # the file stands under its name
    "delivered",  # and the record says so
)
"""The steps of a release, in order; a process may be killed after any of them."""

Watch = Callable[[str, int, int], None]
"""Told of each step as it is done, and of rows read so far of all: (`step`, done, of)."""


@dataclass(frozen=True, slots=True)
class Order:
    """One release as asked for. Empty `items`: all that the list holds; `totals`: shown as totals only; `out` None: a dry run."""

    list: str
    purpose: str
    to: str
    out: Path | None
    items: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    people: int | None = None
    chosen_by: tuple[str, ...] = ()
    mapping: tuple[str, ...] = ()
    source: str | None = None
    engine: str = "duckdb"
    engine_address: str | None = None
    reading: Reading = field(default_factory=Reading)
    asked_by: str | None = None
    called: str | None = None  # what the list is called in the record, if not by its path

    def __post_init__(self) -> None:
        if self.engine == "postgres" and self.engine_address is None:
            raise Invalid("the engine `postgres` is a server of yours: say where with `--engine-address postgresql://USER@HOST/DATABASE`")
        if self.engine == "duckdb" and self.engine_address is not None:
            raise Invalid("the engine `duckdb` works in this process and has no address: leave it out, or name the engine that is there")


def unwatched(step: str, done: int, of: int) -> None:
    """Nobody watches."""
