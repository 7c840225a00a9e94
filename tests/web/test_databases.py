"""Each site's own small database: in the home, or beside a record on PostgreSQL, never one for both."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

MAKE = """
import django; django.setup()
from django.conf import settings
from upheld.site.database import make
make(settings.SITE, settings.SURROUNDINGS.home); make(settings.SITE, settings.SURROUNDINGS.home)
from django.contrib.sessions.backends.db import SessionStore
session = SessionStore(); session["word"] = "planted"; session.save(); print(session.session_key)
assert SessionStore(session.session_key)["word"] == "planted"
"""


def made(house, site):
    ran = subprocess.run(
        [sys.executable, "-c", MAKE],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": f"upheld.site.{site}", "UPHELD_HOME": str(house.home.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.mark.parametrize("site", ["centre", "console"])
def test_a_site_makes_its_tables_again_and_again_where_nobody_else_keeps_any(house, site):
    key = made(house, site)
    if house.record.is_sqlite:
        file = house.home.path / "web" / f"{site}.db"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert b"planted" not in file.read_bytes()
        return
    with house.record.reading() as conn:
        held = conn.exec_driver_sql(f"SELECT session_key, session_data FROM upheld_{site}.django_session").all()
        public = conn.exec_driver_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'django%%'").scalar()
    assert [row[0] for row in held] == [key]
    assert "planted" not in held[0][1]
    assert public == 0


def test_a_session_of_one_site_is_nothing_to_the_other(house):
    key = made(house, "centre")
    assert made(house, "console") != key
    if not house.record.is_sqlite:
        with house.record.reading() as conn:
            console = conn.exec_driver_sql("SELECT session_key FROM upheld_console.django_session").scalars().all()
        assert key not in console
