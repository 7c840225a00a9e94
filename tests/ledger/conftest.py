"""What the ledger's tests share: a kind of entry of their own, a clock, and ways to fill a ledger."""

from datetime import UTC, datetime

import pytest

from upheld.ledger import actions
from upheld.ledger.kinds import NUMBER, declare
from upheld.record import Actor

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
ANN = Actor("ann", "privacy")
COUNTED = declare("test.counted", "a test counted", number=NUMBER)


@pytest.fixture
def fill(record):
    """`fill(n)` adds n entries in one transaction; returns their numbers."""

    def fill(count, at=AT, actor=ANN):
        with record.transaction() as tx:
            return actions.append_many(tx, ((COUNTED, {"number": number}) for number in range(count)), at, actor)

    return fill
