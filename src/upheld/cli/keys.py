"""`upheld keys`: which of the merchant's programs may ask over the API, and for what."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from upheld.cli.answer import show, with_json
from upheld.cli.choosing import in_force
from upheld.cli.edge import Edge, pass_edge

if TYPE_CHECKING:
    from upheld.access.queries import Key


@click.group(short_help="Give programs keys to the API, bound to purposes.")
def keys() -> None:
    """Give the merchant's programs keys to the API (`upheld serve api`), each bound to purposes and to what it may do."""


@keys.command()
@click.argument("program")
@click.option("--may", multiple=True, required=True, metavar="WHAT", help="decide, choices, requests, releases or links. May be repeated.")
@click.option("--for", "purposes", multiple=True, metavar="PURPOSE", help="A purpose, or a branch of them. May be repeated.")
@with_json
@pass_edge
def add(edge: Edge, program: str, may: tuple[str, ...], purposes: tuple[str, ...], *, as_json: bool) -> None:
    """Give PROGRAM, a short name as in web-shop, a key. It is printed once, on standard output, and kept nowhere.

    \b
    upheld keys add web-shop --may decide --for marketing.email > web-shop.key
    """
    from upheld.access import actions

    home, now = edge.home(), edge.now()
    with edge.record() as record, record.transaction() as tx:
        known = in_force(tx, now).policy.vocabulary.purposes
        given = actions.add(
            tx, home.key(actions.SECRET), program, list(dict.fromkeys(may)), list(dict.fromkeys(purposes)), known=known, at=now,
            actor=edge.actor(),
        )  # fmt: skip
    show({"key": given.number, "program": program, "text": given.text}, as_json=as_json, text=lambda: given.text)
    if sys.stderr.isatty():
        click.echo("this is shown once: give it to the program in a file that only it can read", err=True)


@keys.command()
@click.argument("program")
@with_json
@pass_edge
def end(edge: Edge, program: str, *, as_json: bool) -> None:
    """Take back the key of PROGRAM: it opens nothing from now on."""
    from upheld.access import actions

    with edge.record() as record, record.transaction() as tx:
        actions.end(tx, program, at=edge.now(), actor=edge.actor())
    show({"program": program}, as_json=as_json, text=lambda: f"the key of {program} opens nothing any more")


@keys.command("list")
@with_json
@pass_edge
def list_(edge: Edge, *, as_json: bool) -> None:
    """List all keys that were given out."""
    from upheld.access.queries import register

    with edge.record() as record, record.reading() as conn:
        found = register(conn)
    told = [
        {"key": key.id, "program": key.name, "may": key.may, "purposes": key.purposes, "at": key.at, "ended_at": key.ended_at}
        for key in found
    ]
    show(told, as_json=as_json, text=lambda: "\n".join(map(_line, found)) or "no key was given out: give one with `upheld keys add`")


def _line(key: Key) -> str:
    bound = f" for {', '.join(key.purposes)}" if key.purposes else ""
    ended = f"; ended {key.ended_at:%Y-%m-%d}" if key.ended_at else ""
    return f"{key.name}: may {', '.join(key.may)}{bound}; since {key.at:%Y-%m-%d}{ended}"
