"""`upheld decide`: one use, one person (in the record, or of whom the facts are given), one answer with its reasons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from upheld.cli import exits
from upheld.cli.answer import show, with_json
from upheld.cli.choosing import declared, since
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.person import identifiers_of, name_person, names_somebody
from upheld.errors import Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upheld.policy.compiled import Policy
    from upheld.policy.uses import Decision, Standing, Use


@click.command(short_help="Decide one use for one person.")
@name_person
@click.option("--policy", "files", multiple=True, type=click.Path(path_type=Path), help="A version, oldest first. Else what is posted.")
@click.option("--purpose", required=True, help="What it is done for.")
@click.option("--show", "shown", multiple=True, metavar="ITEM", help="An item shown individually; a source stands for all its items.")
@click.option("--totals", multiple=True, metavar="ITEM", help="An item shown as totals.")
@click.option("--people", type=click.IntRange(min=1), help="How many people the totals cover at least.")
@click.option("--chosen-by", multiple=True, metavar="ITEM", help="An item by which people are chosen.")
@click.option("--to", default="ourselves", show_default=True, metavar="RECIPIENT", help="Who gets it.")
@click.option("--vetted/--not-vetted", default=None, help="Whether the recipient is vetted.")
@click.option("--under-contract/--no-contract", default=None, help="Whether a contract with the recipient covers it.")
@click.option("--legal-process/--no-legal-process", default=None, help="Whether the recipient shows legal process.")
@click.option("--served/--not-served", default=None, help="Whether the recipient serves the person.")
@click.option("--asked-by", metavar="ROLE", help="The staff role that asks.")
@click.option("--choice", "choices", multiple=True, metavar="TOPIC=in|out|unset", help="What the person chose.")
@click.option("--nothing-else-chosen", is_flag=True, help="On all topics not named, the person chose nothing. Else that is unknown.")
@click.option("--region", help="Where the person lives, e.g. us-ca.")
@click.option("--age", type=click.IntRange(min=0), help="In years.")
@click.option("--since", multiple=True, metavar="SOURCE=VERSION", help="Under which version the person's items of a source stand.")
@with_json
@pass_edge
def decide(edge: Edge, /, files: tuple[Path, ...], *, as_json: bool, **asked: Any) -> int:  # noqa: ANN401 - click's values, by their options
    """Decide one use for one person: PERSON as the record knows them, or somebody of whom the facts are given.

    PERSON is an e-mail address, `-` to read it from standard input, or --first, --last, --address and --zip; then RECIPIENT is a
    registered one. Without PERSON, a fact that is not given is unknown, and what is unknown never helps. Ends with 1 if any is refused.
    """
    decided = _of_somebody_known(edge, files, asked) if names_somebody(asked) else _of_facts(edge, files, asked)
    shown = {"allowed": decided.decision.allowed, "decision": decided.decision, "use": decided.use}
    show(shown | {"standings": decided.standings}, as_json=as_json, text=lambda: _in_words(decided))
    return exits.FINE if decided.decision.allowed else exits.FINDINGS


class _Decided(NamedTuple):
    policy: Policy
    use: Use
    standings: tuple[Standing, ...]  # of everybody who may be meant
    decision: Decision


def _of_facts(edge: Edge, files: Sequence[Path], asked: dict[str, Any]) -> _Decided:
    from upheld.policy.decide import decide as answer

    history = _read(files) if files else _posted(edge)
    kinds = history[-1].vocabulary.recipients
    if asked["to"] not in kinds:
        there = ", ".join(f"`{kind}`" for kind in kinds)
        raise Invalid(
            f"no kind of recipient is called `{asked['to']}`: there are {there}; name PERSON too if it is one that you registered"
        )
    use, standing = _use(asked), _standing(asked, history)
    return _Decided(history[-1], use, (standing,), answer(history, use, standing))


_REGISTERED = "name PERSON too if it is one that you registered"
_FACTS = ("choices", "nothing_else_chosen", "since", "vetted", "under_contract", "legal_process")


def _of_somebody_known(edge: Edge, files: Sequence[Path], asked: dict[str, Any]) -> _Decided:
    from upheld.gate.asking import Question, answer
    from upheld.gate.snapshot import ask
    from upheld.people.codes import Keys

    if files or any(asked[fact] not in (None, False, ()) for fact in _FACTS):
        raise Invalid("what the record knows cannot be given too: leave out PERSON, or leave out --policy and the facts")
    named = identifiers_of(asked)
    wanted = ("purpose", "to", "totals", "people", "chosen_by", "region", "age", "served", "asked_by")
    question = Question(items=asked["shown"], **{name: asked[name] for name in wanted})
    home, moment = edge.home(), edge.now()
    with edge.record() as record, record.reading() as conn:
        about = ask(conn, question.purpose, question.to, moment)
        found = answer(conn, Keys(home.key), named, question, about, moment, now=True)
    return _Decided(found.policy, found.use, found.standings, found.decision)


def _read(files: Sequence[Path]) -> list[Policy]:
    from upheld.policy.compiled import Policy

    history = [Policy.read(file) for file in files]
    versions = [policy.version for policy in history]
    for version in versions:
        if versions.count(version) > 1:
            raise Invalid(f"two of the files say version `{version}`: give each version its own, oldest first")
    return history


def _posted(edge: Edge) -> list[Policy]:
    from upheld.postings import queries

    with edge.record() as record, record.reading() as conn:
        history = [posted.policy for posted in queries.history(conn, edge.now())]
    if not history:
        raise NotFound("no policy is in force: post one with `upheld policy post FILE`, or name one with `--policy`")
    return history


def _use(asked: dict[str, Any]) -> Use:
    from upheld.policy.uses import Use

    return Use(
        asked["purpose"],
        items=asked["shown"],
        to=asked["to"],
        totals=asked["totals"],
        people=asked["people"],
        chosen_by=asked["chosen_by"],
        vetted=asked["vetted"],
        under_contract=asked["under_contract"],
        legal_process=asked["legal_process"],
        asked_by=asked["asked_by"],
    )


def _standing(asked: dict[str, Any], history: Sequence[Policy]) -> Standing:
    from upheld.policy.uses import Standing

    topics = history[-1].vocabulary.topics
    said = declared("--choice", asked["choices"], topics, "topic")
    rest: dict[str, Any] = dict.fromkeys(topics, "unset" if asked["nothing_else_chosen"] else "unknown")
    stands = since(asked["since"], history)
    return Standing(choices=rest | said, region=asked["region"], age=asked["age"], served=asked["served"], since=stands)


def _in_words(decided: _Decided) -> str:
    from upheld.policy import explain
    from upheld.policy.voice import Voice

    policy, use, standings, decision = decided
    voice = Voice.of(policy.document.statements).to_staff()
    spoke = f"under {', '.join(decision.clauses)}, " if decision.clauses else ""
    return "\n".join(
        [
            f"Asked: {explain.use(use, voice)}",
            *(f"Known: {explain.standing(standing, voice)}" for standing in standings),
            explain.decision(decision, voice),
            f"({spoke}version {decision.version}, {decision.policy_hash[:12]})",
        ]
    )
