"""`upheld policy vocabulary`: the words that a policy may use."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="List the words that a policy may use.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def vocabulary(file: Path | None) -> None:
    """List the built-in words, or those that the policy in FILE declares, as a page in Markdown."""
    from upheld.policy.compiled import Policy
    from upheld.policy.vocabulary import page

    click.echo(page(Policy.read(file) if file else None), nl=False)
