"""The settings of a site, from the home it serves: everything Django asks for, said in one place for both.

What differs between the two sites is exactly `OWN`; what keeps them apart (secret key, cookies, host name, database, address table) follows
from the site's name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from upheld.errors import Invalid
from upheld.home import Home
from upheld.site.database import databases
from upheld.site.signing import signing
from upheld.web.surroundings import Surroundings

SiteName = Literal["centre", "console"]
SITES: Final[tuple[SiteName, ...]] = ("centre", "console")
WEB: Final = Path(__file__).parents[1] / "web"
YEAR: Final = 365 * 24 * 3600

APPS: Final = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.forms",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
]
MIDDLEWARE: Final = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "upheld.web.answers.Privately",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "upheld.web.answers.Refusals",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]

OWN: Final[dict[SiteName, dict[str, Any]]] = {
    "centre": {
        "ROOT_URLCONF": "upheld.web.centre.urls",
        "SESSION_COOKIE_AGE": 8 * 3600,
        "SAYS_REASONS": False,  # customers read what they can do, not which setting is missing
    },
    "console": {
        "ROOT_URLCONF": "upheld.web.console.urls",
        "SESSION_COOKIE_AGE": 12 * 3600,
        "SAYS_REASONS": True,
    },
}


def settings_of(site: SiteName, home: Home) -> dict[str, Any]:
    """All settings of one site of a home, by Django's names. `Invalid` for an address that cannot be served safely."""
    address = address_of(site, home)
    plain = address.scheme == "http"
    return {
        "SITE": site,
        "SURROUNDINGS": Surroundings(home),
        "ADDRESS": f"{address.scheme}://{address.netloc}",
        "BEHIND_PROXY": home.setting("web", "behind_proxy") == "yes",
        "DATABASES": databases(site, home),
        "DATABASE_ROUTERS": ["upheld.site.database.Counts"],
        "SECRET_KEY": home.key(f"web/{site}/secret/v1").hex(),
        "ALLOWED_HOSTS": [address.hostname],
        "CSRF_TRUSTED_ORIGINS": [f"{address.scheme}://{address.netloc}"],
        **_frame(),
        **_templates(),
        **_transport(site, home, plain=plain),
        **_languages(),
        **signing(home, proxied=home.setting("web", "behind_proxy") == "yes"),
        **OWN[site],
    }


def address_of(site: SiteName | Literal["api", "events"], home: Home) -> Any:  # noqa: ANN401 - urllib's private type
    """Where a site is reached, as the settings say. Without TLS only on this very machine."""
    said = home.setting("web", site)
    try:
        url = urlsplit(said)
        host, _ = url.hostname, url.port
    except ValueError:
        host = None
    if not host or url.scheme not in {"http", "https"} or url.path.strip("/") or url.query or url.username:
        raise Invalid(f"`{site}` in `[web]` must be an address such as `https://privacy.shop.example`, without a path")
    if url.scheme == "http" and not (host == "localhost" or host.endswith(".localhost") or host in {"127.0.0.1", "::1"}):
        raise Invalid(f"`{site}` in `[web]` crosses a network without TLS: write `https://{host}`, and let a proxy hold the certificate")
    if url.scheme == "https" and home.setting("web", "behind_proxy") != "yes":
        raise Invalid(f'`{site}` in `[web]` needs a proxy that holds TLS: put one before it, and write `behind_proxy = "yes"`')
    if site in SITES and host == urlsplit(home.setting("web", _other(site))).hostname:
        raise Invalid("`centre` and `console` in `[web]` share a host name, and so their cookies: give each its own")
    return url


def _other(site: SiteName) -> SiteName:
    return "console" if site == "centre" else "centre"


def _frame() -> dict[str, Any]:
    """Apps, middleware, templates, policies of content: the same on both sites."""
    return {
        "INSTALLED_APPS": APPS,
        "MIDDLEWARE": MIDDLEWARE,
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "CONTENT_SECURITY_POLICY": {
            "DIRECTIVES": {
                "default-src": [NONE],
                "script-src": [SELF],
                "style-src": [SELF],
                "img-src": [SELF],
                "connect-src": [SELF],
                "form-action": [SELF],
                "frame-ancestors": [NONE],
                "base-uri": [NONE],
            }
        },
        "CACHES": {  # failed sign-ins are counted here, over all processes
            "default": {
                "BACKEND": "django.core.cache.backends.db.DatabaseCache",
                "LOCATION": "count",
                "KEY_FUNCTION": "upheld.web.limits.hashed",
                "OPTIONS": {"MAX_ENTRIES": 50_000},
            }
        },
        "LOGGING": {"version": 1},  # Django asks `LOGGING_CONFIG` only where this says something
        "LOGGING_CONFIG": "upheld.site.logs.configure",
        "FORM_RENDERER": "django.forms.renderers.TemplatesSetting",
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 1 << 20,
        "FILE_UPLOAD_HANDLERS": ["upheld.web.console.uploads.Privately"],  # takes files on two pages of the console only
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 200,
        "ATOMIC_REQUESTS": False,
        "APPEND_SLASH": True,
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
    }


def _templates() -> dict[str, Any]:
    return {
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [WEB / "templates"],
                "APP_DIRS": True,
                "OPTIONS": {
                    "builtins": ["django.templatetags.i18n", "upheld.web.tags"],
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                        "upheld.web.answers.of_site",
                    ],
                },
            }
        ],
    }


def _transport(site: SiteName, home: Home, *, plain: bool) -> dict[str, Any]:
    """Cookies and transport. Over TLS cookies are bound to the host by their very name."""
    prefix = "" if plain else "__Host-"
    cookies: dict[str, Any] = {
        "SESSION_ENGINE": "django.contrib.sessions.backends.db",
        "SESSION_SERIALIZER": "upheld.web.sealed.Sealed",
        "SESSION_COOKIE_NAME": f"{prefix}upheld-{site}",
        "SESSION_COOKIE_SECURE": not plain,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "CSRF_COOKIE_NAME": f"{prefix}upheld-{site}-form",
        "CSRF_COOKIE_SECURE": not plain,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Strict",
        "CSRF_FAILURE_VIEW": "upheld.web.answers.form_expired",
        "LANGUAGE_COOKIE_NAME": f"upheld-{site}-language",
        "LANGUAGE_COOKIE_SECURE": not plain,
        "LANGUAGE_COOKIE_SAMESITE": "Lax",
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
    }
    transport: dict[str, Any] = {
        "SECURE_SSL_REDIRECT": not plain,
        "SECURE_HSTS_SECONDS": 0 if plain else YEAR,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": not plain,
        "SECURE_HSTS_PRELOAD": not plain,
        "SECURE_REFERRER_POLICY": "same-origin",
        "X_FRAME_OPTIONS": "DENY",
    }
    if home.setting("web", "behind_proxy") == "yes":
        transport["SECURE_PROXY_SSL_HEADER"] = ("HTTP_X_FORWARDED_PROTO", "https")
    return cookies | transport


def _languages() -> dict[str, Any]:
    return {
        "USE_I18N": True,
        "LANGUAGE_CODE": "en",
        "LANGUAGES": [("en", "English"), ("es", "Español")],
        "LOCALE_PATHS": [WEB / "locale"],
    }
