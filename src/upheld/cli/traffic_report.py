"""`upheld traffic report`: what may be told of visits, in the terminal, as JSON, CSV or one HTML page."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli.answer import plain
from upheld.cli.edge import Edge, pass_edge
from upheld.errors import Conflict, Invalid, NotFound

if TYPE_CHECKING:
    from upheld.traffic.reports import Report

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("report", short_help="Report visits and campaigns, as totals of enough people.")
@click.option("--from", "first", type=_DAY, metavar="DAY", help="The first day. Else 27 days before the last.")
@click.option("--to", "last", type=_DAY, metavar="DAY", help="The last day. Else the last one that is settled.")
@click.option("--source", default="web", show_default=True, help="Our own logs, or a tool's totals, e.g. `matomo page`.")
@click.option("--match", default="", metavar="TEXT", help="Only pages, referrers and campaigns whose name holds TEXT.")
@click.option("--most", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many rows of each table.")
@click.option("--noise", type=float, metavar="EPSILON", help="Move every count at random: a budget for this report, e.g. 1.")
@click.option("--as", "form", type=click.Choice(["text", "json", "csv", "html"]), default="text", show_default=True, help="The form.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE, which must not be there. Else standard output."
)
@click.option("--json", "as_json", is_flag=True, help="The same as `--as json`.")
@pass_edge
def report(
    edge: Edge,
    /,
    *,
    first: datetime | None,
    last: datetime | None,
    source: str,
    match: str,
    most: int,
    noise: float | None,
    form: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Report how the sites and the marketing programme perform, beside the period before, with confidence intervals.

    It is made of settled days alone, so no two reports can be compared to learn about fewer people than the policy says.

    With --noise, one request more or less hardly shows in all of the report; the smaller EPSILON, the more noise. What was spent is
    written into the ledger. It needs `pip install upheld[noise]`.
    """
    from upheld.gate.measuring import permit
    from upheld.traffic import queries, reports
    from upheld.traffic.tables import ITEMS, TRACKING

    with edge.record() as record, record.reading() as conn:
        allowed = permit(conn, ITEMS if source == "web" else (*ITEMS, *TRACKING), edge.now())
        period = None
        if source != "web" and source not in (there := queries.sources(conn)):
            others = f"there are those of {', '.join(f'`{each}`' for each in there)}" if there else "no day is settled yet"
            raise NotFound(f"there are no totals of `{source}`: {others}")
        if first or last or source != "web":
            end = last.date() if last else queries.last_day(conn, source) or edge.now().date()
            period = queries.Period(first.date() if first else end, end, source)
            period = period if first else period.ending_with(28)
            if period.last < period.first:
                raise Invalid("the last day is before the first: `--from` comes before `--to`")
        made = reports.report(conn, allowed, period, match=match, most=most)
    if noise is not None:
        from upheld.traffic.noise import spend

        with edge.record() as record, record.transaction() as tx:
            made = spend(tx, made, noise, policy=allowed.policy_hash, at=edge.now(), actor=edge.actor())
    write(made, "json" if as_json else form, out)


def write(made: Report, form: str, out: Path | None) -> None:
    """Say a report in one of its forms, or write it to a new file."""
    import json

    from upheld.traffic import telling

    text = {
        "text": lambda: telling.in_words(made) + "\n",
        "json": lambda: json.dumps(plain(made), ensure_ascii=False, indent=2) + "\n",
        "csv": lambda: telling.as_csv(made),
        "html": lambda: telling.as_html(made),
    }[form]()
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise Conflict(f"`{out}` is there already: move it away, or name another file with `--out`") from error
    click.echo(f"wrote {out}")
