"""`upheld release`: the main job. A list comes in; what may leave goes out; the record says so."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from upheld.cli import exits
from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.errors import Invalid

if TYPE_CHECKING:
    from upheld.gate.orders import Watch
    from upheld.gate.summary import ColumnOutcome, Refusal, Summary

_STAGES = {
    "locked": "reading the list",
    "mapped": "recognising people",
    "snapshot": "deciding",
    "decided": "writing",
    "synced": "recording",
}


@click.command(short_help="Write what of a list may leave, and record it.")
@click.argument("list_", metavar="LIST")
@click.option("--purpose", required=True, help="What it is for.")
@click.option("--to", default="ourselves", show_default=True, metavar="RECIPIENT", help="Who gets it: ourselves or a registered recipient.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Where to write what may leave: a `.csv` or `.parquet` file.")
@click.option("--dry-run", is_flag=True, help="Only say what would leave.")
@click.option("--items", multiple=True, metavar="ITEM", help="Show only this item; a source stands for all its items. May be repeated.")
@click.option("--totals", multiple=True, metavar="ITEM", help="Write totals of this item instead of individual rows. May be repeated.")
@click.option("--people", type=click.IntRange(min=1), help="How many people each total covers at least.")
@click.option("--chosen-by", multiple=True, metavar="ITEM", help="An item by which the people were chosen. May be repeated.")
@click.option("--map", "mapping", multiple=True, metavar="COLUMN=WHAT", help="What a column is: an item, `email`, `zip` …, or `nothing`.")
@click.option("--source", metavar="SOURCE", help="Where the list's information comes from, e.g. order.")
@click.option("--engine", default="duckdb", show_default=True, type=click.Choice(["duckdb", "postgres", "spark", "clickhouse"]))
@click.option("--engine-address", metavar="ADDRESS", help="Where the engine is: a PostgreSQL URL, a Spark master.")
@click.option("--encoding", help="The encoding of a text file, if it is not UTF-8.")
@click.option("--delimiter", help="What separates the columns of a text file.")
@click.option("--header/--no-header", default=None, help="Whether the first line names the columns. Else found out.")
@click.option("--asked-by", metavar="ROLE", help="The staff role that asks.")
@with_json
@pass_edge
def release(edge: Edge, /, list_: str, *, as_json: bool, dry_run: bool, out: Path | None, **asked: Any) -> int:  # noqa: ANN401 - click's values
    """Decide LIST row by row and column by column, write only what may leave, and record it before the file appears.

    LIST is a CSV or Parquet file, or a table: sqlite:///shop.db#customers, postgresql://user@host/shop#customers.

    Ends with 1 if nothing may leave; then nothing is written.
    """
    from upheld.gate.release import release as carry_out

    if not dry_run and out is None:
        raise Invalid("say where to write with `--out FILE`, or only look with `--dry-run`")
    home = edge.home()
    with edge.record() as record, _progress() as watch:
        summary = carry_out(home, record, _order(list_, None if dry_run else out, asked), edge.now, edge.actor(asked["asked_by"]), watch)
    show(summary, as_json=as_json, text=lambda: _in_words(summary, dry_run=dry_run))
    for note in summary.notes:
        click.echo(f"note: {note}", err=True)
    return exits.FINE if summary.released else exits.FINDINGS


def _order(list_: str, out: Path | None, asked: dict[str, Any]) -> Any:  # noqa: ANN401 - an Order, imported only when called
    from upheld.gate.lists import Reading
    from upheld.gate.orders import Order

    delimiter = {"tab": "\t", "\\t": "\t"}.get(asked["delimiter"], asked["delimiter"])
    if delimiter is not None and len(delimiter) != 1:
        raise Invalid("a delimiter is one character, or `tab`")
    reading = Reading(asked.pop("encoding"), delimiter, asked.pop("header"))
    del asked["delimiter"]
    return Order(list=list_, out=out, reading=reading, **asked)


@contextmanager
def _progress() -> Iterator[Watch]:
    """A progress bar on standard error, if a person is looking; else nothing."""
    from upheld.gate.orders import unwatched

    if not sys.stderr.isatty():
        yield unwatched
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def watch(step: str, done: int, of: int) -> None:
            if step == "read" and of:
                progress.update(task, description=f"recognising people: {done:,} of {of:,} rows", completed=done, total=of)
            elif step in _STAGES:
                progress.update(task, description=_STAGES[step], completed=0, total=None)

        yield watch


def _in_words(summary: Summary, *, dry_run: bool) -> str:
    rows = f"row{'s' * (summary.read != 1)}"
    lines = [
        f"{summary.list}: {summary.purpose} to {summary.recipient}, policy {summary.policy_version} ({summary.policy_hash[:12]})",
        f"  {summary.read:,} {rows} read = {summary.released:,} released + {summary.refused:,} refused + {summary.rejected:,} rejected",
    ]
    if summary.out:
        lines.append(f"  release {summary.release} left: {summary.out}")
    elif dry_run and summary.released:
        lines.append("  only looked: nothing was written; with `--out FILE` and without `--dry-run` it leaves")
    elif not summary.released:
        lines.append("  nothing may leave; nothing was written")
    if summary.rejects:
        lines.append(f"  rejected rows, with line and reason: {summary.rejects}")
    if summary.obligations.at_most:
        lines.append("  " + ", ".join(f"at most {times} times a {period} for each person" for times, period in summary.obligations.at_most))
    lines.append("Columns:")
    lines += [_column(column) for column in summary.columns]
    lines += _refusals("Refused rows:", summary.refusals) + _refusals("Cells withheld from released rows:", summary.cells)
    return "\n".join(lines)


def _column(column: ColumnOutcome) -> str:
    item = f" as {column.item}" if column.item else ""
    why = f" ({column.why})" if column.why else ""
    return f"  {column.column}: {column.outcome}{item}{why}"


def _refusals(head: str, refusals: tuple[Refusal, ...]) -> list[str]:
    lines = [head] if refusals else []
    for refusal in refusals:
        what = f"{refusal.item}: " if refusal.item else ""
        lines.append(f"  {refusal.rows:,}  {what}{refusal.because} [{refusal.clause or 'no clause'}]")
        if refusal.sentence:
            lines.append(f"      the page says: {' '.join(refusal.sentence.split())}")
        lines.append(f"      what would change it: {refusal.change}")
    return lines
