"""How a program is told: one POST an event, in the order of the ledger, signed as Standard Webhooks signs; told again if it was not taken.

An event may arrive twice (a kill between the answer and our commit), always under one `webhook-id`; none is left out, and none overtakes
another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Final

import urllib3
from sqlalchemy import Connection, insert, or_, select

from upheld.errors import No
from upheld.home import Home
from upheld.ledger import effects
from upheld.ledger import queries as ledger
from upheld.ledger.effects import Leased, Lost
from upheld.ledger.models import ENTRY
from upheld.ledger.queries import Entry
from upheld.messages.hooks import SEND, Webhook, register
from upheld.messages.models import WEBHOOK_TOLD
from upheld.record import Actor, Record

AT_ONCE: Final = 200  # events told under one lease
PATIENCE: Final = urllib3.Timeout(connect=5, read=10)
MOST_TRIES: Final = 20  # about fifteen hours; then a person looks, and asks for it again
WORKER: Final = Actor("worker", None)


def secret(home: Home, number: int) -> str:
    """The secret that a program checks signatures with: the home's own, for this webhook alone."""
    return "whsec_" + base64.b64encode(home.key(f"webhook/{number}/v1")).decode()


def signature(key: bytes, name: str, at: int, body: bytes) -> str:
    """The value of `webhook-signature`: `v1,` and HMAC-SHA256 over name, time and body."""
    return "v1," + base64.b64encode(hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()).decode()


def handlers(home: Home, record: Record, clock: Callable[[], datetime]) -> Mapping[str, Callable[[Leased], None]]:
    """By kind of effect, who does it: the worker's part of telling programs."""
    return {SEND: partial(_tell, home, record, clock)}


def _tell(home: Home, record: Record, clock: Callable[[], datetime], leased: Leased) -> None:
    """Tell one program what is new; what was taken is written down even if the next event was not."""
    try:
        with record.reading() as conn:
            webhook = next((each for each in register(conn) if each.id == leased.subject), None)
            found = _news(conn, webhook) if webhook is not None and webhook.ended_at is None else ()
        failed, upto = None, 0
        if found and webhook is not None:
            with urllib3.PoolManager(retries=False, timeout=PATIENCE) as pool:
                for entry in found:
                    failed = _sent(pool, home, webhook, entry, clock())
                    if failed is not None:
                        break
                    upto = entry.id + 1
        _end(record, leased, upto, failed, clock())
    except Lost:
        return
    except No as no:
        with record.transaction() as tx:
            effects.again(tx, leased, no.message, clock())


def _news(conn: Connection, webhook: Webhook) -> tuple[Entry, ...]:
    mine = or_(*(ENTRY.c.kind.startswith(f"{room}.", autoescape=True) for room in webhook.about))
    query = select(ENTRY.c.id).where(ENTRY.c.id >= webhook.told, mine).order_by(ENTRY.c.id).limit(AT_ONCE)
    return tuple(ledger.entry(conn, number) for number in conn.execute(query).scalars().all())


def _end(record: Record, leased: Leased, upto: int, failed: str | None, at: datetime) -> None:
    with record.transaction() as tx:
        if failed is None:
            effects.done(tx, leased, at, WORKER)
        elif leased.tries >= MOST_TRIES:
            effects.give_up(tx, leased, failed, at, WORKER)
        else:
            effects.again(tx, leased, failed, at)
        if upto:
            tx.execute(insert(WEBHOOK_TOLD).values(webhook=leased.subject, upto=upto, at=at))


def _sent(pool: urllib3.PoolManager, home: Home, webhook: Webhook, entry: Entry, at: datetime) -> str | None:
    """Send one event; None if it was taken, else why not, in words without anything that was answered."""
    told = {"type": entry.kind, "timestamp": entry.at.isoformat(), "data": {"entry": entry.id, **entry.body}}
    body = json.dumps(told, separators=(",", ":"), sort_keys=True).encode()
    name, now = f"entry-{entry.id}", int(at.timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": "Upheld",
        "webhook-id": name,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(home.key(f"webhook/{webhook.id}/v1"), name, now, body),
    }
    try:
        answer = pool.request("POST", webhook.address, body=body, headers=headers, redirect=False, preload_content=False)
        answer.close()  # what it says beyond its status is not read
    except urllib3.exceptions.HTTPError:
        return "the program does not answer"
    return None if 200 <= answer.status < 300 else f"the program did not take it (status {answer.status})"
