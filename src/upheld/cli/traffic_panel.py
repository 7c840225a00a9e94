"""`upheld traffic panel`: what the choice panel shows, how many chose what, and what the holder of a receipt chose."""

from __future__ import annotations

from datetime import timedelta

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge


@click.command(short_help="Say what was chosen in the panel, and by a receipt what one browser chose.")
@click.option("--receipt", metavar="NUMBER", help="What the browser with this receipt chose, and what it was shown.")
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="Count the choices of so many days.")
@with_json
@pass_edge
def panel(edge: Edge, *, receipt: str | None, days: int, as_json: bool) -> None:
    """Count what visitors chose in the panel; or say what one browser chose, by the receipt that only it keeps (`upheld_receipt`)."""
    from upheld.traffic.panel import queries

    with edge.record() as record, record.reading() as conn:
        if receipt is not None:
            found = queries.chosen(conn, receipt)
            lines = [f"{one.at:%Y-%m-%d %H:%M} UTC: {', '.join(one.allowed) or 'nothing'} allowed, panel {one.panel[:12]}" for one in found]
            show(found, as_json=as_json, text=lambda: "\n".join(lines) or "no choice was made with this receipt")
            return
        counted = queries.counted(conn, edge.now() - timedelta(days=days))
    text = f"of the last {days} days: {counted.everything} allowed everything, {counted.some} some, {counted.nothing} nothing"
    show(counted, as_json=as_json, text=lambda: text)
