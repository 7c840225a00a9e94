"""Write docs/cli.md from what the commands say of themselves, and docs/vocabulary.md. `tests/test_docs.py` fails while they differ."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from upheld.cli import exits, main

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
WORDS = PAGE.with_name("vocabulary.md")
HEAD = """\
# Commands

Written by `make docs` from the commands themselves.

Every command finds the merchant's home by `--home`, else by the environment variable `UPHELD_HOME`, else in the current folder or the
nearest one above it that holds `upheld.toml`. The answer goes to standard output; progress, warnings and refusals go to standard error.
A refusal is one line and says what to do. With `--json` a command answers with one JSON document.

| environment variable | says |
|---|---|
| `UPHELD_HOME` | where the merchant's home is |
| `UPHELD_ACTOR` | who asks, as the ledger shall know them; else the name signed in at the terminal |
| `UPHELD_DEBUG` | `1` shows the trace of a fault of the program itself; it may hold personal values |

"""


def commands(group: click.Group, ctx: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command below `group`, depth first, with its full name."""
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None, name
        inner = click.Context(command, info_name=name, parent=ctx, max_content_width=100, terminal_width=100)
        yield inner.command_path, command, inner
        if isinstance(command, click.Group):
            yield from commands(command, inner)


def page() -> str:
    """The whole page."""
    names = ["-h", "--help"]  # as main.upheld says; the contexts below inherit it
    top = click.Context(main.upheld, info_name="upheld", max_content_width=100, terminal_width=100, help_option_names=names)
    parts = [HEAD, "| exit code | says |\n|---|---|\n", *(f"| {code} | {words} |\n" for code, words in exits.MEANINGS.items())]
    parts.append(f"\n## upheld\n\n```text\n{main.upheld.get_help(top)}\n```\n")
    for path, command, ctx in commands(main.upheld, top):
        parts.append(f"\n{'#' * min(path.count(' ') + 2, 4)} {path}\n\n```text\n{_tidy(command.get_help(ctx))}\n```\n")
    return "".join(parts)


def _tidy(text: str) -> str:
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.write(page())
    else:
        PAGE.write_text(page(), encoding="utf-8")
        sys.stdout.write(f"wrote {PAGE.relative_to(Path.cwd())}\n")
