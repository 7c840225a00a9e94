"""Every read about recipients. What is not registered, not vetted, not under contract *now* counts as not: closed by default."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Final

from sqlalchemy import Connection, select

from upheld.errors import NotFound
from upheld.policy.compiled import undeclared
from upheld.recipients.models import CONTRACT, CONTRACT_TERM, RECIPIENT, RECIPIENT_ADDRESS, VETTING
from upheld.recipients.terms import BOUND

UNREGISTERED: Final = ("ourselves", "the person")
"""Recipients that need no register: no contract binds them, and none is asked for."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A recipient as registered."""

    id: int
    name: str
    title: str
    kind: str
    region: str | None


@dataclass(frozen=True, slots=True)
class Vetting:
    """The last look at a recipient's good name."""

    reputable: bool
    reviewed_on: date


@dataclass(frozen=True, slots=True)
class Contract:
    """The last contract with a recipient."""

    purposes: tuple[str, ...]
    start: datetime
    until: datetime | None
    terms: tuple[str, ...] = ()

    def covers(self, purpose: str, at: datetime) -> bool:
        """Whether it is in force at a time for a purpose (a branch covers its leaves)."""
        named = any(purpose == each or purpose.startswith(f"{each}.") for each in self.purposes)
        return named and self.start <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules may ask about a recipient, for one purpose at one time; None: nobody asks that of it."""

    name: str
    kind: str
    region: str | None
    vetted: bool | None
    under_contract: bool | None
    until: datetime | None = None
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the register."""

    recipient: Registered
    vetting: Vetting | None
    contract: Contract | None

    def lacks(self, demanded: Collection[str]) -> tuple[str, ...]:
        """The demanded terms that its contract does not have; none if there is no contract, or its kind needs no terms."""
        if self.recipient.kind not in BOUND or self.contract is None:
            return ()
        return tuple(term for term in demanded if term not in self.contract.terms)

    def is_bound(self, purpose: str, at: datetime, demanded: Collection[str]) -> bool:
        """Whether a contract binds it at a time for a purpose: in force, and with every term that is demanded."""
        return self.contract is not None and self.contract.covers(purpose, at) and not self.lacks(demanded)


def find(conn: Connection, name: str, *, beside: tuple[str, ...] = ()) -> Registered:
    """The recipient of that short name. `NotFound` with a suggestion: a registered one, or one of `beside` if it is very near."""
    columns = [RECIPIENT.c[each] for each in ("id", "name", "title", "kind", "region")]
    found = conn.execute(select(*columns).where(RECIPIENT.c.name == name)).first()
    if found is None:
        names = [*conn.execute(select(RECIPIENT.c.name)).scalars(), *get_close_matches(name, beside, cutoff=0.75)]
        words = undeclared("recipient", name, names).replace("is declared", "is registered")
        raise NotFound(words if "did you mean" in words else f"{words}: add it with `upheld recipients add`")
    return Registered(*found)


def facts(conn: Connection, name: str, purpose: str, at: datetime, demanded: Collection[str] = ()) -> Facts:
    """What rules may ask about a recipient that is to receive for a purpose at a time. `NotFound` if it is not registered.

    `demanded`: the terms without which a contract of those who work for us counts as none (`terms.demanded` of the policy's laws).
    """
    if name in UNREGISTERED:
        return Facts(name, name, None, None, None)
    recipient = find(conn, name, beside=UNREGISTERED)
    entry = Entry(recipient, vetted(conn, recipient, at), contracted(conn, recipient, at))
    vetting, contract = entry.vetting, entry.contract
    return Facts(
        name=name,
        kind=recipient.kind,
        region=recipient.region,
        vetted=vetting is not None and vetting.reputable,
        under_contract=entry.is_bound(purpose, at, demanded),
        until=contract.until if contract else None,
        lacks=entry.lacks(demanded),
    )


def register(conn: Connection, at: datetime) -> tuple[Entry, ...]:
    """The whole register as it stood at a time, by name."""
    columns = [RECIPIENT.c[each] for each in ("id", "name", "title", "kind", "region")]
    rows = conn.execute(select(*columns).where(RECIPIENT.c.at <= at).order_by(RECIPIENT.c.name)).all()
    recipients = [Registered(*row) for row in rows]
    return tuple(Entry(one, vetted(conn, one, at), contracted(conn, one, at)) for one in recipients)


def addresses(conn: Connection, recipient: Registered) -> dict[str, str]:
    """How it is reached, by way (`email`, `post`, `web`, `phone`)."""
    query = select(RECIPIENT_ADDRESS.c.way, RECIPIENT_ADDRESS.c.value).where(RECIPIENT_ADDRESS.c.recipient == recipient.id)
    newest = {row.way: row.value for row in conn.execute(query.order_by(RECIPIENT_ADDRESS.c.id))}
    return {way: value for way, value in newest.items() if value}


def entry(conn: Connection, name: str, at: datetime) -> Entry:
    """One line of the register. `NotFound` if it is not registered."""
    one = find(conn, name)
    return Entry(one, vetted(conn, one, at), contracted(conn, one, at))


def vetted(conn: Connection, recipient: Registered, at: datetime) -> Vetting | None:
    """The last look at its good name, as known at a time."""
    query = select(VETTING.c.reputable, VETTING.c.reviewed_on).where(VETTING.c.recipient == recipient.id, VETTING.c.at <= at)
    found = conn.execute(query.order_by(VETTING.c.id.desc()).limit(1)).first()
    return Vetting(*found) if found else None


def contracted(conn: Connection, recipient: Registered, at: datetime) -> Contract | None:
    """The last contract with it, as known at a time."""
    query = select(CONTRACT.c.purposes, CONTRACT.c["from"], CONTRACT.c.until, CONTRACT.c.id)
    query = query.where(CONTRACT.c.recipient == recipient.id, CONTRACT.c.at <= at).order_by(CONTRACT.c.id.desc()).limit(1)
    found = conn.execute(query).first()
    if found is None:
        return None
    terms = conn.execute(select(CONTRACT_TERM.c.term).where(CONTRACT_TERM.c.contract == found.id).order_by(CONTRACT_TERM.c.term)).scalars()
    return Contract(tuple(found[0].split()), found[1], found[2], tuple(terms))
