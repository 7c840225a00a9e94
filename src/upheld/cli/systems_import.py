"""`upheld systems import`: a data map proposed from a dataset of fideslang or a schema of dbt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli.answer import with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.mapped import items_of
from upheld.cli.systems_scan import propose

if TYPE_CHECKING:
    from upheld.systems.importing import Form


@click.command("import", short_help="Propose a data map from fideslang or dbt files.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--from", "form", type=click.Choice(["fideslang", "dbt"]), required=True, help="What the file is.")
@click.option("--as", "name", default="system", show_default=True, metavar="NAME", help="What to call the system.")
@click.option("--database", "address", default="sqlite:///FILE.db", metavar="URL", help="Where the system lies, for its section.")
@click.option("--policy", "policy_file", type=click.Path(path_type=Path), help="The policy whose items are meant. Else the one in force.")
@with_json
@pass_edge
def import_(edge: Edge, /, *, file: Path, form: Form, name: str, address: str, policy_file: Path | None, as_json: bool) -> None:
    """Propose a data map from FILE, on standard output: a dataset of fideslang, or a `schema.yml` of dbt.

    What begins with `?` is a guess for a person to answer; what could not be mapped is listed at the top and on standard error. A column's
    `meta.upheld` in a dbt file says what the map says, word for word.
    """
    from upheld.systems.importing import import_file
    from upheld.systems.proposing import write

    made = import_file(file, form, items_of(edge, policy_file))
    text = write(name, "database", address, made.tables, origin=f"`{file.name}` ({form})", left=made.left)
    propose(text, made.tables, made.left, as_json=as_json)
