"""`upheld systems index`: every mapped record read once, and indexed by keyed codes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.mapped import map_path
from upheld.errors import Conflict

if TYPE_CHECKING:
    from upheld.systems.indexing import Indexed


@click.command(short_help="Read every mapped record and index it by keyed codes.")
@click.option("--processes", type=click.IntRange(1, 64), help="How many processors compute codes. Else as many as there are.")
@with_json
@pass_edge
def index(edge: Edge, /, *, processes: int | None, as_json: bool) -> None:
    """Read every record of every mapped table and replace the index, with which a request finds its person among millions.

    It also works out which records are one person's: the safest are joined, others are proposed (`upheld match pairs`).

    The index holds keyed codes and sealed places, never a name or an address. If a system fails, the index stays as it was.
    """
    from upheld.people.pairing import pairing
    from upheld.requests.pairs import decisions
    from upheld.systems import reading
    from upheld.systems.connector import Failed
    from upheld.systems.indexing import refresh
    from upheld.systems.opening import open_system

    home = edge.home()
    datamap = reading.read_map(map_path(home))
    with edge.record() as record, record.reading() as conn:
        decided = decisions(conn, home)
    try:
        with _progress() as advance:
            done = refresh(
                home, datamap, partial(open_system, home=home), edge.now(),
                processes=processes, advance=advance, decisions=decided, pairing=pairing(home),
            )  # fmt: skip
    except Failed as failed:
        raise Conflict(f"the index is as it was: {failed}") from None
    tables = [{"system": span.system, "table": span.table, "records": span.count} for span in done.tables]
    answer = {"tables": tables, "codes": done.codes, "bytes": done.bytes, "at": done.at}
    answer |= {"joined": done.links.joined, "proposed": len(done.links.pairs), "refused": done.links.refused}
    show(answer, as_json=as_json, text=lambda: _in_words(done))


def _in_words(done: Indexed) -> str:
    lines = [f"{span.system}.{span.table}: {span.count:,} records" for span in done.tables]
    people = f"people with several records: {done.links.joined:,}; pairs to judge: {len(done.links.pairs):,}"
    return "\n".join([*lines, f"{done.codes:,} codes, {done.bytes:,} bytes; {people}"])


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,} records read"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        yield lambda records: bar.advance(task, records)
