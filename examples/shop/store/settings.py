"""The shop's settings, from its surroundings: `SHOP_FOLDER` with `shop.db`, its address, the addresses of the sites, its key."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

FOLDER = Path(os.environ["SHOP_FOLDER"])
ADDRESS = os.environ.get("SHOP_ADDRESS", "http://shop.localhost:8000")
CENTRE = os.environ.get("SHOP_CENTRE", "http://centre.localhost:8100")
API = os.environ.get("SHOP_API", "http://127.0.0.1:8300")
KEY = os.environ.get("SHOP_KEY", "")

SECRET_KEY = hashlib.sha256(b"shop" + (FOLDER / "shop.secret").read_bytes()).hexdigest()
ROOT_URLCONF = "examples.shop.store.urls"
ALLOWED_HOSTS = ["shop.localhost", "127.0.0.1"]
INSTALLED_APPS = ["examples.shop.store"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "shop.db", "OPTIONS": {"timeout": 20}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "examples.shop.store.pages.signal",
]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_NAME = "shop"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "shop-form"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request", "examples.shop.store.pages.surroundings"]},
    }
]
USE_TZ = True
