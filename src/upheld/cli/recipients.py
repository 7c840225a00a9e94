"""`upheld recipients`: who may receive, how they were vetted, what their contracts cover."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import click

from upheld.cli.answer import show, with_json
from upheld.cli.choosing import in_force, moment
from upheld.cli.edge import Edge, pass_edge
from upheld.errors import Invalid

if TYPE_CHECKING:
    from upheld.recipients.queries import Entry

WAYS: Final = ("email", "post", "web", "phone")


@click.group(short_help="Register who may receive, and their contracts.")
def recipients() -> None:
    """Register who may receive, and their contracts.

    Nobody receives anything who is not registered here. Whoever was not vetted counts as not reputable, and a contract that has run out
    counts as none, from that moment on.
    """


@recipients.command()
@click.argument("name")
@click.option("--kind", required=True, help="affiliate, subcontractor, third party or authority.")
@click.option("--title", help="The full name, for people.")
@click.option("--region", help="Where it is, e.g. us or de.")
@with_json
@pass_edge
def add(edge: Edge, name: str, kind: str, title: str | None, region: str | None, *, as_json: bool) -> None:
    """Register a recipient under the short NAME, as in acme-mailing."""
    from upheld.recipients import actions

    with edge.record() as record, record.transaction() as tx:
        number = actions.add(tx, name, kind, title=title, region=region, at=edge.now(), actor=edge.actor())
    show({"recipient": name, "number": number, "kind": kind}, as_json=as_json, text=lambda: f"registered {name}, {kind}")


@recipients.command()
@click.argument("name")
@click.option("--reputable/--not-reputable", "reputable", default=None, help="What the review found.")
@click.option("--reviewed", metavar="DAY", help="When it was reviewed, e.g. 2026-05-31. Else today.")
@with_json
@pass_edge
def vet(edge: Edge, name: str, reputable: bool | None, reviewed: str | None, *, as_json: bool) -> None:  # noqa: FBT001 - click's value
    """Note that the good name of recipient NAME was looked into."""
    from upheld.recipients import actions

    if reputable is None:
        raise Invalid("say what the review found: `--reputable` or `--not-reputable`")
    now = edge.now()
    try:
        day = date.fromisoformat(reviewed) if reviewed else now.date()
    except ValueError as error:
        raise Invalid("`--reviewed` is no day: write it as `2026-05-31`") from error
    with edge.record() as record, record.transaction() as tx:
        actions.vet(tx, name, reputable=reputable, reviewed_on=day, at=now, actor=edge.actor())
    words = "reputable" if reputable else "not reputable"
    show(
        {"recipient": name, "reputable": reputable, "reviewed_on": day}, as_json=as_json, text=lambda: f"{name} is {words}, reviewed {day}"
    )


@recipients.command()
@click.argument("name")
@click.option(
    "--for", "purposes", multiple=True, metavar="PURPOSE", help="What the contract covers; a branch covers its leaves. May be repeated."
)
@click.option("--from", "start", metavar="TIME", help="In force from. Else now.")
@click.option("--until", metavar="TIME", help="In force until (not including). Else until another contract or `--end`.")
@click.option("--end", is_flag=True, help="The contract is ended, now or `--from`.")
@click.option("--term", "terms", multiple=True, metavar="TERM", help="A term of the law's checklist that it has. May be repeated.")
@click.option("--all-terms", is_flag=True, help="It has every term of the checklist.")
@with_json
@pass_edge
def contract(edge: Edge, /, name: str, *, end: bool, all_terms: bool, as_json: bool, **said: Any) -> None:  # noqa: ANN401 - click's values
    """Note a contract with recipient NAME; it takes the place of the one before.

    Of a subcontractor it must have the terms that the law demands (`upheld recipients terms`); one that lacks any counts as none.
    """
    from upheld.recipients import actions
    from upheld.recipients.queries import facts
    from upheld.recipients.terms import checklist, demanded

    purposes = said["purposes"]
    if end == bool(purposes):
        raise Invalid("say what the contract covers with `--for PURPOSE`, or `--end` it")
    now = edge.now()
    begins, ends = moment("--from", said["start"]) or now, moment("--until", said["until"])
    with edge.record() as record, record.transaction() as tx:
        policy = None if end else in_force(tx, now).policy
        laws = policy.document.front.law if policy else ()
        terms = [term.name for term in checklist(laws)] if all_terms else said["terms"]
        known = policy.vocabulary.purposes if policy else ()
        actions.contract(tx, name, purposes, begins, ends, terms=terms, known=known, at=now, actor=edge.actor())
        lacks = facts(tx, name, purposes[0] if purposes else "", now, demanded(laws)).lacks
    covers = ", ".join(purposes) or "nothing"
    until_words = f" until {ends:%Y-%m-%d %H:%M} UTC" if ends else ""
    lines = [f"the contract with {name} covers {covers} from {begins:%Y-%m-%d %H:%M} UTC{until_words}"]
    lines += [f"it counts as none, for it lacks: {'; '.join(lacks)}"] if lacks else []
    answer = {"recipient": name, "purposes": purposes, "from": begins, "until": ends, "terms": terms, "lacks": lacks}
    show(answer, as_json=as_json, text=lambda: "\n".join(lines))


@recipients.command()
@with_json
@pass_edge
def terms(edge: Edge, *, as_json: bool) -> None:
    """List what a contract with a company that works for us must say, by the laws that the policy in force names."""
    from upheld.recipients.terms import checklist

    with edge.record() as record, record.reading() as conn:
        listed = checklist(in_force(conn, edge.now()).policy.document.front.law)
    lines = [f"{term.name}{'' if term.is_demanded else '  (not demanded: unconfirmed)'}  [{term.duty}]" for term in listed]
    show(listed, as_json=as_json, text=lambda: "\n".join(lines) or "the laws that the policy names ask for no terms")


@recipients.command()
@click.argument("name")
@click.argument("where", type=click.Choice(WAYS))
@click.argument("value", required=False, default="")
@with_json
@pass_edge
def address(edge: Edge, name: str, where: str, value: str, *, as_json: bool) -> None:
    """Note under which e-mail, postal, web address or phone number recipient NAME is reached; without VALUE, that it is not."""
    from upheld.recipients import actions

    with edge.record() as record, record.transaction() as tx:
        actions.address(tx, name, where, value, at=edge.now(), actor=edge.actor())
    text = f"{name} is reached by {where}" if value else f"{name} is no longer reached by {where}"
    show({"recipient": name, "where": where, "value": value}, as_json=as_json, text=lambda: text)


@recipients.command("list")
@with_json
@pass_edge
def list_(edge: Edge, *, as_json: bool) -> None:
    """List all recipients with their vetting and contract."""
    from upheld.recipients.queries import register

    now = edge.now()
    with edge.record() as record, record.reading() as conn:
        entries = register(conn, now)
    show(
        entries,
        as_json=as_json,
        text=lambda: "\n".join(map(_line, entries)) or "no recipient is registered: add one with `upheld recipients add`",
    )


def _line(entry: Entry) -> str:
    who = entry.recipient
    vetted = "not vetted"
    if entry.vetting:
        vetted = f"{'reputable' if entry.vetting.reputable else 'not reputable'}, reviewed {entry.vetting.reviewed_on}"
    bound = "no contract"
    if entry.contract and entry.contract.purposes:
        until = f" until {entry.contract.until:%Y-%m-%d}" if entry.contract.until else ""
        bound = f"contract for {', '.join(entry.contract.purposes)} from {entry.contract.start:%Y-%m-%d}{until}"
    if entry.contract and entry.contract.terms:
        bound += f" with {len(entry.contract.terms)} terms of the law"
    place = f" in {who.region}" if who.region else ""
    title = f" ({who.title})" if who.title != who.name else ""
    return f"{who.name}{title}: {who.kind}{place}; {vetted}; {bound}"
