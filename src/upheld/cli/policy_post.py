"""`upheld policy post`, `unpost` and `history`: which document was in force when."""

from __future__ import annotations

from pathlib import Path

import click

from upheld.cli.answer import show, with_json
from upheld.cli.choosing import moment
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.numbered import NUMBER
from upheld.errors import Invalid, Refused


@click.command(short_help="Put a policy in force.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--draft", "number", type=NUMBER, help="Post this approved draft instead of a file.")
@click.option("--at", "at_text", metavar="TIME", help="In force from a time to come, e.g. 2026-12-01T00:00+00:00. Else now.")
@with_json
@pass_edge
def post(edge: Edge, file: Path | None, number: int | None, at_text: str | None, *, as_json: bool) -> None:
    """Put the policy in FILE in force, from now or from a time to come; or a draft that a second person approved.

    The text is kept whole, with its hash and that of its decision table in the ledger. Whoever gave information before keeps the narrower
    of the two versions, until they agree to the new one.
    """
    from upheld.people.queries import last_person
    from upheld.policy import document
    from upheld.policy.diff import diff
    from upheld.postings import actions, drafts

    if (file is None) == (number is None):
        raise Invalid("name the policy's FILE, or an approved draft with `--draft`")
    if file is not None and edge.home().setting("policy", "second_person") == "yes":
        raise Refused("`[policy]` asks for a second person: `upheld policy draft` it, let somebody else `approve` it, and post the draft")
    if number is not None and at_text is not None:
        raise Invalid("a draft has its time already: say `--at` to `upheld policy draft`")
    read, now = document.read(file) if file is not None else None, edge.now()
    with edge.record() as record, record.transaction() as tx:
        if read is not None:
            done = actions.post(tx, read, moment("--at", at_text), at=now, actor=edge.actor())
        else:
            done = drafts.post_draft(tx, number or 0, at=now, actor=edge.actor())
        people = last_person(tx)
    posted, follows = done.posted, done.follows.version if done.follows else None
    changes = diff(done.follows.policy, posted.policy) if done.follows else None
    wider, narrower = (len(changes.wider), len(changes.narrower)) if changes else (0, 0)
    answer = {"version": posted.version, "since": posted.since, "hash": posted.hash, "table_hash": posted.table_hash, "follows": follows}
    answer |= {"wider": wider, "narrower": narrower, "people": people}
    after = f", after version {follows}" if follows else ""
    lines = [f"posted version {posted.version}, in force from {posted.since:%Y-%m-%d %H:%M:%S} UTC{after}"]
    if narrower:
        lines.append(f"narrower in {narrower} points: that binds at once, for everybody")
    if wider:
        lines.append(f"wider in {wider} points (`upheld policy diff` says which): that does not touch what was collected earlier")
        lines.append(f"of {people:,} people in the record, until they agree (`upheld choices agree`)")
    show(answer, as_json=as_json, text=lambda: "\n".join(lines))


@click.command(short_help="Withdraw a posting that is not yet in force.")
@click.argument("version")
@with_json
@pass_edge
def unpost(edge: Edge, version: str, *, as_json: bool) -> None:
    """Withdraw the posted VERSION before it comes in force, e.g. one posted for a wrong time. One that is or was in force stays.

    Its text stays kept, the ledger says that it was withdrawn, and its label is not used again.
    """
    from upheld.postings import actions

    with edge.record() as record, record.transaction() as tx:
        done = actions.unpost(tx, version, at=edge.now(), actor=edge.actor())
    said = f"version {version} is withdrawn; it was to be in force from {done.since:%Y-%m-%d %H:%M:%S} UTC"
    show({"version": version, "since": done.since, "hash": done.hash, "state": "withdrawn"}, as_json=as_json, text=lambda: said)


@click.command(short_help="List the posted policies.")
@click.option("--at", "at_text", metavar="TIME", help="Only those in force up to a time.")
@with_json
@pass_edge
def history(edge: Edge, at_text: str | None, *, as_json: bool) -> None:
    """List the posted policies, oldest first, with the times from which they are in force."""
    from upheld.postings import queries

    now, at = edge.now(), moment("--at", at_text)
    with edge.record() as record, record.reading() as conn:
        found = queries.history(conn, at) if at else queries.posted(conn)
        running = queries.history(conn, at or now)
    current = running[-1].version if running else None
    lines = [(each, "  (in force)" if each.version == current else "") for each in found]
    answer = [
        {"version": one.version, "since": one.since, "posted_at": one.at, "name": one.name, "hash": one.hash, "in_force": bool(mark)}
        for one, mark in lines
    ]
    text = [f"{one.version}  from {one.since:%Y-%m-%d %H:%M:%S} UTC  {one.hash[:12]}  {one.name}{mark}" for one, mark in lines]
    show(answer, as_json=as_json, text=lambda: "\n".join(text) or "no policy was posted yet: `upheld policy post FILE`")
