"""What is known of hosts and cookies that others put on sites: whose they are, and what for. Sources: `data/SOURCES.md`."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "data"
FOLLOWING: Final = frozenset(
    ("advertising", "pornvertising", "site_analytics", "social_media", "customer_interaction", "analytics", "marketing")
)
"""Categories of what follows visitors about, or counts them."""


@dataclass(frozen=True, slots=True)
class Known:
    """A service, its category and the company behind it, as the tables call them."""

    service: str
    category: str
    company: str

    @property
    def follows(self) -> bool:
        """Whether it is there to follow or count visitors."""
        return self.category in FOLLOWING

    def __str__(self) -> str:
        by = f" of {self.company}" if self.company and self.company not in self.service else ""
        return f"{self.service}{by}, {self.category.replace('_', ' ')}"


def host(name: str) -> Known | None:
    """Who is behind a host: the longest entry that it is, or is below."""
    table = _hosts()
    labels = name.split(".")
    return next((found for at in range(len(labels) - 1) if (found := table.get(".".join(labels[at:])))), None)


def cookie(name: str) -> Known | None:
    """Who sets a cookie, or a key of storage, of that name: a whole name goes before a beginning, a longer beginning before a shorter."""
    whole, beginnings = _cookies()
    found = whole.get(name)
    return found or next((known for begins, known in beginnings if name.startswith(begins)), None)


@cache
def _hosts() -> dict[str, Known]:
    return {domain: Known(service, category, company) for domain, service, category, company in _rows("hosts.tsv.gz")}


@cache
def _cookies() -> tuple[dict[str, Known], tuple[tuple[str, Known], ...]]:
    whole: dict[str, Known] = {}
    beginnings: dict[str, Known] = {}
    for name, begins, platform, category, company in _rows("cookies.tsv.gz"):
        known = Known(platform, category.lower(), company)
        table = beginnings if begins == "1" else whole
        if name not in table or (known.follows and not table[name].follows):  # of two, the one that says more
            table[name] = known
    return whole, tuple(sorted(beginnings.items(), key=lambda each: -len(each[0])))


def _rows(file: str) -> Iterator[list[str]]:
    for line in gzip.decompress((FOLDER / file).read_bytes()).decode().splitlines():
        yield line.split("\t")
