"""Staff for tests: accounts with a second factor, and browsers in which they are signed in."""

from __future__ import annotations

import base64
import hmac
import struct
import time

from tests.houses import NOW
from upheld.record import Actor

RUNS_UPHELD = Actor("owner")
NAME = "kim@staff.example"
PASSWORD = "forty quiet lanterns"


def account(house, role="privacy", name=NAME, at=NOW):
    """An account with a password and an app; the app's secret."""
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.contrib.auth import get_user_model

    from upheld.web.console import accounts

    accounts.add(house.record, name, role, at=at, actor=RUNS_UPHELD)
    user = get_user_model().objects.get(username=name)
    user.set_password(PASSWORD)
    user.save()
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code(secret):
    """The six digits that an app shows now (RFC 6238)."""
    counted = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    start = counted[-1] & 15
    return f"{(int.from_bytes(counted[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def signed_in(client, house, role="privacy", name=NAME):
    """The same browser, with somebody of a role signed in by password and app."""
    from django.contrib.auth import get_user_model

    account(house, role, name)
    user = get_user_model().objects.get(username=name)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    proofs = ({"method": "password"}, {"method": "mfa", "type": "totp"})
    session["account_authentication_methods"] = [each | {"at": time.time()} for each in proofs]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client
