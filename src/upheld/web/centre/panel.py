"""The choice panel for the merchant's own pages: its script, and where a choice made in it is written down."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from sqlalchemy import Connection

from upheld.errors import Invalid, Refused
from upheld.postings.queries import Posted
from upheld.recipients.queries import facts
from upheld.recipients.terms import demanded
from upheld.traffic.panel import actions
from upheld.traffic.panel import script as scripts
from upheld.traffic.panel.tags import FILE, Tags, is_below, read_tags
from upheld.web.limits import limited
from upheld.web.surroundings import VISITOR, surroundings

LARGEST = 2000  # bytes of a choice


@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """`/panel.js`, for the pages of `sites`: the tags that the policy in force bears out, and no others."""
    around = surroundings()
    with around.reading() as (conn, posted):
        made = _panel(conn, posted, _tags())
    answer = HttpResponse(made.script, content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "public, max-age=300"  # a new policy holds within five minutes
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@csrf_exempt  # posted by pages of other hosts, without cookies of this one; what it says is about the sender alone
@require_POST
@limited("panel", 600, 600)
def choice(request: HttpRequest) -> HttpResponse:
    """`/panel/choice`: what a visitor chose. From pages of `sites` alone; kept without anything about who it was."""
    tags = _tags()
    _demand_own(request.headers.get("Origin", ""), tags)
    said = _read(request)
    around = surroundings()
    now = around.now()
    with around.writing() as (tx, posted):
        made = _panel(tx, posted, tags)
        actions.choose(tx, made, said["panel"], said["receipt"], said["allowed"], said["region"] or None, at=now, actor=VISITOR)
    answer = HttpResponse(status=204)
    if tags.domain:  # set by a server, a choice is kept for its twelve months in browsers too that forget sooner what scripts keep
        value = f"{int(now.timestamp()) // 86400}.{said['panel']}.{'+'.join(said['allowed'])}"
        answer.set_cookie(
            "upheld_choice", value, max_age=scripts.DAYS * 86400, domain=tags.domain, secure=request.is_secure(), samesite="Lax"
        )
    return answer


def _tags() -> Tags:
    return read_tags(surroundings().home.path / FILE)


def _panel(conn: Connection, posted: Posted, tags: Tags) -> scripts.Panel:
    now, terms = surroundings().now(), demanded(posted.policy.document.front.law)
    return scripts.panel(tags, posted.policy, lambda name, purpose: facts(conn, name, purpose, now, terms), settings.ADDRESS)


def _demand_own(origin: str, tags: Tags) -> None:
    """`Refused` unless a page of the merchant's sends it: nobody else's page chooses for its visitors."""
    host = urlsplit(origin).hostname or ""
    if not any(is_below(host, site) for site in tags.sites):
        raise Refused("this page is none of the merchant's: add its host to `sites` of `tags.toml`")


def _read(request: HttpRequest) -> dict[str, Any]:
    """The choice as the script sends it. `Invalid` for anything else."""
    unread = Invalid("this is no choice of the panel")
    if len(request.body) > LARGEST:
        raise unread
    try:
        said = json.loads(request.body)
    except (UnicodeDecodeError, ValueError):
        raise unread from None
    if not isinstance(said, dict) or set(said) != {"receipt", "allowed", "panel", "region"}:
        raise unread
    words = (said["receipt"], said["panel"], said["region"])
    if not all(isinstance(word, str) for word in words) or not isinstance(said["allowed"], list):
        raise unread
    if not all(isinstance(name, str) for name in said["allowed"]):
        raise unread
    return said
