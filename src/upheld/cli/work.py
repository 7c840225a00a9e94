"""`upheld work`: the worker, once over everything that is due, or for as long as it is let."""

from __future__ import annotations

import time
from datetime import timedelta

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge

_HOUR = timedelta(hours=1)


@click.command(short_help="Do what requests have set going.")
@click.option("--follow", is_flag=True, help="Go on for ever: do also what becomes due.")
@click.option("--seconds", type=click.FloatRange(0), help="Go on for so long at most, doing what becomes due in it.")
@with_json
@pass_edge
def work(edge: Edge, *, follow: bool, seconds: float | None, as_json: bool) -> None:
    """Do the effects that are due: search the systems of the data map, mark, tell recipients, prove, confirm; tell webhooks.

    Several workers may run at once. One that is killed leaves its step to the next, after a minute. The words of messages that nobody
    confirmed within a month are deleted first.
    """
    from upheld.cli.init import load_tables
    from upheld.jobs import worker
    from upheld.messages import events, hooks
    from upheld.people.actions import Keeper
    from upheld.requests.drafts import forget_words
    from upheld.requests.fulfilment import handlers
    from upheld.requests.office import WORKER, Office
    from upheld.requests.speaking import speaker
    from upheld.requests.telling import into_outbox
    from upheld.systems.opening import open_system
    from upheld.systems.reading import read_map

    load_tables()
    home = edge.home()
    datamap = home.path / home.setting("systems", "map")
    with edge.record() as record:
        office = Office(
            home,
            record,
            Keeper(home),
            edge.now,
            lambda: read_map(datamap),
            lambda system: open_system(system, home),
            speaker(home, edge.now),
            lambda instruction: into_outbox(home, instruction),
        )
        next_at = edge.now()

        def rest(wait: float) -> None:
            nonlocal next_at
            now = edge.now()
            hooks.plan(record, now)
            if now >= next_at:
                next_at = now + _HOUR
                with record.transaction() as tx:
                    forget_words(tx, now, WORKER)
            time.sleep(wait)

        doing = {**handlers(office), **events.handlers(home, record, edge.now)}
        rest(0)
        if follow or seconds is not None:
            patience = None if seconds is None else timedelta(seconds=seconds)
            tried = worker.follow(record, doing, edge.now, rest, patience=patience)
        else:
            tried = worker.work(record, doing, edge.now)
            hooks.plan(record, edge.now())  # what was done just now is told too
            tried += worker.work(record, doing, edge.now)
    show({"tried": tried}, as_json=as_json, text=lambda: f"{tried} step{'s' * (tried != 1)} tried" if tried else "nothing is due")
