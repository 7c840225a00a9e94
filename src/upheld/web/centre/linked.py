"""Sites of others that ours link to (P13): a list with their policies, and a notice on leaving. Only what is listed is led to."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from upheld.errors import NotFound
from upheld.policy.behaviour import notice_on_leaving
from upheld.traffic.links import FILE, is_web, read_links
from upheld.web.surroundings import surroundings


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
    host = urlsplit(to).hostname if is_web(to) else None
    site = next((each for each in read_links(surroundings().home.path / FILE) if host and each.host == host), None)
    if site is None:
        raise NotFound("this address is not among the linked sites: list it in `links.toml`")
    return render(request, "centre/leaving.html", {"site": site, "to": to})
