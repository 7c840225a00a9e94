"""`upheld policy draft`, `drafts`, `approve` and `withdraw`: a version passes a second person before it is posted."""

from __future__ import annotations

from pathlib import Path

import click

from upheld.cli.answer import show, with_json
from upheld.cli.choosing import moment
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.numbered import NUMBER


@click.command(short_help="Keep a new version for a second person to approve.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--at", "at_text", metavar="TIME", help="To be in force from a time to come. Else from its posting.")
@with_json
@pass_edge
def draft(edge: Edge, file: Path, at_text: str | None, *, as_json: bool) -> None:
    """Keep the policy in FILE for a second person to approve. `upheld policy affected FILE` says whom it touches."""
    from upheld.policy import document
    from upheld.postings import drafts as waiting

    read = document.read(file)
    with edge.record() as record, record.transaction() as tx:
        number = waiting.draft(tx, read, moment("--at", at_text), at=edge.now(), actor=edge.actor())
    text = f"draft {number}: version {read.front.version}; somebody else approves it with `upheld policy approve {number}`"
    show({"draft": number, "version": read.front.version, "hash": read.hash}, as_json=as_json, text=lambda: text)


@click.command(short_help="List drafted versions and how they stand.")
@with_json
@pass_edge
def drafts(edge: Edge, *, as_json: bool) -> None:
    """List the drafted versions: which wait for a second person, which are approved, posted, withdrawn or stale."""
    from upheld.postings import drafts as waiting

    with edge.record() as record, record.reading() as conn:
        found = waiting.drafts(conn)
    answer = [
        {"draft": one.id, "version": one.version, "state": one.state, "follows": one.follows, "since": one.since, "hash": one.hash}
        | {"at": one.at, "by": one.by, "steps": one.steps}
        for one in found
    ]
    lines = [f"{one.id}  version {one.version}  {one.state}  drafted {one.at:%Y-%m-%d %H:%M} UTC by {one.by}" for one in found]
    show(answer, as_json=as_json, text=lambda: "\n".join(lines) or "nothing was drafted: `upheld policy draft FILE`")


@click.command(short_help="Approve what somebody else drafted.")
@click.argument("number", type=NUMBER)
@with_json
@pass_edge
def approve(edge: Edge, number: int, *, as_json: bool) -> None:
    """Approve draft NUMBER. Whoever drafted it cannot."""
    from upheld.postings import drafts as waiting

    with edge.record() as record, record.transaction() as tx:
        waiting.approve(tx, number, at=edge.now(), actor=edge.actor())
    text = f"draft {number} is approved: put it in force with `upheld policy post --draft {number}`"
    show({"draft": number, "state": "approved"}, as_json=as_json, text=lambda: text)


@click.command(short_help="Give up a draft.")
@click.argument("number", type=NUMBER)
@with_json
@pass_edge
def withdraw(edge: Edge, number: int, *, as_json: bool) -> None:
    """Give up draft NUMBER; it stays readable, and is not posted."""
    from upheld.postings import drafts as waiting

    with edge.record() as record, record.transaction() as tx:
        waiting.withdraw(tx, number, at=edge.now(), actor=edge.actor())
    show({"draft": number, "state": "withdrawn"}, as_json=as_json, text=lambda: f"draft {number} is withdrawn")
