"""`upheld choices agree`: one person agreed that earlier information stands under a newer policy."""

from __future__ import annotations

from typing import Any

import click

from upheld.cli.answer import show, with_json
from upheld.cli.choosing import moment, named
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.person import name_person
from upheld.errors import Invalid


@click.command("agree", short_help="Record that one person agreed to a newer policy.")
@name_person
@click.option("--email", help="E-mail address; the same as PERSON. `-` reads it from standard input.")
@click.option("--to", "version", metavar="VERSION", help="The policy version agreed to. Else the one in force.")
@click.option("--source", "sources", multiple=True, metavar="SOURCE", help="For what SOURCE holds only. May be repeated. Else for all.")
@click.option("--how", required=True, metavar="CHANNEL", help="How it was heard: web, phone, email, post, signal, import.")
@click.option("--at", "at_text", metavar="TIME", help="When the person agreed. Else now.")
@click.option("--words", help="The words that were shown or read to the person.")
@with_json
@pass_edge
def agree_(edge: Edge, /, *, version: str | None, sources: tuple[str, ...], as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - click's
    """Record that PERSON agreed: what was collected of them earlier stands under a newer policy from then on.

    PERSON is an e-mail address; or give --first, --last, --address and --zip. `-` reads one line from standard input instead.
    """
    from upheld.choices.actions import Agreement, agree, channel
    from upheld.people.actions import Keeper
    from upheld.policy.compiled import undeclared
    from upheld.postings import queries

    now, how, words = edge.now(), channel(asked.pop("how")), asked.pop("words")
    at = moment("--at", asked.pop("at_text")) or now
    identifiers = named(asked)
    keeper = Keeper(edge.home())
    with edge.record() as record, record.transaction() as tx:
        posted = {each.version: each for each in queries.history(tx, now)}
        agreed = posted.get(version) if version else queries.in_force(tx, now)
        if agreed is None:
            raise Invalid(undeclared("version", str(version), posted).replace("is declared", "is posted"))
        known = agreed.policy.vocabulary.sources
        for source in sources:
            if source not in known:
                raise Invalid(undeclared("source", source, known))
        people = agree(tx, keeper, Agreement(identifiers, agreed.version, sources or known, at, how, words), at=now, actor=edge.actor())
    answer = {"people": people, "version": agreed.version, "sources": sources or known}
    who = f"person {people[0]}" if len(people) == 1 else f"{len(people)} people"
    show(answer, as_json=as_json, text=lambda: f"recorded: {who} agreed to version {agreed.version} for {', '.join(sources or known)}")
