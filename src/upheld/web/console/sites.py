"""*Our sites*: what the last scan found, which tags of others may run and under which clause, what visitors chose, where pages lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from sqlalchemy import Connection

from upheld.errors import NotFound
from upheld.policy.compiled import Policy
from upheld.traffic import links
from upheld.traffic.panel import queries as panel
from upheld.traffic.panel.checking import Differs, clause_of
from upheld.traffic.panel.tags import Tag
from upheld.traffic.scanning import queries
from upheld.traffic.scanning.findings import RULES
from upheld.traffic.scanning.scanning import read_in
from upheld.web.console.staff import staff
from upheld.web.surroundings import surroundings

SHOWN: Final = 20  # scans
COUNTED: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Declared:
    """A tag for reading: the clause that speaks of it, and where it differs from the policy."""

    tag: Tag
    clause: str | None
    differs: tuple[Differs, ...]


@require_safe
@staff("measurement", "audit")
def page(request: HttpRequest) -> HttpResponse:
    """The newest scan, or an older one (`?scan=`), with everything that is held against it."""
    around = surroundings()
    now = around.now()
    with around.reading() as (conn, posted):
        promised = read_in(conn, around.home.path, posted.policy, now)
        said = {
            "scans": queries.scans(conn, SHOWN),
            "scan": _chosen(conn, request.GET.get("scan", "")),
            "declared": [_declared(tag, promised.differs, posted.policy) for tag in promised.tags.tags],
            "chosen": panel.counted(conn, now - COUNTED),
        }
    listed = {each.host: each for each in links.read_links(around.home.path / links.FILE)}
    scan = said["scan"]
    outbound = [(each, listed.get(each["host"])) for each in scan.report["outbound"]] if isinstance(scan, queries.Scan) else []
    return render(request, "console/sites.html", {**said, "outbound": outbound, "rules": RULES})


def _chosen(conn: Connection, number: str) -> queries.Scan | None:
    """The scan that was asked for, else the newest; None if none was made."""
    if number.isascii() and number.isdigit() and len(number) < 10:
        return queries.one(conn, int(number))
    try:
        return queries.last(conn)
    except NotFound:
        return None


def _declared(tag: Tag, differs: tuple[Differs, ...], policy: Policy) -> Declared:
    return Declared(tag, clause_of(tag, policy), tuple(each for each in differs if each.tag == tag.name))
