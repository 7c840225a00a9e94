"""`upheld policy export`: the policy in the words of others."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(short_help="Say the policy in a standard vocabulary.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["dpv"]), default="dpv", help="dpv: W3C Data Privacy Vocabulary 2.3, as JSON-LD.")
@click.option("--base", metavar="ADDRESS", help="Where the policy's page is published; clauses get their addresses from it.")
@click.option("--json", "_as_json", is_flag=True, help="As without it: the export is one JSON document.")
def export(file: Path, form: str, base: str | None, *, _as_json: bool) -> None:
    """Say the policy in FILE in a standard vocabulary, for programs that know it."""
    from upheld.policy import dpv
    from upheld.policy.compiled import Policy

    exported = {"dpv": dpv.export}[form](Policy.read(file), base=base or dpv.BASE)
    click.echo(json.dumps(exported, ensure_ascii=False, indent=2))
