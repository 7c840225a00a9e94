"""The rule that every page of the console is built on: who is signed in, which purposes their role may ask for, and purpose first.

::

    @staff("rights")                           a page for roles that the posted policy lets ask for `rights`, or for any other named
    def page(request): request.member ...      `Member`: name, role, purposes (of those named here), `actor` for actions

    @staff("rights", shows="request")          a page that shows a person: it asks for the purpose first, writes one entry `staff.read`
    def page(request, number): ...             for this subject (`number` of the address), and only then runs; `request.purpose` is it

    @staff()                                   any member of the staff (a page that shows nobody)

Nobody is let in without a second factor (or the company's own sign-in). A branch (`marketing`) stands for its leaves. A reading lasts a
quarter of an hour, for one subject and browser; then the purpose is asked for anew. What a page shows of a person's items it asks of
`upheld.gate.staff.items` with `request.purpose`. Whoever acts on a person passes `request.member.actor` on: the ledger names the role.

A new page: its address in `urls.py`, its entry in `entries.py`, its test with the fixture `desk` (tests/web/conftest.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from upheld.errors import NotFound, Refused
from upheld.gate import staff as gate
from upheld.policy.compiled import Policy
from upheld.policy.voice import Voice
from upheld.record import Actor, micros
from upheld.web.console import accounts
from upheld.web.surroundings import surroundings

Page = Callable[..., HttpResponse]
READING: Final = timedelta(minutes=15)
MOST: Final = 40  # readings that one session remembers
_READINGS: Final = "readings"


@dataclass(frozen=True, slots=True)
class Member:
    """Who is signed in: their address as name, the role they act in, and the purposes that this page may serve for them."""

    name: str
    role: str
    purposes: tuple[str, ...]

    @property
    def actor(self) -> Actor:
        """Who acts, for the ledger."""
        return Actor(self.name, self.role)


def staff(*purposes: str, shows: str | None = None) -> Callable[[Page], Page]:
    """Let a page be seen by staff whose role may ask for one of the purposes; if it shows a person, for a stated one. See the module."""

    def around(page: Page) -> Page:
        @wraps(page)
        def checked(request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:  # noqa: ANN401 - whatever the address holds
            account = accounts.signed_in(request)
            if account is None:
                return _to_sign_in(request)
            policy = _policy()
            request.member = _member(policy, account, purposes)
            if shows is not None:
                subject = next(iter(more.values()), None)
                if request.method == "POST" and "purpose" in request.POST:
                    return _open(request, policy, shows, subject)
                request.purpose = opened(request, shows, subject)
                if request.purpose is None:
                    return _ask(request, policy, shows)
            return page(request, *args, **more)

        return checked

    return around


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in; whoever came by a link and has no factor yet, to where they add one. A session that proves too little ends."""
    if request.user.is_authenticated and request.session.get(accounts.BEGUN):
        return redirect("mfa_index")
    if request.user.is_authenticated:
        logout(request)
    return redirect(f"{reverse('account_login')}?{urlencode({'next': request.path})}")


def _policy() -> Policy:
    try:
        with surroundings().reading() as (_conn, posted):
            return posted.policy
    except NotFound as no:  # the page is here; what it rests on is not
        raise Refused(str(no)) from no


def _member(policy: Policy, account: accounts.Account, purposes: tuple[str, ...]) -> Member:
    if account.role not in {role for role, _clause, _may in policy.staff}:
        raise Refused(f"the policy in force names no role `{account.role}`: `upheld staff role` gives another")
    may = gate.purposes_of(policy, account.role, purposes)
    if purposes and not may:
        asked = " or ".join(f"`{purpose}`" for purpose in purposes)
        raise Refused(f"`{account.role}` staff may not ask for {asked}: the `staff` statements of the policy say who may")
    return Member(account.name, account.role, may)


def opened(request: HttpRequest, shows: str, subject: int | None) -> str | None:
    """The purpose for which this browser reads about a subject now; None if it must be asked for."""
    purpose, until = request.session.get(_READINGS, {}).get(f"{shows} {subject}", (None, 0))
    return purpose if until > micros(surroundings().now()) and purpose in request.member.purposes else None


def close(request: HttpRequest, shows: str, subject: int | None = None) -> None:
    """End a reading: the next look asks for the purpose anew."""
    readings = dict(request.session.get(_READINGS, {}))
    readings.pop(f"{shows} {subject}", None)
    request.session[_READINGS] = readings


def _ask(request: HttpRequest, policy: Policy, shows: str) -> HttpResponse:
    voice = Voice.of(policy.document.statements).to_staff()
    purposes = [(purpose, voice.purposes((purpose,))) for purpose in request.member.purposes]
    lost = request.method == "POST"  # what was sent after the reading had ended is not done
    return render(request, "console/purpose.html", {"purposes": purposes, "shows": shows, "lost": lost}, status=409 if lost else 200)


def _open(request: HttpRequest, policy: Policy, shows: str, subject: int | None) -> HttpResponse:
    """Record the reading, remember it, and lead to the page by its own address."""
    around, purpose = surroundings(), request.POST["purpose"]
    if purpose not in request.member.purposes:
        gate.demand(policy, purpose, request.member.actor)
        raise NotFound(f"this page serves no `{purpose}`: choose one of those it names")
    now = around.now()
    with around.record.transaction() as tx:
        gate.read(tx, policy, purpose, shows, subject, at=now, actor=request.member.actor)
    readings = dict(list(request.session.get(_READINGS, {}).items())[-MOST:])
    request.session[_READINGS] = readings | {f"{shows} {subject}": (purpose, micros(now + READING))}
    return redirect(request.get_full_path())
