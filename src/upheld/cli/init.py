"""`upheld init`: make a home."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import TYPE_CHECKING

import click

import upheld
from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge

if TYPE_CHECKING:
    from upheld.home import Home


@click.command(short_help="Make a home: configuration, database and keys.")
@click.argument("directory", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
@click.option("--company", metavar="NAME", help="Whose home it is; becomes part of the name under which the ledger signs.")
@click.option("--record", metavar="URL", help="Where the record lies. Else SQLite in the home. Or: postgresql+psycopg://user@host/database")
@with_json
@pass_edge
def init(edge: Edge, directory: Path | None, company: str | None, record: str | None, *, as_json: bool) -> None:
    """Make a home in DIR (else where --home says, else here): configuration, an empty record, and keys that only you can read.

    A folder that already is a home is refused, and left as it is.
    """
    from upheld.home import Home
    from upheld.record import Record

    if record is not None:
        Record(record)  # says what is wrong with the URL before anything is written
    home = Home.create(directory or edge.folder or Path(), company, record)
    load_tables()
    store = Record(home.record_url)
    try:
        store.create()
    finally:
        store.close()
    answer = {"home": home.path, "record": store.url.render_as_string(), "ledger": home.ledger_name}
    show(answer, as_json=as_json, text=lambda: _welcome(home))


def load_tables() -> None:
    """Load every `models.py` of the rooms, so that the record knows all tables."""
    for module in walk_packages(upheld.__path__, "upheld."):
        if module.name.endswith(".models"):
            import_module(module.name)


def _welcome(home: Home) -> str:
    return f"""Made a home in {home.path}
  upheld.toml     configuration: where the record lies, and the ledger's name
  keys/           master.key seals what you hold, ledger.key signs the record; keep a copy of both somewhere safe
Next:
  upheld policy check POLICY.md       does the document say what you mean?
  upheld policy post POLICY.md        put it in force
  upheld choices import FILE.csv      who opted in and out
  upheld release LIST.csv --purpose marketing.email --to ourselves --out OUT.csv"""
