"""Many records into codes at once: what the blind index is built of. Codes are those of one record at a time, made on all cores."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from upheld.people import codes, wide
from upheld.people.codes import Keys, tight_codes
from upheld.people.held import Held
from upheld.people.portrait import of_held
from upheld.people.wide import WideKeys, identifiers, loose_codes, wide_codes

Codes = NDArray[np.uint64]
Numbers = NDArray[np.uint32]
Numbered = tuple[int, Held]
"""A record: its number, and what it holds."""

AT_ONCE = 5_000  # records that a process codes at a time
FEW = 20_000  # records for which no other process is started


class IndexKeys:
    """All keys under which codes of an index are made. Nothing shows them."""

    __slots__ = ("_subkeys", "tight", "wide")

    def __init__(self, subkey: Callable[[str], bytes]) -> None:
        self._subkeys = {purpose: subkey(purpose) for purpose in (*codes.SUBKEYS.values(), *wide.SUBKEYS.values())}
        self.tight, self.wide = Keys(self._subkeys.__getitem__), WideKeys(self._subkeys.__getitem__)

    def fingerprint(self) -> str:
        """The same for the same keys and purposes, and without meaning for anybody else."""
        told = hashlib.sha256(b"upheld/index/keys")
        for purpose, key in sorted(self._subkeys.items()):
            told.update(hashlib.sha256(purpose.encode() + b"|" + key).digest())
        return told.hexdigest()

    def subkeys(self) -> Mapping[str, bytes]:
        """By purpose; for another process of this program."""
        return self._subkeys


class Coded(NamedTuple):
    """Codes of some records, and beside each the number of its record: tight and loose ones (`near`), and wide ones (`far`)."""

    near: Codes
    near_numbers: Numbers
    far: Codes
    far_numbers: Numbers


def coded(records: Sequence[Numbered], keys: IndexKeys) -> Coded:
    """The codes of some records, in this process."""
    near: list[int] = []
    far: list[int] = []
    counts: list[tuple[int, int]] = []
    for _, held in records:
        portrait = of_held(held)
        found = {code.code for one in identifiers(held) for code in tight_codes(one, keys.tight)}
        found.update(loose_codes(portrait, keys.wide))
        others = wide_codes(portrait, keys.wide)
        near.extend(found)
        far.extend(others)
        counts.append((len(found), len(others)))
    numbers = np.array([number for number, _ in records], dtype=np.uint32)
    each = np.array(counts, dtype=np.int64).reshape(-1, 2)
    return Coded(
        np.array(near, dtype=np.uint64), np.repeat(numbers, each[:, 0]), np.array(far, dtype=np.uint64), np.repeat(numbers, each[:, 1])
    )


def coded_all(records: Iterable[Numbered], keys: IndexKeys, processes: int | None = None) -> Iterator[Coded]:
    """The codes of all records, piece by piece in their order; many of them are shared out to processes, one a core."""
    source = iter(records)
    first = list(islice(source, FEW))
    many = processes or os.cpu_count() or 1
    if len(first) < FEW or many == 1:
        yield from (coded(piece, keys) for piece in _pieces(first, source))
        return
    # Fresh processes: a copy of this one would hold its threads' locks.
    with ProcessPoolExecutor(many, get_context("spawn"), _begin, (dict(keys.subkeys()),)) as pool:
        under_way: list[Future[Coded]] = []
        for piece in _pieces(first, source):
            under_way.append(pool.submit(_coded_there, piece))
            if len(under_way) > 3 * many:
                yield under_way.pop(0).result()
        yield from (future.result() for future in under_way)


def _pieces(first: list[Numbered], source: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    for at in range(0, len(first), AT_ONCE):
        yield first[at : at + AT_ONCE]
    while piece := list(islice(source, AT_ONCE)):
        yield piece


_there: list[IndexKeys] = []  # of a process that codes for another


def _begin(subkeys: Mapping[str, bytes]) -> None:
    _there.append(IndexKeys(subkeys.__getitem__))


def _coded_there(piece: Sequence[Numbered]) -> Coded:
    return coded(piece, _there[0])
