"""How often one neighbourhood of the network may send a form: over all processes of a site, and without keeping anybody's address.

An address is cut to its network (/24, or /48 of IPv6) and hashed under a key of the home and the day; the count lies in the site's own
database and is deleted after its period. So a flood from one place is slowed, and nothing says who came.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address, ip_network
from typing import Any, Final

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from upheld.web.surroundings import LIMITS, surroundings

DAY: Final = 24 * 3600
TABLE: Final = "CREATE TABLE IF NOT EXISTS limit_count (name varchar(64) PRIMARY KEY, times bigint NOT NULL, until bigint NOT NULL)"
INDEX: Final = "CREATE INDEX IF NOT EXISTS limit_count_until ON limit_count (until)"
FORGET: Final = "DELETE FROM limit_count WHERE until <= %s"
COUNT: Final = (
    "INSERT INTO limit_count (name, times, until) VALUES (%s, 1, %s)"
    " ON CONFLICT (name) DO UPDATE SET times = limit_count.times + 1 RETURNING times"
)
Page = Callable[..., HttpResponse]


def neighbourhood(address: str) -> str:
    """The network of an address; what cannot be read is one network of its own."""
    try:
        read = ip_address(address)
    except ValueError:
        return "unknown"
    mapped = getattr(read, "ipv4_mapped", None)
    read = mapped or read
    return str(ip_network(f"{read}/{24 if read.version == 4 else 48}", strict=False))


def address_of(request: HttpRequest) -> str:
    """Where a request comes from. Behind a proxy, what the proxy itself says: the last entry, for all before it can be made up."""
    if settings.BEHIND_PROXY:
        return str(request.headers.get("X-Forwarded-For", "")).rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def exceeded(name: str, address: str, times: int, seconds: int) -> bool:
    """Count one more from a neighbourhood; whether it is more than so many times in so many seconds."""
    return counted(name, neighbourhood(address), times, seconds)


def counted(name: str, of: str, times: int, seconds: int) -> bool:
    """Count one more of anything, which is not kept; whether it is more than so many times in so many seconds."""
    now = int(time.time())
    with connections[LIMITS].cursor() as cursor:
        cursor.execute(FORGET, [now])
        cursor.execute(COUNT, [hashed(f"{name}|{of}", str(seconds), now // DAY), now + seconds])
        return int(cursor.fetchone()[0]) > times


def hashed(key: str, prefix: str, version: int) -> str:
    """What is written down in place of what is counted. Also Django's own counts (failed sign-ins) are called so."""
    said = f"{prefix}|{version}|{key}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, key=surroundings().limits_key, digest_size=16).hexdigest()


def make() -> None:
    """Make the table of counts, as a site begins to serve."""
    with connections[LIMITS].cursor() as cursor:
        cursor.execute(TABLE)
        cursor.execute(INDEX)


def too_often(request: HttpRequest, seconds: int = 300) -> HttpResponse:
    """429: a page that says when to try again."""
    answer = render(request, "errors/too_often.html", {"minutes": -(-seconds // 60)}, status=429)
    answer["Retry-After"] = str(seconds)
    return answer


def limited(name: str, times: int, seconds: int) -> Callable[[Page], Page]:
    """Answer 429 to a form that one neighbourhood sends more than so many times in so many seconds. Reading a page is never limited."""

    def around(page: Page) -> Page:
        @wraps(page)
        def checked(request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:  # noqa: ANN401 - whatever the address holds
            if request.method == "POST" and exceeded(name, address_of(request), times, seconds):
                return too_often(request, seconds)
            return page(request, *args, **more)

        return checked

    return around
