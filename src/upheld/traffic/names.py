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
_CODE = re.compile(
    r"(?<=/)(?:[0-9a-fA-F]{8}-[0-9a-fA-F-]{20,}|[0-9a-fA-F]{16,}|\d{6,}|[A-Za-z0-9_-]{40,}|[\w-]{16,}\.[\w-]{16,}\.[\w-]{16,})(?=/|$)"
)
_AFTER_SECRET = re.compile(r"(/(?:[\w-]*[_-])?(?:token|reset|password)s?(?:[_-][\w-]*)?/).+", re.IGNORECASE)
_IDENTIFIER = re.compile(
    r"(?<![0-9a-f:])(?=[a-f:]*[0-9])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?:(?:\.\d{1,3}){3})?(?![0-9a-f:])"  # IPv6
    r"|(?<!\d)(?:\d{1,3}\.){3}\d{1,3}(?!\d)"  # IPv4
    r"|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"  # UUID
    r"|\d[\d -]{6,}\d"  # a telephone, customer or card number
    r"|eyj[\w=-]{6,}(?:\.[\w=-]*)+",  # a web token
    re.IGNORECASE,
)
_RUN = re.compile(r"\d[\d -]{6,}\d")
_PARAMETERS = re.compile(r";[^/]*")
_UNQUOTINGS = 4
_LONGEST_LOOKED_AT = 4096
"""Letters of a path or campaign that are looked at: far more than a name has, few enough that no path costs much."""
_SMALL = re.compile(r"\\.|[A-Z]")
_CAMPAIGN = re.compile(r"[^\w .*+-]+")
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
    """The page of a request's path: no fragment, no path parameter, no long number or code, no address of a person or of a machine."""
    path = path.partition("#")[0]
    if not path.startswith("/"):
        try:
            path = urlsplit(path).path or "/"
        except ValueError:
            path = "/"
    plain = _unquoted(path)
    secretive = plain is not None and _is_secretive(plain)
    if plain is None or "@" in plain or (secretive and _SECRET.search(plain)):
        return Page(PERSONAL, bool(_ASSETS.search(path)), personal=True)
    plain = plain.partition("?")[0]
    plain = (_PARAMETERS.sub("", plain) if ";" in plain else plain) or "/"
    name = shown(plain[:_LONGEST_LOOKED_AT])
    name = _AFTER_SECRET.sub(r"\1*", name) if secretive else name
    name = _without_identifiers(_CODE.sub("*", name))
    return Page(name[:LONGEST_NAME], bool(_ASSETS.search(plain)), personal=False)


def _is_secretive(text: str) -> bool:
    """Whether a pattern of secrets is worth trying: plain words are sought ten times as fast."""
    low = text.lower()
    return "token" in low or "passw" in low or "secret" in low or "reset" in low


def _without_identifiers(text: str) -> str:
    """A text whose addresses of machines, long numbers and keys are `*`; the pattern is tried only where one of them can be."""
    return _IDENTIFIER.sub("*", text) if _may_identify(text) else text


def _may_identify(text: str) -> bool:
    return text.count(":") > 1 or text.count(".") > 2 or text.count("-") > 3 or "eyj" in text.lower() or _RUN.search(text) is not None


def _unquoted(text: str) -> str | None:
    """A text without per cent signs that hide letters, however often they were hidden; None if that has no end."""
    for _ in range(_UNQUOTINGS):
        plain = unquote(text, errors="replace")
        if plain == text:
            return text
        text = plain
    return None


def query(text: str) -> Query:
    """Of a query only the campaign is kept, whatever else it says."""
    return Query(campaign(text), bool(_PERSONAL.search(text)))


def campaign(query: str) -> str:
    """`source / medium / campaign` of a query's utm parameters; a click id alone says only that it was paid, and is dropped."""
    low = query.lower()
    if ("utm_" not in low and "id=" not in low) or query.count("&") >= 50:
        return ""
    given = dict(parse_qsl(low, errors="replace", max_num_fields=50))
    said = [_unquoted(given.get(f"utm_{part}", "")) for part in ("source", "medium", "campaign")]
    if any(part != "" for part in said):
        if any(part is None or "@" in part or re.search(r"\d{6}", part) for part in said):
            return PERSONAL
        return " / ".join(_CAMPAIGN.sub("", _without_identifiers((part or "")[:_LONGEST_LOOKED_AT]))[:40].strip() or "-" for part in said)
    return next((f"paid click ({name})" for name in _PAID if name in given), "")


def referrer(text: str, sites: tuple[str, ...]) -> str | None:
    """Who sent a visitor: `search: Google`, `social: Bluesky`, a host, `(direct)`, `(own site)`; None for a spammer.

    A host that is the address of a machine, or bears one or another long number, is `(other)`: it may be a visitor's own.
    """
    if text in {"", "-"}:
        return DIRECT
    found = _HOST.match(text)
    host = found[1].lower().removeprefix("www.") if found else ""
    host = shown(host)[:80]
    if not host or "@" in host or "%" in host:
        return OTHER
    if host in sites or host.endswith(tuple(f".{site}" for site in sites)):
        return OWN
    parents = _parents(host)
    if not _spammers().isdisjoint(parents):
        return None
    known = _known_referrers()
    for name in parents:
        if name in known:
            return known[name]
    if _may_identify(host) and _IDENTIFIER.search(host):
        return OTHER
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
def _robots() -> tuple[tuple[str, ...], re.Pattern[str], re.Pattern[str]]:
    """The list's plain words, its patterns for the beginning of a name, and those for any place; all of small letters.

    Words are sought a hundred times as fast as patterns, and patterns for the beginning are tried there alone.
    """
    lines = _SMALL.sub(lambda found: found[0].lower() if len(found[0]) == 1 else found[0], _data("robots.txt")).splitlines()
    words = tuple(line.replace("\\", "") for line in lines if line and not _META.search(line))
    patterns = [line for line in lines if _META.search(line)]
    first, anywhere = ("|".join(f"(?:{line})" for line in patterns if line.startswith("^") == begins) for begins in (True, False))
    return words, re.compile(first), re.compile(anywhere)


def is_robot(agent: str) -> bool:
    """Whether a program says that it is one (COUNTER's list of robots); nobody at all is a robot too."""
    low, (words, first, anywhere) = agent.lower(), _robots()
    return agent in {"", "-"} or any(map(low.__contains__, words)) or bool(first.match(low) or anywhere.search(low))


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
