"""Sealing: AES-256-GCM under a key per person, which is wrapped by the master key.

What is sealed is bound to its place: the additional data name the person, the kind of information and the version of this form, so a
sealed value moved to another row does not open.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, select

from upheld.errors import Invalid, NotFound
from upheld.home import Home
from upheld.record.sets import among, put
from upheld.vault.models import PERSON_KEY

KEY_BYTES = 32
NONCE_BYTES = 12
WRAPPING = "vault/wrap/v1"
"""The purpose of the subkey of the master key that wraps the keys of people."""


class Vault:
    """Seals values of people. One vault serves one transaction after the other; it keeps no person's key."""

    __slots__ = ("_wrap",)

    def __init__(self, home: Home) -> None:
        self._wrap = AESGCM(home.key(WRAPPING))

    def seal_many(self, tx: Connection, values: Iterable[tuple[int, str, bytes]]) -> list[bytes]:
        """Seal (person, kind, value) each; a person without a key gets one. The order is kept."""
        values = list(values)
        keys = self.keys(tx, dict.fromkeys(person for person, _, _ in values))
        return [_seal(keys[person], about(person, kind), value) for person, kind, value in values]

    def seal(self, tx: Connection, person: int, kind: str, value: bytes) -> bytes:
        """Seal one value."""
        return self.seal_many(tx, [(person, kind, value)])[0]

    def keys(self, tx: Connection, people: Iterable[int]) -> Mapping[int, AESGCM]:
        """The keys of people, made where there is none yet."""
        wanted = list(people)
        found = self._kept(tx, wanted)
        new = {person: os.urandom(KEY_BYTES) for person in wanted if person not in found}
        if new:
            wrapped = [_seal(self._wrap, about(person, "key"), key) for person, key in new.items()]
            put(tx, PERSON_KEY, {"person": list(new), "wrapped": wrapped})
        return found | {person: AESGCM(key) for person, key in new.items()}

    def key(self, conn: Connection, person: int) -> AESGCM:
        """The key of one person. `NotFound` if it was destroyed or never made."""
        found = self._kept(conn, [person])
        if person not in found:
            raise NotFound(f"person {person} has no key: what was sealed for them cannot be read any more")
        return found[person]

    def forget(self, tx: Connection, person: int) -> None:
        """Destroy a person's key: whatever was sealed for them cannot be read any more, by anybody. Their keyed codes stay."""
        tx.execute(delete(PERSON_KEY).where(PERSON_KEY.c.person == person))

    def _kept(self, conn: Connection, people: list[int]) -> dict[int, AESGCM]:
        query = select(PERSON_KEY.c.person, PERSON_KEY.c.wrapped).where(among(conn, PERSON_KEY.c.person, people))
        return {person: AESGCM(unsealed(self._wrap, about(person, "key"), wrapped)) for person, wrapped in conn.execute(query)}


def about(person: int, kind: str) -> bytes:
    """The place of a sealed value, as additional data."""
    return f"upheld|seal/v1|{person}|{kind}".encode()


def _seal(key: AESGCM, place: bytes, value: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + key.encrypt(nonce, value, place)


def unsealed(key: AESGCM, place: bytes, sealed: bytes) -> bytes:
    """What was sealed at a place. `Invalid` if it was changed or belongs elsewhere."""
    try:
        return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
    except (InvalidTag, ValueError) as error:
        raise Invalid("a sealed value does not open: it was changed, moved, or sealed under another master key") from error
