"""`upheld requests list`, `show` and `track`: where requests stand. No value that was given or is stored anywhere is shown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.numbered import NUMBER
from upheld.cli.requests_desk import told_line
from upheld.errors import Invalid

if TYPE_CHECKING:
    from datetime import datetime

    from upheld.requests.queries import Request, Whole


@click.command("list", short_help="List requests, the most urgent first.")
@click.option("--state", "states", multiple=True, metavar="STATE", help="Only those that are so, e.g. `to review`. May be repeated.")
@click.option("--all", "all_", is_flag=True, help="Also those that are complete or withdrawn.")
@with_json
@pass_edge
def list_(edge: Edge, *, states: tuple[str, ...], all_: bool, as_json: bool) -> None:
    """List the requests that are not complete, the most urgent first."""
    from upheld.policy.compiled import undeclared
    from upheld.requests import queries
    from upheld.requests.states import MOVES, OPEN

    wanted = tuple(state for state in MOVES if state in states)
    for state in states:
        if state not in MOVES:
            raise Invalid(undeclared("state", state, MOVES))
    with edge.record() as record, record.reading() as conn:
        found = queries.listed(conn, wanted or (tuple(MOVES) if all_ else OPEN))
    now = edge.now()
    show(found, as_json=as_json, text=lambda: "\n".join(_line(one, now) for one in found) or "no request is open")


@click.command("show", short_help="Show one request: where it stands, place by place.")
@click.argument("number", metavar="N", type=NUMBER)
@with_json
@pass_edge
def show_(edge: Edge, *, number: int, as_json: bool) -> None:
    """Show request N: its clocks, what was done where, what is not done yet and why, what to look at."""
    from upheld.requests import queries

    with edge.record() as record, record.reading() as conn:
        found = queries.whole(conn, number)
    now = edge.now()
    show(found, as_json=as_json, text=lambda: _in_words(found, now))


@click.command("track", short_help="Show a request to the person who has its token.")
@click.argument("token", metavar="TOKEN")
@with_json
@pass_edge
def track(edge: Edge, *, token: str, as_json: bool) -> None:
    """Show how the request of TOKEN stands. `-` reads it from standard input. Whoever has the token learns nothing about a person."""
    from upheld.requests import queries

    with edge.record() as record, record.reading() as conn:
        found = queries.tracked(conn, sys.stdin.readline().strip() if token == "-" else token)  # noqa: S105 - no password
    one = found.request
    told = {
        "state": one.state,
        "topics": one.topics,
        "received_at": one.received_at,
        "due_at": one.due_at,
        "confirmation": found.confirmation,
    }
    show(told, as_json=as_json, text=lambda: _to_the_person(found))


def _line(one: Request, now: datetime) -> str:
    return f"{one.id}  {one.state}{_answers(one)}  {_due(one, now)}  by {one.channel}, {', '.join(one.topics)}"


def _answers(one: Request) -> str:
    """What recipients have to do with it, beside the state: a state says what became of the merchant's own systems."""
    refused = [f"{recipient} REFUSED to stop" for recipient in one.refused]
    silent = [f"{recipient} has not answered" for recipient in one.silent]
    said = "; ".join((*refused, *silent))
    return f" ({said})" if said else ""


def _due(one: Request, now: datetime) -> str:
    if one.due_at is None:
        return "no clock"
    late = "  LATE" if one.state not in {"complete", "withdrawn"} and one.due_at < now else ""
    return f"due {one.due_at:%Y-%m-%d %H:%M} UTC{late}"


def _in_words(found: Whole, now: datetime) -> str:
    from upheld.requests.states import WORDS

    one = found.request
    lines = [f"request {one.id}: {one.state}{_answers(one)}: {WORDS[one.state]}{_goes_on(found)}"]
    came = f"received {one.received_at:%Y-%m-%d %H:%M} UTC by {one.channel}, giving {', '.join(one.parts) or 'nothing'}"
    lines.append(f"  {came}; {_due(one, now)}{_set_by(found)}")
    lines.append(f"  stops {', '.join(one.topics)}; desk: {one.desk or 'none'}")
    lines += [
        f"  clock {source}: {due:%Y-%m-%d %H:%M} UTC, {says}{'' if ok else ' (unconfirmed)'}" for source, due, says, ok in found.clocks
    ]
    for each in found.places:
        clause = f" under {each.clause}" if each.clause else ""
        why = f": {each.reason}" if each.reason else ""
        lines.append(f"  {each.system}.{each.place}: {each.state}{clause}, {each.rows} row{'s' * (each.rows != 1)}{why}")
    lines += [f"  {told_line(one, now)}" for one in found.told]
    waiting = [step for step in found.steps if step.state != "done"]
    lines += [f"  {step.what} {step.place}".rstrip() + f": {step.state}{_why(step.reason)}" for step in waiting]
    if found.confirmation:
        lines += [f"  told to the person ({found.confirmed}):", *(f"    {line}" for line in found.confirmation.splitlines())]
    return "\n".join(lines)


def _set_by(found: Whole) -> str:
    return f", by `{found.clocks[0][0]}`" if found.clocks else ""


def _why(reason: str | None) -> str:
    return f": {reason}" if reason else ""


def _goes_on(found: Whole) -> str:
    """Whether what could not be done is tried again by itself, or waits for somebody who mends it."""
    if found.request.state != "failed":
        return ""
    left = {step.state for step in found.steps if step.state != "done"}
    busy = {step.place for step in found.steps if step.state not in {"done", "given up"}}
    stuck = "given up" in left or any(each.state == "failed" and each.system not in busy for each in found.places)
    again, retry = bool(left - {"given up"}), f"`upheld requests retry {found.request.id}`"
    if not stuck:
        return "; it is tried again" if again else ""
    return f"; it is tried again, but what was given up waits for {retry}" if again else f"; nothing happens until {retry}"


def _to_the_person(found: Whole) -> str:
    one, topics = found.request, ", ".join(found.request.topics)
    said = {
        "needs more": "We need a little more to find you: your e-mail address, or your first and last name, address and zip code.",
        "complete": f"Stopped: {topics}. We have checked every system.",
        "withdrawn": "Nothing was done: the request was taken back.",
    }.get(one.state, f"Stopped as of now: {topics}. We are still carrying it to every system.")
    return "\n".join([said, *([found.confirmation] if found.confirmation else [])])
