"""Sites of others that ours link to (P13): a list with their policies, and a notice on leaving. Only what is listed is led to.

The merchant lists them in `links.toml` of the home::

    [[site]]
    name = "Harbor Freight Carriers"
    address = "https://carriers.example/"
    policy = "https://carriers.example/privacy"
    reviewed_on = 2026-03-01
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from upheld.errors import Invalid, NotFound
from upheld.policy.behaviour import notice_on_leaving
from upheld.web.surroundings import surroundings

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
    if not isinstance(name, str) or not _is_web(address) or not (policy is None or _is_web(policy)):
        raise Invalid("a site needs a `name` and an `address` that begins with https:// or http://", place=place)
    if not (reviewed is None or type(reviewed) is date):
        raise Invalid("`reviewed_on` is a day: write it as 2026-03-01, without quotes", place=place)
    return Linked(name, str(address), policy, reviewed)


def _is_web(address: object) -> bool:
    return isinstance(address, str) and urlsplit(address).scheme in {"http", "https"} and bool(urlsplit(address).hostname)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """All listed sites."""
    around = surroundings()
    with around.reading() as (_conn, posted):
        clause = notice_on_leaving(posted.policy)
    return render(request, "centre/linked.html", {"sites": read_links(around.home.path / FILE), "clause": clause})


@require_safe
def leaving(request: HttpRequest) -> HttpResponse:
    """The notice before a listed site: `?to=` names an address on its host. No other is led to: nobody can borrow our name."""
    to = request.GET.get("to", "")
    host = urlsplit(to).hostname if _is_web(to) else None
    site = next((each for each in read_links(surroundings().home.path / FILE) if host and each.host == host), None)
    if site is None:
        raise NotFound("this address is not among the linked sites: list it in `links.toml`")
    return render(request, "centre/leaving.html", {"site": site, "to": to})
