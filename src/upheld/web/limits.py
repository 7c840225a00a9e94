"""How often one neighbourhood of the network may send a form: bounded, in memory, and without keeping anybody's address.

An address is cut to its network (/24, or /48 of IPv6) and hashed under a key that dies with the process; the count is forgotten after the
period. So a flood from one place is slowed, and nothing says who came.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address, ip_network
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_KEY: Final = secrets.token_bytes(32)
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
    hashed = hashlib.blake2b(f"{name}|{of}".encode("utf-8", "surrogatepass"), key=_KEY, digest_size=16).hexdigest()
    key = f"limit:{hashed}"
    cache.add(key, 0, timeout=seconds)
    try:
        count = cache.incr(key)
    except ValueError:  # forgotten between the two lines
        return False
    return int(count) > times


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
