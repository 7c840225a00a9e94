"""The compiled kernel, where a C compiler is there: the same lines, hashes and visitors as by NumPy, several times as fast.

`kernel.c` is compiled once, into the user's own cache (`$XDG_CACHE_HOME/upheld` or `~/.cache/upheld`, which nobody else may write). Without
a compiler, or where that fails, there is no kernel, and everything is done by NumPy.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections import Counter
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from upheld.traffic.parsing.addresses import prefix
from upheld.traffic.parsing.hashing import I64, U64, Keys
from upheld.traffic.parsing.shapes import Shape
from upheld.traffic.parsing.split import NOT_TIMED, Split, Texts
from upheld.traffic.parsing.times import NO_TIME

Bools = NDArray[np.bool_]
COMPILERS = ("cc", "gcc", "clang")
_FLAGS = ("-O3", "-shared", "-fPIC")
SHORTEST = 35
"""Bytes of the shortest line that can be read, with its end."""
RECENT = 16
"""The pairs that are remembered while lines are counted, as a power of two."""


class _Shape(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in ("lead", "address", "referred")]


class _Columns(ctypes.Structure):
    _fields_ = [
        ("prefix", ctypes.c_void_p),
        ("hash", ctypes.c_void_p * 4),
        ("at", ctypes.c_void_p * 4),
        ("length", ctypes.c_void_p * 4),
        *((name, ctypes.c_void_p) for name in ("hour", "status", "size", "address_at", "address_length", "odd")),
    ]


class Kernel:
    """What the kernel does, on arrays."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._split, self._encode, self._siphash = library.upheld_split, library.upheld_encode, library.upheld_siphash
        self._count, self._distinct = library.upheld_count, library.upheld_distinct
        for each in (self._split, self._encode, self._count, self._distinct):
            each.restype = ctypes.c_int64
        self._coupons = library.upheld_coupons
        self._siphash.restype = self._coupons.restype = None

    def split(self, chunk: bytes | memoryview, shape: Shape, keys: Keys) -> Split:
        """Whole lines taken apart, as `shapes.split` does."""
        most = len(chunk) // SHORTEST + 1  # of shorter ones none is read; should there be more of them, the slow way gets the rest
        numbers = [np.empty(most, dtype=np.int64) for _ in range(13)]  # apart: so no more memory is touched than lines are there
        words = [np.empty(most, dtype=np.uint64) for _ in range(5)]
        odd = np.empty(2 * most, dtype=np.int64)
        columns = _Columns(
            words[0].ctypes.data,
            (ctypes.c_void_p * 4)(*(each.ctypes.data for each in words[1:])),
            (ctypes.c_void_p * 4)(*(each.ctypes.data for each in numbers[:4])),
            (ctypes.c_void_p * 4)(*(each.ctypes.data for each in numbers[4:8])),
            *(each.ctypes.data for each in numbers[8:]),
            odd.ctypes.data,
        )
        odds, done = ctypes.c_int64(), ctypes.c_int64()
        said = _Shape(shape.lead, shape.address, int(shape.referred))
        read = self._split(
            _at(np.frombuffer(chunk, dtype=np.uint8)),
            ctypes.c_int64(len(chunk)),
            ctypes.byref(said),
            _at(keys.words),
            ctypes.byref(columns),
            ctypes.c_int64(most),
            ctypes.byref(odds),
            ctypes.byref(done),
        )
        numbers, words = [each[:read] for each in numbers], [each[:read] for each in words]
        _rarer(chunk, words[0], numbers[11], numbers[12])
        timed = numbers[8] != NO_TIME
        rejected = Counter({"time": int((~timed).sum()), "address": int((timed & (words[0] == 0)).sum())})
        good = timed & (words[0] != 0)
        if not good.all():
            numbers, words = [each[good] for each in numbers], [each[good] for each in words]
        texts = [Texts(numbers[each], numbers[4 + each], words[1 + each]) for each in range(4)]
        count = len(words[0])
        untold, signal = np.full(count, NOT_TIMED, dtype=np.int64), np.zeros(count, dtype=np.bool_)
        path, query, referrer, agent = texts
        hour, status, size = numbers[8:11]
        made = Split(chunk, words[0], path, query, referrer, agent, hour, status, size, untold, signal, shape.referred, +rejected)
        made.odd = [(int(begin), int(end)) for begin, end in odd[: 2 * odds.value].reshape(-1, 2)]
        made.odd += _lines(bytes(chunk[done.value :]), done.value)
        return made

    def encode(self, hashes: U64, keys: U64, table: NDArray[np.uint32], known: int, first: I64) -> tuple[I64, int]:
        """The place of each hash among the known ones, and how many are known then. `keys` has room for all that may be new."""
        places = np.empty(len(hashes), dtype=np.int64)
        hashes = np.ascontiguousarray(hashes)
        sizes = (ctypes.c_int64(len(table)), ctypes.c_int64(known))
        count = self._encode(_at(hashes), ctypes.c_int64(len(hashes)), _at(keys), _at(table), *sizes, _at(places), _at(first))
        return places, int(count)

    def count(self, wanted: Bools | None, lines: tuple[I64, I64, I64, I64, U64], columns: int, into: tuple[I64, I64, I64, I64]) -> U64:
        """Count lines into their cells, as `counting.count` does."""
        row, column, *rest = (np.ascontiguousarray(each) for each in lines)
        pairs, recent = np.empty(len(row), dtype=np.uint64), np.empty(1 << RECENT, dtype=np.uint64)
        which = None if wanted is None else _at(wanted)
        given = (which, _at(row), _at(column), ctypes.c_int64(columns), *map(_at, rest), ctypes.c_int64(len(row)))
        return pairs[: int(self._count(*given, *map(_at, into), _at(recent), _at(pairs)))]

    def coupons(self, hashes: U64) -> U64:
        """What a sketch keeps of hashes, as `visitors.coupons` does."""
        made = np.empty(len(hashes), dtype=np.uint64)
        hashes = np.ascontiguousarray(hashes)
        self._coupons(_at(hashes), ctypes.c_int64(len(hashes)), _at(made))
        return made

    def distinct(self, numbers: U64) -> U64:
        """Numbers in order, each once, as `visitors.distinct` does."""
        values = np.array(numbers, dtype=np.uint64)
        other = np.empty_like(values)
        count = self._distinct(_at(values), _at(other), ctypes.c_int64(len(values)))
        return values[:count]

    def visitors(self, key: tuple[int, int], networks: U64, programs: U64) -> U64:
        """SipHash-2-4 of pairs of numbers under a key, as `visitors.visitors` does."""
        made = np.empty(len(networks), dtype=np.uint64)
        networks, programs = np.ascontiguousarray(networks), np.ascontiguousarray(programs)
        first, second = (ctypes.c_uint64(part) for part in key)
        self._siphash(_at(networks), _at(programs), ctypes.c_int64(len(networks)), first, second, _at(made))
        return made


def _at(array: NDArray[np.generic]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _lines(rest: bytes, begin: int) -> list[tuple[int, int]]:
    """Where the lines of the rest begin and end."""
    found = []
    for line in rest.split(b"\n")[:-1]:
        found.append((begin, begin + len(line)))
        begin += len(line) + 1
    return found


def _rarer(buffer: bytes | memoryview, prefixes: U64, at: I64, length: I64) -> None:
    """Addresses that are not plain IPv4, one by one."""
    met: dict[bytes, int] = {}
    for row in np.flatnonzero(prefixes == 0).tolist():
        written = bytes(buffer[int(at[row]) : int(at[row]) + int(length[row])])
        if written not in met:
            met[written] = prefix(written.decode("ascii", "replace"))
        prefixes[row] = met[written]


@cache
def load() -> Kernel | None:
    """The kernel, compiled now if it was not yet; None where that cannot be."""
    source = resources.files("upheld.traffic.parsing").joinpath("kernel.c").read_bytes()
    name = f"kernel-{hashlib.sha256(source + repr(_FLAGS).encode()).hexdigest()[:24]}-{platform.machine()}.so"
    try:
        folder = _private(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "upheld")
        made = folder / name
        if not _ours(made):
            _compile(source, made)
        return Kernel(ctypes.CDLL(str(made)))
    except (OSError, RuntimeError, AttributeError):
        return None


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise OSError("the cache is not ours alone")
    return folder


def _ours(made: Path) -> bool:
    return made.is_file() and made.stat().st_uid == os.geteuid() and not made.stat().st_mode & 0o022


def _compile(source: bytes, made: Path) -> None:
    compiler = next((found for each in COMPILERS if (found := shutil.which(each))), None)
    if compiler is None:
        raise OSError("no compiler")
    with tempfile.TemporaryDirectory(dir=made.parent) as folder:
        written, built = Path(folder) / "kernel.c", Path(folder) / "kernel.so"
        written.write_bytes(source)
        ran = subprocess.run([compiler, *_FLAGS, "-o", str(built), str(written)], check=False, capture_output=True, timeout=120)  # noqa: S603
        if ran.returncode:
            raise OSError("the kernel does not compile here")
        built.chmod(0o700)
        built.replace(made)
