"""`upheld law`: the group of commands about what the laws ask."""

from __future__ import annotations

from typing import Final

import click

from upheld.cli.lazy import LazyGroup

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "list": ("upheld.cli.law_show:list_", "List the duties of the laws, and how well each was read."),
    "show": ("upheld.cli.law_show:show_", "Show one duty whole, with its sources."),
    "clocks": ("upheld.cli.law_clocks:clocks", "Say by when what was received is due under each law."),
}


@click.group(cls=LazyGroup, table=COMMANDS, short_help="Say what the laws ask, by when, and how sure that is.")
def law() -> None:
    """Say what the laws ask of a policy and of requests.

    The law packs hold facts, each with its source and a mark that says how well it was read. Nothing in them is legal advice.
    """
