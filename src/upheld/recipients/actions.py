"""Every change in the register of recipients; each leaves a ledger entry, none is ever overwritten."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, Table, func, insert, select

from upheld.errors import Conflict, Invalid
from upheld.ledger.actions import append
from upheld.ledger.kinds import FLAG, NUMBER, WORD, declare, list_of, one_of, optional
from upheld.policy.compiled import undeclared
from upheld.policy.terms import RECIPIENTS, REGION_PARENTS
from upheld.recipients.models import CONTRACT, CONTRACT_TERM, RECIPIENT, RECIPIENT_ADDRESS, VETTING
from upheld.recipients.queries import UNREGISTERED, find
from upheld.recipients.terms import checklist
from upheld.record import Actor, micros

KINDS: Final = tuple(kind for kind in RECIPIENTS if kind not in UNREGISTERED)
"""What a registered recipient may be."""

ADDED = declare("recipient.added", "a recipient was registered", recipient=WORD, is_a=one_of(*KINDS), region=optional(WORD))
VETTED = declare("recipient.vetted", "a recipient's good name was looked into", recipient=WORD, reputable=FLAG, reviewed=NUMBER)
CONTRACTED = declare(
    "recipient.contract",
    "a contract with a recipient, for purposes and a time, with these of the terms that the law asks for",
    recipient=WORD,
    purposes=list_of(WORD),
    start=NUMBER,
    end=optional(NUMBER),
    terms=list_of(WORD),
)

WAYS: Final = ("email", "post", "web", "phone")
"""How a recipient is reached."""
LONGEST: Final = 400  # characters of an address

ADDRESSED = declare(
    "recipient.addressed",
    "how a recipient is reached was noted; the address itself is in the record",
    recipient=WORD,
    way=one_of(*WAYS),
    known=FLAG,
)

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def add(tx: Connection, name: str, kind: str, *, title: str | None = None, region: str | None = None, at: datetime, actor: Actor) -> int:
    """Register a recipient of a kind; its number. `Invalid` for a name, kind or region that cannot be, `Conflict` if it is there."""
    if not _NAME.fullmatch(name) or len(name) > 40 or sum(sign.isdigit() for sign in name) > 6:
        raise Invalid(f"`{name[:60]}` cannot be a recipient's short name: write lower-case letters and `-`, as `acme-mailing`")
    if kind not in KINDS:
        raise Invalid(undeclared("kind of recipient", kind, KINDS))
    if region is not None and region not in REGION_PARENTS:
        raise Invalid(undeclared("region", region, REGION_PARENTS))
    if name in RECIPIENTS or tx.execute(select(RECIPIENT.c.id).where(RECIPIENT.c.name == name)).first() is not None:
        raise Conflict(f"there is a recipient `{name}` already: see `upheld recipients list`")
    number = _next(tx, RECIPIENT)
    tx.execute(insert(RECIPIENT).values(id=number, name=name, title=title or name, kind=kind, region=region, at=at))
    append(tx, ADDED, {"recipient": name, "is_a": kind, "region": region}, at, actor)
    return number


def vet(tx: Connection, name: str, *, reputable: bool, reviewed_on: date, at: datetime, actor: Actor) -> None:
    """Note that a recipient's good name was looked into on a day, and what came of it. `Invalid` for a day to come."""
    recipient = find(tx, name)
    if reviewed_on > at.date():
        raise Invalid("a review cannot be of the future: give the day on which it was done")
    tx.execute(insert(VETTING).values(id=_next(tx, VETTING), recipient=recipient.id, reputable=reputable, reviewed_on=reviewed_on, at=at))
    append(tx, VETTED, {"recipient": name, "reputable": reputable, "reviewed": reviewed_on.toordinal()}, at, actor)


def contract(
    tx: Connection,
    name: str,
    purposes: Sequence[str],
    start: datetime,
    until: datetime | None,
    *,
    terms: Sequence[str] = (),
    known: Iterable[str] = (),
    at: datetime,
    actor: Actor,
) -> None:
    """Note a contract for purposes, in force from `start` until (not including) `until`; it takes the place of the one before.

    No purposes: the contract is ended. `known` are the purposes of the policy in force: others are `Invalid`, with a suggestion. `terms`
    are those of the law's checklist that it has; what is not on the list is `Invalid`.
    """
    recipient = find(tx, name)
    if until is not None and until <= start:
        raise Invalid("the contract ends before it starts: give `--until` a later time than `--from`")
    words = {*known} | {word for purpose in known for word in _above(purpose)}
    for purpose in purposes:
        if purpose not in words:
            raise Invalid(undeclared("purpose", purpose, sorted(words)))
    had = tuple(dict.fromkeys(terms))
    for term in had:
        if term not in (listed := [each.name for each in checklist()]):
            raise Invalid(f"{undeclared('contract term', term, listed)}: the list is in `upheld recipients terms`")
    kept = {"id": _next(tx, CONTRACT), "recipient": recipient.id, "purposes": " ".join(purposes)}
    tx.execute(insert(CONTRACT).values(**kept, **{"from": start}, until=until, at=at))
    for term in had:
        tx.execute(insert(CONTRACT_TERM).values(contract=kept["id"], term=term))
    end = micros(until) if until else None
    said = {"recipient": name, "purposes": list(purposes), "start": micros(start), "end": end, "terms": list(had)}
    append(tx, CONTRACTED, said, at, actor)


def address(tx: Connection, name: str, way: str, value: str, *, at: datetime, actor: Actor) -> None:
    """Note how a recipient is reached; it takes the place of the one before of the same way. Empty: no longer so."""
    recipient, value = find(tx, name), " ".join(value.split())
    if way not in WAYS:
        raise Invalid(undeclared("way to reach a recipient", way, WAYS))
    if len(value) > LONGEST:
        raise Invalid(f"an address has at most {LONGEST} characters")
    if value and ((way == "email" and not _EMAIL.fullmatch(value)) or (way == "web" and not value.startswith("https://"))):
        raise Invalid("this is no such address: write an e-mail address as `privacy@acme.example`, a web address with `https://`")
    kept = {"id": _next(tx, RECIPIENT_ADDRESS), "recipient": recipient.id, "way": way, "value": value, "at": at}
    tx.execute(insert(RECIPIENT_ADDRESS).values(kept))
    append(tx, ADDRESSED, {"recipient": name, "way": way, "known": bool(value)}, at, actor)


def _above(purpose: str) -> Iterable[str]:
    parts = purpose.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts)))


def _next(tx: Connection, table: Table) -> int:
    return int(tx.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()) + 1
