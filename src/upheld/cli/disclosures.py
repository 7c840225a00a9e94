"""`upheld disclosures`: what left about one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.person import identifiers_of, name_person

if TYPE_CHECKING:
    from upheld.gate.disclosures import Disclosed


@click.command(short_help="List what left about one person.")
@name_person
@click.option("--year", type=click.IntRange(1970, 9999), help="Of one calendar year only (UTC).")
@with_json
@pass_edge
def disclosures(edge: Edge, /, *, as_json: bool, year: int | None, **asked: Any) -> None:  # noqa: ANN401 - click's values, by their options
    """List every release that PERSON was in: when, to whom, for what, which items, under which clauses.

    PERSON is an e-mail address; or give --first, --last, --address and --zip. `-` reads one line from standard input instead.
    """
    from upheld.gate.disclosures import disclosures as about
    from upheld.people.codes import Keys

    named = identifiers_of(asked)
    home = edge.home()
    with edge.record() as record, record.reading() as conn:
        found = about(conn, Keys(home.key), named, year)
    show(found, as_json=as_json, text=lambda: _in_words(found, year))


def _in_words(found: tuple[Disclosed, ...], year: int | None) -> str:
    when = f" in {year}" if year else ""
    if not found:
        return f"nothing left about this person{when}"
    lines = [f"{len(found)} release{'s' if len(found) > 1 else ''}{when}:"]
    for one in found:
        waiting = "" if one.state == "delivered" else " (recorded; whether the file appeared is not known yet)"
        lines += [
            f"  {one.at:%Y-%m-%d %H:%M} UTC  release {one.release} to {one.recipient} ({one.recipient_kind}) for {one.purpose}{waiting}",
            f"    {', '.join(one.items)} under {', '.join(one.clauses)}, version {one.policy_version}, ledger entry {one.entry}",
        ]
    return "\n".join(lines)
