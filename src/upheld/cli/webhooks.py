"""`upheld webhooks`: which of the merchant's programs are told what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.errors import NotFound

if TYPE_CHECKING:
    from upheld.messages.hooks import Webhook


@click.group(short_help="Tell programs what happened.")
def webhooks() -> None:
    """Tell the merchant's programs what happened: each event is an entry of the ledger, sent and signed by `upheld work`."""


@webhooks.command()
@click.argument("program")
@click.argument("address")
@click.option(
    "--about", multiple=True, required=True, metavar="WHAT", help="choice, request, release, recipient, policy, key, site or staff."
)
@with_json
@pass_edge
def add(edge: Edge, program: str, address: str, about: tuple[str, ...], *, as_json: bool) -> None:
    """Tell PROGRAM at ADDRESS of everything that happens from now on; prints the secret with which it checks signatures.

    \b
    upheld webhooks add web-shop https://shop.example/upheld --about request --about choice
    """
    from upheld.messages import hooks
    from upheld.messages.events import secret

    home = edge.home()
    with edge.record() as record, record.transaction() as tx:
        number = hooks.add(tx, program, address, about, at=edge.now(), actor=edge.actor())
    told = secret(home, number)
    show({"webhook": number, "program": program, "secret": told}, as_json=as_json, text=lambda: told)


@webhooks.command()
@click.argument("program")
@with_json
@pass_edge
def end(edge: Edge, program: str, *, as_json: bool) -> None:
    """Tell PROGRAM no more."""
    from upheld.messages import hooks

    with edge.record() as record, record.transaction() as tx:
        hooks.end(tx, program, at=edge.now(), actor=edge.actor())
    show({"program": program}, as_json=as_json, text=lambda: f"{program} is told no more")


@webhooks.command()
@click.argument("program")
@with_json
@pass_edge
def retry(edge: Edge, program: str, *, as_json: bool) -> None:
    """Try anew, now, to tell PROGRAM what it did not take."""
    from upheld.ledger import effects
    from upheld.messages import hooks

    with edge.record() as record, record.transaction() as tx:
        found = next((each for each in hooks.register(tx) if each.name == program), None)
        if found is None:
            raise NotFound(f"there is no webhook `{program}`: see `upheld webhooks list`")
        count = effects.retry(tx, [each.id for each in effects.of(tx, found.id, hooks.SEND)], edge.now())
    show({"program": program, "again": count}, as_json=as_json, text=lambda: "it is tried anew" if count else "nothing waits")


@webhooks.command("list")
@with_json
@pass_edge
def list_(edge: Edge, *, as_json: bool) -> None:
    """List all webhooks: how many events wait, and why."""
    from upheld.messages.hooks import register

    with edge.record() as record, record.reading() as conn:
        found = register(conn)
    show(found, as_json=as_json, text=lambda: "\n".join(map(_line, found)) or "no program is told: add one with `upheld webhooks add`")


def _line(one: Webhook) -> str:
    stands = f"ended {one.ended_at:%Y-%m-%d}" if one.ended_at else f"{one.waiting} waiting" if one.waiting else "up to date"
    why = f": {one.reason}" if one.reason and not one.ended_at else ""
    return f"{one.name}: about {', '.join(one.about)}, at {one.address}; {stands}{why}"
