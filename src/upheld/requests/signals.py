"""The browser's signal (`Sec-GPC: 1`, or `DNT: 1`): a wish not to be sold or shared, heard without a word and never asked about.

It holds for the very request in which it comes. Of a visitor who is signed in it is a request like any other: their other devices, the
merchant's systems and those who received their information follow. Of one who is not, the mark of the visit is kept as a keyed hash: a
later page without the signal is no opting in, and whoever signs in under that mark is stopped as a person.
Only the first sight is recorded.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select

from upheld.choices.queries import AsOf, standing
from upheld.errors import Invalid
from upheld.home import Home
from upheld.ledger.actions import append
from upheld.ledger.kinds import WORD, declare, list_of, one_of
from upheld.people.actions import Keeper
from upheld.people.held import Held
from upheld.people.queries import find
from upheld.policy.compiled import Policy
from upheld.policy.statements import Rule, Topic
from upheld.postings.queries import Posted
from upheld.record import Actor
from upheld.requests.actions import Asked, receive, topics_of
from upheld.requests.given import identifiers_of
from upheld.requests.models import VISITOR_SIGNAL

HEADERS: Final = ("Sec-GPC", "DNT")
WORDS: Final = "Opt-out preference signal honored"
"""What the page shows, in its place and never in a window of its own."""
LONGEST_MARK: Final = 200

SEEN = declare("signal.seen", "a browser's signal was seen of a visitor for the first time", signal=one_of(*HEADERS), topics=list_of(WORD))


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser's request: its headers, the mark that the site knows the visit by (a cookie's value), and who is signed in, if anybody."""

    headers: Mapping[str, str | Iterable[str]] = field(repr=False)
    mark: str | None = field(default=None, repr=False)
    signed_in: Held | None = field(default=None, repr=False)
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Honoured:
    """What a visit's signal stops: the topics (none: no signal holds), the words for the page, and the request it became, if it is news."""

    topics: tuple[str, ...] = ()
    words: str | None = None
    request: int | None = None
    news: bool = False


def signal(headers: Mapping[str, str | Iterable[str]]) -> str | None:
    """The header that asks to stop; None if none does. Of several values one that is exactly `1` counts, any other means nothing."""
    by_name = {name.lower(): value for name, value in headers.items()}
    for name in HEADERS:
        value = by_name.get(name.lower(), ())
        values = value.split(",") if isinstance(value, str) else [each for one in value for each in one.split(",")]
        if any(each.strip(" \t") == "1" for each in values):
            return name
    return None


def topics(policy: Policy, region: str | None = None) -> tuple[str, ...]:
    """What a signal stops: of the topics that a signal may stop, those by which information goes to third parties.

    It says neither that a newsletter is unwanted, nor that anything be deleted. A policy that gives nothing to third parties: nothing more.
    """
    given_away = frozenset[str]().union(
        *(
            policy.vocabulary.expand_purposes(each.purposes, each.purposes_except)
            for each in policy.document.statements
            if isinstance(each, Rule) and each.effect == "allow" and "third party" in each.recipients
        )
    )
    stoppable = topics_of(policy, region, "signal")
    stated = (each for each in policy.document.statements if isinstance(each, Topic) and each.name in stoppable)
    return tuple(dict.fromkeys(each.name for each in stated if policy.vocabulary.expand_purposes(each.purposes) & given_away))


def honoured(conn: Connection, keeper: Keeper, home: Home, visit: Visit, posted: Posted, at: datetime) -> Honoured:
    """What holds for a visit, without writing anything: cheap enough for every page. `news`: `see` must be called to record it."""
    seen = signal(visit.headers)
    known = visit.mark is not None and _known(conn, _code(home, visit.mark))
    if seen is None and not known:
        return Honoured()
    stopped = topics(posted.policy, visit.region)
    if visit.signed_in is not None and (identifiers := identifiers_of(visit.signed_in, keeper.keys)):
        people = find(conn, keeper.keys, identifiers)
        chosen = [standing(conn, person, stopped, AsOf(at)).choices for person in sorted(people)]
        news = not chosen or any(choice != "out" for each in chosen for choice in each.values())
        return Honoured(stopped, WORDS, news=news and bool(stopped))
    return Honoured(stopped, WORDS, news=seen is not None and visit.mark is not None and not known)


def see(tx: Connection, keeper: Keeper, home: Home, visit: Visit, posted: Posted, *, at: datetime, actor: Actor) -> Honoured:
    """Honour a visit's signal, and record it if it is news: the same as `honoured`, with the request that it became.

    The signal wins over an earlier opt-in. Seen again, it changes nothing.
    """
    holds, seen = honoured(tx, keeper, home, visit, posted, at), signal(visit.headers)
    if visit.mark is not None and seen is not None and not _known(tx, code := _code(home, visit.mark)):
        tx.execute(insert(VISITOR_SIGNAL).values(visitor=code, signal=seen, at=at))
        append(tx, SEEN, {"signal": seen, "topics": list(holds.topics)}, at, actor)
    if not holds.news or visit.signed_in is None:
        return holds
    asked = Asked(visit.signed_in, "signal", at, holds.topics, visit.region, WORDS)
    done = receive(tx, keeper, asked, posted, at=at, actor=actor)
    return Honoured(holds.topics, WORDS, done.request, news=True)


def _known(conn: Connection, code: str) -> bool:
    return conn.execute(select(VISITOR_SIGNAL.c.at).where(VISITOR_SIGNAL.c.visitor == code)).first() is not None


def _code(home: Home, mark: str) -> str:
    if not 0 < len(mark) <= LONGEST_MARK:
        raise Invalid(f"the mark of a visit has 1 to {LONGEST_MARK} characters")
    return hmac.digest(home.key("signal/visitor/v1"), mark.encode("utf-8", "surrogatepass"), "sha256").hex()
