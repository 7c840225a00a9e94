"""`upheld requests review`, `judge`, `retry`, `acknowledge`, `told`, `withdraw`, `note`, `handover`: what a desk does about a request."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from upheld.cli.answer import show, with_json
from upheld.cli.choosing import in_force
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.numbered import NUMBER
from upheld.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from upheld.requests.queries import Record, Told

WHY: Final = "why"  # gate.searching.WHY, which is too much to load for a line
_LIKELY: Final = ((16, "very likely"), (10, "likely"), (3, "possible"), (float("-inf"), "weak"))  # bits from which

DECISIONS: Final = {"same": "include", "different": "not this person", "ask": "ask"}


@click.command("review", short_help="Show the records that may be the person's, with the evidence.")
@click.argument("number", metavar="[N]", type=NUMBER, required=False)
@with_json
@pass_edge
def review(edge: Edge, *, number: int | None, as_json: bool) -> None:
    """Show what an agent must look at: of request N, or of all. One line a record: its number, where it lies, its weight, the evidence.

    No stored value is shown: only how each compares with what the person gave.
    """
    from upheld.requests import queries

    with edge.record() as record, record.reading() as conn:
        if number is not None:
            queries.request(conn, number)
        found = queries.to_review(conn, number)
    show(found, as_json=as_json, text=lambda: "\n".join(_line(one, of=number is None) for one in found) or "nothing is to be reviewed")


@click.command("judge", short_help="Decide whether a record is the person's.")
@click.argument("number", metavar="N", type=NUMBER)
@click.argument("record_number", metavar="RECORD", type=NUMBER)
@click.argument("decision", type=click.Choice(list(DECISIONS)))
@with_json
@pass_edge
def judge(edge: Edge, *, number: int, record_number: int, decision: str, as_json: bool) -> None:
    """Decide about RECORD of request N, as `upheld requests review` numbers it.

    same: it is theirs, and is stopped next. different: it stays as it is. ask: ask the person something they would know.
    """
    from upheld.requests import actions, queries

    with edge.record() as record, record.transaction() as tx:
        if record_number not in {one.id for one in queries.records(tx, number)}:
            raise NotFound(f"request {number} has no record {record_number}: `upheld requests review {number}` shows them")
        state = actions.judge(tx, record_number, DECISIONS[decision], at=edge.now(), actor=edge.actor())
    show({"request": number, "state": state}, as_json=as_json, text=lambda: f"request {number}: {_goes_on(state)}")


@click.command("retry", short_help="Try again, now, whatever was not done.")
@click.argument("number", metavar="N", type=NUMBER)
@with_json
@pass_edge
def retry(edge: Edge, *, number: int, as_json: bool) -> None:
    """Try again whatever of request N was given up or waits, and every place that failed its proof."""
    from upheld.requests import actions

    with edge.record() as record, record.transaction() as tx:
        count = actions.retry(tx, number, at=edge.now(), actor=edge.actor())
    words = f"{count} step{'s' * (count != 1)} will be tried again: run `upheld work`" if count else "nothing waits to be tried again"
    show({"request": number, "effects": count}, as_json=as_json, text=lambda: words)


@click.command("acknowledge", short_help="Note what a recipient answered.")
@click.argument("number", metavar="N", type=NUMBER)
@click.argument("recipient", metavar="RECIPIENT")
@click.option("--refused", is_flag=True, help="It said that it will not stop.")
@with_json
@pass_edge
def acknowledge(edge: Edge, *, number: int, recipient: str, refused: bool, as_json: bool) -> None:
    """Note that RECIPIENT, told about request N, has stopped; or with --refused, that it will not. Either way it is reminded no more."""
    from upheld.requests import actions

    with edge.record() as record, record.transaction() as tx:
        actions.acknowledge(tx, number, recipient, at=edge.now(), actor=edge.actor(), refused=refused)
    says = actions.ANSWERS[refused]
    show({"request": number, "recipient": recipient, "says": says}, as_json=as_json, text=lambda: f"{recipient} {says} request {number}")


@click.command("told", short_help="List who was told to stop, and who answered.")
@click.argument("number", metavar="[N]", type=NUMBER, required=False)
@click.option("--silent", is_flag=True, help="Only those who have not acknowledged, the longest silent first.")
@with_json
@pass_edge
def told(edge: Edge, *, number: int | None, silent: bool, as_json: bool) -> None:
    """List the recipients who were told to stop, about request N or all requests: acknowledged, refused, or silent since when."""
    from upheld.requests import queries

    with edge.record() as record, record.reading() as conn:
        if number is not None:
            queries.request(conn, number)
        found = queries.told(conn, number)
    now = edge.now()
    if silent:
        found = tuple(sorted((one for one in found if one.acknowledged_at is None), key=lambda one: one.told_at or now))
    show(found, as_json=as_json, text=lambda: "\n".join(f"{one.request}  {told_line(one, now)}" for one in found) or "nobody")


@click.command("withdraw", short_help="Take a draft back.")
@click.argument("number", metavar="N", type=NUMBER)
@with_json
@pass_edge
def withdraw(edge: Edge, *, number: int, as_json: bool) -> None:
    """Take back request N, of which nothing holds yet: it was no request, or nobody can be reached. What was given is made unreadable."""
    from upheld.people.actions import Keeper
    from upheld.requests import actions

    keeper = Keeper(edge.home())
    with edge.record() as record, record.transaction() as tx:
        actions.withdraw(tx, keeper, number, at=edge.now(), actor=edge.actor())
    show({"request": number, "state": "withdrawn"}, as_json=as_json, text=lambda: f"request {number} is withdrawn")


@click.command("note", short_help="Write a note about a request, or read them.")
@click.argument("number", metavar="N", type=NUMBER)
@click.argument("text", metavar="[TEXT]", required=False)
@with_json
@pass_edge
def note(edge: Edge, *, number: int, text: str | None, as_json: bool) -> None:
    """Write TEXT down about request N (`-` reads it from standard input, which no shell remembers); without TEXT, read what was noted."""
    from upheld.people.actions import Keeper
    from upheld.requests import notes, queries

    keeper = Keeper(edge.home())
    with edge.record() as record:
        if text is not None:
            text = sys.stdin.read() if text == "-" else text
            with record.transaction() as tx:
                notes.write(tx, keeper, number, text, at=edge.now(), actor=edge.actor())
        with record.reading() as conn:
            queries.request(conn, number)
            found = notes.read(conn, keeper, number)
    show(found, as_json=as_json, text=lambda: "\n".join(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.by}: {one.text}" for one in found) or "no note")


@click.command("handover", short_help="Hand a request over to another desk.")
@click.argument("number", metavar="N", type=NUMBER)
@click.argument("desk", metavar="DESK")
@with_json
@pass_edge
def handover(edge: Edge, *, number: int, desk: str, as_json: bool) -> None:
    """Hand request N over to DESK, one that the policy's `contact` statements name. Its clocks go on."""
    from upheld.requests import actions
    from upheld.requests.desks import named

    now = edge.now()
    with edge.record() as record, record.transaction() as tx:
        policy = in_force(tx, now).policy
        actions.hand_over(tx, number, desk, policy, at=now, actor=edge.actor())
        there = named(policy, desk)
    when = there.hours.opens_next(now) if there and there.hours else now
    opens = "open now" if when == now else f"opens {when:%Y-%m-%d %H:%M} {there.hours.zone.key if there and there.hours else ''}"
    show({"request": number, "desk": desk, "opens": when}, as_json=as_json, text=lambda: f"request {number} is with {desk} now ({opens})")


def told_line(one: Told, now: datetime) -> str:
    """A recipient told, in one line: when, and what it answered; how long it has been silent, and that it was reminded."""
    if one.told_at is None:
        return f"{one.recipient}: to be told"
    if one.acknowledged_at is not None:
        answer = f"acknowledged {one.acknowledged_at:%Y-%m-%d}"
    elif one.refused_at is not None:
        answer = f"REFUSED {one.refused_at:%Y-%m-%d}"
    else:
        days = (now - one.told_at) // timedelta(days=1)
        since = f"silent for {days} day{'s' * (days != 1)}" if days >= 1 else "silent so far"
        answer = f"{since}, reminded {one.reminded_at:%Y-%m-%d}" if one.reminded_at else since
    return f"{one.recipient}: told {one.told_at:%Y-%m-%d %H:%M} UTC, {answer}"


def _line(one: Record, *, of: bool) -> str:
    asked = "  the person is to be asked" if one.decided == "ask" else ""
    return f"{f'request {one.request}  ' if of else ''}{one.id}  {one.system}.{one.place}  {in_words(one.weight, one.evidence)}{asked}"


def in_words(weight: float, evidence: Sequence[tuple[str, str, float]], decided: str = "") -> str:
    """How likely a record is the person's, why an agent must look, and what each comparison said and weighed.

    `decided`: what made it theirs; the weight decided nothing then.
    """
    said = [words if of == WHY else f"{of}: {words} ({bits:+.1f})" for of, words, bits in evidence]
    if decided:
        return f"decided by {decided}: {'; '.join(said)}"
    likely = next(words for least, words in _LIKELY if weight >= least)
    return f"{likely} ({weight:.1f} bits): {'; '.join(said) or 'nothing was compared'}"


def _goes_on(state: str) -> str:
    return {"to review": "more is to be reviewed", "working": "`upheld work` goes on with it"}.get(state, state)
