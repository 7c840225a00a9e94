"""`upheld match`: the group of commands about whose a record is."""

from __future__ import annotations

from typing import Final

import click

from upheld.cli.lazy import LazyGroup

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "find": ("upheld.cli.match_find:find", "Show which records are, or may be, somebody's."),
    "file": ("upheld.cli.match_find:file_", "Look for everybody in a file."),
    "pairs": ("upheld.cli.match_pairs:pairs", "Show records that may be one person's."),
    "judge": ("upheld.cli.match_pairs:judge", "Decide whether two records are one person's."),
    "train": ("upheld.cli.match_train:train", "Learn match weights from your own records."),
}


@click.group(cls=LazyGroup, table=COMMANDS, short_help="Say whose a record is, and learn to say it better.")
def match() -> None:
    """Say whose a record is, and learn to say it better. Nothing is stopped by it: that is `upheld requests receive`."""
