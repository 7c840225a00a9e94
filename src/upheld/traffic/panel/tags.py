"""The tags of a merchant's sites, from `tags.toml` of the home: which code of others may run, what it notes, where it sends that.

::

    sites = ["shop.example"]                  the merchant's own hosts, with all below them
    rights = ["https://privacy.shop.example/choices"]
    cookies = ["session", "cart*"]            what the sites themselves need; likewise `storage`

    [[tag]]
    name = "visits"
    company = "Visit Counters Ltd"
    hosts = ["counters.example"]              where it loads from and sends to, with all below them
    script = "https://counters.example/c.js"  what the panel loads once a visitor allows it; else the page holds it, marked
    takes = ["tracking.pages"]                items of the policy
    purpose = "measurement"
    cookies = ["_vc*"]

What is not declared here does not run through the panel, and is a finding of a scan.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from upheld.errors import Invalid

FILE: Final = "tags.toml"
LARGEST: Final = 1 << 20
Asked = Literal["first", "never"]
ASKED: Final[dict[str, Asked]] = {"first": "first", "never": "never"}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})*")
_LISTS = ("hosts", "takes", "cookies", "storage")
_WORDS = ("name", "company", "script", "purpose", "recipient", "policy", "asked")


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag. `asked` is `never` for what the sites cannot do without: then its recipient must work for us, under contract.

    `takes` are items of the policy, noted for `purpose`; `recipient` is its short name in the register of recipients.
    """

    name: str
    company: str
    hosts: tuple[str, ...]
    takes: tuple[str, ...]
    purpose: str
    script: str | None = None
    cookies: tuple[str, ...] = ()
    storage: tuple[str, ...] = ()
    recipient: str | None = None
    policy: str | None = None  # where the company says what it does
    asked: Asked = "first"
    place: str = field(default="", compare=False)

    def has_host(self, host: str) -> bool:
        """Whether a host is the tag's, or below one of them."""
        return any(is_below(host, each) for each in self.hosts)

    def keeps(self, name: str, *, cookie: bool) -> bool:
        """Whether a cookie, or a key of the browser's storage, of that name is declared."""
        return any(fnmatchcase(name, each) for each in (self.cookies if cookie else self.storage))


@dataclass(frozen=True, slots=True)
class Tags:
    """All that `tags.toml` declares. `cookies` and `storage` are what the sites themselves need; `domain` is that of the panel's cookie."""

    sites: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()
    storage: tuple[str, ...] = ()
    domain: str | None = None
    tags: tuple[Tag, ...] = ()

    def of_host(self, host: str) -> Tag | None:
        """The tag that a host belongs to."""
        return next((tag for tag in self.tags if tag.has_host(host)), None)

    def of_name(self, name: str, *, cookie: bool) -> Tag | None:
        """The tag that a cookie or a key of storage belongs to."""
        return next((tag for tag in self.tags if tag.keeps(name, cookie=cookie)), None)

    def is_own(self, name: str, *, cookie: bool) -> bool:
        """Whether the sites themselves need a cookie or a key of that name. The panel's own memory is."""
        return any(fnmatchcase(name, each) for each in (*(self.cookies if cookie else self.storage), "upheld_*"))


def is_below(host: str, outer: str) -> bool:
    """Whether a host is `outer` or below it."""
    return host == outer or host.endswith(f".{outer}")


def read_tags(path: Path) -> Tags:
    """What the file declares; nothing if there is none. `Invalid`, with its place, for what cannot be understood."""
    if not path.exists():
        return Tags()
    try:
        raw = path.read_bytes()
        if len(raw) > LARGEST:
            raise Invalid("the tags are larger than 1 MiB: this is no list of tags", place=str(path))
        given = tomllib.loads(raw.decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Invalid("the tags cannot be read: mend the file", place=str(path)) from error
    known = {"sites", "rights", "cookies", "storage", "domain", "tag"}
    for name in given:
        if name not in known:
            raise Invalid(f"unknown setting `{name[:40]}`: there are {', '.join(f'`{each}`' for each in sorted(known))}", place=str(path))
    sites, domain = _list(given, "sites", str(path)), given.get("domain")
    for host in (*sites, *([domain] if domain is not None else [])):
        _demand_host(host, str(path))
    rights = _list(given, "rights", str(path))
    for address in rights:
        _demand_address(address, "rights", str(path))
    listed = given.get("tag", [])
    if not isinstance(listed, list):
        raise Invalid("a tag begins with `[[tag]]`", place=str(path))
    tags = tuple(_tag(each, f"{path}, tag {number}") for number, each in enumerate(listed, 1))
    _demand_different(tags)
    own = {name: _list(given, name, str(path)) for name in ("cookies", "storage")}
    return Tags(sites=sites, rights=rights, domain=domain, tags=tags, **own)


def _tag(given: Any, place: str) -> Tag:  # noqa: ANN401 - whatever the file holds
    if not isinstance(given, dict):
        raise Invalid("a tag begins with `[[tag]]`", place=place)
    for name in given:
        if name not in (*_LISTS, *_WORDS):
            raise Invalid(f"unknown setting `{name[:40]}`: a tag has {', '.join(f'`{each}`' for each in (*_WORDS, *_LISTS))}", place=place)
    words = {name: _word(given, name, place) for name in _WORDS if name in given}
    lists = {name: _list(given, name, place) for name in _LISTS}
    for needed in ("name", "company", "purpose"):
        if not words.get(needed):
            raise Invalid(f"a tag needs `{needed}`", place=place)
    for needed in ("hosts", "takes"):
        if not lists[needed]:
            raise Invalid(f"a tag needs `{needed}`: a list with at least one", place=place)
    if not _NAME.fullmatch(words["name"]):
        raise Invalid("the `name` of a tag is lower-case letters, digits and `-`", place=place)
    asked = ASKED.get(words.pop("asked", "first"))
    if asked is None:
        raise Invalid("`asked` is `first` or `never`", place=place)
    for host in lists["hosts"]:
        _demand_host(host, place)
    for name in ("script", "policy"):
        if name in words:
            _demand_address(words[name], name, place)
    tag = Tag(asked=asked, place=place, **words, **lists)  # type: ignore[arg-type]
    if tag.script and not tag.has_host(urlsplit(tag.script).hostname or ""):
        raise Invalid("`script` loads from a host that is not among `hosts`: add it there", place=place)
    return tag


def _word(given: dict[str, Any], name: str, place: str) -> str:
    value = given[name]
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        raise Invalid(f"`{name}` must be a text in quotes", place=place)
    return value.strip()


def _list(given: dict[str, Any], name: str, place: str) -> tuple[str, ...]:
    value = given.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        raise Invalid(f'`{name}` must be a list of texts: `["one", "two"]`', place=place)
    return tuple(each.strip() for each in value)


def _demand_host(host: object, place: str) -> None:
    if not isinstance(host, str) or len(host) > 253 or not _HOST.fullmatch(host):
        raise Invalid(f"`{str(host)[:60]}` is no host name: write it as `shop.example`, in lower case, without `https://`", place=place)


def _demand_address(address: str, name: str, place: str) -> None:
    try:
        url = urlsplit(address)
        good = url.scheme in {"http", "https"} and bool(url.hostname) and not url.username
    except ValueError:
        good = False
    if not good:
        raise Invalid(f"`{name}` must be an address that begins with https:// or http://", place=place)


def _demand_different(tags: tuple[Tag, ...]) -> None:
    seen: dict[str, str] = {}
    for tag in tags:
        for what, name in (("the name", tag.name), *(("the host", host) for host in tag.hosts)):
            if seen.setdefault(f"{what} `{name}`", tag.name) is not tag.name or (what == "the name" and tags.count(tag) > 1):
                raise Invalid(f"{what} `{name}` is declared twice: a tag is declared once", place=tag.place)
