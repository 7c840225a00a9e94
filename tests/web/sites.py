"""Both sites inside the tests' own process: Django is set up once, on a home of its own; each test then gets a site over its own house.

The sites install the same apps, so all that keeps them apart can be set for one test: settings, cookies, addresses, surroundings.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.houses import CLERK, NOW
from upheld.home import Home

FIXED = {"DATABASES", "DATABASE_ROUTERS", "LOGGING_CONFIG", "SECRET_KEY", "CACHES"}
"""What one process can have but once."""
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # a browser test's event loop may still stand in this very process
POLICY = Path(__file__).parents[2] / "policies" / "northgate.md"


@cache
def set_up():
    """Django, ready, with its own tables in a folder that goes when the process does."""
    import django
    from django.conf import settings

    from upheld.site.database import make
    from upheld.site.settings import settings_of

    folder = Path(tempfile.mkdtemp(prefix="upheld-web-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = Home.create(folder / "home")
    settings.configure(**settings_of("centre", home))
    django.setup()
    make("centre", home)


@contextmanager
def over(site, house, clock=lambda: NOW):
    """A site of a house for as long as the context lasts; its `Client` factory."""
    set_up()
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group
    from django.contrib.sessions.models import Session
    from django.core.cache import cache as counted
    from django.db import connection, connections
    from django.test import Client, override_settings
    from django.urls import clear_url_caches

    from upheld.site.settings import settings_of

    said = {name: value for name, value in settings_of(site, house.home).items() if name not in FIXED}
    said["SURROUNDINGS"].clock = clock
    said["SURROUNDINGS"].__dict__["record"] = house.record
    host = said["ALLOWED_HOSTS"][0]
    with override_settings(**said):
        clear_url_caches()
        counted.clear()
        with connections["limits"].cursor() as cursor:
            cursor.execute("DELETE FROM limit_count")
        try:
            yield lambda **more: Client(headers={"host": host} | more.pop("headers", {}), **more)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM staff_outbox")
            Session.objects.all().delete()
            get_user_model().objects.all().delete()
            Group.objects.all().delete()
            clear_url_caches()


def post_policy(house, text=None, at=NOW):
    """Put the sample policy, or another text, in force."""
    from upheld.policy.document import parse
    from upheld.postings.actions import post

    with house.record.transaction() as tx:
        return post(tx, parse(text or POLICY.read_text("utf-8"), "northgate.md"), at=at, actor=CLERK)
