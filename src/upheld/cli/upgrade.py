"""`upheld upgrade`: bring the record of an older release to this one."""

from __future__ import annotations

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge


@click.command(short_help="Bring an older record to this release.")
@with_json
@pass_edge
def upgrade(edge: Edge, *, as_json: bool) -> None:
    """Add to the home's record the tables that came since it was made, all or none. Nothing that is there is changed.

    Take a copy first: older releases do not open the record any more.
    """
    from upheld.cli.init import load_tables
    from upheld.record import SCHEMA_VERSION

    load_tables()
    with edge.record() as record:
        record.demand_there()
        found = record.create()
    was = SCHEMA_VERSION if found is None else found
    text = (
        f"the record is of schema {was} already" if was == SCHEMA_VERSION else f"upgraded the record from schema {was} to {SCHEMA_VERSION}"
    )
    show({"from": was, "to": SCHEMA_VERSION}, as_json=as_json, text=lambda: text)
