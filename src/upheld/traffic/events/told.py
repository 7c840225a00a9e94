"""What a page tells, read: a kind of event, the page with its campaign, who sent the visitor. Anything else is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from upheld.errors import Invalid
from upheld.traffic.parsing.split import Row
from upheld.traffic.reader import STEPS

LARGEST: Final = 2048
"""Bytes of one event."""
PAGE: Final = "page"
STEP_PAGES: Final = {step: f"/({step})" for step in STEPS[1:]}
"""The page that a conversion is counted under: none of the site's own."""
_LONGEST: Final = 1000


def event(body: bytes, *, address: str, agent: str, hour: int) -> Row:
    """The event of a POST, `{"e": "page", "p": "/basket?utm_source=mail", "r": "https://search.example"}`. `Invalid` for anything else."""
    if len(body) > LARGEST:
        raise Invalid(f"an event has at most {LARGEST} bytes")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("an event is JSON: `e`, `p` and `r`") from None
    if not isinstance(said, dict) or not {"e", "p"} <= set(said) <= {"e", "p", "r"}:
        raise Invalid("an event has `e`, `p` and `r`, and nothing else")
    return row(said, address=address, agent=agent, hour=hour)


def row(said: Mapping[str, Any], *, address: str, agent: str, hour: int) -> Row:
    """An event as the reader of logs takes it in. It lives until the reader has made numbers of it, and is never written down."""
    kind, page, referrer = said["e"], said["p"], said.get("r", "")
    if not all(isinstance(each, str) and len(each) <= _LONGEST for each in (kind, page, referrer)):
        raise Invalid(f"`e`, `p` and `r` are texts of at most {_LONGEST} letters")
    if kind != PAGE and kind not in STEP_PAGES:
        raise Invalid(f"`e` is `page`, {', '.join(f'`{step}`' for step in STEP_PAGES)}")
    if not page.startswith("/"):
        raise Invalid("`p` is the page's path, from its first `/`")
    path, mark, query = page.partition("?")
    target = (path if kind == PAGE else STEP_PAGES[kind]) + mark + query
    return Row(address, target, referrer, agent, hour, 200, 0, -1, signal=False)


def of_image(query: Mapping[str, str], page: str) -> dict[str, str]:
    """What an image tells: its own parameters, else the page that holds it, as far as the browser says (`Referer`)."""
    told = {name: query[name] for name in ("e", "p", "r") if name in query}
    url = urlsplit(page)
    return {"e": PAGE, "p": (url.path or "/") + (f"?{url.query}" if url.query else ""), **told}
