"""Scrubbing a list that its holder may not send: private set intersection with a mailing house (extra `psi`, openmined-psi).

Four steps, three files. The mailing house learns which of *its own* rows are opted out, we learn how many rows it asked about, and nobody
else learns anything. Never plain hashes, nor hashes under a shared key alone: with a list of people anyone could reverse those::

    us      set_up(codes of everybody opted out)      -> set-up file and the campaign's code keys, both given to the mailing house
    they    ask(codes of their rows)                  -> request file; their secret stays with them
    us      answer(request)                           -> answer file; how many rows were asked about is counted, in the ledger
    they    learn(set-up, answer, secret)             -> which rows must go

Each file says which exchange it is of, and the answer to which request: with files of two exchanges no row would seem to be opted out.

Codes are tight codes under keys of this one campaign; both sides make them with this program, at one version of the normal form. The
protocol is exact on codes: it cannot see what keeps two records apart although a code is equal (`codes.conflict`), so it stops rather too
many than too few. Who asks about everybody learns everything; therefore sizes are capped and counted.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from importlib import import_module
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from upheld.errors import Invalid, Refused
from upheld.home import Home
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, WORD, declare
from upheld.ledger.queries import entries
from upheld.people.codes import Keys, tight_codes
from upheld.people.identifiers import Identifier
from upheld.people.normal import NORM
from upheld.record import Actor

if TYPE_CHECKING:
    from types import ModuleType

FALSE_HITS: Final = 1e-9
"""The chance that any row of a request is found although it is not there."""
MOST_CODES: Final = 50_000_000
_SEAL: Final = 32
"""Bytes of a request's hash, with which its secret begins."""

SET_UP = declare(
    "exchange.set-up", "opt-outs were made ready for a mailing house to ask about, in secret, up to so many codes",
    recipient=WORD, campaign=WORD, codes=NUMBER, most=NUMBER,
)  # fmt: skip
ANSWERED = declare(
    "exchange.answered", "a mailing house asked, in secret, which of so many codes are opted out",
    recipient=WORD, campaign=WORD, codes=NUMBER,
)  # fmt: skip


def code_keys(subkey: Callable[[str], bytes], recipient: str, campaign: str) -> Callable[[str], bytes]:
    """The keys under which both sides make codes for one campaign; `Keys(…)` of it makes them. They go to the mailing house."""
    return lambda purpose: subkey(f"psi/{recipient}/{campaign}/{purpose}")


def name_of(subkey: Callable[[str], bytes], recipient: str, campaign: str) -> str:
    """The name of one exchange in its files: it says nothing to others."""
    return subkey(f"psi/{recipient}/{campaign}/name").hex()[:32]


def codes_of(identifiers: Iterable[Identifier], keys: Keys) -> frozenset[int]:
    """The codes by which one person or row is asked about."""
    return frozenset(code.code for identifier in identifiers for code in tight_codes(identifier, keys))


def set_up(tx: Connection, home: Home, codes: Iterable[int], recipient: str, campaign: str, most: int, at: datetime, actor: Actor) -> bytes:
    """The set-up file of a campaign: the codes of everybody who is opted out, blinded. `most`: codes that may be asked about in all."""
    items = _items(codes)
    if not items:
        raise Invalid("nobody is opted out: there is nothing to exchange")
    if not 0 < most <= MOST_CODES:
        raise Invalid(f"say how many codes may be asked about: up to {MOST_CODES}")
    append(tx, SET_UP, {"recipient": recipient, "campaign": campaign, "codes": len(items), "most": most}, at, actor)
    made: bytes = _server(home, recipient, campaign).CreateSetupMessage(FALSE_HITS, most, items).SerializeToString()
    return _pack("set-up", made, {"exchange": name_of(home.key, recipient, campaign)})


def answer(tx: Connection, home: Home, request: bytes, recipient: str, campaign: str, at: datetime, actor: Actor) -> bytes:
    """The answer to a request. `Refused` if the campaign was not set up, or more is asked in all than it allows."""
    psi = _psi()
    asked, name = psi.Request(), name_of(home.key, recipient, campaign)
    head, content = _unpack("request", request)
    if head.get("exchange") != name:
        raise Invalid(f"the request was made with the keys of another exchange than `{campaign}` of `{recipient}`")
    _parse(asked, content)
    count, (most, before) = len(asked.encrypted_elements), _allowed(tx, recipient, campaign)
    if not most:
        raise Refused(f"no exchange `{campaign}` was set up for `{recipient}`")
    if before + count > most:
        raise Refused(
            f"`{recipient}` may ask about {most} codes in `{campaign}`; {before} were asked about, and this asks about {count} more"
        )
    if not asked.reveal_intersection or not count:
        raise Invalid("the request asks for nothing that can be answered: make it again")
    append(tx, ANSWERED, {"recipient": recipient, "campaign": campaign, "codes": count}, at, actor)
    try:
        made: bytes = _server(home, recipient, campaign).ProcessRequest(asked).SerializeToString()
    except (RuntimeError, ValueError) as error:
        raise Invalid("the request cannot be answered: make it again") from error
    return _pack("answer", made, {"exchange": name, "request": sha256(request).hexdigest()})


def ask(rows: Sequence[frozenset[int]], name: str) -> tuple[bytes, bytes]:
    """At the mailing house: the request file about its rows (their codes, row by row), and the secret to learn from the answer with.

    `name`: of the exchange, as the file of keys says it.
    """
    client = _psi().client.CreateWithNewKey(True)  # noqa: FBT003 - the library's signature
    items, _ = _of_rows(rows)
    if not items:
        raise Invalid("no row can be read: there is nothing to ask")
    request = _pack("request", client.CreateRequest(items).SerializeToString(), {"exchange": name})
    return request, sha256(request).digest() + client.GetPrivateKeyBytes()


def learn(rows: Sequence[frozenset[int]], set_up_: bytes, answer_: bytes, secret: bytes) -> tuple[int, ...]:
    """At the mailing house: the places of the rows that are opted out, in order. The same rows in the same order as in `ask`."""
    psi = _psi()
    ready, answered = psi.ServerSetup(), psi.Response()
    of, content = _unpack("set-up", set_up_)
    to, encrypted = _unpack("answer", answer_)
    _parse(ready, content)
    _parse(answered, encrypted)
    items, owners = _of_rows(rows)
    if to.get("request") != secret[:_SEAL].hex() or len(answered.encrypted_elements) != len(items):
        raise Invalid("the answer belongs to another request")
    if to.get("exchange") != of.get("exchange"):
        raise Invalid("the set-up is of another exchange than the answer")
    try:
        met = psi.client.CreateFromKey(secret[_SEAL:], True).GetIntersection(ready, answered)  # noqa: FBT003
    except (RuntimeError, ValueError) as error:
        raise Invalid("the answer cannot be read with this secret and set-up") from error
    return tuple(sorted({row for place in met for row in owners[place]}))


def _of_rows(rows: Sequence[frozenset[int]]) -> tuple[list[str], list[list[int]]]:
    """Every code once, in order, and beside it the rows that have it."""
    owners: dict[int, list[int]] = {}
    for row, codes in enumerate(rows):
        for code in codes:
            owners.setdefault(code, []).append(row)
    ordered = sorted(owners)
    return _items(ordered), [owners[code] for code in ordered]


def _items(codes: Iterable[int]) -> list[str]:
    return [f"{code:016x}" for code in sorted(set(codes))]


def _allowed(conn: Connection, recipient: str, campaign: str) -> tuple[int, int]:
    """How many codes may be asked about, and how many were."""
    of = {"recipient": recipient, "campaign": campaign}
    most = [entry.body["most"] for entry in entries(conn, kind=SET_UP) if of.items() <= entry.body.items()]
    asked = [entry.body["codes"] for entry in entries(conn, kind=ANSWERED) if of.items() <= entry.body.items()]
    return (most[-1] if most else 0), sum(asked)


def _server(home: Home, recipient: str, campaign: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the library has no types
    return _psi().server.CreateFromKey(home.key(f"psi/{recipient}/{campaign}/secret"), True)  # noqa: FBT003


def _psi() -> ModuleType:
    try:
        return import_module("private_set_intersection.python")
    except ImportError as error:
        raise Invalid("the exchange of lists needs an extra: install `upheld[psi]`") from error


def _pack(kind: str, content: bytes, more: Mapping[str, str]) -> bytes:
    return json.dumps({"upheld": f"exchange/{kind}/v1", "norm": NORM, **more}).encode() + b"\n" + zlib.compress(content, 1)


def _unpack(kind: str, file: bytes) -> tuple[Mapping[str, str], bytes]:
    head, _, content = file.partition(b"\n")
    try:
        said = json.loads(head)
        if said["upheld"] != f"exchange/{kind}/v1":
            raise Invalid(f"this file is no {kind} of an exchange")
        if said["norm"] != NORM:
            raise Invalid(f"the {kind} is of another version of the normal form than `{NORM}`: both sides need the same release")
        return said, zlib.decompress(content)
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise Invalid(f"this file is no {kind} of an exchange, or a damaged one") from error


def _parse(message, content: bytes) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - the library has no types
    from google.protobuf.message import DecodeError

    try:
        message.ParseFromString(content)
    except DecodeError as error:
        raise Invalid("a file of the exchange is damaged") from error
