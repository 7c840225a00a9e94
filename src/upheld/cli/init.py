"""`upheld init`: make a home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge

if TYPE_CHECKING:
    from upheld.home import Home


@click.command(short_help="Make a home: configuration, database and keys.")
@click.argument("directory", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
@with_json
@pass_edge
def init(edge: Edge, directory: Path | None, *, as_json: bool) -> None:
    """Make a home in DIR (else where --home says, else here): configuration, an empty record, and keys that only you can read.

    A folder that already is a home is left as it is.
    """
    from upheld.home import Home
    from upheld.record import Record

    home = Home.create(directory or edge.folder or Path())
    Record(home.url).create()
    show({"home": str(home.folder), "record": home.url}, as_json=as_json, text=lambda: _welcome(home))


def _welcome(home: Home) -> str:
    return f"""Made a home in {home.folder}
  upheld.toml     configuration: where the record lies
  keys/           master.key seals what you hold, ledger.key signs the record; keep a copy of both somewhere safe
Next:
  upheld policy check POLICY.md       does the document say what you mean?
  upheld policy post POLICY.md        put it in force
  upheld choices import FILE.csv      who opted in and out
  upheld release LIST.csv --purpose marketing.email --out OUT.csv"""
