"""Opening what is sealed: for the gate alone (import-linter holds it)."""

from __future__ import annotations

from sqlalchemy import Connection

from upheld.vault.sealing import Vault, about, unsealed


def open_sealed(conn: Connection, vault: Vault, person: int, kind: str, sealed: bytes) -> bytes:
    """The value that was sealed for this person and kind.

    `Invalid` if it was changed or belongs elsewhere, `NotFound` if the person's key was destroyed.
    """
    return unsealed(vault.key(conn, person), about(person, kind), sealed)
