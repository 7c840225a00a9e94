"""`upheld traffic scan` and `scans`: the sites in a real browser, held to the policy and to the declared tags."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli import exits
from upheld.cli.answer import show, with_json
from upheld.cli.choosing import pairs
from upheld.cli.edge import Edge, pass_edge
from upheld.errors import NotFound

if TYPE_CHECKING:
    from upheld.home import Home


@click.command(short_help="Look at pages in a real browser, and find what was not promised.")
@click.argument("addresses", metavar="URL...", nargs=-1, required=True)
@click.option("--policy", "policy_file", type=click.Path(path_type=Path), help="The policy to hold them to. Else the one in force.")
@click.option("--pages", type=click.IntRange(1, 200), default=10, show_default=True, help="How many pages at most, following links.")
@click.option("--settle", type=click.FloatRange(0.1, 60), default=3.0, show_default=True, help="Seconds for a page to fall silent.")
@click.option("--accept", metavar="CSS", help="The panel's button that accepts, if its words do not say so.")
@click.option("--refuse", metavar="CSS", help="The panel's button that refuses, if its words do not say so.")
@click.option("--resolve", metavar="HOST=ADDRESS", multiple=True, help="Look for a host there, e.g. shop.example=127.0.0.1:8080.")
@click.option("--browser", metavar="PATH", default="", help="The Chromium to use. Else the one that is found.")
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", help="How to answer.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@pass_edge
def scan(edge: Edge, /, addresses: tuple[str, ...], policy_file: Path | None, *, form: str, as_json: bool, **asked: object) -> int:
    """Open the pages at URL and those they link to, four times: before a choice, after a refusal, after an acceptance, with `Sec-GPC: 1`.

    What is sent to others and kept in the browser is held against `tags.toml` and the policy. Ends with 1 if there is an error; warnings
    alone are fine. In a home, what was found is written down, with its entry in the ledger.

    \b
    upheld traffic scan https://shop.example/
    upheld traffic scan https://shop.example/ --pages 30 --format sarif > scan.sarif
    """
    from upheld.traffic.scanning import findings
    from upheld.traffic.scanning import report as reports
    from upheld.traffic.scanning.scanning import Asked, Held
    from upheld.traffic.scanning.scanning import scan as look

    home = home_if_any(edge)
    selectors = tuple((name, str(asked[name])) for name in ("accept", "refuse") if asked[name])
    wanted = Asked(addresses, int(str(asked["pages"])), float(str(asked["settle"])), selectors)  # type: ignore[arg-type]
    with Held.of(edge.record if home else None, home.path if home else None, policy_file, edge.now()) as held:
        said = look(wanted, held, resolve=pairs("--resolve", asked["resolve"]), path=str(asked["browser"]))  # type: ignore[arg-type]
        if home:
            held.record_scan(reports.as_plain(said), edge.now(), edge.actor())
    form = "json" if as_json else form
    if form == "text":
        click.echo(f"{reports.as_text(said)}\n{findings.as_text(said.findings)}")
    elif form == "json":
        show(reports.as_plain(said), as_json=True, text=str)
    else:
        click.echo(findings.as_sarif(said.findings))
    return exits.FINDINGS if said.count("error") else exits.FINE


@click.command(short_help="List the scans that were made.")
@with_json
@pass_edge
def scans(edge: Edge, *, as_json: bool) -> None:
    """List the last hundred scans, newest first: when, how many pages, how many errors and warnings."""
    from upheld.traffic.scanning import queries

    with edge.record() as record, record.reading() as conn:
        found = queries.scans(conn)
    lines = [f"{one.id}  {one.at:%Y-%m-%d %H:%M}  {one.pages} pages, {one.errors} errors, {one.warnings} warnings" for one in found]
    said = [{"id": one.id, "at": one.at, "pages": one.pages, "errors": one.errors, "warnings": one.warnings} for one in found]
    show(said, as_json=as_json, text=lambda: "\n".join(lines) or "no scan was made yet")


def home_if_any(edge: Edge) -> Home | None:
    """The home, or None where there is none: a scan can be made without."""
    try:
        return edge.home()
    except NotFound:
        if edge.folder is not None:
            raise
        return None
