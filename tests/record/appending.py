"""A process that appends to a ledger for ever, and acknowledges on its standard output what is committed. Killed by tests.

    python appending.py URL WRITER [COUNT]

With COUNT it ends after so many. With DIE_AT=n in its environment it kills itself at the n-th step of its second append: before each
statement, before the commit; 0: after the commit, before anyone is told.
"""

import os
import signal
import sys
from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, Integer, Table, event, insert

from upheld.errors import No
from upheld.ledger import actions
from upheld.ledger.kinds import NUMBER, declare
from upheld.record import METADATA, Actor, Record

COUNTED = declare("test.written", "a test wrote a row", writer=NUMBER, number=NUMBER)
ROW = Table(
    "test_row",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("writer", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("entry", BigInteger, nullable=False, unique=True),
)


def write(record, writer, number):
    """One action: a row and its ledger entry, in one transaction. Returns the entry's number once it is committed."""
    with record.transaction() as tx:
        now = datetime.now(UTC)
        entry = actions.append(tx, COUNTED, {"writer": writer, "number": number}, now, Actor(f"writer {writer}"))
        tx.execute(insert(ROW).values(writer=writer, number=number, entry=entry))
    return entry


def say(*words):
    print(*words, flush=True)  # noqa: T201 - the test listens


def die_at(record, step):
    """Kill this process, as a power cut would, when so many more steps are done."""
    left = step

    def count(*_, **__):
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if step:
        event.listen(record.engine, "before_cursor_execute", count)
        event.listen(record.engine, "commit", count)
    else:
        left = 1
        event.listen(record.engine.pool, "checkin", count)  # after the commit, before anyone is told


def main():
    url, writer, *count = sys.argv[1:]
    record = Record(url)
    number = 0
    if "DIE_AT" in os.environ:
        write(record, int(writer), -1)
        die_at(record, int(os.environ["DIE_AT"]))
    while not count or number < int(count[0]):
        try:
            entry = write(record, int(writer), number)
        except No as no:
            say("no", no)
            return
        say(number, entry)
        number += 1
    record.close()


if __name__ == "__main__":
    main()
