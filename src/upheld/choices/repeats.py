"""Whether a file of choices was taken in before: the same bytes, read the same way, make the same choices, and those are recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from upheld.ledger import queries as ledger


def file_hash(path: Path) -> str:
    """The SHA-256 of what the file holds, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reading_hash(**meaning: object) -> str:
    """The SHA-256 of what decides which choices a file's rows make; its bytes alone do not: the topic may be told beside them."""
    return hashlib.sha256(json.dumps(meaning, sort_keys=True, default=_plain).encode()).hexdigest()


def taken_in(conn: Connection, kind: str, file: str, reading: str) -> ledger.Entry | None:
    """The latest ledger entry of `kind` about these bytes, read this way; None if there is none, as after an import that was cut off."""
    same = (entry for entry in ledger.entries(conn, kind=kind) if (entry.body["file"], entry.body.get("reading")) == (file, reading))
    return max(same, key=lambda entry: entry.id, default=None)


def _plain(value: Any) -> object:  # noqa: ANN401 - whatever a plan holds
    return dict(value) if isinstance(value, Mapping) else str(value)
