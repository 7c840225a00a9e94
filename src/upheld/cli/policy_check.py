"""`upheld policy check`: every fault of a policy document in one run."""

from __future__ import annotations

from pathlib import Path

import click

from upheld.cli import exits


@click.command(short_help="Find every fault of a policy.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", help="How to answer.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def check(file: Path, form: str, *, as_json: bool) -> int:
    """Find every fault of the policy in FILE, sorted by place, each with what to do about it.

    Duties of the laws that its front matter names are held against it, too: an error where the law itself was read, else a warning.
    Ends with 1 if there is an error; warnings alone are fine.
    """
    from upheld.policy import document, findings
    from upheld.policy.check import check as faults_of
    from upheld.requests.duties import duties_unmet

    read = document.read(file)
    faults = faults_of(read, [duties_unmet])
    say = {"text": findings.as_text, "json": findings.as_json, "sarif": findings.as_sarif}["json" if as_json else form]
    click.echo(say(read.name, faults))
    return exits.FINDINGS if any(fault.severity == "error" for fault in faults) else exits.FINE
