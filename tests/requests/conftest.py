"""What the tests of requests share: a house whose policy is Northgate's, and ways to ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.houses import CLERK, NOW
from upheld.people.held import Held
from upheld.policy.document import parse
from upheld.postings.actions import post
from upheld.postings.queries import in_force
from upheld.requests.actions import Asked, receive

POLICY = Path(__file__).parents[2] / "policies" / "northgate.md"
JANE = Held(email="jane.doe@mail.example")
JANE_BY_POST = Held(first="Jane", last="Doe", address="5 Oak Street", zip="60601")
TOPICS = ("newsletter", "post", "calls", "sharing", "suggestions")


@pytest.fixture
def shop(house):
    """A house with a policy in force since a day."""
    post_policy(house)
    return house


def post_policy(house, text=None, at=NOW):
    with house.record.transaction() as tx:
        return post(tx, parse(text or POLICY.read_text("utf-8"), "northgate.md"), at=at, actor=CLERK)


def ask(shop, given=JANE, *, at=NOW, **more):
    """Receive a request; what became of it."""
    asked = Asked(given, **{"channel": "phone", "received_at": at} | more)
    with shop.record.transaction() as tx:
        return receive(tx, shop.keeper, asked, in_force(tx, at), at=at, actor=CLERK)
