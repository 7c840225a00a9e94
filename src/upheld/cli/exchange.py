"""`upheld exchange`: scrubbing a list that a mailing house may not send, so that neither side sees the other's people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from upheld.cli.answer import show, with_json
from upheld.cli.choosing import in_force, pairs
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.progress import rows
from upheld.errors import Invalid

if TYPE_CHECKING:
    from upheld.gate.exchanging import Scrubbed

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_COLUMN: Final = "What a column means, e.g. email=Contact. Else found by heading. The same in both steps."


@click.group(short_help="Scrub a list that its holder may not send.")
def exchange() -> None:
    """Let a mailing house take everybody who opted out off a list that it may not send, and that you may not see (extra `psi`).

    \b
      you    upheld exchange set-up --to northlist --campaign fall --topic post --most 500000 --out fall/
      they   upheld exchange ask list.csv --keys fall/keys.exchange
      you    upheld exchange answer list.csv.request --to northlist --campaign fall
      they   upheld exchange learn list.csv --keys fall/keys.exchange --set-up fall/set-up.exchange --answer list.csv.request.answer

    They learn which of their own rows are opted out, you learn how many codes they asked about, and nobody else learns anything: no list
    of hashes ever changes hands.
    """


@exchange.command("set-up", short_help="Make ready for a mailing house to ask.")
@click.option("--to", "recipient", required=True, metavar="RECIPIENT", help="The mailing house, as registered.")
@click.option("--campaign", required=True, metavar="NAME", help="One exchange: its keys are its own.")
@click.option("--topic", "topics", multiple=True, required=True, metavar="TOPIC", help="Whoever is out of it. May be repeated.")
@click.option("--most", type=click.IntRange(min=1), required=True, help="How many codes may be asked about: some tens a row.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="A folder for both files.")
@with_json
@pass_edge
def set_up(edge: Edge, /, *, recipient: str, campaign: str, topics: tuple[str, ...], most: int, out: Path, as_json: bool) -> None:
    """Write two files to give to the mailing house: `set-up.exchange` and `keys.exchange`."""
    from upheld.gate import exchanging
    from upheld.people import exchange
    from upheld.people.actions import Keeper
    from upheld.people.codes import Keys
    from upheld.policy.behaviour import stops
    from upheld.recipients.queries import find

    home = edge.home()
    keeper, keys = Keeper(home), Keys(exchange.code_keys(home.key, recipient, campaign))
    files = (out / "set-up.exchange", out / "keys.exchange")
    with edge.record() as record:
        with record.reading() as conn:
            policy = in_force(conn, edge.now()).policy
            find(conn, recipient)
            for topic in topics:
                stops(policy, topic, None)  # says which topics there are
            with rows("opted out") as advance:
                found = exchanging.out_of(conn, keeper, keys, topics, advance)
        exchanging.free(*files)
        with record.transaction() as tx:
            made = exchange.set_up(tx, home, found.codes, recipient, campaign, most, edge.now(), edge.actor())
        exchanging.keep(files[0], made)
        exchanging.keep(files[1], exchanging.keys_file(home.key, recipient, campaign))
    answer = {"people": found.people, "codes": len(found.codes), "erased": found.erased, "most": most, "files": files}
    erased = f"\n{found.erased:,} of them gave what was erased since: they cannot be asked about" if found.erased else ""
    text = (
        f"made ready: {found.people:,} people who are out, {len(found.codes):,} codes{erased}\ngive `{recipient}` {files[0]} and {files[1]}"
    )
    show(answer, as_json=as_json, text=lambda: text)


@exchange.command(short_help="Answer what a mailing house asks.")
@click.argument("request", type=_FILE)
@click.option("--to", "recipient", required=True, metavar="RECIPIENT", help="The mailing house, as registered.")
@click.option("--campaign", required=True, metavar="NAME", help="The exchange that it asks in.")
@click.option("--out", type=_FILE, help="Where the answer is written. Else REQUEST.answer.")
@with_json
@pass_edge
def answer(edge: Edge, /, *, request: Path, recipient: str, campaign: str, out: Path | None, as_json: bool) -> None:
    """Answer REQUEST, and count in the ledger how many codes it asks about: never more in all than the set-up allows."""
    from upheld.gate import exchanging
    from upheld.people import exchange

    target = out or request.with_name(f"{request.name}.answer")
    exchanging.free(target)
    asked = exchanging.content(request)
    with edge.record() as record, record.transaction() as tx:
        made = exchange.answer(tx, edge.home(), asked, recipient, campaign, edge.now(), edge.actor())
    exchanging.keep(target, made)  # once it is counted: whatever happens now, they may ask again
    show({"file": target}, as_json=as_json, text=lambda: f"answered: give `{recipient}` {target}")


@exchange.command(short_help="At the mailing house: ask about a list.")
@click.argument("listed", metavar="LIST", type=_FILE)
@click.option("--keys", "keys_path", type=_FILE, required=True, help="The file of keys that you were given.")
@click.option("--column", "columns", multiple=True, metavar="KIND=HEADING", help=_COLUMN)
@with_json
def ask(*, listed: Path, keys_path: Path, columns: tuple[str, ...], as_json: bool) -> None:
    """Make LIST (CSV or Parquet) into a request that says nothing of whom it is about: LIST.request, to send; LIST.secret, to keep."""
    from upheld.gate import exchanging
    from upheld.people import exchange

    files = (listed.with_name(f"{listed.name}.request"), listed.with_name(f"{listed.name}.secret"))
    exchanging.free(*files)
    keys, name = exchanging.keys_of(keys_path)
    with rows(listed.name) as advance:
        found = exchanging.rows_of(listed, pairs("--column", columns), keys, advance)
    request, secret = exchange.ask(found.codes, name)
    exchanging.keep(files[0], request)
    exchanging.keep(files[1], exchanging.secret_file(found, secret))
    unasked = sum(not one for one in found.codes) + found.unreadable
    codes = len(frozenset().union(*found.codes))
    rest = f"; {unasked:,} say too little, or cannot be read: they will be dropped" if unasked else ""
    answer = {"rows": len(found.codes) + found.unreadable, "codes": codes, "unasked": unasked, "files": files}
    text = f"{answer['rows']:,} rows ask about {codes:,} codes{rest}\nsend {files[0]}; keep {files[1]} to yourself"
    show(answer, as_json=as_json, text=lambda: text)


@exchange.command(short_help="At the mailing house: drop who is opted out.")
@click.argument("listed", metavar="LIST", type=_FILE)
@click.option("--keys", "keys_path", type=_FILE, required=True, help="The file of keys that you were given.")
@click.option("--set-up", "set_up_path", type=_FILE, required=True, help="The set-up file that you were given.")
@click.option("--answer", "answer_path", type=_FILE, required=True, help="The answer to your request.")
@click.option("--secret", "secret_path", type=_FILE, help="What you kept. Else LIST.secret.")
@click.option("--column", "columns", multiple=True, metavar="KIND=HEADING", help=_COLUMN)
@click.option("--out", type=_FILE, help="Where the rows are written that stay. Else LIST.kept.csv, and LIST.dropped.csv beside it.")
@with_json
def learn(
    *,
    listed: Path,
    keys_path: Path,
    set_up_path: Path,
    answer_path: Path,
    secret_path: Path | None,
    columns: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Write LIST without everybody who is opted out, and the lines that were dropped with the reason of each."""
    from upheld.gate import exchanging
    from upheld.people import exchange

    kept = out or listed.with_name(f"{listed.name}.kept.csv")
    dropped = kept.with_name(f"{listed.name}.dropped.csv")
    if kept == dropped:
        raise Invalid("`--out` is where the dropped lines are written: name another file")
    exchanging.free(kept, dropped)
    with rows(listed.name) as advance:
        found = exchanging.rows_of(listed, pairs("--column", columns), exchanging.keys_of(keys_path)[0], advance)
    secret = exchanging.secret_of(secret_path or listed.with_name(f"{listed.name}.secret"), found)
    met = exchange.learn(found.codes, exchanging.content(set_up_path), exchanging.content(answer_path), secret)
    done = exchanging.scrub(listed, found, met, kept, dropped)
    show(done, as_json=as_json, text=lambda: _in_words(done))


def _in_words(done: Scrubbed) -> str:
    return (
        f"{done.read:,} rows read = {done.kept:,} kept + {done.opted_out:,} opted out + {done.unasked:,} that say too little\n"
        f"kept: {done.out}\ndropped, with reasons: {done.dropped}"
    )
