"""`upheld work`: the worker, once over everything that is due, or for as long as it is let."""

from __future__ import annotations

from datetime import timedelta

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge


@click.command(short_help="Do what requests have set going.")
@click.option("--follow", is_flag=True, help="Go on for ever: do also what becomes due.")
@click.option("--seconds", type=click.FloatRange(0), help="Go on for so long at most, doing what becomes due in it.")
@click.option("--threads", type=click.IntRange(1, 64), default=4, show_default=True, help="How many systems to search or mark at once.")
@with_json
@pass_edge
def work(edge: Edge, *, follow: bool, seconds: float | None, threads: int, as_json: bool) -> None:
    """Do the effects that are due: search the systems of the data map, mark, tell recipients, prove; tell webhooks; scan the sites.

    Several workers may run at once. One that is killed leaves its step to the next, after a minute. The words of messages that nobody
    confirmed within a month are deleted first.
    """
    from upheld.cli.init import load_tables
    from upheld.jobs.shift import Shift

    load_tables()
    with edge.record() as record:
        shift = Shift(edge.home(), record, edge.now)
        if follow or seconds is not None:
            tried = shift.follow(None if seconds is None else timedelta(seconds=seconds), threads)
        else:
            tried = shift.once(threads)
    show({"tried": tried}, as_json=as_json, text=lambda: f"{tried} step{'s' * (tried != 1)} tried" if tried else "nothing is due")
