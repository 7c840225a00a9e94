"""Passkeys of customers: whoever has proven an address may let a device prove it from then on. Nobody has an account.

A passkey stands for one address, which lies sealed under the person: with their key it is gone. Of the device only the public key is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from upheld.errors import Conflict, NotFound, Refused
from upheld.gate import searching
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, declare
from upheld.people.actions import Keeper, enrol
from upheld.people.identifiers import Email
from upheld.people.queries import find
from upheld.record import Actor
from upheld.requests.models import PASSKEY

SEALED: Final = "passkey"
MOST: Final = 10  # of one address

ADDED = declare("passkey.added", "a device was allowed to prove somebody's address", passkey=NUMBER, person=NUMBER)
USED = declare("passkey.used", "a device proved somebody's address", passkey=NUMBER)
REMOVED = declare("passkey.removed", "a device can prove somebody's address no more", passkey=NUMBER)


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey: its number, when it was added and last used, and, for the check, its public key and counter."""

    id: int
    added_at: datetime
    used_at: datetime | None
    key: bytes = field(repr=False)
    uses: int = field(repr=False)


def add(tx: Connection, keeper: Keeper, email: str, credential: bytes, key: bytes, uses: int, *, at: datetime, actor: Actor) -> int:
    """Keep a device's public key for an address that was proven just now; its number. `Conflict` if it is kept, or they are many."""
    person = enrol(tx, keeper, [Email(email)], at, actor)[0]
    if tx.execute(select(PASSKEY.c.id).where(PASSKEY.c.credential == _hash(credential))).first() is not None:
        raise Conflict("this passkey is kept already")
    if len(of(tx, keeper, email)) >= MOST:
        raise Conflict(f"an address has at most {MOST} passkeys: remove one first")
    number = int(tx.execute(select(func.coalesce(func.max(PASSKEY.c.id), 0))).scalar_one()) + 1
    sealed = keeper.vault.seal(tx, person, SEALED, email.encode("utf-8", "surrogatepass"))
    row = {"id": number, "credential": _hash(credential), "key": key, "person": person, "given": sealed, "uses": uses, "added_at": at}
    tx.execute(insert(PASSKEY).values(**row))
    append(tx, ADDED, {"passkey": number, "person": person}, at, actor)
    return number


def of(conn: Connection, keeper: Keeper, email: str) -> tuple[Passkey, ...]:
    """The passkeys of an address, oldest first."""
    query = select(PASSKEY).where(PASSKEY.c.person.in_(find(conn, keeper.keys, [Email(email)]))).order_by(PASSKEY.c.id)
    return tuple(_passkey(row) for row in conn.execute(query))


def known(conn: Connection, credential: bytes) -> Passkey:
    """The passkey of a credential. `NotFound` for one that is not kept (any more)."""
    row = conn.execute(select(PASSKEY).where(PASSKEY.c.credential == _hash(credential))).first()
    if row is None:
        raise NotFound("this passkey is not known here: prove the address by a code, and add it anew")
    return _passkey(row)


def use(tx: Connection, keeper: Keeper, number: int, uses: int, *, at: datetime, actor: Actor) -> str:
    """The address that a passkey has just proven. `Refused` if its device counts backwards: then it is a copy."""
    row = tx.execute(select(PASSKEY).where(PASSKEY.c.id == number)).first()
    if row is None:
        raise NotFound("this passkey is not known here: prove the address by a code, and add it anew")
    if (uses or row.uses) and uses <= row.uses:
        raise Refused("this passkey is older than its last use, as a copy would be: prove the address by a code")
    email = searching.opened(tx, keeper, row.person, SEALED, bytes(row.given)).decode("utf-8", "surrogatepass")
    tx.execute(update(PASSKEY).where(PASSKEY.c.id == number).values(uses=uses, used_at=at))
    append(tx, USED, {"passkey": number}, at, actor)
    return email


def remove(tx: Connection, keeper: Keeper, email: str, number: int, *, at: datetime, actor: Actor) -> None:
    """Forget a passkey of this address. `NotFound` for any other."""
    if number not in {one.id for one in of(tx, keeper, email)}:
        raise NotFound("this address has no such passkey")
    tx.execute(delete(PASSKEY).where(PASSKEY.c.id == number))
    append(tx, REMOVED, {"passkey": number}, at, actor)


def _passkey(row: object) -> Passkey:
    kept = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 - SQLAlchemy's own name
    return Passkey(kept["id"], kept["added_at"], kept["used_at"], bytes(kept["key"]), kept["uses"])


def _hash(credential: bytes) -> str:
    return hashlib.sha256(credential).hexdigest()
