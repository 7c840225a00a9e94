"""`upheld traffic`: the group of commands about what visitors do on the sites."""

from __future__ import annotations

from typing import Final

import click

from upheld.cli.lazy import LazyGroup

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "import": ("upheld.cli.traffic_import:import_", "Turn web logs into totals, and forget them."),
    "take": ("upheld.cli.traffic_take:take", "Take in totals that another tool exported."),
    "report": ("upheld.cli.traffic_report:report", "Report visits and campaigns, as totals of enough people."),
    "scan": ("upheld.cli.traffic_scan:scan", "Look at pages in a real browser, and find what was not promised."),
    "scans": ("upheld.cli.traffic_scan:scans", "List the scans that were made."),
    "tags": ("upheld.cli.traffic_tags:tags", "Hold the declared tags to the policy."),
    "panel": ("upheld.cli.traffic_panel:panel", "Say what was chosen in the panel, and by a receipt what one browser chose."),
    "links": ("upheld.cli.traffic_tags:links", "List the sites of others that the pages link to."),
}


@click.group(cls=LazyGroup, table=COMMANDS, short_help="Say what happens on the sites, and look at what runs there.")
def traffic() -> None:
    """Say what visitors do on the sites, as totals; and look at what the sites do to visitors."""
