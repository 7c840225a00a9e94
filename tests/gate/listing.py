"""A worker over the lists of a home, in a process of its own, that dies as a power cut would before it writes down what it did.

`python -m tests.gate.listing HOME die` kills itself between the committed release and the end of its effect; else it does what is due.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from upheld.cli.init import load_tables
from upheld.gate import carrying, ordering
from upheld.home import Home
from upheld.jobs import worker
from upheld.record import Record


def die(*_given, **_more):
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    load_tables()
    home = Home.find(Path(sys.argv[1]))
    if "die" in sys.argv:
        ordering.settle = die
    record = Record(home.record_url)
    carrier = carrying.Carrier(home, record, lambda: datetime.now(UTC))
    worker.work(record, carrying.handlers(carrier), carrier.clock, hold=timedelta(milliseconds=1))
