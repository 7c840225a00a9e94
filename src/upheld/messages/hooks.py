"""Webhooks: the merchant's programs that are told what happened, by entries of the ledger, which hold nothing personal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, func, insert, or_, select

from upheld.errors import Conflict, Invalid, NotFound
from upheld.ledger import effects
from upheld.ledger import queries as ledger
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, WORD, declare, list_of, one_of
from upheld.ledger.models import ENTRY
from upheld.messages.models import WEBHOOK, WEBHOOK_END, WEBHOOK_TOLD
from upheld.policy.compiled import undeclared
from upheld.record import Actor, Record

ABOUT: Final = ("choice", "key", "policy", "recipient", "release", "request", "site", "staff")
"""What a program may want to be told about: the first word of an entry's kind."""
SEND: Final = "webhook.send"
"""The kind of effect that tells one program all that is new."""
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

ADDED = declare("webhook.added", "a program is told of events", webhook=NUMBER, program=WORD, about=list_of(one_of(*ABOUT)))
ENDED = declare("webhook.ended", "a program is told of events no more", webhook=NUMBER, program=WORD)

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Webhook:
    """A program that is told: where, about what, up to which entry it was told, and why the last try failed."""

    id: int
    name: str
    address: str
    about: tuple[str, ...]
    told: int
    at: datetime
    ended_at: datetime | None
    waiting: int
    reason: str | None


def add(tx: Connection, name: str, address: str, about: Sequence[str], *, at: datetime, actor: Actor) -> int:
    """Tell a program of everything that happens from now on in some rooms; its number.

    `Invalid` for a name, address or room that cannot be; the address must be reached by TLS, but on this very machine.
    """
    if not _NAME.fullmatch(name) or len(name) > 40 or sum(sign.isdigit() for sign in name) > 6:
        raise Invalid(f"`{name[:60]}` cannot be a program's name: write lower-case letters and `-`, as `web-shop`")
    _demand_address(address)
    for room in about:
        if room not in ABOUT:
            raise Invalid(undeclared("subject", room, ABOUT))
    if not about:
        raise Invalid("say what the program is told about with `--about`: " + ", ".join(ABOUT))
    if tx.execute(select(WEBHOOK.c.id).where(WEBHOOK.c.name == name)).first() is not None:
        raise Conflict(f"a webhook `{name}` is there already: end it with `upheld webhooks end {name}`, and give the next one another name")
    number = int(tx.execute(select(func.coalesce(func.max(WEBHOOK.c.id), 0))).scalar_one()) + 1
    rooms = list(dict.fromkeys(about))
    since = ledger.size(tx)
    tx.execute(insert(WEBHOOK).values(id=number, name=name, address=address, about=" ".join(rooms), since=since, at=at))
    append(tx, ADDED, {"webhook": number, "program": name, "about": rooms}, at, actor)
    return number


def end(tx: Connection, name: str, *, at: datetime, actor: Actor) -> None:
    """Tell a program no more. `NotFound` if it never was told, `Conflict` if that is ended already."""
    number = tx.execute(select(WEBHOOK.c.id).where(WEBHOOK.c.name == name)).scalar()
    if number is None:
        raise NotFound(f"there is no webhook `{name}`: see `upheld webhooks list`")
    if tx.execute(select(WEBHOOK_END.c.webhook).where(WEBHOOK_END.c.webhook == number)).first() is not None:
        raise Conflict(f"the webhook `{name}` is ended already")
    tx.execute(insert(WEBHOOK_END).values(webhook=number, at=at))
    append(tx, ENDED, {"webhook": number, "program": name}, at, actor)


def register(conn: Connection) -> tuple[Webhook, ...]:
    """All webhooks, those that are ended too."""
    upto = select(WEBHOOK_TOLD.c.webhook, func.max(WEBHOOK_TOLD.c.upto).label("upto")).group_by(WEBHOOK_TOLD.c.webhook).subquery()
    query = (
        select(WEBHOOK, func.coalesce(upto.c.upto, WEBHOOK.c.since).label("told"), WEBHOOK_END.c.at.label("ended_at"))
        .join_from(WEBHOOK, upto, upto.c.webhook == WEBHOOK.c.id, isouter=True)
        .join(WEBHOOK_END, WEBHOOK_END.c.webhook == WEBHOOK.c.id, isouter=True)
        .order_by(WEBHOOK.c.id)
    )
    return tuple(_webhook(conn, row) for row in conn.execute(query).all())


def _webhook(conn: Connection, row: object) -> Webhook:
    found = dict(row._mapping)  # type: ignore[attr-defined]  # noqa: SLF001 - SQLAlchemy's own name
    about = tuple(found["about"].split())
    waiting = 0 if found["ended_at"] else news(conn, about, found["told"])
    last = effects.of(conn, found["id"], SEND)[-1:]
    reason = last[0].reason if last and last[0].state != "done" else None
    return Webhook(found["id"], found["name"], found["address"], about, found["told"], found["at"], found["ended_at"], waiting, reason)


def news(conn: Connection, about: Sequence[str], since: int) -> int:
    """How many entries about these rooms there are from a number on."""
    mine = or_(*(ENTRY.c.kind.startswith(f"{room}.", autoescape=True) for room in about))
    return int(conn.execute(select(func.count()).select_from(ENTRY).where(ENTRY.c.id >= since, mine)).scalar_one())


def plan(record: Record, at: datetime) -> int:
    """Plan to tell whoever has something to be told and is not about to be; how many."""
    with record.reading() as conn:  # most of the time there is nothing to tell, and asking must not keep a writer waiting
        if not _untold(conn):
            return 0
    with record.transaction() as tx:
        untold = _untold(tx)
        for webhook in untold:
            effects.plan(tx, SEND, webhook.id, webhook.name, {}, at)
    return len(untold)


def _untold(conn: Connection) -> list[Webhook]:
    ended = {"done"}
    return [one for one in register(conn) if one.waiting and all(each.state in ended for each in effects.of(conn, one.id, SEND))]


def _demand_address(address: str) -> None:
    try:
        url = urlsplit(address)
        host, _ = url.hostname, url.port
    except ValueError:
        host = None
    if not host or url.scheme not in {"http", "https"} or url.username or url.password or len(address) > 500:
        raise Invalid("the address must be one such as `https://shop.example/upheld`, without a password")
    if url.scheme == "http" and host not in LOOPBACK:
        raise Invalid(f"the address crosses a network without TLS: write `https://{host}`")
