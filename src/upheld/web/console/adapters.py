"""What `allauth` asks of us: nobody signs up, a password alone lets nobody in, secrets of authenticators lie sealed."""

# ruff: noqa: ANN401, ARG002 - allauth calls these, and gives users and sign-ins without types
from __future__ import annotations

import base64
import os
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from upheld.web.surroundings import surroundings

NONCE: Final = 12  # bytes
FACTORS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class Accounts(DefaultAccountAdapter):
    """Sign-in of the staff."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: accounts are made by a command."""
        return False

    def pre_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse | None:
        """A page that says what to do, for whom a password would be all there is."""
        answer: HttpResponse | None = super().pre_login(request, user, **more)
        company = bool((more.get("signal_kwargs") or {}).get("sociallogin"))
        if answer is None and not company and not is_mfa_enabled(user, FACTORS):
            clear_login(request)
            answer = render(request, "console/no_factor.html", status=403)
        return answer

    def add_message(self, request: HttpRequest, level: int, *args: Any, **more: Any) -> None:
        """Nothing: a page says itself what became of it."""


class Company(DefaultSocialAccountAdapter):
    """The company's own sign-in: it says who somebody is; it makes no account."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Nothing of what the company says of somebody is kept, but by which number it knows them."""
        sociallogin.account.extra_data = {}

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        """The first page."""
        return "/"


class Factors(DefaultMFAAdapter):
    """Second factors."""

    def encrypt(self, text: str) -> str:
        """Sealed under a key of this site."""
        nonce = os.urandom(NONCE)
        return base64.b64encode(nonce + _cipher().encrypt(nonce, text.encode(), b"factor")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What was sealed."""
        raw = base64.b64decode(encrypted_text)
        return _cipher().decrypt(raw[:NONCE], raw[NONCE:], b"factor").decode()

    def get_totp_issuer(self) -> str:
        """What an app calls the account."""
        with surroundings().reading() as (_conn, posted):
            return f"{posted.policy.document.front.company} (Upheld)"

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Only if another factor is left: nobody may lock themselves out, or do with a password alone."""
        left = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=FACTORS).exclude(pk=authenticator.pk)
        return bool(left.exists()) or authenticator.type not in FACTORS


def _cipher() -> AESGCM:
    return AESGCM(surroundings().home.key(f"web/{settings.SITE}/factor/v1"))
