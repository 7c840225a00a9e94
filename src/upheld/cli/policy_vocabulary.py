"""`upheld policy vocabulary`: the words that a policy may use."""

from __future__ import annotations

from pathlib import Path

import click

from upheld.cli.answer import show, with_json


@click.command(short_help="List the words that a policy may use.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@with_json
def vocabulary(file: Path | None, *, as_json: bool) -> None:
    """List the built-in words, or those that the policy in FILE declares, as a page in Markdown."""
    from upheld.policy.compiled import Policy
    from upheld.policy.terms import Vocabulary
    from upheld.policy.vocabulary import page

    policy = Policy.read(file) if file else None
    if as_json:
        show(policy.vocabulary if policy else Vocabulary.of(()), as_json=True, text=str)
    else:
        click.echo(page(policy), nl=False)
