"""`upheld completion`: let the shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(short_help="Print the completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL, to be read by it at its start.

    \b
    bash   upheld completion bash > ~/.local/share/bash-completion/completions/upheld
    zsh    upheld completion zsh  > a file `_upheld` in a folder of $fpath
    fish   upheld completion fish > ~/.config/fish/completions/upheld.fish
    """
    from upheld.cli.main import upheld

    kind = get_completion_class(shell)
    assert kind is not None  # click knows these three
    click.echo(kind(upheld, {}, "upheld", "_UPHELD_COMPLETE").source())
