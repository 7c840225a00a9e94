"""`upheld traffic tags` and `links`: what is declared of tags and of linked sites, held to the policy and to the last scan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli import exits
from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge

if TYPE_CHECKING:
    from upheld.traffic.links import Linked


@click.command(short_help="Hold the declared tags to the policy.")
@click.option("--policy", "policy_file", type=click.Path(path_type=Path), help="The policy to hold them to. Else the one in force.")
@with_json
@pass_edge
def tags(edge: Edge, *, policy_file: Path | None, as_json: bool) -> int:
    """Hold the tags of `tags.toml` to the policy and to the register of recipients. What differs does not run. Ends with 1 if one does."""
    from upheld.errors import NotFound
    from upheld.traffic.panel.checking import clause_of
    from upheld.traffic.scanning.scanning import read

    home = edge.home()
    with edge.record() as record:
        held = read(record, home.path, policy_file, edge.now())
    if held.policy is None:
        raise NotFound("no policy is in force: post one with `upheld policy post FILE`, or name one with `--policy`")
    differ, lines, said = held.promised.differs, [], []
    for tag in held.promised.tags.tags:
        own = [each for each in differ if each.tag == tag.name]
        clause = clause_of(tag, held.policy)
        lines.append(f"{tag.name}: {tag.company}, {tag.purpose}, {'differs' if own else f'as `{clause}` says'}, asked {tag.asked}")
        lines += [f"    {each.message}; {each.hint} ({each.place})" for each in own]
        said.append({"tag": tag.name, "clause": clause, "runs": not own, "differs": own})
    show({"policy": held.policy.version, "tags": said}, as_json=as_json, text=lambda: "\n".join(lines) or "no tag is declared")
    return exits.FINDINGS if differ else exits.FINE


@click.command(short_help="List the sites of others that the pages link to.")
@click.option("--toml", "as_toml", is_flag=True, help="Propose entries of `links.toml` for those that it does not list.")
@with_json
@pass_edge
def links(edge: Edge, *, as_toml: bool, as_json: bool) -> None:
    """List the sites of others that the pages of the last scan link to, and which of them the centre's page of linked sites names.

    \b
    upheld traffic links --toml >> links.toml
    """
    from upheld.traffic.links import FILE, proposal, read_links
    from upheld.traffic.scanning import queries

    home = edge.home()
    with edge.record() as record, record.reading() as conn:
        last = queries.last(conn)
    listed = {each.host: each for each in read_links(home.path / FILE)}
    found = last.report["outbound"]
    if as_toml:
        click.echo("\n".join(proposal(each["words"], each["address"]) for each in found if each["host"] not in listed), nl=False)
        return
    said = [{**each, "listed": each["host"] in listed} for each in found]
    lines = [f"{each['host']}: {_state(listed.get(each['host']))}; on {', '.join(each['pages'])}" for each in said]
    show(said, as_json=as_json, text=lambda: "\n".join(lines) or "no page links to a site of others")


def _state(site: Linked | None) -> str:
    if site is None:
        return "not listed"
    return f"its policy was read on {site.reviewed_on}" if site.reviewed_on else "its policy was not read yet"
