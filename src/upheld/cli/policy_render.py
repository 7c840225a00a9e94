"""`upheld policy render`: the page that customers read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.errors import Invalid, NotFound

if TYPE_CHECKING:
    from upheld.policy.document import Document
    from upheld.policy.statements import Place


@click.command(short_help="Write the page that customers read.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="PAGE", help="Write the page there, instead of to standard output.")
@click.option(
    "--posted-at", metavar="TIME", help="When this version took effect, as 2026-11-22T09:30Z; without it the page says not posted."
)
@click.option("--posted", is_flag=True, help="Take that time from the record, where this very text is posted.")
@click.option("--witnesses", is_flag=True, help="Say under each rule, for those who audit it, a question that it makes a difference to.")
@click.option("--stylesheet", metavar="ADDRESS", help="Link to this stylesheet instead of carrying one.")
@with_json
@pass_edge
def render(
    edge: Edge, file: Path, out: Path | None, posted_at: str | None, stylesheet: str | None, *, posted: bool, witnesses: bool, as_json: bool
) -> None:
    """Write the policy in FILE as an HTML page: accessible, printable, without script, every clause under its own address."""
    from upheld.policy import document
    from upheld.policy.render import render

    read = document.read(file)
    errors = sum(fault.severity == "error" for fault in read.faults)
    if errors:
        faults = f"{errors} fault{'s' if errors > 1 else ''}"
        raise Invalid(f"the policy has {faults}; run `upheld policy check {read.name}`, mend and try again", place=read.name)
    if posted and posted_at:
        raise Invalid("`--posted` and `--posted-at` both say when; give one")
    since = _posted(edge, read) if posted else _time(posted_at) if posted_at else None
    page = render(read, posted_at=since, coverage=_coverage(read) if witnesses else None, stylesheet=stylesheet)
    if out is not None:
        _write(out, page)
    elif not as_json:
        click.echo(page, nl=False)
    if as_json:
        told = {"file": file, "version": read.front.version, "hash": read.hash, "posted_at": since, "out": out}
        show(told if out is not None else told | {"page": page}, as_json=True, text=str)


def _write(out: Path, page: str) -> None:
    if out.is_dir() or not out.parent.is_dir():
        raise Invalid(f"`{out}` {'is a folder' if out.is_dir() else 'is in a folder that is not there'}; name a file, as in page.html")
    temporary = out.with_name(f".{out.name}.part")
    try:
        temporary.write_text(page, encoding="utf-8")
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)


def _coverage(read: Document) -> dict[Place, str]:
    from upheld.policy.compiled import Policy
    from upheld.policy.coverage import witnesses

    return witnesses(Policy(read))


def _posted(edge: Edge, read: Document) -> datetime:
    from upheld.postings.queries import posted

    with edge.record() as record, record.reading() as conn:
        since = next((each.since for each in posted(conn) if each.hash == read.hash), None)
    if since is None:
        raise NotFound(f"this text is not posted; `upheld policy post {read.name}` puts it in force", place=read.name)
    return since


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Invalid(f"`{text}` is no time with its zone; write it as 2026-11-22T09:30Z")
    return at
