"""`upheld match find` and `file`: which records are, or may be, of whom somebody says they are."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from upheld.cli import exits
from upheld.cli.answer import show, with_json
from upheld.cli.choosing import in_force, pairs
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.mapped import map_path
from upheld.cli.progress import rows
from upheld.cli.requests_desk import WHY, in_words
from upheld.errors import Conflict, Invalid

if TYPE_CHECKING:
    from upheld.requests.looking import Looked, Match
    from upheld.requests.looking_many import LookedMany


@click.command("find", short_help="Show which records are, or may be, somebody's.")
@click.option("--email", help="E-mail address. `-` reads one line from standard input, which no shell remembers.")
@click.option("--first", help="First name.")
@click.option("--last", help="Last name.")
@click.option("--address", help="Street and house.")
@click.option("--zip", "zip_code", help="Postal code.")
@click.option("--phone", help="Telephone number.")
@click.option("--account", help="Account name or number.")
@with_json
@pass_edge
def find(edge: Edge, /, *, as_json: bool, **said: Any) -> int:  # noqa: ANN401 - click's values, by their options
    """Read every mapped system fresh and show which records are, or may be, of whom the caller says they are: one line a record.

    Each line says how likely it is, why an agent must look, and what each comparison said and weighed in bits; never a stored value. Ends
    with 1 if a system did not answer.
    """
    from upheld.people.actions import Keeper
    from upheld.people.held import Held
    from upheld.requests.holdings import Systems
    from upheld.requests.looking import look
    from upheld.systems import reading
    from upheld.systems.opening import open_system

    home = edge.home()
    if said["email"] == "-":
        said["email"] = sys.stdin.readline().strip()
    said["zip"] = said.pop("zip_code")
    systems = Systems(reading.read_map(map_path(home)), partial(open_system, home=home))
    with edge.record() as record:
        with record.reading() as conn:
            policy = in_force(conn, edge.now()).policy
        found = look(record, Keeper(home), systems, Held(**said), policy, at=edge.now(), actor=edge.actor())
    if found.missing:
        raise Invalid(f"nobody can be found by that: {found.missing}")
    show(found, as_json=as_json, text=lambda: _all_in_words(found))
    return exits.FINDINGS if found.silent else exits.FINE


@click.command("file", short_help="Look for everybody in a file.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Where the answer is written. Else FILE.matches.csv.")
@click.option(
    "--column", "columns", multiple=True, metavar="KIND=HEADING", help="What a column means, e.g. email=Contact. Else found by heading."
)
@with_json
@pass_edge
def file_(edge: Edge, /, *, file: Path, out: Path | None, columns: tuple[str, ...], as_json: bool) -> int:
    """Look for everybody in FILE (CSV or Parquet) by the index (`upheld systems index`), and write one line a record found.

    The answer has line numbers, places, verdicts and evidence in words, and no value of anybody. Ends with 1 if a row says too little.
    """
    from upheld.gate.indexed import Finder
    from upheld.people.actions import Keeper
    from upheld.people.trained import in_use
    from upheld.requests.looking_many import look_many
    from upheld.requests.pairs import decisions
    from upheld.systems import reading
    from upheld.systems.connector import Failed
    from upheld.systems.indexing import open_index
    from upheld.systems.opening import open_system

    home = edge.home()
    datamap, index = reading.read_map(map_path(home)), open_index(home)
    target = out or file.with_name(f"{file.name}.matches.csv")
    with edge.record() as record:
        with record.reading() as conn:
            weights, decided = in_use(conn), decisions(conn, home)
        try:
            with Finder(index, datamap, partial(open_system, home=home), weights, decided) as finder, rows(file.name) as advance:
                done = look_many(
                    record, Keeper(home), finder, file, target, pairs("--column", columns),
                    at=edge.now(), actor=edge.actor(), advance=advance,
                )  # fmt: skip
        except Failed as failed:
            raise Conflict(f"nothing was written: {failed}") from None
    show(done, as_json=as_json, text=lambda: _many_in_words(done))
    return exits.FINDINGS if done.rejected else exits.FINE


def _all_in_words(found: Looked) -> str:
    lines = [_line(one) for one in found.matches] or ["no record is like it"]
    return "\n".join([*lines, *(f"{name} did not answer: {why}" for name, why in found.silent.items())])


def _line(one: Match) -> str:
    why = [(WHY, one.why, 0.0)] if one.why else []
    out = f"  stopped: {', '.join(one.out)}" if one.out else ""
    return f"{one.system}.{one.table}  {one.verdict}  {in_words(one.weight, [*why, *one.reasons], one.decided)}{out}"


def _many_in_words(done: LookedMany) -> str:
    lines = [f"{done.found:,} of {done.people:,} people have records: {done.same:,} theirs, {done.review:,} to review; see {done.out}"]
    if done.rejected:
        lines.append(f"{done.rejected:,} row{'s' * (done.rejected != 1)} said too little, or cannot be read")
    return "\n".join(lines)
