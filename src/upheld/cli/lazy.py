"""A group of commands whose modules are loaded only when called, so that `--help` and `policy check` stay quick."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from collections.abc import Mapping


class LazyGroup(click.Group):
    """Commands by name, each as (`"module:attribute"`, one line of help).

    The help line stands in the table, so that listing the commands imports none of them::

        @click.group(cls=LazyGroup, table={"check": ("upheld.cli.policy_check:check", "Find every fault of a policy.")})
        def policy() -> None: ...
    """

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]] | None = None, **options: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*args, **options)
        self.table = dict(table or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table, then those registered in the ordinary way."""
        return [*self.table, *(name for name in super().list_commands(ctx) if name not in self.table)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, loaded now; None if there is none of this name."""
        if cmd_name not in self.table:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.table[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            message = f"{self.table[cmd_name][0]} is not a click command"
            raise TypeError(message)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but a misspelt name is answered from the table alone."""
        name = args[0]
        if name not in self.list_commands(ctx) and not name.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(_unknown(name, self.list_commands(ctx), ctx.command_path))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with the help lines of the table."""
        rows = [(name, self._line(ctx, name)) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete command names from the table, and this group's own options."""
        names = [CompletionItem(name, help=self._line(ctx, name)) for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return names + (click.Command.shell_complete(self, ctx, incomplete) if incomplete.startswith("-") else [])

    def _line(self, ctx: click.Context, name: str) -> str:
        if name in self.table:
            return self.table[name][1]
        command = super().get_command(ctx, name)
        return command.get_short_help_str(limit=100) if command else ""


def _unknown(name: str, known: list[str], path: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"no command `{name}`" + (f"; did you mean `{near[0]}`?" if near else f"; `{path} --help` lists them")
