"""`upheld match train`: match weights learnt from the merchant's own records."""

from __future__ import annotations

from functools import partial

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.mapped import map_path
from upheld.errors import Conflict


@click.command("train", short_help="Learn match weights from your own records.")
@with_json
@pass_edge
def train(edge: Edge, /, *, as_json: bool) -> None:
    """Read every mapped record and let Splink learn how often each likeness occurs within one person and between two.

    What agents decided (`upheld requests judge`) corrects it. Weights that contradict themselves, or take couples for one person, are
    refused and those in use go on. Needs the extra `matching`.
    """
    from upheld.gate.learning import learn
    from upheld.people.trained import put_in_use
    from upheld.requests.learning import decided
    from upheld.systems import reading
    from upheld.systems.connector import Failed
    from upheld.systems.opening import open_system

    home = edge.home()
    datamap = reading.read_map(map_path(home))
    with edge.record() as record:
        with record.reading() as conn:
            labels = decided(conn)
        try:
            weights, records = learn(datamap, partial(open_system, home=home), labels)
        except Failed as failed:
            raise Conflict(f"the weights in use go on: {failed}") from None
        with record.transaction() as tx:
            put_in_use(tx, weights, records=records, labels=len(labels), at=edge.now(), actor=edge.actor())
    answer = {"version": weights.version, "records": records, "labels": len(labels)}
    text = f"weights {weights.version} are in use, learnt from {records:,} records and {len(labels):,} decisions"
    show(answer, as_json=as_json, text=lambda: text)
