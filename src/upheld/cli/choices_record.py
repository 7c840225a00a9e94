"""`upheld choices record`: what one person chose, as heard on the phone or in a letter."""

from __future__ import annotations

from typing import Any

import click

from upheld.cli.answer import show, with_json
from upheld.cli.choosing import in_force, moment, named
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.person import name_person
from upheld.errors import Invalid


@click.command(short_help="Record what one person chose.")
@name_person
@click.option("--email", help="E-mail address; the same as PERSON. `-` reads it from standard input.")
@click.option("--topic", "topics", multiple=True, required=True, metavar="TOPIC", help="A topic of the policy. May be repeated.")
@click.option("--out/--in", "is_out", default=None, help="Opted out, or in.")
@click.option("--how", required=True, metavar="CHANNEL", help="How it was heard: web, phone, email, post, signal, import.")
@click.option("--at", "at_text", metavar="TIME", help="When the person said it. Else now.")
@click.option("--words", help="The words that were shown or read to the person.")
@with_json
@pass_edge
def record(
    edge: Edge,
    /,
    *,
    topics: tuple[str, ...],
    is_out: bool | None,
    how: str,
    as_json: bool,
    **asked: Any,  # noqa: ANN401 - click values, by their options
) -> None:
    """Record what PERSON chose. It holds for everybody whom the identifiers mean, from now on.

    PERSON is an e-mail address; or give --first, --last, --address and --zip. `-` reads one line from standard input instead, so that
    nothing personal stays in the shell's history: an e-mail address, or `first,last,address,zip`.
    """
    from upheld.choices.actions import Said, channel, record_many
    from upheld.people.actions import Keeper

    if is_out is None:
        raise Invalid("say what was chosen: `--out` or `--in`")
    words, now = asked.pop("words"), edge.now()
    said_at, says = moment("--at", asked.pop("at_text")) or now, "out" if is_out else "in"
    identifiers = named(asked)
    keeper = Keeper(edge.home())
    with edge.record() as store, store.transaction() as tx:
        posted = in_force(tx, now)
        said = [
            Said(identifiers, topic, "out" if is_out else "in", said_at, channel(how), words, posted.version)
            for topic in dict.fromkeys(topics)
        ]
        done = record_many(tx, keeper, said, posted.policy.vocabulary.topics, at=now, actor=edge.actor())
    people = sorted({person for one in done for person in one.people})
    answer = {"people": people, "choices": [number for one in done for number in one.choices], "topics": topics, "says": says}
    who = f"person {people[0]}" if len(people) == 1 else f"{len(people)} people ({', '.join(map(str, people))})"
    show(answer, as_json=as_json, text=lambda: f"recorded: {who} opted {says} of {', '.join(topics)}".replace("in of", "in to"))
