"""Whose key it is, and what it may do."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, get_args

from sqlalchemy import Connection, select

from upheld.access.models import KEY, KEY_END
from upheld.errors import Refused

May = Literal["decide", "choices", "requests", "releases", "links"]
ABILITIES: Final[tuple[May, ...]] = get_args(May)
"""What a key may do: ask for decisions; record and read choices; hand in removal requests; release lists; get links that unsubscribe."""
PREFIX: Final = "upheld"
"""The first word of every key, so that a search for leaked secrets finds it."""
LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Key:
    """A key that was given out: to which program, for what. `ended_at`: since when it opens nothing, None while it does."""

    id: int
    name: str
    may: tuple[May, ...]
    purposes: tuple[str, ...]
    at: datetime
    ended_at: datetime | None
    hash: bytes = field(repr=False)

    def demand(self, ability: May) -> None:
        """`Refused` unless the key may do this at all."""
        if ability not in self.may:
            raise Refused(f"the key `{self.name}` may not do this: it is for {', '.join(self.may)}, not for {ability}")

    def covers(self, purpose: str) -> bool:
        """Whether the key is bound to the purpose, or to a branch above it."""
        return purpose in self.purposes or any(purpose.startswith(one + ".") for one in self.purposes)

    def reaches(self, purpose: str) -> bool:
        """Whether the key is for anything of the purpose: it covers it, or is bound to a part of it."""
        return self.covers(purpose) or any(one.startswith(purpose + ".") for one in self.purposes)

    def demand_purpose(self, purpose: str) -> None:
        """`Refused` unless the key covers the purpose."""
        if not self.covers(purpose):
            bound = ", ".join(f"`{one}`" for one in self.purposes)
            raise Refused(f"the key `{self.name}` is not for this purpose: it is bound to {bound or 'none'}")


def register(conn: Connection) -> tuple[Key, ...]:
    """All keys that were ever given out, in order."""
    query = select(KEY, KEY_END.c.at.label("ended_at")).join_from(KEY, KEY_END, KEY_END.c.key == KEY.c.id, isouter=True).order_by(KEY.c.id)
    return tuple(
        Key(row.id, row.name, tuple(row.may.split()), tuple(row.purposes.split()), row.at, row.ended_at, bytes(row.hash))
        for row in conn.execute(query)
    )


class Keyring:
    """The keys that open something now. `secret` is the home's own key for this: without it, hashes cannot be computed."""

    def __init__(self, secret: bytes, keys: Iterable[Key]) -> None:
        self._secret = secret
        self._keys: Mapping[int, Key] = {key.id: key for key in keys if key.ended_at is None}
        self._seen: dict[str, Key] = {}

    def whose(self, said: str) -> Key | None:
        """The key that a program shows, None if it is none of ours. Takes as long for a wrong secret as for a right one."""
        known = self._seen.get(said)
        if known is not None:
            return known
        word, _, rest = said.partition("_")
        number, _, secret = rest.partition("_")
        if word != PREFIX or not secret or len(said) > LONGEST or not (number.isascii() and number.isdigit()):
            return None
        key = self._keys.get(int(number))
        kept = key.hash if key is not None else bytes(32)
        if not hmac.compare_digest(hash_of(self._secret, secret), kept) or key is None:
            return None
        self._seen[said] = key  # only right ones: at most as many as there are keys
        return key


def hash_of(secret_of_home: bytes, secret: str) -> bytes:
    """What is kept of a key's secret."""
    return hmac.new(secret_of_home, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
