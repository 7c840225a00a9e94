"""The small database of a site's own: sessions and sign-ins, nothing about customers. In the home, or beside the record on PostgreSQL."""

from __future__ import annotations

import os
from typing import Any, Literal

from sqlalchemy import make_url

from upheld.home import Home


def database(site: Literal["centre", "console"], home: Home) -> dict[str, Any]:
    """Where a site keeps its own tables, for Django: `HOME/web/SITE.db`, or the schema `upheld_SITE` of the record's PostgreSQL."""
    url = make_url(home.record_url)
    if url.get_backend_name() == "postgresql":
        options = {**url.query, "options": f"-c search_path=upheld_{site}"}
        told = {"HOST": url.host or "", "PORT": str(url.port or ""), "USER": url.username or "", "PASSWORD": url.password or ""}
        return {"ENGINE": "django.db.backends.postgresql", "NAME": url.database, **told, "OPTIONS": options, "CONN_MAX_AGE": 60}
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": home.path / "web" / f"{site}.db",
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},  # a rollback journal: safe on every SQLite
        "CONN_MAX_AGE": 60,
    }


def make(site: Literal["centre", "console"], home: Home) -> None:
    """Make the site's tables, or bring them to this release. Safe to repeat. Django is set up already."""
    from django.core.management import call_command
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS upheld_{site}")
    else:
        folder = home.path / "web"
        folder.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(folder / f"{site}.db", os.O_WRONLY | os.O_CREAT, 0o600))
    call_command("migrate", interactive=False, verbosity=0)
    connection.close()
