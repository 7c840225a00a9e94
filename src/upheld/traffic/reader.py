"""The end of the parser: lines taken apart become hits, and their texts are gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from upheld.traffic import names
from upheld.traffic.books import Book, Register
from upheld.traffic.hits import DEVICES, FATES, Account, Hits
from upheld.traffic.parsing.kernel import Kernel
from upheld.traffic.parsing.split import Split
from upheld.traffic.visitors import DayKeys, distinct, visitors

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

STEPS = ("visit", "order", "quote", "signup")
"""What a visit can lead to; the merchant says on which pages."""
_SPAM = -1
_UNKNOWN_COUNTRY = "(unknown)"


@dataclass(frozen=True, slots=True)
class Site:
    """What the merchant says of the sites: own host names, pages that end a step, own monitors, and whether a signal stops measuring."""

    hosts: tuple[str, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()
    monitors: tuple[tuple[int, int], ...] = ()
    monitor_agents: tuple[str, ...] = ()
    signal_stops: bool = False
    country: Callable[[U64], Sequence[str]] | None = field(default=None, repr=False)


class Reader:
    """Turns what was taken apart into hits. It remembers hashes and names between batches, and the keys of the days."""

    def __init__(self, site: Site, keys: DayKeys, kernel: Kernel | None = None) -> None:
        self.site, self.keys, self.kernel = site, keys, kernel
        self.pages, self.referrers, self.campaigns, self.countries = Register(), Register(), Register(), Register()
        self._steps = [(place, STEPS.index(step)) for place, step in site.steps]
        self._paths = Book(self._path, 4, kernel=kernel)
        self._queries = Book(self._query, 2, kernel=kernel)
        self._referrers = Book(self._referrer, 1, kernel=kernel)
        self._agents = Book(self._agent, 3, kernel=kernel)
        self._networks: dict[int, int] = {}

    def forget_names(self) -> None:
        """After names were given new numbers: look at every text again."""
        for book in (self._paths, self._queries, self._referrers):
            book.forget()

    def read(self, split: Split, latest: int) -> tuple[Hits, Account]:
        """The hits among lines, and the account of all of them. Hours after `latest` are of a clock that is wrong."""
        account = Account(read=len(split))
        page, asset, personal, is_robots = self._paths.read(split.path.hash, lambda line: split.text(split.path, line))
        campaign, asked = self._queries.read(split.query.hash, lambda line: split.text(split.query, line))
        (referrer,) = self._referrers.read(split.referrer.hash, lambda line: split.text(split.referrer, line))
        robot, device, monitor = self._agents.read(split.agent.hash, lambda line: split.text(split.agent, line))
        left, fates = split.hour <= latest, dict[str, tuple[int, int]]()
        if future := len(left) - int(np.count_nonzero(left)):
            account.rejected["time in the future"] += future
        for name, rows in (  # in the order of the steps: each takes what the ones before it left
            ("monitor", (monitor > 0) | self._from_monitors(split.prefix)),
            ("robot", ((robot > 0) & split.tells_agent) | (is_robots > 0)),
            ("signal", split.signal if self.site.signal_stops else np.zeros(len(split), dtype=np.bool_)),
            ("spam", referrer == _SPAM),
            ("asset", asset > 0),
            ("counted", left.copy()),
        ):
            fated = np.flatnonzero(rows & left)
            fates[name] = len(fated), int(split.size.take(fated).sum())
            left[fated] = name == "counted"
        for name in FATES:
            if fates[name][0]:
                account.fates[name] += fates[name][0]
                account.bytes[name] += fates[name][1]
        account.personal = int(np.count_nonzero(((personal > 0) | (asked > 0)) & left))
        at = np.flatnonzero(left)
        hour, prefix, seen = split.hour.take(at), split.prefix.take(at), page.take(at)
        hits = Hits(
            hour=hour,
            page=seen,
            referrer=np.maximum(referrer.take(at), 0),
            campaign=campaign.take(at),
            step=self._step(seen),
            status=split.status.take(at),
            country=self._country(prefix),
            device=device.take(at),
            visitor=self._visitors(hour, prefix, split.agent.hash.take(at)),
            size=split.size.take(at),
            micros=split.micros.take(at),
        )
        account.demand_whole()
        return hits, account

    def _visitors(self, hour: I64, prefix: U64, agent: U64) -> U64:
        made, by = np.zeros(len(hour), dtype=np.uint64), self.kernel.visitors if self.kernel else visitors
        day = hour // 24
        for each in days_of(day):
            rows = day == each
            made[rows] = by(self.keys.of(each), prefix[rows], agent[rows])
        return made

    def _from_monitors(self, prefix: U64) -> NDArray[np.bool_]:
        rows = np.zeros(len(prefix), dtype=np.bool_)
        for first, last in self.site.monitors:
            rows |= (prefix >= np.uint64(first)) & (prefix <= np.uint64(last))
        return rows

    def _country(self, prefix: U64) -> I64:
        if self.site.country is None:
            return np.full(len(prefix), self.countries.code(_UNKNOWN_COUNTRY), dtype=np.int64)
        networks = self.kernel.distinct(prefix) if self.kernel else distinct(prefix)
        codes = np.array([self.countries.code(name or _UNKNOWN_COUNTRY) for name in self.site.country(networks)], dtype=np.int64)
        return codes[np.searchsorted(networks, prefix)] if len(codes) else np.zeros(0, dtype=np.int64)

    def _path(self, text: str) -> tuple[int, ...]:
        found = names.page(text)
        return self.pages.code(found.name), found.is_asset, found.personal, text.lower() == "/robots.txt"

    def _query(self, text: str) -> tuple[int, ...]:
        if not text:
            return self.campaigns.code(names.NONE), 0
        found = names.query(text)
        return self.campaigns.code(found.campaign or names.NONE), found.personal

    def _referrer(self, text: str) -> tuple[int, ...]:
        found = names.referrer(text, self.site.hosts)
        return (_SPAM if found is None else self.referrers.code(found),)

    def _agent(self, text: str) -> tuple[int, ...]:
        low = text.lower()
        monitor = any(each.lower() in low for each in self.site.monitor_agents)
        return names.is_robot(text), DEVICES.index(names.device(text)), monitor

    def _step(self, page: I64) -> I64:
        if not self._steps:
            return np.zeros(len(page), dtype=np.int64)
        steps = {self.pages.code(place): step for place, step in self._steps}
        table = np.zeros(len(self.pages), dtype=np.int64)
        for code, step in steps.items():
            table[code] = step
        return table[page]


def days_of(day: I64) -> Sequence[int]:
    """The distinct days among many."""
    if not len(day):
        return ()
    low, high = int(day.min()), int(day.max())
    if high - low < 4000:
        return [low + each for each in np.flatnonzero(np.bincount(day - low)).tolist()]
    return sorted(set(day.tolist()))
