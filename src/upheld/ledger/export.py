"""Handing the ledger to a stranger: a folder with the log as one text and the script that checks it.

`ledger.txt` is a first line, a checkpoint (a signed note), then one entry a line in canonical JSON. Every byte of it is fixed by the
checkpoint's signature, so nothing in it can be changed unnoticed.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from upheld.errors import Conflict, Invalid
from upheld.ledger import checkpoint, queries
from upheld.ledger.models import ENTRY

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FIRST_LINE = b"upheld ledger export v1\n"
VERIFIER = "verify_ledger.py"


def export(
    conn: Connection, folder: Path, name: str, key: Ed25519PrivateKey, on_progress: Callable[[int], None] = lambda _: None
) -> checkpoint.Checkpoint:
    """Write the whole ledger into a new folder, all of it or nothing; returns the checkpoint it is signed with.

    Raises `Conflict` if the folder is there already, `Invalid` if it cannot be written.
    """
    if folder.exists():
        raise Conflict(f"`{folder}` is there already: name a new folder")
    head = checkpoint.Checkpoint(name, queries.size(conn), queries.root(conn))
    unfinished = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        unfinished.mkdir(parents=True)
        with (unfinished / "ledger.txt").open("wb") as file:
            for piece, entries in pieces(conn, head, key):
                file.write(piece)
                on_progress(entries)
            file.flush()
            os.fsync(file.fileno())
        (unfinished / VERIFIER).write_bytes(verifier())
        unfinished.rename(folder)
    except OSError as error:
        raise Invalid(f"cannot write `{folder}`: {(error.strerror or 'input/output error').lower()}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return head


def pieces(conn: Connection, head: checkpoint.Checkpoint, key: Ed25519PrivateKey) -> Iterator[tuple[bytes, int]]:
    """The text `ledger.txt` of the whole log whose head this is, piece by piece, each with the number of entries in it."""
    yield FIRST_LINE + checkpoint.sign(head, key).encode(), 0
    query = select(ENTRY.c.canonical).order_by(ENTRY.c.id)
    for rows in conn.execute(query, execution_options={"yield_per": 2000}).partitions():
        yield b"".join(row.canonical + b"\n" for row in rows), len(rows)


def verifier() -> bytes:
    """The script that checks exports; it stands on its own and imports nothing of this package."""
    packed = resources.files("upheld.ledger") / VERIFIER
    if packed.is_file():
        return packed.read_bytes()
    return (Path(__file__).resolve().parents[3] / "verifier" / VERIFIER).read_bytes()  # a checkout, not an installation
