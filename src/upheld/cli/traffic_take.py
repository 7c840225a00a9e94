"""`upheld traffic take`: totals from another tool's export."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge


@click.command("take", short_help="Take in totals that another tool exported.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--from", "source", type=click.Choice(["matomo", "plausible", "ga4"]), required=True, help="The tool that exported FILE.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="The day of all rows, if no column says it.")
@click.option("--of", type=click.Choice(["page", "referrer", "campaign", "country"]), help="What the rows are of, if no column says it.")
@with_json
@pass_edge
def take(edge: Edge, /, *, file: Path, source: str, day: datetime | None, of: str | None, as_json: bool) -> None:
    """Take in totals of visits that Matomo, Plausible or GA4 exported as CSV: by day, with the visitors of each row.

    A column that could tell people apart, or a row that holds something like a person's address, and nothing of the file is taken in.
    Rows of
    fewer people than the policy says are forgotten, as of our own logs. Reports say which tool totals come from.
    """
    from upheld.choices.repeats import file_hash
    from upheld.errors import Invalid
    from upheld.gate.measuring import permit
    from upheld.traffic.exports import take as take_in
    from upheld.traffic.tables import TRACKING

    if not file.is_file():
        raise Invalid(f"cannot read `{file}`: it is no file")
    with edge.record() as record, record.transaction() as tx:
        at = edge.now()
        allowed = permit(tx, TRACKING, at)
        on = day.date() if day else None
        done = take_in(tx, file, source, allowed, file=file_hash(file), day=on, of=of, at=at, actor=edge.actor())
    told, withheld = sum(each.told for each in done.days), sum(each.withheld for each in done.days)
    rows, days = f"row{'s' * (done.rows != 1)}", f"day{'s' * (len(done.days) != 1)}"
    words = f"{done.rows:,} {rows} of {len(done.days)} {days} taken in: {told:,} totals told, {withheld:,} withheld"
    show(done, as_json=as_json, text=lambda: words)
