"""How a system says no, in words that its owner understands, and whether trying again later may help."""

from __future__ import annotations

from typing import Final, NamedTuple


class Word(NamedTuple):
    """Why a system said no, and whether trying again later may help; else a person must mend something first."""

    words: str
    again: bool


NO_TABLE: Final = Word("has not all tables that the map names: mend the data map", again=False)
NO_COLUMN: Final = Word("has not all columns that the map names: mend the data map", again=False)
NOT_ALLOWED: Final = Word("may not be read or written to: let `upheld` read what the map names, and write its opt-out columns", again=False)
READ_ONLY: Final = Word("may not be written to: let `upheld` write its opt-out columns", again=False)
NO_LOGIN: Final = Word("does not let `upheld` in: mend its user, its password or its name in the data map", again=False)
NOT_IN_TIME: Final = Word("did not answer in time", again=True)
LOCKED: Final = Word("is locked by another program", again=True)
DOWN: Final = Word("cannot be reached: is it running, and where the map says", again=True)
FULL: Final = Word("has a disk or memory that is full or fails", again=True)
UNKNOWN: Final = Word("failed for a reason of its own", again=False)

READ_ONLY_NOW: Final = Word("may only be read now: it is a standby, or set so", again=True)
BAD_MARK: Final = Word("does not take the mark of the data map in its column: mend the map", again=False)
NO_TEXT: Final = Word("cannot keep that text in that column: correct it by hand", again=False)
BY_HAND: Final = Word("can only be corrected by hand", again=False)
