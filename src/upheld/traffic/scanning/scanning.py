"""One whole scan: what the sites are held to is read, they are looked at, and what was found is put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from upheld.errors import Invalid, NotFound
from upheld.policy.behaviour import notice_on_leaving
from upheld.policy.compiled import Policy
from upheld.postings import queries as postings
from upheld.recipients.queries import Facts, facts
from upheld.recipients.terms import demanded
from upheld.record import Actor, Record
from upheld.traffic import links
from upheld.traffic.panel import tags as declared
from upheld.traffic.panel.checking import asks_first, differences
from upheld.traffic.scanning.actions import record_scan
from upheld.traffic.scanning.browser import chromium
from upheld.traffic.scanning.judging import Promised
from upheld.traffic.scanning.looking import Route, look
from upheld.traffic.scanning.panels import Button
from upheld.traffic.scanning.report import Report, report


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be looked at."""

    addresses: tuple[str, ...]
    pages: int = 10
    settle: float = 3.0
    selectors: tuple[tuple[Button, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """What the sites are held to: the policy, the tags and the links of a home."""

    at: datetime
    policy: Policy | None
    promised: Promised
    record: Record | None = None

    @classmethod
    @contextmanager
    def of(
        cls, opened: Callable[[], AbstractContextManager[Record]] | None, folder: Path | None, file: Path | None, at: datetime
    ) -> Iterator[Held]:
        """From a home's record and folder, and the policy in a file, else the one in force. Without a home nothing is declared."""
        with ExitStack() as stack:
            record = stack.enter_context(opened()) if opened else None
            yield read(record, folder, file, at)

    def record_scan(self, said: Mapping[str, Any], at: datetime, actor: Actor) -> int:
        """Write down what was found; its number."""
        assert self.record is not None
        with self.record.transaction() as tx:
            return record_scan(tx, said, at, actor)


def read(record: Record | None, folder: Path | None, file: Path | None, at: datetime) -> Held:
    """What the sites are held to now. A home without a policy in force has nothing to hold them to but its tags."""
    policy = Policy.read(file) if file else None
    if record is None:
        tags = declared.read_tags(folder / declared.FILE) if folder else declared.Tags()
        return Held(at, policy, _promised(tags, policy, _unregistered, None))
    with record.reading() as conn:
        if policy is None:
            history = postings.history(conn, at)
            policy = history[-1].policy if history else None
        promised = read_in(conn, folder, policy, at)
    return Held(at, policy, promised, record)


def read_in(conn: Connection, folder: Path | None, policy: Policy | None, at: datetime) -> Promised:
    """What tags and links of a home promise under a policy, with the register as it stands."""
    tags = declared.read_tags(folder / declared.FILE) if folder else declared.Tags()
    linked = frozenset(each.host for each in links.read_links(folder / links.FILE)) if folder else frozenset[str]()
    terms = demanded(policy.document.front.law) if policy else ()
    return _promised(tags, policy, lambda name, purpose: facts(conn, name, purpose, at, terms), linked)


def scan(asked: Asked, held: Held, *, resolve: Mapping[str, str] | None = None, path: str = "") -> Report:
    """Look at the pages and say what was found. `Invalid` for what is no address, `Conflict` if the first page does not open."""
    for address in asked.addresses:
        _demand_page(address)
    route = Route(asked.addresses, held.promised.tags, asked.pages, asked.settle, asked.selectors)
    with chromium(resolve, path) as browser:
        seen = look(browser, route)
    return report(seen, held.promised, route, at=held.at, policy=held.policy.version if held.policy else None)


def _promised(tags: declared.Tags, policy: Policy | None, register: Callable[[str, str], Facts], linked: frozenset[str] | None) -> Promised:
    if policy is None:
        return Promised(tags)
    clause = notice_on_leaving(policy)
    return Promised(tags, differences(tags, policy, register), asks_first(policy, None), linked if clause else None, clause)


def _unregistered(name: str, purpose: str) -> Facts:
    raise NotFound(f"no recipient `{name}` is registered here, for `{purpose}` or anything: scan from the home that registers it")


def _demand_page(address: str) -> None:
    try:
        url = urlsplit(address)
        good = url.scheme in {"http", "https"} and bool(url.hostname) and not url.username
    except ValueError:
        good = False
    if not good:
        raise Invalid(f"`{address[:80]}` is no page: write its whole address, as `https://shop.example/`")
