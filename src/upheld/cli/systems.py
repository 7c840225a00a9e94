"""`upheld systems`: the group of commands about where information lies."""

from __future__ import annotations

from typing import Final

import click

from upheld.cli.lazy import LazyGroup

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "scan": ("upheld.cli.systems_scan:scan", "Propose a data map from a system as it is now."),
    "check": ("upheld.cli.systems_check:check", "Compare the data map with the systems and the policy."),
    "import": ("upheld.cli.systems_import:import_", "Propose a data map from fideslang or dbt files."),
    "index": ("upheld.cli.systems_index:index", "Read every mapped record and index it by keyed codes."),
}


@click.group(cls=LazyGroup, table=COMMANDS, short_help="Say where information lies: map, check and index the systems.")
def systems() -> None:
    """Say where information about people lies: the data map of the merchant's own systems (docs/data-map.md)."""
