"""`upheld systems check`: the data map against the systems as they are now, and against the policy."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from upheld.cli import exits
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.mapped import map_path, policy_of


@click.command(short_help="Compare the data map with the systems and the policy.")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--policy", "policy_file", type=click.Path(path_type=Path), help="The policy to hold it against. Else the one in force.")
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", help="How to answer.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@pass_edge
def check(edge: Edge, /, *, file: Path | None, policy_file: Path | None, form: str, as_json: bool) -> int:
    """Compare the data map (FILE, else the home's) with every system it names, as it is now, and with the policy.

    Unmapped tables and columns, tables and columns that are gone, items that the policy never collects, links that are not a whole key, and
    questions that nobody answered are errors. Ends with 1 if there is one; warnings alone are fine.
    """
    from upheld.errors import NotFound
    from upheld.policy import findings
    from upheld.systems import reading
    from upheld.systems.checking import check as faults_of
    from upheld.systems.opening import open_system

    try:
        home = edge.home()
    except NotFound:
        if file is None:
            raise
        home = None
    read = reading.read(file if file is not None or home is None else map_path(home))  # type: ignore[arg-type]
    policy = policy_of(edge, policy_file)
    if policy is None:
        click.echo("upheld: no policy is in force, so items and topics are not looked at; `--policy FILE` names one", err=True)
    faults = faults_of(read, partial(open_system, home=home), policy)
    say = {"text": findings.as_text, "json": findings.as_json, "sarif": findings.as_sarif}["json" if as_json else form]
    click.echo(say(read.name, faults))
    return exits.FINDINGS if any(fault.severity == "error" for fault in faults) else exits.FINE
