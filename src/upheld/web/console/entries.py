"""The entries of the console's navigation: what a role may not open is not shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from upheld.errors import No
from upheld.gate.staff import purposes_of
from upheld.web.console import accounts
from upheld.web.surroundings import surroundings


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: the name of its address, what it is called, and the purposes of which a role needs one; none: everybody."""

    page: str
    label: str
    purposes: tuple[str, ...] = ()


ENTRIES: Final = (
    Entry("start", _("Overview")),
    Entry("intake", _("Phone intake"), ("rights",)),
    Entry("requests", _("Requests"), ("rights",)),
    Entry("person", _("A person")),
    Entry("releases", _("Releases")),
    Entry("recipients", _("Recipients")),
    Entry("visits", _("Visits"), ("measurement",)),
    Entry("policies", _("Policy")),
    Entry("sites", _("Our sites"), ("measurement", "audit")),
    Entry("evidence", _("Evidence"), ("audit",)),
)
"""All of them, in their order. An address that is not there yet shows no entry."""


def entries(request: HttpRequest) -> list[tuple[str, str, str]]:
    """For templates: the address, the words and the page's name of each entry that whoever is signed in may open."""
    account = accounts.signed_in(request)
    if account is None:
        return []
    try:
        with surroundings().reading() as (_conn, posted):
            return [
                (address, str(each.label), each.page)
                for each in ENTRIES
                if (address := _address(each.page)) and (not each.purposes or purposes_of(posted.policy, account.role, each.purposes))
            ]
    except No:  # no policy, or none with this role: the page itself says so
        return []


def _address(page: str) -> str | None:
    try:
        return str(reverse(page))
    except NoReverseMatch:
        return None
