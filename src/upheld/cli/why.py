"""`upheld why`: one decision about one person, down to the sentence on the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from upheld.cli import exits
from upheld.cli.answer import show, with_json
from upheld.cli.choosing import since
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.person import identifiers_of, name_person
from upheld.errors import Invalid

if TYPE_CHECKING:
    from upheld.gate.asking import Answer, Elsewhere, Question


@click.command(short_help="Explain one decision down to the sentence on the page.")
@name_person
@click.option("--purpose", required=True, help="What it is done for.")
@click.option("--to", default="ourselves", show_default=True, metavar="RECIPIENT", help="Who gets it: a registered recipient.")
@click.option(
    "--items", multiple=True, metavar="ITEM", help="An item shown; a source stands for all its items. Else all that the purpose may use."
)
@click.option("--totals", multiple=True, metavar="ITEM", help="An item shown as totals.")
@click.option("--chosen-by", multiple=True, metavar="ITEM", help="An item by which people are chosen.")
@click.option("--region", help="Where the person lives, if the record does not know, e.g. us-ca.")
@click.option("--age", type=click.IntRange(min=0), help="The person's age in years, if the record does not know.")
@click.option("--served/--not-served", default=None, help="Whether the recipient serves the person.")
@click.option("--since", multiple=True, metavar="SOURCE=VERSION", help="Under which version the person's items of a source stand.")
@click.option("--asked-by", metavar="ROLE", help="The staff role that asks.")
@click.option("--at", metavar="TIME", help="As of a time, e.g. 2026-11-22T10:00+00:00. Else now.")
@with_json
@pass_edge
def why(edge: Edge, /, *, as_json: bool, at: str | None, **asked: Any) -> int:  # noqa: ANN401 - click's values, by their options
    """Explain one decision about PERSON: the answer, the clauses with their sentences, what was known, and what would change it.

    PERSON is an e-mail address; or give --first, --last, --address and --zip. `-` reads one line from standard input instead, so that
    nothing personal stays in the shell's history: an e-mail address, or `first,last,address,zip`. Ends with 1 if anything is refused.
    """
    from upheld.gate.asking import Question, answer
    from upheld.gate.snapshot import ask
    from upheld.people.codes import Keys

    named, stands = identifiers_of(asked), asked.pop("since")
    question = Question(**asked)
    moment = edge.now() if at is None else _time(at)
    home = edge.home()
    with edge.record() as record, record.reading() as conn:
        about = ask(conn, question.purpose, question.to, moment)
        question = replace(question, since=tuple(since(stands, about.history).items()))
        found = answer(conn, Keys(home.key), named, question, about, moment, now=at is None)
    show(_plain(found), as_json=as_json, text=lambda: _in_words(found, question))
    return exits.FINE if found.decision.allowed else exits.FINDINGS


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"`--at {text}` is no time: write it as `2026-11-22T10:00+00:00`") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _plain(found: Answer) -> dict[str, Any]:
    return {
        "allowed": found.decision.allowed,
        "decision": found.decision,
        "use": found.use,
        "standings": found.standings,
        "known": found.known,
        "sentences": found.sentences,
        "elsewhere": found.elsewhere,
        "at": found.at,
    }


def _not_there(found: Answer, elsewhere: Elsewhere, question: Question) -> str:
    """Few words where no clause speaks of it: whom the purpose is allowed to instead."""
    to = f"`{question.to}`" if question.to == found.use.to else f"`{question.to}` ({found.use.to})"
    lines = [f"Refused: no clause allows `{question.purpose}` to {to}, whatever the person chose."]
    if elsewhere.kinds:
        lines.append(f"Some clause allows it to: {', '.join(elsewhere.kinds)}.")
        lines.append(f"Ask with `--to {' | '.join(elsewhere.recipients) or 'RECIPIENT'}`.")
    else:
        lines.append("No clause allows it to anybody.")
    return "\n".join([*lines, _as_of(found)])


def _as_of(found: Answer) -> str:
    return f"(as of {found.at:%Y-%m-%d %H:%M:%S} UTC, version {found.decision.version}, {found.decision.policy_hash[:12]})"


def _in_words(found: Answer, question: Question) -> str:
    from upheld.policy import explain
    from upheld.policy.voice import Voice

    if found.elsewhere is not None and not found.decision.allowed:
        return _not_there(found, found.elsewhere, question)
    to = question.to
    voice = Voice.of(found.policy.document.statements).to_staff()
    lines = [f"Asked: {explain.use(found.use, voice)}"]
    if to != found.use.to:
        lines.append(f"The recipient is `{to}`.")
    if not found.known:
        lines.append("Nobody in the record is meant by this, so nothing was chosen.")
    lines += [f"Known: {explain.standing(standing, voice)}" for standing in found.standings]
    if len(found.decisions) > 1:
        lines.append(f"{len(found.decisions)} answers are possible here; what all of them permit is:")
    lines.append(explain.decision(found.decision, voice))
    if found.sentences:
        lines.append("The page says:")
        lines += [f"  {clause}: {' '.join(text.split())}" for clause, text in found.sentences.items()]
    lines.append(_as_of(found))
    return "\n".join(lines)
