"""Which record stands where: the system, table and key behind each number of the index, sealed, because a key may be an e-mail address.

Keys lie in blocks of 64, each sealed with AES-256-GCM and bound to its place and to this very file. Which tables there are, and how many
records each, is sealed too. Opening one block takes some microseconds, so that a candidate is found without reading the file.
"""

from __future__ import annotations

import json
import os
import secrets
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from upheld.errors import Conflict, Invalid
from upheld.people.storing import private
from upheld.systems.connector import Key

SUBKEY: Final = "index/places/v1"
"""The purpose of the subkey that places are sealed under."""
BLOCK: Final = 64
LARGEST: Final = (1 << 32) - 1

_NONCE, _SALT = 12, 16
_KEPT_OPEN = 1_024  # blocks
_DAMAGED = "the index is damaged: run `upheld systems index`"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands."""

    system: str
    table: str
    key: Key = field(repr=False)


@dataclass(frozen=True, slots=True)
class Span:
    """The records of one table: `count` numbers from `first`."""

    system: str
    table: str
    first: int
    count: int


class Writing:
    """Writes the places of a new index into a new folder, in the order of their numbers. Use it with `with`; `finish` makes it whole."""

    def __init__(self, folder: Path, key: bytes) -> None:
        folder.mkdir(mode=0o700)
        self._folder, self._seal, self._salt = folder, AESGCM(key), secrets.token_bytes(_SALT)
        self._file = open(folder / "places.bin", "wb", opener=private)  # noqa: SIM115 - a mode from its first moment; closed by `finish`
        self._offsets: list[int] = [0]
        self._block: list[Key] = []
        self._spans: list[Span] = []
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def begin(self, system: str, table: str) -> None:
        """What `add` adds from now on stands in this table."""
        self._spans.append(Span(system, table, self._count, 0))

    def add(self, key: Key) -> int:
        """The number of the next record."""
        number = self._count
        if number > LARGEST:
            raise Invalid(f"an index holds at most {LARGEST + 1} records: leave tables out of the map, or split it")
        last = self._spans[-1]
        self._spans[-1] = Span(last.system, last.table, last.first, last.count + 1)
        self._count += 1
        self._block.append(key)
        if len(self._block) == BLOCK:
            self._flush()
        return number

    def finish(self, at: datetime) -> tuple[Span, ...]:
        """Write the rest; the tables with their numbers."""
        if self._block:
            self._flush()
        os.fsync(self._sync())
        with open(self._folder / "places.npy", "wb", opener=private) as file:
            np.save(file, np.array(self._offsets, dtype=np.uint64))
            os.fsync(file.fileno())
        said = {"at": at.isoformat(), "tables": [[one.system, one.table, one.first, one.count] for one in self._spans]}
        with open(self._folder / "places.head", "wb", opener=private) as file:
            file.write(self._salt + sealed(self._seal, self._salt, "head", json.dumps(said).encode()))
            file.flush()
            os.fsync(file.fileno())
        return tuple(self._spans)

    def _sync(self) -> int:
        self._file.flush()
        return self._file.fileno()

    def _flush(self) -> None:
        text = json.dumps(self._block, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        self._file.write(sealed(self._seal, self._salt, str(len(self._offsets) - 1), text))
        self._offsets.append(self._file.tell())
        self._block = []


class Places:
    """The places of an index. `Invalid` if a file was changed, `Conflict` if it was sealed under other keys."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._seal = AESGCM(key)
        try:
            head = (folder / "places.head").read_bytes()
            self._offsets = np.asarray(np.load(folder / "places.npy", mmap_mode="r", allow_pickle=False))
            self._bytes = np.memmap(folder / "places.bin", mode="r") if len(self._offsets) > 1 else np.zeros(0, dtype=np.uint8)
        except (OSError, ValueError) as error:
            raise Invalid(_DAMAGED, place=str(folder)) from error
        self._salt, said = head[:_SALT], None
        try:
            said = json.loads(opened(self._seal, self._salt, "head", head[_SALT:]))
        except InvalidTag as error:
            raise Conflict("the index was sealed under other keys, or changed: run `upheld systems index`") from error
        self.at = datetime.fromisoformat(said["at"])
        self.spans = tuple(Span(*one) for one in said["tables"])
        self._firsts = [span.first for span in self.spans]
        self._keys: Callable[[int], list[list[str]]] = lru_cache(_KEPT_OPEN)(self._opened)

    def __len__(self) -> int:
        """How many records there are."""
        return sum(span.count for span in self.spans)

    def of(self, number: int) -> Place:
        """The place of a record."""
        span = self.spans[bisect_right(self._firsts, number) - 1]
        return Place(span.system, span.table, tuple(self._keys(number // BLOCK)[number % BLOCK]))

    def _opened(self, block: int) -> list[list[str]]:
        start, end = int(self._offsets[block]), int(self._offsets[block + 1])
        try:
            text = opened(self._seal, self._salt, str(block), self._bytes[start:end].tobytes())
        except InvalidTag as error:
            raise Invalid(_DAMAGED) from error
        found: list[list[str]] = json.loads(text.decode("utf-8", "surrogatepass"))
        return found


def sealed(seal: AESGCM, salt: bytes, place: str, text: bytes) -> bytes:
    """A text sealed for one place of one file."""
    nonce = os.urandom(_NONCE)
    return nonce + seal.encrypt(nonce, text, _about(salt, place))


def opened(seal: AESGCM, salt: bytes, place: str, text: bytes) -> bytes:
    """What was sealed for this place. `InvalidTag` if it was not."""
    return seal.decrypt(text[:_NONCE], text[_NONCE:], _about(salt, place))


def _about(salt: bytes, place: str) -> bytes:
    return b"upheld|places/v1|" + salt + b"|" + place.encode()
