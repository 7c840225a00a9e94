"""`upheld choices import`: a file of opt-ins or opt-outs."""

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
    from upheld.choices.importing import Imported


@click.command("import", short_help="Take in a file of opt-ins or opt-outs.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--topic", metavar="TOPIC", help="The topic of all rows. Else a column `topic`.")
@click.option("--out/--in", "is_out", default=None, help="All rows opted out, or in. Else a column `choice`.")
@click.option(
    "--column", "columns", multiple=True, metavar="KIND=HEADING", help="What a column means, e.g. email=Contact. Else found by heading."
)
@click.option("--at", "at_text", metavar="TIME", help="When the rows were chosen, if no column says. Opt-outs: else now.")
@click.option("--words", help="The words that people were shown.")
@click.option("--version", help="The policy version that people had before them.")
@click.option("--collected", multiple=True, metavar="SOURCE=VERSION", help="What SOURCE holds of these people was collected under VERSION.")
@click.option("--phone-region", default="US", show_default=True, metavar="CC", help="The country of telephone numbers that name none.")
@click.option("--rejects", type=click.Path(path_type=Path, dir_okay=False), help="Where unreadable rows are listed. Else FILE.rejects.csv.")
@click.option("--again", is_flag=True, help="Take it in although the same file was taken in before.")
@with_json
@pass_edge
def import_(edge: Edge, /, *, file: Path, rejects: Path | None, again: bool, as_json: bool, **asked: Any) -> int:  # noqa: ANN401 - click's values
    """Take in FILE (CSV or Parquet): each row a choice of the person it names.

    Rows that cannot be read are listed with line number and reason; then it ends with 1. A file that was taken in
    before, read the same way, is not taken in twice.
    """
    from upheld.choices.importing import Plan, import_file
    from upheld.people.actions import Keeper
    from upheld.postings import queries

    is_out, now = asked["is_out"], edge.now()
    home = edge.home()
    with edge.record() as record:
        with record.reading() as conn:
            posted = in_force(conn, now)
            versions = tuple(each.version for each in queries.history(conn, now))
        plan = Plan(
            topic=asked["topic"],
            says=None if is_out is None else "out" if is_out else "in",
            at=moment("--at", asked["at_text"]),
            words=asked["words"],
            version=asked["version"],
            region=asked["phone_region"],
            columns=pairs("--column", asked["columns"]),
            collected=pairs("--collected", asked["collected"]),
            versions=versions,
            sources=posted.policy.vocabulary.sources,
        )
        with rows(file.name) as advance:
            done = import_file(
                record, Keeper(home), file, plan, posted.policy.vocabulary.topics,
                clock=edge.now, actor=edge.actor(), rejects=rejects, again=again, advance=advance,
            )  # fmt: skip
    show(done, as_json=as_json, text=lambda: _in_words(done))
    return exits.FINDINGS if done.rejected and done.before is None else exits.FINE


def _in_words(done: Imported) -> str:
    if done.before is not None:
        return (
            f"nothing to do: this file was taken in at {done.before:%Y-%m-%d %H:%M} UTC ({done.recorded:,} recorded, "
            f"{done.rejected:,} rejected); `--again` takes it in once more"
        )
    lines = [
        f"recorded {done.recorded:,} choice{'s' * (done.recorded != 1)}; read "
        + ", ".join(f"`{heading}` as {role}" for role, heading in done.columns.items())
    ]
    if done.rejected:
        lines.append(f"rejected {done.rejected:,} row{'s' * (done.rejected != 1)}: see {done.rejects}")
    if done.without_fact:
        lines.append(f"left out {done.without_fact:,} facts (region, birth date, how it was heard) that cannot be read: see {done.rejects}")
    return "\n".join(lines)
