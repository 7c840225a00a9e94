"""`upheld systems scan`: a data map proposed from a live system, for a person to finish."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.mapped import items_of, map_path
from upheld.errors import Conflict, Invalid, NotFound

if TYPE_CHECKING:
    from upheld.home import Home
    from upheld.systems.datamap import System
    from upheld.systems.proposing import Proposed


@click.command(short_help="Propose a data map from a system as it is now.")
@click.argument("where", metavar="NAME|URL|FOLDER")
@click.option("--as", "name", metavar="NAME", help="What to call the system of a URL. Else its last part.")
@click.option("--policy", "policy_file", type=click.Path(path_type=Path), help="The policy whose items are meant. Else the one in force.")
@click.option("--rows", type=click.IntRange(0, 10_000), default=200, show_default=True, help="How many rows of each table to look at.")
@with_json
@pass_edge
def scan(edge: Edge, /, *, where: str, name: str | None, policy_file: Path | None, rows: int, as_json: bool) -> None:
    """Propose a data map for the system NAME of the map, a database by its URL, or a FOLDER of files, on standard output.

    Names, types, keys, foreign keys and some rows are looked at; rows are never kept or shown. What begins with `?` is a guess for a
    person to answer: `upheld systems check` accepts the map once all are.

    \b
    upheld systems scan sqlite:///shop.db > systems.toml
    upheld systems scan postgresql+psycopg://reader@db.example/shop --as shop >> systems.toml
    upheld systems scan ./exports/ --as exports >> systems.toml
    """
    from upheld.systems.connector import Failed
    from upheld.systems.opening import open_system
    from upheld.systems.proposing import write
    from upheld.systems.scanning import scan as look

    home = _home(edge)
    system = _system(where, name, home)
    items = items_of(edge, policy_file)
    try:
        connector = open_system(system, home)
        try:
            tables = look(connector, items, rows=rows)
        finally:
            connector.close()
    except Failed as failed:
        raise Conflict(f"`{system.name}` {failed.words}") from None
    setting = "database" if system.kind == "database" else system.kind
    text = write(system.name, setting, system.address, tables, origin=f"the tables of `{system.name}` as they are now")
    propose(text, tables, as_json=as_json)


def propose(text: str, tables: Sequence[Proposed], left: Sequence[str] = (), *, as_json: bool) -> None:
    """A proposed map on standard output, as it is or in JSON; what waits for an answer, and what was not mapped, on standard error."""
    asked = sum(table.asks + sum(one.asks for one in table.lines) for table in tables)
    if as_json:
        show({"map": text, "tables": len(tables), "asked": asked, "not mapped": left}, as_json=True, text=str)
        return
    click.echo(text, nl=False)
    click.echo(f"upheld: {len(tables)} table{'s' * (len(tables) != 1)}; {asked} lines begin with `?` and wait for an answer", err=True)
    for one in left:
        click.echo(f"upheld: not mapped: {one}", err=True)


def _home(edge: Edge) -> Home | None:
    try:
        return edge.home()
    except NotFound:
        return None


def _system(where: str, name: str | None, home: Home | None) -> System:
    """The system of a name in the home's map, of a URL or of a folder. `Invalid` for an address that cannot be used or holds a secret."""
    from upheld.systems import reading

    folder = Path(where).is_dir() and ("/" in where or home is None)
    if ":" not in where and not folder:
        if home is None:
            raise NotFound("no home here or above: give the URL of a database or a folder of files, or name a home with `--home`")
        found = reading.read(map_path(home)).map.systems
        if where not in found:
            raise NotFound(f"the data map has no system `{where[:40]}`: there are {', '.join(f'`{one}`' for one in found) or 'none'}")
        return found[where]
    called = name or _named_by(where)
    kind = "files" if folder else "database"
    text = f'[{called}]\n{kind} = {_quoted(where)}\n[{called}.columns]\nx = "nothing"\n'
    read = reading.parse(text, folder=Path.cwd())
    if read.faults:
        raise Invalid(f"{read.faults[0].message}; {read.faults[0].hint}" if read.faults[0].hint else read.faults[0].message)
    return read.map.systems[called]


def _named_by(url: str) -> str:
    """What to call the system of a URL: the last part of its path."""
    last = re.sub(r"\?.*", "", url).rstrip("/").rpartition("/")[2].partition(".")[0].lower()
    plain = re.sub(r"[^a-z0-9_-]+", "-", last).strip("-0123456789")[:40]
    return plain or "system"


def _quoted(text: str) -> str:
    import json

    return json.dumps(text)
