"""`upheld choices`: the table of what can be done with choices."""

from __future__ import annotations

from typing import Final

import click

from upheld.cli.lazy import LazyGroup

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "record": ("upheld.cli.choices_record:record", "Record what one person chose."),
    "import": ("upheld.cli.choices_import:import_", "Take in a file of opt-ins or opt-outs."),
    "agree": ("upheld.cli.choices_agree:agree_", "Record that one person agreed to a newer policy."),
    "show": ("upheld.cli.choices_show:show_choices", "Show what one person chose, when, and how it was heard."),
}
"""Each command's place and its line of help; loaded when called."""


@click.group(cls=LazyGroup, table=COMMANDS, short_help="Record and import who opted in and out.")
def choices() -> None:
    """Record and import who opted in and out.

    A choice is never changed or deleted: a person who changes their mind makes another one, and the latest holds.
    """
