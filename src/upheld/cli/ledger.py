"""`upheld ledger`: verify, prove and hand over the record of what was done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli import exits
from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.numbered import ENTRY, NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from upheld.home import Home
    from upheld.ledger.checkpoint import Checkpoint
    from upheld.ledger.queries import Entry

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(short_help="Verify, prove and export the record of what was done.")
def ledger() -> None:
    """The append-only record of what was done.

    Every action leaves one entry. A checkpoint is one signed line that fixes all entries up to now: give checkpoints to someone who
    keeps them, and nobody can rewrite what came before, not even you.
    """


@ledger.command(short_help="Hash every entry again and compare.")
@click.option("--kept", type=FILE, multiple=True, help="A checkpoint kept from earlier. May be repeated.")
@with_json
@pass_edge
def verify(edge: Edge, kept: tuple[Path, ...], *, as_json: bool) -> int:
    """Hash every entry again, compare all stored hashes and the kept checkpoints. Ends with 1 if anything does not hold."""
    from upheld.ledger import queries
    from upheld.ledger.checkpoint import public_key
    from upheld.ledger.verification import verify as check

    home = edge.home()
    notes = [_read(path) for path in kept]
    with _reading(edge) as conn, _progress(queries.size(conn), "entries") as advance:
        verdict = check(conn, notes, public_key(home.ledger_name, home.ledger_key()), advance)
    holds = f"all {verdict.size} entries hold, root {verdict.root.hex()}"
    shown = {"holds": bool(verdict), "size": verdict.size, "root": verdict.root, "faults": verdict.faults}
    show(shown, as_json=as_json, text=lambda: holds if verdict else "\n".join(verdict.faults))
    return exits.FINE if verdict else exits.FINDINGS


@ledger.command(short_help="Prove that one entry is in the log.")
@click.argument("entry", type=ENTRY)
@click.option("--out", type=FILE, help="Write the proof here instead of printing it.")
@with_json
@pass_edge
def prove(edge: Edge, entry: int, out: Path | None, *, as_json: bool) -> None:
    """Print the proof that ENTRY (counted from 0) is in the log: the entry, the hashes up to the root, a checkpoint.

    Anyone can check it with verifier/verify_ledger.py and the public key; it shows nothing of the other entries.
    """
    from upheld.ledger import checkpoint, queries

    home = edge.home()
    with _reading(edge) as conn:
        found, head, hashes = queries.entry(conn, entry), _head(home, conn), queries.inclusion(conn, entry)
    note = checkpoint.sign(head, home.ledger_key())
    text = checkpoint.proof(found.canonical, entry, hashes, note)
    shown = {"entry": found.canonical.decode(), "index": entry, "size": head.size, "root": head.root, "hashes": hashes, "checkpoint": note}
    _give(text, out, shown, as_json=as_json)


@ledger.command(short_help="Sign a checkpoint of all entries up to now.")
@click.option("--out", type=FILE, help="Write it here instead of printing it.")
@with_json
@pass_edge
def checkpoint(edge: Edge, out: Path | None, *, as_json: bool) -> None:
    """Sign a checkpoint of all entries up to now. Give it to someone who keeps it."""
    from upheld.ledger.checkpoint import sign

    home = edge.home()
    with _reading(edge) as conn:
        head = _head(home, conn)
    note = sign(head, home.ledger_key())
    _give(note, out, {"origin": head.origin, "size": head.size, "root": head.root, "checkpoint": note}, as_json=as_json)


@ledger.command(short_help="Print the public key that checkpoints are checked with.")
@with_json
@pass_edge
def key(edge: Edge, *, as_json: bool) -> None:
    """Print the public key that checkpoints are checked with: `name+id+base64`. Publish it, next to the policy for example."""
    from upheld.ledger.checkpoint import public_key

    home = edge.home()
    line = public_key(home.ledger_name, home.ledger_key())
    show({"key": line}, as_json=as_json, text=lambda: line)


@ledger.command(short_help="Write the whole ledger for a stranger to check.")
@click.argument("folder", type=click.Path(path_type=Path))
@with_json
@pass_edge
def export(edge: Edge, folder: Path, *, as_json: bool) -> None:
    """Write the whole ledger into a new FOLDER, with a checkpoint and the script that checks it offline."""
    from upheld.ledger import queries
    from upheld.ledger.checkpoint import public_key
    from upheld.ledger.export import export as write

    home = edge.home()
    with _reading(edge) as conn, _progress(queries.size(conn), "entries") as advance:
        head = write(conn, folder, home.ledger_name, home.ledger_key(), advance)
    line = public_key(home.ledger_name, home.ledger_key())
    show(
        {"folder": folder, "size": head.size, "root": head.root, "key": line},
        as_json=as_json,
        text=lambda: (
            f"wrote {head.size} entries to {folder}; check them with\n  python -I {folder}/verify_ledger.py {folder} --key '{line}'"
        ),
    )


@ledger.command("entries", short_help="List entries.")
@click.option("--from", "begin", type=ENTRY, default=0, help="The first entry to list.")
@click.option("--kind", help="Only entries of this kind, e.g. choice.recorded.")
@click.option("--limit", type=NUMBER, default=50, show_default=True, help="At most so many.")
@with_json
@pass_edge
def entries(edge: Edge, begin: int, kind: str | None, limit: int, *, as_json: bool) -> None:
    """List entries, oldest first."""
    from itertools import islice

    from upheld.ledger import queries

    with _reading(edge) as conn:
        found = list(islice(queries.entries(conn, begin, kind), limit))
    shown = [{"entry": one.id, "at": one.at, "kind": one.kind, "body": one.body, "actor": one.actor} for one in found]
    show(shown, as_json=as_json, text=lambda: "\n".join(map(_line, found)) or "no entries")


def _line(entry: Entry) -> str:
    body = " ".join(f"{name}={value}" for name, value in entry.body.items())
    return f"{entry.id}  {entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.kind}  {body}"


@contextmanager
def _reading(edge: Edge) -> Iterator[Connection]:
    with edge.record() as record, record.reading() as conn:
        yield conn


def _head(home: Home, conn: Connection) -> Checkpoint:
    from upheld.ledger import queries
    from upheld.ledger.checkpoint import Checkpoint

    return Checkpoint(home.ledger_name, queries.size(conn), queries.root(conn))


def _give(text: str, out: Path | None, shown: object, *, as_json: bool) -> None:
    if out is not None:
        with out.open("x") as file:
            file.write(text)
    if out is None or as_json:
        show(shown, as_json=as_json, text=lambda: text.removesuffix("\n"))


def _read(path: Path) -> str:
    from upheld.errors import Invalid

    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(f"`{path}` is not a checkpoint") from error


@contextmanager
def _progress(size: int, label: str) -> Iterator[Callable[[int], None]]:
    with click.progressbar(length=size, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield bar.update
