"""What a scan says as a whole: the pages, who was there, what is kept, where links lead, and the findings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from upheld.traffic.panel.tags import Tags
from upheld.traffic.scanning.findings import Found
from upheld.traffic.scanning.judging import Promised, judge, known_of, tag_of
from upheld.traffic.scanning.looking import Route
from upheld.traffic.scanning.seen import PHASES, Look, Page, Panel, Seen, host_of


@dataclass(frozen=True, slots=True)
class Host:
    """Somebody else's host that pages sent visitors to: what it is known as, which tag declares it, when it was sent to and how often."""

    host: str
    known: str | None
    tag: str | None
    phases: tuple[str, ...]
    requests: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A cookie or a key of storage. `days`: how long it lives; None: until the browser is closed, or no cookie."""

    kind: str
    name: str
    host: str
    known: str | None
    tag: str | None
    own: bool
    phases: tuple[str, ...]
    days: int | None


@dataclass(frozen=True, slots=True)
class Outbound:
    """A site of others that pages link to. `noticed`: every link leads over our notice on leaving."""

    host: str
    address: str
    words: str
    pages: tuple[str, ...]
    listed: bool
    noticed: bool


@dataclass(frozen=True, slots=True)
class Report:
    """One scan. `policy`: the version that it was held against, None if there is none."""

    at: datetime
    policy: str | None
    pages: tuple[Page, ...]
    panels: tuple[Panel, ...]
    hosts: tuple[Host, ...]
    kept: tuple[Kept, ...]
    outbound: tuple[Outbound, ...]
    findings: tuple[Found, ...]

    def count(self, severity: str) -> int:
        """How many findings of a severity."""
        return sum(each.severity == severity for each in self.findings)

    @property
    def untried(self) -> tuple[str, ...]:
        """The passes that could not be done, for want of a panel to choose in."""
        return tuple(panel.phase for panel in self.panels if panel.phase in {"after refusal", "after acceptance"} and not panel.pressed)


def report(look: Look, promised: Promised, route: Route, *, at: datetime, policy: str | None) -> Report:
    """Put a look together with its findings."""
    return Report(
        at=at,
        policy=policy,
        pages=tuple(look.pages),
        panels=tuple(look.panels),
        hosts=tuple(_hosts((each for each in look.seen if each.kind == "request" and not route.is_own(each.host)), promised.tags)),
        kept=tuple(_kept((each for each in look.seen if each.kind != "request"), promised.tags, route)),
        outbound=tuple(_outbound(look, promised)),
        findings=judge(look, promised, route),
    )


def _hosts(seen: Iterable[Seen], tags: Tags) -> Iterable[Host]:
    by_host: dict[str, list[Seen]] = {}
    for each in seen:
        by_host.setdefault(each.host, []).append(each)
    for host, those in sorted(by_host.items()):
        what, tag = known_of(those[0]), tags.of_host(host)
        yield Host(host, str(what) if what else None, tag.name if tag else None, _phases(those), len(those))


def _kept(seen: Iterable[Seen], tags: Tags, route: Route) -> Iterable[Kept]:
    by_name: dict[tuple[str, str, str], list[Seen]] = {}
    for each in seen:
        by_name.setdefault((each.kind, each.name, each.host), []).append(each)
    for (kind, name, host), those in sorted(by_name.items()):
        what, tag = known_of(those[0]), tag_of(those[0], tags)
        own = route.is_own(host) and tags.is_own(name, cookie=kind == "cookie")
        days = max((each.days for each in those if each.days is not None), default=None)
        yield Kept(kind, name, host, str(what) if what else None, tag.name if tag else None, own, _phases(those), days)


def _outbound(look: Look, promised: Promised) -> Iterable[Outbound]:
    links = sorted(look.outbound, key=lambda link: host_of(link.address))
    for host in dict.fromkeys(host_of(link.address) for link in links):
        those = [link for link in links if host_of(link.address) == host]
        words = next((link.words for link in those if link.words), host)
        pages = tuple(dict.fromkeys(link.page for link in those))
        yield Outbound(host, those[0].address, words, pages, host in (promised.linked or ()), all(link.noticed for link in those))


def _phases(seen: Iterable[Seen]) -> tuple[str, ...]:
    found = {each.phase for each in seen}
    return tuple(phase for phase in PHASES if phase in found)


def as_plain(said: Report) -> dict[str, Any]:
    """The report as JSON can hold it."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(said), default=datetime.isoformat))
    return plain


def as_text(said: Report) -> str:
    """What a person reads: a table of who and what, then nothing left out of the findings' own text."""
    lines = [f"{len(said.pages)} page{'s' * (len(said.pages) != 1)}, held against policy {said.policy or 'none'}"]
    for host in said.hosts:
        name = f"tag `{host.tag}`" if host.tag else "not declared"
        lines.append(f"  {host.host}  {host.known or 'unknown'}; {name}; {', '.join(host.phases)}")
    for kept in said.kept:
        name = "our own" if kept.own else f"tag `{kept.tag}`" if kept.tag else "not declared"
        lives = f", {kept.days} days" if kept.days is not None else ""
        known = f"  {kept.known};" if kept.known else ""
        lines.append(f"  {kept.kind} {kept.name} ({kept.host}{lives}){known} {name}; {', '.join(kept.phases)}")
    lines += [f"  links to {each.host}{'' if each.listed else ', not listed'}" for each in said.outbound]
    if said.untried:
        lines.append(f"  no panel to choose in, so not tried: {', '.join(said.untried)}")
    return "\n".join(lines)
