"""What a page, a referrer, a campaign and a device are called in totals: words from which nobody can be told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from urllib.parse import parse_qsl, unquote, urlsplit

OTHER = "(other)"
DIRECT, OWN = "(direct)", "(own site)"
NONE = "(none)"
"""The campaign of what came by none."""
PERSONAL = "(left out: personal)"
_ASSETS = re.compile(r"\.(?:css|js|mjs|map|png|jpe?g|gif|svg|ico|webp|avif|bmp|woff2?|ttf|otf|eot|mp4|webm|mp3|ogg)$", re.IGNORECASE)
LONGEST_NAME = 200
_PERSONAL = re.compile(r"@|%40|pass|pwd|token|session|secret|mail=|phone=|name=|login", re.IGNORECASE)
_SECRET = re.compile(r"(?:password|passwd|token|secret)[=:]", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-zA-Z][\w+.-]*:)?(?://)?(?:[^/?#@]*@)?(\[[0-9a-fA-F:.]+\]|[^/?#:@\s]+)")
_META = re.compile(r"(?<!\\)[\^$.|?*+()\[\]{}]|\\[a-zA-Z]")
_CODE = re.compile(r"(?<=/)(?:[0-9a-f]{8}-[0-9a-f-]{20,}|[0-9a-f]{16,}|\d{6,}|[A-Za-z0-9_-]{40,})(?=/|$)")
_CAMPAIGN = re.compile(r"[^\w .+-]+")
_PAID = ("gclid", "gbraid", "wbraid", "fbclid", "msclkid", "ttclid", "twclid", "li_fat_id", "yclid", "dclid")
_AI, _SEARCH, _SOCIAL = "AI assistant", "search", "social"


@dataclass(frozen=True, slots=True)
class Page:
    """A page by name. `personal`: something that looks like a person's was dropped from it."""

    name: str
    is_asset: bool
    personal: bool


@dataclass(frozen=True, slots=True)
class Query:
    """What of a query may be kept: the campaign, `""` if it names none. `personal`: something that looks like a person's was dropped."""

    campaign: str
    personal: bool


def page(path: str) -> Page:
    """The page of a request's path: no fragment, no long number or code, no address of a person."""
    path = path.partition("#")[0]
    if not path.startswith("/"):
        try:
            path = urlsplit(path).path or "/"
        except ValueError:
            path = "/"
    plain = unquote(path, errors="replace")
    if "@" in plain or _SECRET.search(plain):
        return Page(PERSONAL, bool(_ASSETS.search(path)), personal=True)
    return Page(_CODE.sub("*", shown(plain))[:LONGEST_NAME], bool(_ASSETS.search(path)), personal=False)


def query(text: str) -> Query:
    """Of a query only the campaign is kept, whatever else it says."""
    return Query(campaign(text), bool(_PERSONAL.search(text)))


def campaign(query: str) -> str:
    """`source / medium / campaign` of a query's utm parameters; a click id alone says only that it was paid, and is dropped."""
    low = query.lower()
    if ("utm_" not in low and "id=" not in low) or query.count("&") >= 50:
        return ""
    given = dict(parse_qsl(low, errors="replace", max_num_fields=50))
    said = [given.get(f"utm_{part}", "") for part in ("source", "medium", "campaign")]
    if any(said):
        if any("@" in part or re.search(r"\d{6}", part) for part in said):
            return PERSONAL
        return " / ".join(_CAMPAIGN.sub("", part)[:40].strip() or "-" for part in said)
    return next((f"paid click ({name})" for name in _PAID if name in given), "")


def referrer(text: str, sites: tuple[str, ...]) -> str | None:
    """Who sent a visitor: `search: Google`, `social: Bluesky`, a host, `(direct)`, `(own site)`; None for a spammer."""
    if text in {"", "-"}:
        return DIRECT
    found = _HOST.match(text)
    host = found[1].lower().removeprefix("www.") if found else ""
    host = shown(host)[:80]
    if not host or "@" in host:
        return OTHER
    if host in sites or host.endswith(tuple(f".{site}" for site in sites)):
        return OWN
    if _is_spammer(host):
        return None
    known = _known_referrers()
    for name in _parents(host):
        if name in known:
            return known[name]
    brand = _brand(host)
    return known.get(f"{brand}.{{}}", host) if brand else host


def _brand(host: str) -> str:
    """The name before the ending of a country or kind: `google` of `www.google.co.uk`."""
    parts = host.split(".")
    if len(parts) < 2 or not 2 <= len(parts[-1]) <= 3:
        return ""
    return parts[-3] if len(parts) > 2 and parts[-2] in {"co", "com", "org", "net"} else parts[-2]


def _parents(host: str) -> list[str]:
    parts = host.split(".")
    return [".".join(parts[at:]) for at in range(max(1, len(parts) - 1))]


def _is_spammer(host: str) -> bool:
    return not _spammers().isdisjoint(_parents(host))


@cache
def _spammers() -> frozenset[str]:
    return frozenset(_data("spammers.txt").split())


@cache
def _known_referrers() -> dict[str, str]:
    import yaml

    read = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where PyYAML was built with it
    known: dict[str, str] = {}
    for file, kind in (("SearchEngines.yml", _SEARCH), ("Socials.yml", _SOCIAL), ("AIAssistants.yml", _AI)):
        for name, entries in yaml.load(_data(file), read).items():  # noqa: S506 - either is a safe one
            urls = [url for entry in entries for url in (entry.get("urls", ()) if isinstance(entry, dict) else (entry,))]
            known.update({url.removeprefix("www."): f"{kind}: {name}" for url in urls if "/" not in url})
    return known


@cache
def _robots() -> tuple[tuple[str, ...], re.Pattern[str]]:
    """The list's plain words, and one pattern for the rest: words are sought a hundred times as fast."""
    lines = [line for line in _data("robots.txt").splitlines() if line]
    plain = [line.replace("\\", "") for line in lines if not _META.search(line)]
    return tuple(word.lower() for word in plain), re.compile("|".join(f"(?:{line})" for line in lines if _META.search(line)), re.IGNORECASE)


def is_robot(agent: str) -> bool:
    """Whether a program says that it is one (COUNTER's list of robots); nobody at all is a robot too."""
    low, (words, pattern) = agent.lower(), _robots()
    return agent in {"", "-"} or any(map(low.__contains__, words)) or bool(pattern.search(agent))


def device(agent: str) -> str:
    """The kind of device: `phone`, `tablet`, `desktop` or `other`. Nothing finer is kept."""
    low = agent.lower()
    if "ipad" in low or "tablet" in low or ("android" in low and "mobile" not in low):
        return "tablet"
    if "mobi" in low or "iphone" in low or "android" in low:
        return "phone"
    return "desktop" if any(word in low for word in ("windows", "macintosh", "x11", "linux", "cros")) else "other"


def shown(text: str) -> str:
    """A text of printable letters alone."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _data(name: str) -> str:
    return resources.files("upheld.traffic").joinpath("data", name).read_text("utf-8")
