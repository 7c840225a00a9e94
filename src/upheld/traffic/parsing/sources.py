"""Log files, packed or not, as blocks of whole lines; no line is held that is longer than a request can be."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import hmac
import lzma
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from upheld.errors import Invalid

LONGEST_LINE = 65_536
"""Bytes of one line; a longer one is rejected without being held."""
BLOCK = 8 << 20
TAIL = 4096
PIPE = "-"
_ZSTD = b"\x28\xb5\x2f\xfd"
_MAGIC = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open))
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError, ValueError)


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines, the bytes they take in the log, its last TAIL bytes, and how many lines of it were too long to be held.

    `lines` is good until the next block is asked for.
    """

    lines: memoryview
    taken: int
    tail: bytes
    too_long: int = 0


def opened(path: Path) -> IO[bytes]:
    """The bytes of a log, unpacked by what the file is, not by its name. `-` is standard input."""
    if str(path) == PIPE:
        return sys.stdin.buffer
    head = _head(path)
    for magic, unpack in _MAGIC:
        if head.startswith(magic):
            packed: Any = unpack(path, "rb")
            return packed  # type: ignore[no-any-return]
    if head == _ZSTD:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        unpacked: Any = zstd.open(path, "rb")
        return unpacked  # type: ignore[no-any-return]
    return path.open("rb", buffering=0)


def is_packed(path: Path) -> bool:
    """Whether nothing more can be written to the log: it is packed, or comes through a pipe."""
    if str(path) == PIPE:
        return True
    head = _head(path)
    return head == _ZSTD or any(head.startswith(magic) for magic, _ in _MAGIC)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4)
    except OSError as error:
        raise Invalid(f"`{path}` cannot be read: {(error.strerror or 'input/output error').lower()}") from error


def blocks(file: IO[bytes], path: Path, *, whole: bool) -> Iterator[Block]:
    """The rest of a log. A last line without an end is left out, unless the log is `whole`: nothing more can come."""
    buffer = bytearray(LONGEST_LINE + BLOCK)  # one for all blocks: no copy is made of what is read, but of lines that a block cut
    room = memoryview(buffer)
    held, skipped = 0, 0  # bytes of a line whose end has not come yet, at the front; or, of one that is too long, how many were seen
    tail = b""
    while more := _read(file, path, room[held : held + BLOCK]):
        begin, end = 0, held + more
        if skipped:
            begin = buffer.find(b"\n", 0, end) + 1
            seen = begin or end
            skipped, tail = skipped + seen, (tail + room[max(0, seen - TAIL) : seen])[-TAIL:]
            if not begin:
                continue
            yield Block(room[:0], skipped, tail, 1)
            skipped = 0
        cut = buffer.rfind(b"\n", begin, end) + 1
        if cut:
            yield Block(room[begin:cut], cut - begin, bytes(room[max(begin, cut - TAIL) : cut]))
            begin = cut
        held = end - begin
        if held > LONGEST_LINE:
            held, skipped, tail = 0, held, bytes(room[end - TAIL : end])
        room[:held] = room[end - held : end]
    if skipped and whole:
        yield Block(room[:0], skipped, tail, 1)
    elif held and whole:
        room[held] = ord("\n")
        yield Block(room[: held + 1], held, bytes(room[max(0, held - TAIL) : held]))


def unended(file: IO[bytes]) -> bool:
    """Whether a log that can still grow ends in the middle of a line."""
    try:
        file.seek(-1, 2)
        return file.read(1) != b"\n"
    except OSError:
        return False


def _read(file: IO[bytes], path: Path, room: memoryview) -> int:
    try:
        return file.readinto(room)  # type: ignore[attr-defined, no-any-return]
    except (OSError, *_DAMAGED) as error:
        raise Invalid(f"`{path}` is damaged: unpack it as far as it goes and take that in; what was read before it broke counts") from error


def skip(file: IO[bytes], path: Path, offset: int) -> bytes:
    """Go on after `offset` bytes; the last TAIL bytes before it."""
    if file.seekable() and isinstance(getattr(file, "mode", None), str):
        file.seek(max(0, offset - TAIL))
        return file.read(min(TAIL, offset))
    tail, left = b"", offset
    while left and (more := _read_some(file, path, min(left, BLOCK))):
        tail, left = (tail + more)[-TAIL:], left - len(more)
    return tail


def _read_some(file: IO[bytes], path: Path, count: int) -> bytes:
    try:
        return file.read(count)
    except (OSError, *_DAMAGED) as error:
        raise Invalid(f"`{path}` is damaged: unpack it as far as it goes and take that in") from error


def head_of(path: Path, *, whole: bool) -> list[bytes]:
    """The first lines of a log, at most 200 of at most 64 kB; unless it is `whole`, none whose end is not written yet."""
    with opened(path) as file:
        try:
            head = file.read(LONGEST_LINE)
            if not whole and len(head) < LONGEST_LINE:
                head = head[: head.rfind(b"\n") + 1]
            return head.splitlines()[:200]
        except (OSError, *_DAMAGED) as error:
            raise Invalid(f"`{path}` is damaged: unpack it as far as it goes and take that in") from error


def identity(lines: list[bytes], key: bytes) -> str:
    """A keyed hash of a log's first line (of W3C logs: up to the first that is no heading), by which it is known after rotation."""
    first = next((number for number, line in enumerate(lines) if line.strip() and not line.startswith(b"#")), len(lines) - 1)
    return sealed(b"\n".join(lines[: first + 1]), key)


def sealed(text: bytes, key: bytes) -> str:
    """A keyed hash."""
    return hmac.digest(key, hashlib.sha256(text).digest(), "sha256").hex()


def in_order(paths: Iterable[Path]) -> list[Path]:
    """Rotated logs oldest first: `access.log.3.gz`, `access.log.2`, `access.log.1`, `access.log`; others as given."""
    given = list(paths)

    def turn(path: Path) -> tuple[int, int]:
        number = re.search(r"\.(\d{1,4})(?:\.(?:gz|bz2|zst))?$", path.name)
        return (-int(number[1]) if number else 0, given.index(path))

    return sorted(given, key=turn)


def moved(path: Path, since: int) -> list[Path]:
    """Where a log may have gone that was rotated away: what lies beside it and was written since, oldest first. Packed ones are copies."""
    beside = [each for each in path.parent.iterdir() if each.name.startswith(path.name) and each != path and each.is_file()]
    written = [each for each in beside if each.stat().st_mtime_ns >= since and not is_packed(each)]
    return sorted(written, key=lambda each: each.stat().st_mtime_ns)


def last_fields(path: Path, offset: int) -> str:
    """The last heading `#Fields: …` of a W3C log before `offset`: a server that starts again may write another one."""
    found, at = b"", 0
    with opened(path) as file:
        for block in blocks(file, path, whole=True):
            lines = bytes(block.lines[: max(0, offset - at)])
            last = lines.rfind(b"#Fields:")
            if last >= 0:
                found = lines[last:].partition(b"\n")[0]
            at += block.taken
            if at >= offset:
                break
    return found.decode("utf-8", "replace").strip()
