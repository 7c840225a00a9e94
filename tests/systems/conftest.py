"""What the tests of systems share."""

from __future__ import annotations

import pytest

from tests.systems.stores import KINDS, Store


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    """A database of the merchant's own; each test that asks for it runs on all three."""
    return Store(request.param, request, tmp_path)
