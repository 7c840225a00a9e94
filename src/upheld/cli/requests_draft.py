"""`upheld requests draft`: messages that came in by e-mail are read and put before an agent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import click

from upheld.cli.answer import show, with_json
from upheld.cli.choosing import in_force
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.numbered import NUMBER
from upheld.errors import Invalid

if TYPE_CHECKING:
    from upheld.people.actions import Keeper
    from upheld.record import Record
    from upheld.requests.drafts import Draft, Drafted
    from upheld.requests.reading import Letter


@click.command("draft", short_help="Read e-mail messages into drafts for an agent.")
@click.argument("file", metavar="[FILE]", type=click.Path(dir_okay=False), required=False)
@click.option("--imap", is_flag=True, help="Read the unread messages of the mailbox that `[intake]` names, and mark them as read.")
@click.option(
    "--show", "shown", type=NUMBER, metavar="N", help="Show draft N to the agent who must confirm it: with what the person wrote."
)
@with_json
@pass_edge
def draft(edge: Edge, *, file: str | None, imap: bool, shown: int | None, as_json: bool) -> None:
    """Read a message (FILE, or `-` for a piped one), an mbox of many, or a mailbox, into one draft a person; nothing is stopped by it.

    A draft says which parts were found, and what to look at: somebody else's address, two people in one message. An agent looks at it
    (--show N), and confirms (`upheld requests receive --draft N`) or withdraws it (`upheld requests withdraw N`).
    """
    from upheld.people.actions import Keeper

    if sum((file is not None, imap, shown is not None)) != 1:
        raise Invalid("say what to read: a FILE, `-` for a piped message, `--imap`, or `--show N`")
    keeper = Keeper(edge.home())
    with edge.record() as record:
        if shown is not None:
            _show(record, keeper, shown, as_json=as_json)
            return
        done = [*_from_mailbox(edge, record, keeper)] if imap else [*_from_file(edge, record, keeper, file or "-")]
    show(done, as_json=as_json, text=lambda: "\n".join(line for one in done for line in _lines(one)) or "no new message")


def _from_file(edge: Edge, record: Record, keeper: Keeper, name: str) -> Iterator[Drafted]:
    from upheld.requests.mailboxes import in_file
    from upheld.requests.reading import read

    with _opened(name) as file:
        for raw in in_file(file):
            yield _draft(edge, record, keeper, read(raw))


def _from_mailbox(edge: Edge, record: Record, keeper: Keeper) -> Iterator[Drafted]:
    from upheld.requests.mailboxes import Mailbox
    from upheld.requests.reading import read

    with Mailbox.of(edge.home()).visit() as visit:
        for number in visit.unseen():
            raw, came_at = visit.fetch(number)
            letter = read(raw)
            yield _draft(edge, record, keeper, replace(letter, came_at=came_at) if came_at else letter)
            visit.seen(number)  # only now: killed in between, it is read again, and known


def _draft(edge: Edge, record: Record, keeper: Keeper, letter: Letter) -> Drafted:
    from upheld.requests import drafts

    now = edge.now()
    with record.transaction() as tx:
        return drafts.draft(tx, keeper, letter, in_force(tx, now), at=now, actor=edge.actor())


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with open(name, "rb") as file:  # noqa: PTH123 - click gave it as text
        yield file


def _show(record: Record, keeper: Keeper, number: int, *, as_json: bool) -> None:
    from upheld.requests import drafts

    with record.reading() as conn:
        found = drafts.opened(conn, keeper, number)
    show(found, as_json=as_json, text=lambda: _in_words(found))


def _in_words(found: Draft) -> str:
    from upheld.requests.given import parts_of

    lines = [f"draft {found.request}, received {found.received_at:%Y-%m-%d %H:%M} UTC by {found.channel}"]
    lines += [f"  {part}: {getattr(found.given, part)}" for part in parts_of(found.given)]
    lines += [f"  look: {mark}" for mark in found.marks]
    if found.subject or found.text:
        lines += [f"  | {line}" for line in (found.subject, "", *found.text.splitlines())]
    return "\n".join([*lines, f"confirm with `upheld requests receive --draft {found.request}`"])


def _lines(done: Drafted) -> Iterator[str]:
    if done.why_not is not None:
        yield f"no draft: {done.why_not}"
    elif done.again:
        yield f"this message came in already, as {', '.join(f'request {number}' for number in done.requests)}"
    else:
        for number, marks, parts in zip(done.requests, done.marks, done.parts, strict=True):
            yield f"draft {number}: {', '.join(parts) or 'nothing to go by'}"
            yield from (f"  look: {mark}" for mark in marks)
