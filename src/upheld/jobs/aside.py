"""Lists are decided aside, each in a process of its own: what takes minutes and much memory holds up no other effect.

The process says every few seconds that it is still at work, so that its lease lasts as long as it does. It ends with the worker that
started it; if it ends without a word (killed, out of memory), the worker has it tried again, and in the end staff are told.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from upheld.errors import No
from upheld.gate import carrying
from upheld.gate.carrying import Carrier
from upheld.home import Home
from upheld.jobs.worker import Handlers
from upheld.ledger import effects
from upheld.ledger.effects import LEASE, Leased
from upheld.record import Record

BEAT: Final = 10  # s between two signs of life; the lease lasts six of them
LOOK: Final = 0.1  # s between two looks at whether it is done
OURS_NO_MORE: Final = 3  # how a process ends whose effect somebody else has


def handlers(carrier: Carrier, over: threading.Event) -> Handlers:
    """By kind of effect, who has it done aside. `over`: the worker ends now, and with it what is being done."""
    return dict.fromkeys(carrying.handlers(carrier), partial(_start, carrier, over))


def _start(carrier: Carrier, over: threading.Event, leased: Leased) -> None:
    """Have it done by a process of its own, and wait for that."""
    words = [sys.executable, "-m", "upheld.jobs.aside", str(leased.id), str(leased.fence)]
    home = {"UPHELD_HOME": str(carrier.home.path)}
    with subprocess.Popen(words, stdin=subprocess.PIPE, env={**os.environ, **home}, start_new_session=True) as child:  # noqa: S603 - our own
        while (ended := child.poll()) is None:
            if over.wait(LOOK):
                child.kill()
                return  # its lease runs out, and the next worker has it
    if ended not in {0, OURS_NO_MORE}:
        carrying.broke_off(carrier, leased, "the process that decided it ended before it was done: it may need more memory than there is")


def run(record: Record, leased: Leased, work: Callable[[Leased], None], *, beat: float = BEAT) -> None:
    """Do it, with signs of life until it is done."""
    over = threading.Event()

    def live() -> None:
        while not over.wait(beat):
            try:
                with record.transaction() as tx:
                    effects.keep(tx, leased, datetime.now(UTC) + LEASE)
            except effects.Lost:
                os._exit(OURS_NO_MORE)
            except No:  # the record is busy: the lease lasts for more than one beat
                continue

    alive = threading.Thread(target=live, daemon=True)
    alive.start()
    try:
        work(leased)
    finally:
        over.set()
        alive.join()


def _end_with_parent() -> None:
    """Whoever started us holds the other end of our input: it closes when they end, however that is."""
    os.read(0, 1)  # not `sys.stdin`: its lock would be held when this process ends, which Python takes for a fault
    os._exit(OURS_NO_MORE)


def main(argv: list[str]) -> int:
    """EFFECT FENCE, of the home in `UPHELD_HOME`."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    home = Home.find()
    record = Record(home.record_url)
    carrier = Carrier(home, record, lambda: datetime.now(UTC))
    try:
        with record.reading() as conn:
            leased = effects.held(conn, int(argv[0]), int(argv[1]))
        run(record, leased, carrying.handlers(carrier)[leased.kind])
    except effects.Lost:
        return OURS_NO_MORE
    finally:
        record.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
