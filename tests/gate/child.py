"""A release in a process of its own, which can be killed, stopped or starved at any step: `child.py FOLDER LIST OUT WHAT [STEP]`."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from upheld.errors import No
from upheld.gate.orders import Order
from upheld.gate.release import release
from upheld.home import Home
from upheld.record import Actor, Record


def main(folder: Path, list_: str, out: Path, what: str, step: str) -> None:
    def watch(met: str, done: int, of: int) -> None:
        if met != step:
            return
        if what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif what == "wait":
            (folder / "waiting").touch()
            while not (folder / "go").exists():
                time.sleep(0.01)
        elif what == "starve":
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    home = Home.find(folder / "home")
    record = Record(home.record_url)
    order = Order(list_, "marketing.partner", "acme", out, mapping=("address=order.shipping address",), source="order")
    try:
        release(home, record, order, lambda: datetime.now(UTC), Actor("a child"), watch)
    except No as no:
        sys.exit(f"no: {no}")
    finally:
        record.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4], sys.argv[5] if len(sys.argv) > 5 else "")
