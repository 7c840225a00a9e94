"""`upheld policy explain`: what a policy's statements say, in plain words."""

from __future__ import annotations

from pathlib import Path

import click

from upheld.cli.answer import show, with_json
from upheld.errors import NotFound


@click.command(short_help="Say in plain words what statements mean.")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("where", required=False, metavar="[CLAUSE or LINE]")
@with_json
def explain(file: Path, where: str | None, *, as_json: bool) -> None:
    """Say in plain words what the statements of the policy in FILE mean.

    Of one clause and those below it (`use.partners`, `use`), or of the statement at one line (`74`); without either, of all of them.
    """
    from upheld.policy import document
    from upheld.policy.explain import at, explain
    from upheld.policy.voice import Voice

    read = document.read(file)
    if not read.statements:
        raise NotFound("there is no statement to explain", place=read.name)
    voice = Voice.of(read.statements)
    said = [
        {"clause": one.clause, "line": one.place.line, "statement": one.text, "explanation": explain(one, voice)} for one in at(read, where)
    ]
    errors = sum(fault.severity == "error" for fault in read.faults)
    if errors:
        faults = f"{errors} fault{'s' if errors > 1 else ''}"
        click.echo(f"note: {faults} in {read.name}; see `upheld policy check {read.name}`", err=True)

    def text() -> str:
        lines, clause = list[str](), None
        for one in said:
            if one["clause"] != clause:
                clause = one["clause"]
                lines += ["", f"{clause} ({read.name}:{one['line']})"] if lines else [f"{clause} ({read.name}:{one['line']})"]
            lines.append(f"  {one['explanation']}")
        return "\n".join(lines)

    show(said, as_json=as_json, text=text)
