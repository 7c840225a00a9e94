"""Whether a file of choices was taken in before, and how far: the same bytes, read the same way, make the same choices.

Each transaction that records rows of a file also notes the line that it has reached. So a row is recorded once, whether the import is cut
off and begun again, or two processes take the file in at the same moment: then they share the work.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from upheld.choices.models import CHOICE_FILE
from upheld.ledger import queries as ledger


def file_hash(path: Path) -> str:
    """The SHA-256 of what the file holds, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reading_hash(**meaning: object) -> str:
    """The SHA-256 of what decides which choices a file's rows make; its bytes alone do not: the topic may be told beside them."""
    return hashlib.sha256(json.dumps(meaning, sort_keys=True, default=_plain).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a round is: the last line dealt with, the rows recorded so far, and whether it has its entry in the ledger."""

    line: int
    recorded: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Round:
    """One taking in of a file: the hash of its bytes, that of their meaning, and how often it was taken in whole before."""

    file: str
    reading: str
    number: int

    def reached(self, tx: Connection) -> Reached:
        """How far it is. What is read in a transaction stays true until that commits: there is one writer at a time."""
        row = tx.execute(select(CHOICE_FILE).where(*self._mine)).first()
        if row is None:
            begun = {"file": self.file, "reading": self.reading, "round": self.number}
            tx.execute(insert(CHOICE_FILE).values(**begun, line=0, recorded=0, ended=False))
            return Reached(0, 0, ended=False)
        return Reached(row.line, row.recorded, row.ended)

    def move(self, tx: Connection, to: Reached) -> None:
        """Note how far it is now, in the transaction that recorded the rows."""
        tx.execute(update(CHOICE_FILE).where(*self._mine).values(line=to.line, recorded=to.recorded, ended=to.ended))

    @property
    def _mine(self) -> tuple[ColumnElement[bool], ...]:
        return (CHOICE_FILE.c.file == self.file, CHOICE_FILE.c.reading == self.reading, CHOICE_FILE.c.round == self.number)


def taken_in(conn: Connection, kind: str, file: str, reading: str) -> list[ledger.Entry]:
    """The ledger entries of `kind` about these bytes, read this way, oldest first; none after an import that was cut off."""
    found = (entry for entry in ledger.entries(conn, kind=kind) if (entry.body["file"], entry.body.get("reading")) == (file, reading))
    return sorted(found, key=lambda entry: entry.id)


def _plain(value: Any) -> object:  # noqa: ANN401 - whatever a plan holds
    return dict(value) if isinstance(value, Mapping) else str(value)
