"""`upheld traffic import`: web logs into totals, with an account of every line."""

from __future__ import annotations

import gc
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.errors import Invalid

if TYPE_CHECKING:
    from upheld.traffic.importing import Import, Imported

FOLLOW_SECONDS = 5.0
_FORMATS = "common, combined (nginx), vhost (vhost_combined), json (caddy), alb, w3c (iis, cloudfront), or a format string. Else guessed."


@click.command("import", short_help="Turn web logs into totals, and forget them.")
@click.argument("files", metavar="FILE...|-", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", metavar="FORMAT", help=_FORMATS)
@click.option("--whole", is_flag=True, help="Nothing more comes: count a last line without an end, and settle what is over.")
@click.option("--follow", is_flag=True, help="Go on while the log grows and is rotated, until interrupted. One FILE.")
@with_json
@pass_edge
def import_(edge: Edge, /, *, files: tuple[Path, ...], form: str | None, whole: bool, follow: bool, as_json: bool) -> None:
    """Turn the logs FILE... into totals: every line is counted, dropped for a reason that is counted, or rejected for one.

    Logs may be packed (gzip, bzip2, zstd) and rotated; what was read before is known and not counted again. Take in all logs of a day with
    one command: the key by which visitors are told apart lives in its memory alone. Days that are over, and as old as the policy lets web
    information grow, are settled: what is not of enough people is forgotten.
    """
    from upheld.postings.queries import in_force
    from upheld.traffic.configured import site
    from upheld.traffic.importing import Import

    gc.freeze()  # what was loaded is here to stay: no search for garbage need go through it
    gc.set_threshold(100_000)  # what a log leaves behind is freed as it goes; little of it goes in circles
    home = edge.home()
    with edge.record() as record:
        with record.reading() as conn:
            policy = in_force(conn, edge.now()).policy
        run = Import(home, record, site(home, policy), edge.now, edge.actor())
        done = _followed(run, files, form) if follow else run.read(files, form, whole=whole)
    answer = {
        "read": done.account.read,
        "fates": done.account.fates,
        "rejected": done.account.rejected,
        "personal names dropped": done.account.personal,
        "outlines": done.outlines,
        "days": len(done.days),
        "settled": done.settled,
        "unended": done.unended,
        "under other names": done.others,
    }
    show(answer, as_json=as_json, text=lambda: _in_words(done))


def _followed(run: Import, files: tuple[Path, ...], form: str | None) -> Imported:
    if len(files) != 1 or str(files[0]) == "-":
        raise Invalid("`--follow` follows one log: name one file")
    if not files[0].exists():
        click.echo(f"`{files[0]}` is not there: waiting for it", err=True)
    asked: list[int] = []
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda number, _: asked.append(number))
    return run.watch(files[0], form, every=FOLLOW_SECONDS, stop=lambda: bool(asked))


def _in_words(done: Imported) -> str:
    from upheld.traffic.counter import MOST_NAMES

    account = done.account
    counted = account.fates["counted"]
    dropped = {name: count for name, count in account.fates.items() if name != "counted"}
    robots, rejected = dropped.pop("robot", 0), sum(account.rejected.values())
    sums = [f"{counted:,} counted", f"{robots:,} robots"]
    sums += [f"{count:,} {_PLURAL[name]}" for name, count in dropped.items() if count]
    lines = [f"{account.read:,} lines read = {' + '.join(sums)} + {rejected:,} rejected"]
    for reason, count in account.rejected.items():
        lines.append(f"  rejected: {count:,} {reason}")
        lines += [f"    like {each}" for each in done.outlines.get(reason, ())]
    if account.personal:
        lines.append(f"  {account.personal:,} page names had something personal taken out")
    for kind, count in done.others.items():
        lines.append(f"  {count:,} hits count under `(other)`: of {_KINDS[kind]} the heaviest {MOST_NAMES[kind]:,} are told apart")
    for path in done.known:
        lines.append(f"  {path} was read before: only what is new counts; its visitors of an open day may count again")
    for path in done.unended:
        lines.append(f"  {path} ends in the middle of a line: that line waits for its end (or `--whole`)")
    lines += [f"  {day.day} settled: {day.told:,} totals told, {day.withheld:,} withheld" for day in done.settled]
    return "\n".join(lines)


_KINDS = {"page": "pages", "referrer": "referrers", "campaign": "campaigns", "country": "countries"}
_PLURAL = {"monitor": "own monitors", "signal": "by signal", "spam": "referrer spam", "asset": "assets"}
