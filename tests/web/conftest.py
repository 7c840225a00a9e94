"""What the tests of pages share: a house with the sample policy in force, and a client of each site."""

from __future__ import annotations

import pytest

from tests import houses
from tests.houses import NOW
from tests.web import sites, staffed


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def shop(tmp_path):
    """A house with the sample policy in force."""
    made = houses.House(tmp_path / "home")
    sites.post_policy(made)
    yield made
    made.record.close()


@pytest.fixture
def centre(shop, clock):
    """A visitor's browser at the centre, as far as a client without script is one."""
    with sites.over("centre", shop, clock) as client:
        yield client()


@pytest.fixture
def visitor(shop, clock):
    """Anybody's browser at the console."""
    with sites.over("console", shop, clock) as client:
        yield client()


@pytest.fixture
def desk(shop, clock):
    """Browsers of staff at the console: `desk("support")` is one with somebody of that role signed in, by password and app."""
    with sites.over("console", shop, clock) as client:
        yield lambda role="privacy", name=staffed.NAME, **more: staffed.signed_in(client(**more), shop, role, name)


@pytest.fixture
def console(desk):
    """The browser of somebody of the privacy staff."""
    return desk("privacy")
