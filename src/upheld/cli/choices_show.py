"""`upheld choices show`: what one person chose. Nothing of what is shown is personal but the person's number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from upheld.cli.answer import show, with_json
from upheld.cli.choosing import in_force, moment, named
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.person import name_person
from upheld.errors import NotFound

if TYPE_CHECKING:
    from upheld.choices.queries import Chosen
    from upheld.policy.uses import Standing


@click.command("show", short_help="Show what one person chose, when, and how it was heard.")
@name_person
@click.option("--email", help="E-mail address; the same as PERSON. `-` reads it from standard input.")
@click.option("--at", "at_text", metavar="TIME", help="As of a time. Else now.")
@with_json
@pass_edge
def show_choices(edge: Edge, /, *, at_text: str | None, as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - click's values
    """Show what PERSON chose on each topic, and every choice behind it.

    PERSON is an e-mail address; or give --first, --last, --address and --zip. `-` reads one line from standard input instead.
    """
    from upheld.choices.queries import AsOf, history, standing
    from upheld.people.codes import Keys
    from upheld.people.queries import find, kinds_of

    identifiers, now, at = named(asked), edge.now(), moment("--at", at_text)
    keys = Keys(edge.home().key)
    with edge.record() as record, record.reading() as conn:
        people = sorted(find(conn, keys, identifiers))
        if not people:
            raise NotFound("nobody in the record is meant by this: nothing was ever chosen")
        topics = in_force(conn, now).policy.vocabulary.topics
        found = [
            {
                "person": person,
                "known_by": kinds_of(conn, person),
                "standing": standing(conn, person, topics, AsOf(now, at)),
                "history": history(conn, person),
            }
            for person in people
        ]
    show(found, as_json=as_json, text=lambda: "\n\n".join(map(_in_words, found)))


def _in_words(found: dict[str, Any]) -> str:
    stands: Standing = found["standing"]
    lines = [f"person {found['person']}, known by {', '.join(found['known_by'])}"]
    lines += [f"  {topic}: {'nothing chosen' if choice == 'unset' else choice}" for topic, choice in stands.choices.items()]
    if stands.region:
        lines.append(f"  lives in {stands.region}")
    if stands.age is not None:
        lines.append(f"  at least {stands.age} years old")
    lines += [f"  {source} stands under version {version}" for source, version in stands.since.items()]
    chosen: tuple[Chosen, ...] = found["history"]
    for one in chosen:
        words = f', shown: "{one.words}"' if one.words else ""
        version = f", policy {one.version}" if one.version else ""
        lines.append(f"  {one.at:%Y-%m-%d %H:%M:%S} UTC opted {one.says} on {one.topic} (heard by {one.how}{version}{words})")
    return "\n".join(lines)
