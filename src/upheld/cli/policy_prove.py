"""`upheld policy prove`: every `never` and `always` of a policy, proven or refuted."""

from __future__ import annotations

from pathlib import Path

import click

from upheld.cli import exits
from upheld.cli.answer import show, with_json


@click.command(short_help="Prove what a policy says it never or always does.")
@click.argument("file", type=click.Path(path_type=Path))
@with_json
def prove(file: Path, *, as_json: bool) -> int:
    """Prove every `never` and `always` of the policy in FILE for everyone, or show whom it fails.

    Ends with 1 if one fails.
    """
    from upheld.policy.compiled import Policy
    from upheld.policy.prove import prove as verdicts_on

    policy = Policy.read(file)
    verdicts = verdicts_on(policy)
    failed = [verdict for verdict in verdicts if not verdict.holds]

    def text() -> str:
        lines = []
        for verdict in verdicts:
            place = f"{policy.document.name}:{verdict.expectation.place.line}"
            lines.append(f"{place}: {'proven' if verdict.holds else 'FAILS'}: {verdict.expectation.text}")
            if verdict.counterexample is not None:
                lines.append(f"  {verdict.counterexample.words}")
        lines.append(
            f"{len(verdicts) - len(failed)} proven, {len(failed)} failed" if verdicts else "the policy states no `never` or `always`"
        )
        return "\n".join(lines)

    show({"file": policy.document.name, "version": policy.version, "hash": policy.hash, "verdicts": verdicts}, as_json=as_json, text=text)
    return exits.FINDINGS if failed else exits.FINE
