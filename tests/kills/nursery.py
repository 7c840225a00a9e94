"""A process that brings up workers to be killed: `python -m tests.kills.nursery HOME`, one order a line on standard input.

Everything is imported once; each worker is a process of its own, forked before any connection was opened.

    {"now": …, "die_at": N, "spare": […]}     a worker does one effect that is due (unless it is of a kind and place to be spared, or of
                                              another kind than "only", it is killed right before its Nth step); with "leasing" it only
                                              takes it in hand
    {"kill_after": S, "hold": H}              a worker does what is due, and after S processor seconds it is killed, wherever it is
    {"seconds": S, "hold": H}                 a worker does what is due, for S seconds at most
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from tests.kills.steps import Steps
from upheld.cli.init import load_tables
from upheld.home import Home
from upheld.jobs import worker
from upheld.ledger import effects
from upheld.people.actions import Keeper
from upheld.record import Record, moment
from upheld.requests import correcting, fulfilment
from upheld.requests.office import Office
from upheld.requests.speaking import speaker
from upheld.requests.telling import into_outbox
from upheld.systems.opening import open_system
from upheld.systems.reading import read_map


def office(folder, clock):
    """The office of a home, as `upheld work` makes it."""
    home = Home.find(Path(folder))
    ways = (partial(open_system, home=home), speaker(home, clock), partial(into_outbox, home))
    return Office(home, Record(home.record_url), Keeper(home), clock, partial(read_map, home.path / "systems.toml"), *ways)


def handlers(made):
    """Who does which kind of effect."""
    return {**fulfilment.handlers(made), **correcting.handlers(made)}


def one_effect(folder, order, tell):
    """Take one effect; what it was, if nobody killed us."""
    steps = Steps(order["die_at"], tell)
    now = moment(order["now"])
    made = office(folder, lambda: now)
    if order.get("leasing"):
        steps.watch()
    leased = effects.lease(made.record, now, worker.name(), handlers(made).keys(), hold=timedelta(milliseconds=1))
    if leased is None:
        return {"died": None, "kind": None}
    steps.during = [leased.kind, leased.place or str(leased.subject)]
    if not order.get("leasing"):
        if steps.during not in order["spare"] and order.get("only", leased.kind) == leased.kind:
            steps.watch()
        handlers(made)[leased.kind](leased)
    return {"died": None, "kind": leased.kind}


def all_effects(folder, order):
    """Work until the time is over."""
    made = office(folder, partial(datetime.now, UTC))
    hold, patience = timedelta(seconds=order["hold"]), timedelta(seconds=order.get("seconds", 3600))
    return {"tried": worker.follow(made.record, handlers(made), made.clock, time.sleep, patience=patience, hold=hold)}


def bring_up(folder, order):
    """One worker, from its birth to its end; what it said."""
    hear, tell = os.pipe()
    child = os.fork()
    if not child:
        try:
            said = one_effect(folder, order, tell) if "die_at" in order else all_effects(folder, order)
            os.write(tell, json.dumps(said).encode() + b"\n")
        finally:
            os._exit(0)
    os.close(tell)
    if "kill_after" in order:
        outlive(child, order["kill_after"])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(hear, "rb") as heard:
        said = heard.readline()
    _, status = os.waitpid(child, 0)
    return (json.loads(said) if said else {}) | {"killed": os.WIFSIGNALED(status)}


def outlive(child, seconds):
    """Wait until a worker has had so many seconds of a processor, which on a busy machine takes longer; or has long had nothing to do."""
    until = time.monotonic() + 20 * seconds
    spent = Path(f"/proc/{child}/schedstat")
    while int(spent.read_text().split()[0]) < seconds * 1e9 and time.monotonic() < until:
        time.sleep(0.001)


def main(folder):
    load_tables()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(bring_up(folder, json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
