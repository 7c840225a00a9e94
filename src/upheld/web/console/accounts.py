"""Accounts of the staff: made by a command, one role each, known by their address.

Who somebody is, `allauth` finds out; what they may, the policy says. Accounts lie in the console's own database; that one was made, changed
or ended stands in the ledger, by number and role (`outbox`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpRequest
from django.utils.http import base36_to_int, int_to_base36

from upheld.errors import Conflict, Invalid, NotFound
from upheld.ledger.kinds import NUMBER, WORD, declare
from upheld.policy.behaviour import staff_purposes
from upheld.postings.queries import in_force
from upheld.record import Actor, Record
from upheld.web.console import outbox

ADDED: Final = declare("staff.added", "a member of the staff was given an account, in a role", staff=NUMBER, role=WORD)
MOVED: Final = declare("staff.moved", "a member of the staff was given another role", staff=NUMBER, role=WORD)
ENDED: Final = declare("staff.ended", "a member of the staff can sign in no more", staff=NUMBER)
INVITED: Final = declare(
    "staff.invited", "what a member of the staff signs in by was put aside; they get a link to begin anew", staff=NUMBER
)

SECOND: Final = ("mfa", "socialaccount")
"""How one proves who one is beyond a password: a factor of one's own, or the company's sign-in."""
BEGUN: Final = "begun"
"""What a session holds that came by a one-time link, until a factor is added."""


@dataclass(frozen=True, slots=True)
class Account:
    """One member of the staff: number, address, role, whether they may sign in, by which factors, and when they last did."""

    number: int
    name: str
    role: str
    active: bool
    factors: tuple[str, ...] = ()
    seen_at: datetime | None = None


def signed_in(request: HttpRequest) -> Account | None:
    """Who has proven themselves in this session, by a second factor or the company's sign-in; None for anybody else."""
    user = request.user
    if not user.is_authenticated or not user.is_active:
        return None
    if not any(each.get("method") in SECOND for each in get_authentication_records(request, user)):
        return None
    role = user.groups.values_list("name", flat=True).first()
    return Account(user.pk, user.email, role, active=True) if role else None


def add(record: Record, address: str, role: str, *, at: datetime, actor: Actor) -> Account:
    """Make an account without any means to sign in: `link` gives the one-time link. `Conflict` if there is one."""
    address = address.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid("an account is named by the person's e-mail address: write it as name@shop.example") from None
    users = get_user_model().objects
    if users.filter(username=address).exists():
        raise Conflict("there is an account of this address already: `upheld staff list` shows them")
    _demand_role(record, role, at)
    with _changing(record, at):
        user = users.create_user(address, address, None)
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
        user.groups.add(Group.objects.get_or_create(name=role)[0])
        outbox.put(ADDED, {"staff": user.pk, "role": role}, at, actor)
    return _account(user)


def set_role(record: Record, address: str, role: str, *, at: datetime, actor: Actor) -> Account:
    """Give another role; it holds from the next page on."""
    user = _user(address)
    _demand_role(record, role, at)
    with _changing(record, at):
        user.groups.set([Group.objects.get_or_create(name=role)[0]])
        outbox.put(MOVED, {"staff": user.pk, "role": role}, at, actor)
    return _account(user)


def end(record: Record, address: str, *, at: datetime, actor: Actor) -> Account:
    """Let nobody sign in by it any more; sessions that are open end with their next page."""
    user = _user(address)
    with _changing(record, at):
        _put_aside(user)
        user.is_active = False
        user.save()
        outbox.put(ENDED, {"staff": user.pk}, at, actor)
    return _account(user)


def link(record: Record, address: str, *, at: datetime, actor: Actor) -> tuple[Account, str]:
    """A one-time link's token, good for three days: password, factors and sessions from before it count no more."""
    user = _user(address)
    with _changing(record, at):
        _put_aside(user)
        user.is_active = True
        user.save()
        outbox.put(INVITED, {"staff": user.pk}, at, actor)
    return _account(user), f"{int_to_base36(user.pk)}-{default_token_generator.make_token(user)}"


def invited(token: str) -> Any:  # noqa: ANN401 - Django's user
    """Whom a one-time link is for. `NotFound` for one that was used, is too old, or never was."""
    number, _dash, secret = token.partition("-")
    try:
        user = get_user_model().objects.filter(pk=base36_to_int(number), is_active=True).first()
    except ValueError:
        user = None
    if user is None or not default_token_generator.check_token(user, secret):
        raise NotFound("this link was used already, or is too old: ask for a new one (`upheld staff link`)")
    return user


def listed() -> tuple[Account, ...]:
    """All accounts, by address."""
    return tuple(_account(user) for user in get_user_model().objects.order_by("username"))


@contextmanager
def _changing(record: Record, at: datetime) -> Iterator[None]:
    """One change, of which the ledger says in its turn."""
    outbox.settle(record, at)
    with transaction.atomic():
        yield
    outbox.settle(record, at)


def _demand_role(record: Record, role: str, at: datetime) -> None:
    with record.reading() as conn:
        staff_purposes(in_force(conn, at).policy, role)


def _put_aside(user: Any) -> None:  # noqa: ANN401 - Django's user
    user.set_unusable_password()  # every session hangs on the password's hash, and ends with it
    Authenticator.objects.filter(user=user).delete()


def _user(address: str) -> Any:  # noqa: ANN401 - Django's user
    user = get_user_model().objects.filter(username=address.strip().lower()).first()
    if user is None:
        raise NotFound("there is no account of this address: `upheld staff list` shows them")
    return user


def _account(user: Any) -> Account:  # noqa: ANN401 - Django's user
    factors = Authenticator.objects.filter(user=user).values_list("type", flat=True).order_by("type").distinct()
    role = user.groups.values_list("name", flat=True).first() or ""
    return Account(user.pk, user.email, role, user.is_active, tuple(factors), user.last_login)
