"""Sites of others that ours link to (P13), as the merchant lists them in `links.toml` of the home.

::

    [[site]]
    name = "Harbor Freight Carriers"
    address = "https://carriers.example/"
    policy = "https://carriers.example/privacy"
    reviewed_on = 2026-03-01
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from upheld.errors import Invalid

FILE: Final = "links.toml"


@dataclass(frozen=True, slots=True)
class Linked:
    """One site of somebody else. `reviewed_on`: when its policy was last read by us, if it was."""

    name: str
    address: str
    policy: str | None
    reviewed_on: date | None

    @property
    def host(self) -> str:
        """Its host name."""
        return urlsplit(self.address).hostname or ""


def read_links(path: Path) -> tuple[Linked, ...]:
    """The listed sites; none if there is no file. `Invalid` with its place for what cannot be understood."""
    if not path.exists():
        return ()
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Invalid("the list of linked sites cannot be read: mend the file", place=str(path)) from error
    sites = given.get("site", [])
    if not isinstance(sites, list) or set(given) - {"site"}:
        raise Invalid("the list of linked sites holds `[[site]]` only", place=str(path))
    return tuple(_linked(each, f"{path}, site {number}") for number, each in enumerate(sites, 1))


def _linked(given: Any, place: str) -> Linked:  # noqa: ANN401 - whatever the file holds
    if not isinstance(given, dict) or set(given) - {"name", "address", "policy", "reviewed_on"}:
        raise Invalid("a site has `name`, `address`, `policy` and `reviewed_on`", place=place)
    name, address, policy, reviewed = (given.get(key) for key in ("name", "address", "policy", "reviewed_on"))
    if not isinstance(name, str) or not is_web(address) or not (policy is None or is_web(policy)):
        raise Invalid("a site needs a `name` and an `address` that begins with https:// or http://", place=place)
    if not (reviewed is None or type(reviewed) is date):
        raise Invalid("`reviewed_on` is a day: write it as 2026-03-01, without quotes", place=place)
    return Linked(name, str(address), policy, reviewed)


def is_web(address: object) -> bool:
    """Whether it is the address of a page."""
    try:
        url = urlsplit(address) if isinstance(address, str) else None
    except ValueError:  # such as half of an IPv6 address
        return False
    return url is not None and url.scheme in {"http", "https"} and bool(url.hostname)


def proposal(words: str, address: str) -> str:
    """An entry of the file for a site, for a person to finish: its name is what the link says."""
    name = " ".join(words.split())[:80] or urlsplit(address).hostname
    said = (f"name = {json.dumps(name, ensure_ascii=False)}", f"address = {json.dumps(address)}")
    return "\n".join(("[[site]]", *said, '# policy = "https://"', "# reviewed_on = 2026-01-01", ""))
