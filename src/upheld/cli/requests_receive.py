"""`upheld requests receive`: what a person asks for on the phone, in a letter, at the counter."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from upheld.cli.answer import show, with_json
from upheld.cli.choosing import in_force, moment
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.numbered import NUMBER
from upheld.errors import Invalid

if TYPE_CHECKING:
    from upheld.people.held import Held
    from upheld.requests.actions import Received
    from upheld.requests.drafts import Draft


@click.command("receive", short_help="Take in a request as heard on the phone or read in a letter.")
@click.option("--email", help="E-mail address. Alone it is enough. `-` reads one line from standard input, which no shell remembers.")
@click.option("--first", help="First name.")
@click.option("--last", help="Last name.")
@click.option("--address", help="Street and house.")
@click.option("--zip", "zip_code", help="Postal code.")
@click.option("--phone", help="Telephone number.")
@click.option("--account", help="Account name or number.")
@click.option("--how", metavar="CHANNEL", help="How it was heard: web, phone, email, post, signal, import. Of a draft: as it came in.")
@click.option(
    "--topic", "topics", multiple=True, metavar="TOPIC", help="What to stop. May be repeated. Else everything that can be stopped."
)
@click.option("--region", help="Where the person lives, e.g. us-ca, if they said so. Never needed.")
@click.option("--at", "at_text", metavar="TIME", help="When it first reached anybody of ours. Else now.")
@click.option("--words", help="The words that were shown or read to the person.")
@click.option("--reference", help="What names the message or call, so that it counts once. Kept only as a hash.")
@click.option("--draft", "draft", type=NUMBER, metavar="N", help="Confirm draft N, or complete request N, which lacked something.")
@with_json
@pass_edge
def receive_(edge: Edge, /, *, draft: int | None, as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - click's values, by their options
    """Take in a request to be left alone. It holds at once, before any record of the person is found.

    An e-mail address alone is enough; or first and last name, address and zip. Nothing more may be asked for: no proof, no confirmation.
    With less, the request is kept and the answer says what is missing. With --draft, what was given already stands, but for what is given
    anew; an empty value drops a part.

    \b
    upheld requests receive --how phone --email ann@mail.example
    upheld requests receive --how post --first Ann --last Frost --address "1 Larkspur Row" --zip 00123
    """
    from upheld.choices.actions import channel
    from upheld.people.actions import Keeper
    from upheld.requests.actions import Asked, complete, receive
    from upheld.requests.drafts import opened

    now, keeper = edge.now(), Keeper(edge.home())
    if draft is None and not asked["how"]:
        raise Invalid("say how it was heard: `--how phone`, `web`, `email`, `post`, `signal` or `import`")
    with edge.record() as record, record.transaction() as tx:
        before = opened(tx, keeper, draft) if draft is not None else None
        wish = Asked(
            given=_given(asked, before),
            channel=channel(asked["how"] or (before.channel if before else "")),
            received_at=moment("--at", asked["at_text"]) or (before.received_at if before else now),
            topics=tuple(dict.fromkeys(asked["topics"])),
            region=asked["region"] or (before.region if before else None),
            words=asked["words"],
            reference=asked["reference"],
        )
        posted = in_force(tx, now)
        if draft is None:
            done = receive(tx, keeper, wish, posted, at=now, actor=edge.actor())
        else:
            done = complete(tx, keeper, draft, wish, posted, at=now, actor=edge.actor())
    show(done, as_json=as_json, text=lambda: in_words(done))


def in_words(done: Received) -> str:
    """What became of a request, for the clerk to read and to say."""
    lines = [f"request {done.request}: {done.words}"]
    if done.due_at is not None:
        lines.append(f"  everywhere by {done.due_at:%Y-%m-%d %H:%M} UTC")
    if done.token is not None:
        lines.append(f"  give the person this token to ask how it stands: {done.token}")
    return "\n".join(lines)


def _given(asked: dict[str, Any], before: Draft | None) -> Held:
    from upheld.people.held import Held

    email = asked["email"]
    if email == "-":
        email = sys.stdin.readline().strip()
    said = {part: asked[part] for part in ("phone", "account", "first", "last", "address")} | {"email": email, "zip": asked["zip_code"]}
    anew = {part: text.strip() or None for part, text in said.items() if text is not None}
    given = replace(before.given if before else Held(), **anew)
    if given == Held():
        raise Invalid("say what the person gave: `--email` alone is enough, or --first, --last, --address and --zip")
    return given
