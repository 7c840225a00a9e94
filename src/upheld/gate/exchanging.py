"""What the exchange of lists (`people.exchange`) is about: on our side everybody who is opted out, on the other the rows of a list.

The mailing house uses the same program, without a home: it needs the keys of the campaign, and nothing else of ours.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection

from upheld.choices.files import held, people_in, read
from upheld.choices.queries import everybody_out
from upheld.errors import Conflict, Invalid, NotFound
from upheld.gate.searching import known
from upheld.people import exchange
from upheld.people.actions import Keeper
from upheld.people.codes import SUBKEYS, Keys
from upheld.people.normal import NORM
from upheld.people.storing import private, sync
from upheld.people.wide import identifiers

AT_ONCE: Final = 500
_HEAD: Final = ("line", "reason")


@dataclass(frozen=True, slots=True)
class Out:
    """The codes of everybody who is out; how many people that are, and of how many no code can be made, for what they gave was erased."""

    codes: frozenset[int] = field(repr=False)
    people: int
    erased: int


@dataclass(frozen=True, slots=True)
class Rows:
    """A list as it is asked about: the codes of each row, a hash by which a changed list is known, and how many lines are unreadable."""

    codes: tuple[frozenset[int], ...] = field(repr=False)
    seal: str
    unreadable: int


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What became of a list: read = kept + dropped."""

    read: int
    kept: int
    opted_out: int
    unasked: int
    out: Path
    dropped: Path


def out_of(conn: Connection, keeper: Keeper, keys: Keys, topics: Sequence[str], advance: Callable[[int], None] = lambda _: None) -> Out:
    """The codes, under the keys of a campaign, of everybody who is out of any of these topics now."""
    flags = everybody_out(conn, topics)
    people: list[int] = np.flatnonzero(np.logical_or.reduce(list(flags.values()))).tolist()
    codes: set[int] = set()
    erased = 0
    for at in range(0, len(people), AT_ONCE):
        some = people[at : at + AT_ONCE]
        try:
            codes |= exchange.codes_of(known(conn, keeper, some), keys)
        except NotFound:  # one of them was erased
            for person in some:
                try:
                    codes |= exchange.codes_of(known(conn, keeper, [person]), keys)
                except NotFound:
                    erased += 1
        advance(len(some))
    return Out(frozenset(codes), len(people), erased)


def keys_file(subkey: Callable[[str], bytes], recipient: str, campaign: str) -> bytes:
    """The file that holds the keys of a campaign, for the mailing house."""
    of = exchange.code_keys(subkey, recipient, campaign)
    made = {purpose: base64.b64encode(of(purpose)).decode() for purpose in SUBKEYS.values()}
    name = exchange.name_of(subkey, recipient, campaign)
    return json.dumps({"upheld": "exchange/keys/v1", "norm": NORM, "exchange": name, "keys": made}).encode() + b"\n"


def keys_of(path: Path) -> tuple[Keys, str]:
    """The keys that such a file holds, and the name of their exchange. `Invalid` for any other file."""
    said = _json(path, "keys")
    if said.get("norm") != NORM:
        raise Invalid(
            f"the keys are of another version of the normal form than `{NORM}`: both sides need the same release", place=str(path)
        )
    try:
        given = {str(purpose): base64.b64decode(key, validate=True) for purpose, key in said["keys"].items()}
        return Keys(given.__getitem__), str(said["exchange"])
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise Invalid("this file holds no keys of an exchange, or is damaged", place=str(path)) from error


def rows_of(path: Path, columns: Mapping[str, str], keys: Keys, advance: Callable[[int], None] = lambda _: None) -> Rows:
    """The rows of a list (CSV or Parquet) as codes. `Invalid` if no column names people."""
    unreadable: list[int] = []
    file = read(path, lambda line, _: unreadable.append(line))
    where = people_in(file.columns, columns, str(path))
    made, seal = [], seal_of(path)
    for _, row in file.rows:
        made.append(exchange.codes_of(identifiers(held(row, where)), keys))
        advance(1)
    return Rows(tuple(made), seal, len(unreadable))


def seal_of(path: Path) -> str:
    """A hash of a file, by which it is known to be the same."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def secret_file(rows: Rows, secret: bytes) -> bytes:
    """What the mailing house keeps to itself between its question and our answer."""
    return json.dumps({"upheld": "exchange/secret/v1", "list": rows.seal, "secret": secret.hex()}).encode() + b"\n"


def secret_of(path: Path, rows: Rows) -> bytes:
    """The secret of the question about these rows. `Invalid` if the list was changed since it was asked about."""
    said = _json(path, "secret")
    if said.get("list") != rows.seal:
        raise Invalid("the list is not the one that was asked about: ask anew", place=str(path))
    try:
        return bytes.fromhex(said["secret"])
    except (KeyError, ValueError, TypeError) as error:
        raise Invalid("this file holds no secret of an exchange, or is damaged", place=str(path)) from error


def scrub(path: Path, rows: Rows, met: Sequence[int], out: Path, dropped: Path) -> Scrubbed:
    """Write the rows of a list that may stay to `out`, and to `dropped` the lines that may not, and why; whole or not at all.

    A row by which nobody could be asked about does not stay either. `Invalid` if the list changed since its rows were read.
    """
    gone, unread = set(met), list[tuple[int, str]]()
    file = read(path, lambda line, reason: unread.append((line, reason)))
    count, opted_out, unasked = 0, 0, 0
    with written(out) as kept, written(dropped) as lost:
        keep, lose = csv.writer(kept, lineterminator="\n"), csv.writer(lost, lineterminator="\n")
        keep.writerow(file.columns)
        lose.writerow(_HEAD)
        for at, (line, row) in enumerate(islice(file.rows, len(rows.codes))):
            count += 1
            if at in gone:
                opted_out += 1
                lose.writerow((line, "opted out"))
            elif not rows.codes[at]:
                unasked += 1
                lose.writerow((line, "says too little to ask about"))
            else:
                keep.writerow(row)
        lose.writerows((line, f"cannot be read: {reason}") for line, reason in unread)
        if seal_of(path) != rows.seal:
            raise Invalid("the list was changed while it was read: ask anew", place=str(path))
    read_, unasked = count + len(unread), unasked + len(unread)
    return Scrubbed(read_, read_ - opted_out - unasked, opted_out, unasked, out, dropped)


def content(path: Path) -> bytes:
    """All of a file. `Invalid` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid(f"cannot read `{path}`: {(error.strerror or 'input/output error').lower()}") from error


def free(*paths: Path) -> None:
    """`Conflict` if one of the files is there already."""
    for path in paths:
        if path.exists():
            raise Conflict(f"`{path}` is there already: name another file, or move it away")


def keep(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all; its folder is made."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(unfinished, "wb", opener=private) as file:
            file.write(content)
            os.fsync(file.fileno())
        unfinished.replace(path)
        sync(path.parent)
    except OSError as error:
        raise Invalid(f"cannot write `{path}`: {(error.strerror or 'input/output error').lower()}") from error
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def written(path: Path) -> Iterator[Any]:
    """A text file that only its owner may read, there when all of it was written."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(unfinished, "w", encoding="utf-8", newline="", opener=private) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        sync(path.parent)
    except OSError as error:
        raise Invalid(f"cannot write `{path}`: {(error.strerror or 'input/output error').lower()}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _json(path: Path, kind: str) -> Mapping[str, Any]:
    try:
        said = json.loads(path.read_bytes())
    except OSError as error:
        raise Invalid(f"cannot read `{path}`: {(error.strerror or 'input/output error').lower()}") from error
    except ValueError as error:
        raise Invalid(f"this file is no {kind} of an exchange", place=str(path)) from error
    if not isinstance(said, dict) or said.get("upheld") != f"exchange/{kind}/v1":
        raise Invalid(f"this file is no {kind} of an exchange", place=str(path))
    return said
