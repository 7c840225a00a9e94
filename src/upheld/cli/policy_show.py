"""`upheld policy show`: the clauses of a policy and what keeps each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli import exits
from upheld.cli.answer import show as answer
from upheld.cli.answer import with_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upheld.policy.coverage import ClauseCoverage, Kept


@click.command(short_help="Show each clause and what keeps it.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to answer.")
@with_json
def show(file: Path, form: str, *, as_json: bool) -> int:
    """Show each clause of the policy in FILE, its statements, and a question that each of them makes a difference to.

    The questions are found by leaving out each statement in turn. Ends with 1 if a clause promises something and nothing keeps it, or if
    leaving out a statement changes nothing.
    """
    from upheld.policy.compiled import Policy
    from upheld.policy.coverage import coverage

    found = coverage(Policy.read(file))
    answer([_plain(each) for each in found], as_json=as_json or form == "json", text=lambda: _text(found, file))
    return exits.FINE if all(each.is_kept or not (each.promises or each.kept) for each in found) else exits.FINDINGS


def _plain(clause: ClauseCoverage) -> dict[str, object]:
    return {
        "clause": clause.clause,
        "line": clause.place.line,
        "promises": clause.promises,
        "is_kept": clause.is_kept,
        "statements": [
            {"line": each.statement.place.line, "statement": each.statement.text, "witness": each.witness} for each in clause.kept
        ],
    }


def _text(found: Sequence[ClauseCoverage], file: Path) -> str:
    lines: list[str] = []
    for clause in found:
        if clause.promises or clause.kept:
            state = "" if clause.is_kept else "  NOT KEPT" if not clause.kept else "  KEPT IN PART"
            lines += [f"{clause.clause} ({file}:{clause.place.line}){state}", *(line for each in clause.kept for line in _lines(each)), ""]
    kept = sum(clause.is_kept for clause in found)
    idle = sum(each.witness is None for clause in found for each in clause.kept)
    bare = sum(clause.promises and not clause.kept for clause in found)
    changing = "1 statement that changes nothing" if idle == 1 else f"{idle} statements that change nothing"
    lines.append(f"{kept} clause{'' if kept == 1 else 's'} kept, {bare} kept by nothing, {changing}")
    return "\n".join(lines)


def _lines(kept: Kept) -> list[str]:
    if kept.witness is None:
        return [f"  {kept.statement.text}", "      changes nothing: leave it out, or say what it is for"]
    return [
        f"  {kept.statement.text}",
        f"      {kept.witness.question}",
        f"      {kept.witness.answer}; without this: {kept.witness.without}",
    ]
