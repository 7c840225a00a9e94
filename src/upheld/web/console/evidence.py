"""*Evidence*: the ledger as it stands, page by page; its check; what a stranger needs to check it without us."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from sqlalchemy import Connection

from upheld.errors import NotFound
from upheld.ledger import checkpoint, export, queries
from upheld.ledger.kinds import KINDS
from upheld.ledger.verification import verify
from upheld.web.console.staff import staff
from upheld.web.surroundings import Surroundings, surroundings

COUNT: Final = 50  # entries a page
MOST: Final = 200_000  # entries that are checked while somebody waits
LONGEST: Final = 100_000  # characters of kept checkpoints


@dataclass(frozen=True, slots=True)
class Line:
    """One entry for reading: what it says in plain words, its fields, and who did it."""

    entry: queries.Entry
    says: str
    fields: list[tuple[str, str]]
    actor: str


@require_safe
@staff("audit")
def page(request: HttpRequest) -> HttpResponse:
    """The newest entries, or older ones (`?before=`), of all kinds or of one."""
    kind, before = request.GET.get("kind") or None, _number(request.GET.get("before", ""))
    with surroundings().reading() as (conn, _posted):
        found = queries.latest(conn, before, kind, COUNT + 1)
        said = {
            "lines": lines(conn, found[:COUNT]),
            "older": found[COUNT - 1].id if len(found) > COUNT else None,
            "newest": before is None,
            "kind": kind,
            "kinds": queries.kinds_there(conn),
            "size": queries.size(conn),
        }
    return render(request, "console/evidence.html", said)


@require_safe
@staff("audit")
def one(request: HttpRequest, number: int) -> HttpResponse:
    """One entry, whole, with its hash."""
    with surroundings().reading() as (conn, _posted):
        found = queries.entry(conn, number)
        said = {"line": lines(conn, [found])[0], "size": queries.size(conn), "canonical": found.canonical.decode()}
    return render(request, "console/entry.html", {**said, "section": "evidence"})


@require_http_methods(["GET", "HEAD", "POST"])
@staff("audit")
def checked(request: HttpRequest) -> HttpResponse:
    """Hash every entry again, and hold up the checkpoints that somebody kept (pasted, one below the other)."""
    around, kept = surroundings(), request.POST.get("kept", "")[:LONGEST]
    with around.reading() as (conn, _posted):
        size = queries.size(conn)
        said: dict[str, Any] = {"size": size, "most": MOST, "kept": kept, "section": "evidence"}
        if request.method == "POST" and size <= MOST:
            said["verdict"] = verify(conn, _notes(kept), _key(around))
    return render(request, "console/checked.html", said)


@require_safe
@staff("audit")
def signed(request: HttpRequest) -> HttpResponse:
    """A checkpoint of all entries up to now."""
    around = surroundings()
    with around.reading() as (conn, _posted):
        head = _head(around, conn)
    return _file(checkpoint.sign(head, around.home.ledger_key()), f"checkpoint-{head.size}.txt")


@require_safe
@staff("audit")
def key(request: HttpRequest) -> HttpResponse:
    """The public key that checkpoints are checked with."""
    return _file(f"{_key(surroundings())}\n", "ledger-key.txt")


@require_safe
@staff("audit")
def verifier(request: HttpRequest) -> HttpResponse:
    """The script that checks an export and stands on its own."""
    return _file(export.verifier().decode(), export.VERIFIER)


@require_safe
@staff("audit")
def proof(request: HttpRequest, number: int) -> HttpResponse:
    """The proof that one entry is in the log; it shows nothing of the others."""
    around = surroundings()
    with around.reading() as (conn, _posted):
        found, head, hashes = queries.entry(conn, number), _head(around, conn), queries.inclusion(conn, number)
    note = checkpoint.sign(head, around.home.ledger_key())
    return _file(checkpoint.proof(found.canonical, number, hashes, note), f"entry-{number}-proof.txt")


@require_safe
@staff("audit")
def whole(request: HttpRequest) -> StreamingHttpResponse:
    """The whole ledger as the text that the script reads, sent as it is read: no size is too large."""
    answer = StreamingHttpResponse(_streamed(surroundings()), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="ledger.txt"'
    return answer


def _streamed(around: Surroundings) -> Iterator[bytes]:
    with around.record.reading() as conn:
        for piece, _count in export.pieces(conn, _head(around, conn), around.home.ledger_key()):
            yield piece


def lines(conn: Connection, entries: list[queries.Entry]) -> list[Line]:
    """Entries for reading."""
    names = queries.actors(conn, {int(each.actor["id"]) for each in entries})
    return [Line(each, _says(each.kind), _fields(each.body), _actor(each, names)) for each in entries]


def _says(kind: str) -> str:
    return KINDS[kind].says if kind in KINDS else ""


def _fields(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in body.items()
        if value is not None
    ]


def _actor(entry: queries.Entry, names: dict[int, str]) -> str:
    name, role = names.get(int(entry.actor["id"]), _("somebody")), entry.actor["role"]
    return f"{name} ({role})" if role else name


def _head(around: Surroundings, conn: Connection) -> checkpoint.Checkpoint:
    return checkpoint.Checkpoint(around.home.ledger_name, queries.size(conn), queries.root(conn))


def _key(around: Surroundings) -> str:
    return checkpoint.public_key(around.home.ledger_name, around.home.ledger_key())


def _notes(kept: str) -> list[str]:
    """The signed notes in a text: each ends with the line of its signature."""
    notes: list[str] = []
    part: list[str] = []
    for line in kept.replace("\r\n", "\n").strip().split("\n"):
        if not part and not line.strip():
            continue
        part.append(line)
        if line.startswith("\N{EM DASH} "):
            notes.append("\n".join(part) + "\n")
            part = []
    return [*notes, "\n".join(part)] if part else notes


def _number(said: str) -> int | None:
    if not said:
        return None
    if not said.isascii() or not said.isdigit() or len(said) > 18:
        raise NotFound("entries are counted from 0: this is no number of one")
    return int(said)


def _file(text: str, name: str) -> HttpResponse:
    answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
