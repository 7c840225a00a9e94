"""`upheld policy affected`: how many people a new version touches, before it is posted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge

if TYPE_CHECKING:
    from upheld.gate.affected import Affected


@click.command(short_help="Count the people whom a new version touches.")
@click.argument("file", type=click.Path(path_type=Path))
@with_json
@pass_edge
def affected(edge: Edge, file: Path, *, as_json: bool) -> None:
    """Count the people in the record of whom something would be answered differently by the policy in FILE than by the last posted one.

    What it allows less binds at once; what it allows more touches people only once they agree.
    """
    from upheld.gate.affected import affected as count
    from upheld.policy.compiled import Policy

    policy = Policy.read(file)
    with edge.record() as record, record.reading() as conn:
        found = count(conn, policy, edge.now())
    show(found, as_json=as_json, text=lambda: _text(found))


def _text(found: Affected) -> str:
    if found.follows is None:
        return "no policy was posted yet: this would be the first"
    lines = [
        f"against version {found.follows}, of {found.people:,} people in the record:",
        f"  {found.at_once:,} are answered differently from its posting on",
        f"  {found.once_agreed:,} are answered differently once they agree to it",
    ]
    for each in found.touched:
        what = f"{', '.join(each.purposes)} to {', '.join(each.to)}"
        lines.append(f"  {each.direction}: {what}: {each.at_once:,} at once, {each.once_agreed:,} once agreed")
    return "\n".join(lines)
