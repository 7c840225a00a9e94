"""A key is given to a program, or taken back; each leaves a ledger entry."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, insert, select

from upheld.access.models import KEY, KEY_END
from upheld.access.queries import ABILITIES, PREFIX, hash_of
from upheld.errors import Conflict, Invalid, NotFound
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, WORD, declare, list_of, one_of
from upheld.policy.compiled import undeclared
from upheld.record import Actor

SECRET: Final = "program-key/v1"  # noqa: S105 - a name
"""The name of the home's own key with which secrets are hashed."""

ADDED = declare("key.added", "a program was given a key", key=NUMBER, program=WORD, may=list_of(one_of(*ABILITIES)), purposes=list_of(WORD))
ENDED = declare("key.ended", "a program's key was taken back", key=NUMBER, program=WORD)

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Given:
    """A key as it is given out: `text` is shown once, and kept nowhere."""

    number: int
    text: str = field(repr=False)


def add(
    tx: Connection,
    secret_of_home: bytes,
    name: str,
    may: Sequence[str],
    purposes: Sequence[str],
    *,
    known: Iterable[str],
    at: datetime,
    actor: Actor,
) -> Given:
    """Give the program `name` a key for what it `may` do, bound to `purposes`, which are among those `known`, or branches of them.

    `Invalid` for a name, ability or purpose that cannot be, `Conflict` if the program has or had a key of that name.
    """
    if not _NAME.fullmatch(name) or len(name) > 40 or sum(sign.isdigit() for sign in name) > 6:
        raise Invalid(f"`{name[:60]}` cannot be a program's name: write lower-case letters and `-`, as `web-shop`")
    for ability in may:
        if ability not in ABILITIES:
            raise Invalid(undeclared("ability", ability, ABILITIES))
    words = {".".join(purpose.split(".")[:count]) for purpose in known for count in range(1, purpose.count(".") + 2)}
    for purpose in purposes:
        if purpose not in words:
            raise Invalid(undeclared("purpose", purpose, sorted(words)))
    if not may:
        raise Invalid("say what the key is for with `--may`: " + ", ".join(ABILITIES))
    if {"decide", "releases", "links"} & set(may) and not purposes:
        raise Invalid("a key that asks for decisions, lists or links is bound to purposes: name them with `--for PURPOSE`")
    if tx.execute(select(KEY.c.id).where(KEY.c.name == name)).first() is not None:
        raise Conflict(f"a key `{name}` was given out already: end it with `upheld keys end {name}`, and give the next one another name")
    number = int(tx.execute(select(func.coalesce(func.max(KEY.c.id), 0))).scalar_one()) + 1
    secret = secrets.token_urlsafe(32)
    kept = {"id": number, "name": name, "hash": hash_of(secret_of_home, secret), "may": " ".join(may), "purposes": " ".join(purposes)}
    tx.execute(insert(KEY).values(**kept, at=at))
    append(tx, ADDED, {"key": number, "program": name, "may": list(may), "purposes": list(purposes)}, at, actor)
    return Given(number, f"{PREFIX}_{number}_{secret}")


def end(tx: Connection, name: str, *, at: datetime, actor: Actor) -> None:
    """Take a key back: from the commit on it opens nothing. `NotFound` if there is none, `Conflict` if it is ended already."""
    key = tx.execute(select(KEY.c.id).where(KEY.c.name == name)).scalar()
    if key is None:
        raise NotFound(f"no key `{name}` was given out: see `upheld keys list`")
    if tx.execute(select(KEY_END.c.key).where(KEY_END.c.key == key)).first() is not None:
        raise Conflict(f"the key `{name}` is ended already")
    tx.execute(insert(KEY_END).values(key=key, at=at))
    append(tx, ENDED, {"key": key, "program": name}, at, actor)
