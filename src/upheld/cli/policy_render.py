"""`upheld policy render`: the page that customers read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from upheld.errors import Invalid


@click.command(short_help="Write the page that customers read.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="PAGE", help="Write the page there, instead of to standard output.")
@click.option(
    "--posted-at", metavar="TIME", help="When this version took effect, as 2026-11-22T09:30Z; without it the page says not posted."
)
@click.option("--stylesheet", metavar="ADDRESS", help="Link to this stylesheet instead of carrying one.")
def render(file: Path, out: Path | None, posted_at: str | None, stylesheet: str | None) -> None:
    """Write the policy in FILE as an HTML page: accessible, printable, without script, every clause under its own address."""
    from upheld.policy import document
    from upheld.policy.render import render

    read = document.read(file)
    errors = sum(fault.severity == "error" for fault in read.faults)
    if errors:
        faults = f"{errors} fault{'s' if errors > 1 else ''}"
        raise Invalid(f"the policy has {faults}; run `upheld policy check {read.name}`, mend and try again", place=read.name)
    page = render(read, posted_at=_time(posted_at) if posted_at else None, stylesheet=stylesheet)
    if out is None:
        click.echo(page, nl=False)
        return
    temporary = out.with_name(f".{out.name}.part")
    try:
        temporary.write_text(page, encoding="utf-8")
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Invalid(f"`{text}` is no time with its zone; write it as 2026-11-22T09:30Z")
    return at
