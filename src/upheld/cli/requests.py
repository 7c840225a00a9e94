"""`upheld requests`: the group of commands about people who want to be left alone."""

from __future__ import annotations

from typing import Final

import click

from upheld.cli.lazy import LazyGroup

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "receive": ("upheld.cli.requests_receive:receive_", "Take in a request as heard on the phone or read in a letter."),
    "draft": ("upheld.cli.requests_draft:draft", "Read e-mail messages into drafts for an agent."),
    "import": ("upheld.cli.requests_import:import_", "Take in a file of many requests."),
    "list": ("upheld.cli.requests_show:list_", "List requests, the most urgent first."),
    "show": ("upheld.cli.requests_show:show_", "Show one request: where it stands, place by place."),
    "review": ("upheld.cli.requests_desk:review", "Show the records that may be the person's, with the evidence."),
    "judge": ("upheld.cli.requests_desk:judge", "Decide whether a record is the person's."),
    "retry": ("upheld.cli.requests_desk:retry", "Try again, now, whatever was not done."),
    "told": ("upheld.cli.requests_desk:told", "List who was told to stop, and who answered."),
    "acknowledge": ("upheld.cli.requests_desk:acknowledge", "Note what a recipient answered."),
    "withdraw": ("upheld.cli.requests_desk:withdraw", "Take a draft back."),
    "note": ("upheld.cli.requests_desk:note", "Write a note about a request, or read them."),
    "handover": ("upheld.cli.requests_desk:handover", "Hand a request over to another desk."),
    "may-ask": ("upheld.cli.requests_opt_in:may_ask", "Say whether somebody may be asked to opt in again."),
    "opt-in": ("upheld.cli.requests_opt_in:opt_in", "Take the first of two steps to opt in."),
    "confirm": ("upheld.cli.requests_opt_in:confirm", "Take the second of two steps to opt in."),
    "track": ("upheld.cli.requests_show:track", "Show a request to the person who has its token."),
}


@click.group(cls=LazyGroup, table=COMMANDS, short_help="Take people off every list, and prove it.")
def requests() -> None:
    """Take people off every list, and prove it.

    What a person asks to stop is stopped the moment it is received. `upheld work` then searches every system, marks what it finds, tells
    whoever received the person's information, and proves the result by a fresh search.
    """
