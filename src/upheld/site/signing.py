"""The settings of signing in: `allauth` with a second factor always, and the company's own sign-in if the home names one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from upheld.errors import Invalid
from upheld.home import Home

PASSWORDS = "django.contrib.auth.password_validation"
COMPANY = "company"
"""The name of the company's sign-in in addresses."""


def signing(home: Home, *, proxied: bool) -> dict[str, Any]:
    """By Django's names. The centre has no address that leads here."""
    return {
        "LOGIN_URL": "/sign-in",
        "LOGIN_REDIRECT_URL": "/",
        "ACCOUNT_ADAPTER": "upheld.web.console.adapters.Accounts",
        "ACCOUNT_LOGIN_METHODS": {"email"},
        "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_SESSION_REMEMBER": False,
        "ACCOUNT_LOGOUT_REDIRECT_URL": "/sign-in",
        "ACCOUNT_RATE_LIMITS": {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"},
        "ALLAUTH_TRUSTED_PROXY_COUNT": 1 if proxied else 0,
        "MFA_ADAPTER": "upheld.web.console.adapters.Factors",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_RECOVERY_CODES_SHOW_ONCE": False,
        "MFA_TOTP_TOLERANCE": 1,  # clocks of telephones differ
        "SOCIALACCOUNT_ADAPTER": "upheld.web.console.adapters.Company",
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION": True,  # the address, verified by the company, finds the account that a command made
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT": True,
        "SOCIALACCOUNT_LOGIN_ON_GET": True,  # a form may lead to no other site (`form-action 'self'`); a state guards the way back
        "SOCIALACCOUNT_STORE_TOKENS": False,
        "SOCIALACCOUNT_PROVIDERS": {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": _company(home)}},
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"{PASSWORDS}.UserAttributeSimilarityValidator"},
            {"NAME": f"{PASSWORDS}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
            {"NAME": f"{PASSWORDS}.CommonPasswordValidator"},
        ],
    }


def _company(home: Home) -> list[dict[str, Any]]:
    """The company's sign-in as `[oidc]` of the home names it; none if it does not."""
    server, client, secret_file = (home.setting("oidc", name) for name in ("server", "client", "secret_file"))
    if not server:
        return []
    url = urlsplit(server)
    local = url.hostname in {"localhost", "127.0.0.1"}
    if url.scheme != "https" and not (local and url.scheme == "http"):
        raise Invalid("`server` in `[oidc]` must be an address that begins with https://")
    if not client:
        raise Invalid("`[oidc]` needs `client`: the name under which the company's sign-in knows this console")
    secret = home.secret(secret_file).decode("utf-8", "replace") if secret_file else ""
    name = home.setting("oidc", "name") or url.hostname
    app = {"provider_id": COMPANY, "name": name, "client_id": client, "secret": secret, "settings": {"server_url": server}}
    return [app]
