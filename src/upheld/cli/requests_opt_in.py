"""`upheld requests may-ask`, `opt-in` and `confirm`: opting in again, in two steps, never asked for within a year."""

from __future__ import annotations

import sys
from typing import Any

import click

from upheld.cli import exits
from upheld.cli.answer import show, with_json
from upheld.cli.choosing import in_force, named
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.person import name_person


@click.command("may-ask", short_help="Say whether somebody may be asked to opt in again.")
@name_person
@click.option("--email", help="E-mail address; the same as PERSON. `-` reads it from standard input.")
@click.option("--topic", "topics", multiple=True, metavar="TOPIC", help="The topic. May be repeated. Else all.")
@with_json
@pass_edge
def may_ask(edge: Edge, /, *, topics: tuple[str, ...], as_json: bool, **asked: Any) -> int:  # noqa: ANN401 - click's values
    """Say for each topic whether PERSON may be asked to opt in, or from which day on. It ends with 1 if not."""
    from upheld.people.actions import Keeper
    from upheld.requests import opting_in

    identifiers, now, keeper = named(asked), edge.now(), Keeper(edge.home())
    with edge.record() as record, record.reading() as conn:
        declared = in_force(conn, now).policy.vocabulary.topics
        found = opting_in.may_ask(conn, keeper, identifiers, _known(topics, declared), now)
    words = (f"{one.topic}: " + ("may be asked" if one.may else f"may be asked from {one.from_on} on") for one in found)
    show(found, as_json=as_json, text=lambda: "\n".join(words))
    return exits.FINE if all(one.may for one in found) else exits.FINDINGS


@click.command("opt-in", short_help="Take the first of two steps to opt in.")
@name_person
@click.option("--email", help="E-mail address; the same as PERSON. `-` reads it from standard input.")
@click.option("--topic", required=True, metavar="TOPIC", help="A topic of the policy.")
@click.option("--how", required=True, metavar="CHANNEL", help="How it was heard: web, phone, email, post.")
@click.option("--words", required=True, help="The words that are shown to the person, to which they agree.")
@click.option("--ours", is_flag=True, help="We ask, they did not come of their own accord: refused within twelve months of opting out.")
@with_json
@pass_edge
def opt_in(edge: Edge, /, *, topic: str, how: str, words: str, ours: bool, as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - as above
    """Make the token with which PERSON opts in to TOPIC. Nothing holds yet, and nothing is kept: they must confirm within seven days."""
    from upheld.choices.actions import channel
    from upheld.people.actions import Keeper
    from upheld.requests import opting_in

    asking = opting_in.Asking(named(asked), topic, channel(how), words, ours)
    now, home = edge.now(), edge.home()
    with edge.record() as record, record.reading() as conn:
        done = opting_in.ask(conn, Keeper(home), home, asking, in_force(conn, now), at=now)
    lines = f"nothing holds yet: give the person this token, to confirm by {done.until:%Y-%m-%d %H:%M} UTC: {done.token}"
    show(done, as_json=as_json, text=lambda: lines)


@click.command("confirm", short_help="Take the second of two steps to opt in.")
@click.argument("token", metavar="TOKEN")
@with_json
@pass_edge
def confirm(edge: Edge, *, token: str, as_json: bool) -> None:
    """Record the opt-in that waits for TOKEN. `-` reads it from standard input."""
    from upheld.people.actions import Keeper
    from upheld.requests import opting_in

    token = sys.stdin.readline().strip() if token == "-" else token  # noqa: S105 - no password
    now, home = edge.now(), edge.home()
    with edge.record() as record, record.transaction() as tx:
        topic = opting_in.confirm(tx, Keeper(home), home, token, in_force(tx, now), at=now, actor=edge.actor())
    show({"topic": topic, "says": "in"}, as_json=as_json, text=lambda: f"recorded: opted in to {topic}")


def _known(topics: tuple[str, ...], declared: tuple[str, ...]) -> tuple[str, ...]:
    from upheld.errors import Invalid
    from upheld.policy.compiled import undeclared

    for topic in topics:
        if topic not in declared:
            raise Invalid(undeclared("topic", topic, declared))
    return topics or declared
