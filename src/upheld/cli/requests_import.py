"""`upheld requests import`: a file of many requests, as a call centre or an agent of many people hands it over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from upheld.cli import exits
from upheld.cli.answer import show, with_json
from upheld.cli.choosing import in_force, moment, pairs
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.progress import rows

if TYPE_CHECKING:
    from upheld.requests.importing import Taken


@click.command("import", short_help="Take in a file of many requests.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--topic", "topics", multiple=True, metavar="TOPIC", help="What all rows stop. May be repeated. Else a column `topic`, or everything."
)
@click.option(
    "--column", "columns", multiple=True, metavar="KIND=HEADING", help="What a column means, e.g. email=Contact. Else found by heading."
)
@click.option("--how", default="import", show_default=True, metavar="CHANNEL", help="How the rows were heard.")
@click.option("--at", "at_text", metavar="TIME", help="When they first reached anybody of ours, if no column `when` says. Else now.")
@click.option("--words", help="The words that were shown or read to the people.")
@click.option("--phone-region", default="US", show_default=True, metavar="CC", help="The country of telephone numbers that name none.")
@click.option("--rejects", type=click.Path(path_type=Path, dir_okay=False), help="Where unreadable rows are listed. Else FILE.rejects.csv.")
@with_json
@pass_edge
def import_(edge: Edge, /, *, file: Path, rejects: Path | None, as_json: bool, **asked: Any) -> int:  # noqa: ANN401 - click's values
    """Take in FILE (CSV or Parquet): each row somebody's request to be left alone, in force at once.

    A row that is there twice, or was taken in before, is one request. Rows that cannot be read or give too little are listed with line
    number and reason; then it ends with 1.
    """
    from upheld.choices.actions import channel
    from upheld.people.actions import Keeper
    from upheld.requests.importing import Plan, take_in

    plan = Plan(
        topics=tuple(dict.fromkeys(asked["topics"])),
        channel=channel(asked["how"]),
        at=moment("--at", asked["at_text"]),
        words=asked["words"],
        phone_region=asked["phone_region"],
        columns=pairs("--column", asked["columns"]),
    )
    with edge.record() as record:
        with record.reading() as conn:
            posted = in_force(conn, edge.now())
        with rows(file.name) as advance:
            done = take_in(
                record, Keeper(edge.home()), file, plan, posted, clock=edge.now, actor=edge.actor(), rejects=rejects, advance=advance
            )
    show(done, as_json=as_json, text=lambda: _in_words(done))
    return exits.FINDINGS if done.rejected else exits.FINE


def _in_words(done: Taken) -> str:
    read = ", ".join(f"`{heading}` as {role}" for role, heading in done.columns.items())
    lines = [f"received {done.received:,} request{'s' * (done.received != 1)}; read {read}"]
    if done.again:
        lines.append(f"{done.again:,} row{'s' * (done.again != 1)} had come in already")
    if done.rejected:
        lines.append(f"rejected {done.rejected:,} row{'s' * (done.rejected != 1)}: see {done.rejects}")
    return "\n".join(lines)
