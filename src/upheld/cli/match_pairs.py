"""`upheld match pairs` and `judge`: records that may be one person's, as the night proposed them, and what an agent says of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.mapped import map_path
from upheld.cli.requests_desk import in_words
from upheld.errors import Conflict

if TYPE_CHECKING:
    from upheld.record import Record
    from upheld.requests.pairs import Pair, Pairs


@click.command("pairs", short_help="Show records that may be one person's.")
@click.option("--most", type=click.IntRange(1, 1_000), default=20, show_default=True, help="How many to show.")
@with_json
@pass_edge
def pairs(edge: Edge, /, *, most: int, as_json: bool) -> None:
    """Show pairs of records that bear one name at one address: they may be one person's, or a father's and his son's.

    One line a pair: its name, where both lie, and what each comparison said and weighed; never a stored value. Nothing follows from a pair
    until somebody judges it. What was judged is not shown again.
    """
    from upheld.requests.pairs import decided

    with edge.record() as record, _proposed(edge, record) as proposed:
        with record.reading() as conn:
            known = decided(conn)
        found = list(islice(proposed.open(known), most))
        count = len(proposed)
    answer = [{"pair": one.pair, "places": one.places, "weight": one.weight, "reasons": one.reasons} for one in found]
    lines = [*map(_line, found), *([f"{count:,} were proposed in all"] if count > len(found) else [])]
    show(answer, as_json=as_json, text=lambda: "\n".join(lines) or "no pair is proposed")


@click.command("judge", short_help="Decide whether two records are one person's.")
@click.argument("pair", metavar="PAIR")
@click.argument("decision", type=click.Choice(["same", "different"]))
@with_json
@pass_edge
def judge(edge: Edge, /, *, pair: str, decision: str, as_json: bool) -> None:
    """Decide about PAIR, as `upheld match pairs` names it. It holds from the next index on, and teaches `upheld match train`.

    same: whoever asks to be taken off by one of the two is taken off by both. different: the two are never joined.
    """
    from upheld.requests.pairs import decide

    with edge.record() as record, _proposed(edge, record) as proposed:
        found = proposed.named(pair)
        with record.transaction() as tx:
            decide(tx, found, same=decision == "same", at=edge.now(), actor=edge.actor())
    words = f"{pair}: {'one person' if decision == 'same' else 'two people'}, from the next `upheld systems index` or night on"
    show({"pair": pair, "decision": decision}, as_json=as_json, text=lambda: words)


@contextmanager
def _proposed(edge: Edge, record: Record) -> Iterator[Pairs]:
    from upheld.people.trained import in_use
    from upheld.requests.pairs import Pairs
    from upheld.systems import reading
    from upheld.systems.connector import Failed
    from upheld.systems.indexing import open_index
    from upheld.systems.opening import open_system

    home = edge.home()
    with record.reading() as conn:
        weights = in_use(conn)
    try:
        yield Pairs(home, open_index(home), reading.read_map(map_path(home)), partial(open_system, home=home), weights)
    except Failed as failed:
        raise Conflict(str(failed)) from None


def _line(one: Pair) -> str:
    return f"{one.pair}  {one.places[0]}, {one.places[1]}  {in_words(one.weight, one.reasons)}"
