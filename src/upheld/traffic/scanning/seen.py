"""What one look at the sites saw, as plain values: requests, cookies, storage, the panel, links. Names only, never a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import parse_qsl, urlsplit

Phase = Literal["before choice", "after refusal", "after acceptance", "with the signal"]
PHASES: Final[tuple[Phase, ...]] = ("before choice", "after refusal", "after acceptance", "with the signal")
Kind = Literal["request", "cookie", "storage"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing seen on a page.

    `host` is where a request went, or whose cookie or storage it is; `sent_by` is the script behind it, if known.
    """

    phase: Phase
    kind: Kind
    host: str
    name: str  # of a request its kind and address without values; else the name of the cookie or key
    page: str = ""
    sent_by: str = ""
    days: int | None = None  # how long a cookie lives; None: as long as the browser, or no cookie


@dataclass(frozen=True, slots=True)
class Panel:
    """The choice panel as one pass met it. `closed`: it went when its button was pressed. `came_back`: it asked again on the next page."""

    phase: Phase
    accept: bool
    refuse: bool
    seconds: float | None
    pressed: bool = False
    closed: bool = False
    came_back: bool = False

    @property
    def found(self) -> bool:
        """Whether there was one."""
        return self.accept or self.refuse


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page. `noticed`: it leads over our notice on leaving."""

    page: str
    words: str
    address: str
    noticed: bool = False


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a link about rights led: the status (0: nowhere), where it ended, and what there is to do there."""

    link: Link
    status: int
    ended: str
    has_heading: bool
    has_button: bool
    has_target: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was opened, and the status it answered with; 0: it did not."""

    address: str
    status: int


@dataclass(slots=True)
class Look:
    """Everything one scan saw. `opened` are the pages' whole addresses, which are opened again in each pass and said nowhere."""

    pages: list[Page] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    rights: list[Reached] = field(default_factory=list)
    links_of_rights: list[Link] = field(default_factory=list)
    outbound: list[Link] = field(default_factory=list)


def without_values(address: str) -> str:
    """An address with the names of its parameters and without their values: those may be about somebody."""
    try:
        url = urlsplit(address)
        names = "&".join(dict.fromkeys(name for name, _ in parse_qsl(url.query, keep_blank_values=True, max_num_fields=200)))
        port = f":{url.port}" if url.port else ""
    except ValueError:
        return address.partition("?")[0][:200]
    shown = f"{url.scheme}://{url.hostname or ''}{port}{url.path or '/'}" + (f"?{names}" if names else "")
    return shown[:300]


def page_address(address: str) -> str:
    """A page's address without what stands behind it."""
    return without_values(address).partition("?")[0]


def host_of(address: str) -> str:
    """The host of an address; empty if it has none (`data:`, `blob:`)."""
    try:
        url = urlsplit(address)
        return (url.hostname or "") if url.scheme in {"http", "https", "ws", "wss"} else ""
    except ValueError:
        return ""
