"""`upheld policy diff`: what a new version changes, for whom."""

from __future__ import annotations

from pathlib import Path

import click

from upheld.cli import exits
from upheld.cli.answer import show, with_json


@click.command(short_help="Say who may be treated how by a new version.")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@with_json
def diff(old: Path, new: Path, *, as_json: bool) -> int:
    """Say in words what the policy in NEW changes against the one in OLD: who may now be treated how.

    Ends with 3 if anything is wider: more may be done with information, or people can do less.
    """
    from upheld.policy.compiled import Policy
    from upheld.policy.diff import diff as difference_of

    found = difference_of(Policy.read(old), Policy.read(new))

    def text() -> str:
        lines = []
        for title, changes in (("wider", found.wider), ("narrower", found.narrower), ("changed", found.changed)):
            if changes:
                lines.append(f"{title}:")
            for change in changes:
                clauses = f" [{', '.join(change.clauses)}]" if change.clauses else ""
                lines.append(f"  {change.words}{clauses}")
        return "\n".join(lines) or "no difference"

    show(found, as_json=as_json, text=text)
    return exits.WIDER if found.wider else exits.FINE
