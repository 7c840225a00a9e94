"""How often forms may be sent is counted over all processes of a site, and the counts say nothing of anybody."""

from __future__ import annotations

import os
import subprocess
import sys

COUNT = """
import django; django.setup()
from django.conf import settings
from upheld.site.database import make
make(settings.SITE, settings.SURROUNDINGS.home)
from upheld.web import limits
print("ready", flush=True); input()
print(sum(limits.exceeded("stop", "192.0.2.77", 30, 600) for _ in range(40)))
from django.core.cache import cache
cache.set("allauth:ip:192.0.2.77", 1)
"""


def child(house):
    around = {**os.environ, "DJANGO_SETTINGS_MODULE": "upheld.site.centre", "UPHELD_HOME": str(house.home.path)}
    return subprocess.Popen([sys.executable, "-c", COUNT], env=around, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_two_processes_that_count_at_once_let_through_no_more_than_one_would(house):
    children = []
    for _ in range(2):  # the first makes the tables
        children.append(child(house))
        assert children[-1].stdout.readline() == "ready\n"
    for one in children:
        one.stdin.write("\n")
        one.stdin.flush()
    refused = [int(one.communicate(timeout=60)[0]) for one in children]
    assert [one.returncode for one in children] == [0, 0]
    assert sum(refused) == 80 - 30
    if house.record.is_sqlite:
        assert b"192.0.2" not in (house.home.path / "web" / "centre-limits.db").read_bytes()
