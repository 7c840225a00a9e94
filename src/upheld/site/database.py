"""The small database of a site's own: sessions and sign-ins, nothing about customers. In the home, or beside the record on PostgreSQL."""

from __future__ import annotations

import os
from typing import Any, Literal

from sqlalchemy import make_url

from upheld.home import Home
from upheld.web.surroundings import LIMITS


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


def databases(site: Literal["centre", "console"], home: Home) -> dict[str, Any]:
    """Both databases of a site: its own, and what counts how often forms are sent, which may be lost with the machine's power."""
    own = database(site, home)
    if own["ENGINE"].endswith("postgresql"):
        return {"default": own, LIMITS: own}
    quick = own["OPTIONS"] | {"init_command": "PRAGMA synchronous=OFF"}
    return {"default": own, LIMITS: own | {"NAME": home.path / "web" / f"{site}-limits.db", "OPTIONS": quick}}


class Counts:
    """Where Django keeps what it counts itself (failed sign-ins), by its own hook for this."""

    def db_for_read(self, model: Any, **_hints: Any) -> str | None:  # noqa: ANN401 - Django's own
        """Beside our counts; anything else where Django would look."""
        return LIMITS if model._meta.app_label == "django_cache" else None  # noqa: SLF001 - Django's public name for it

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool | None:  # noqa: ANN401 - Django's own
        """The table of counts there, everything else in the site's own database."""
        return (db == LIMITS) == (app_label == "django_cache")


def make(site: Literal["centre", "console"], home: Home, *, counts_anew: bool = False) -> None:
    """Make the site's tables, or bring them to this release. Safe to repeat. Django is set up already.

    `counts_anew`: as a site begins to be served; its counts are not kept safe from power cuts.
    """
    from django.core.management import call_command
    from django.db import connection, connections

    from upheld.web import limits
    from upheld.web.console import outbox

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS upheld_{site}")
    else:
        folder = home.path / "web"
        folder.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(folder / f"{site}.db", os.O_WRONLY | os.O_CREAT, 0o600))
        if counts_anew:
            (folder / f"{site}-limits.db").unlink(missing_ok=True)
        os.close(os.open(folder / f"{site}-limits.db", os.O_WRONLY | os.O_CREAT, 0o600))
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", database=LIMITS, verbosity=0)
    limits.make()
    outbox.make()
    connections.close_all()
