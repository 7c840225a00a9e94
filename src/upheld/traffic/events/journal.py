"""Events between their acknowledgement and the record's totals: hits without visitors, by name, group by group, down to the disk.

A file begins with a line of its own random name; then each group is a line of its length and checksum, and a line of JSON: columns of
hours, names and numbers, equal hits put together and sorted. Nobody can be told from it: no address, no program, no cookie, no hash of
any of them, no order of anybody's steps. A group that is cut off was never acknowledged.
"""

from __future__ import annotations

import json
import os
import secrets
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from upheld.errors import Conflict, Invalid

ENDING: Final = ".events"
COLUMNS: Final = ("hour", "page", "referrer", "campaign", "step", "status", "country", "device", "hits")
Group = dict[str, list[Any]]


class Journal:
    """One file that grows. Whoever opens it writes it alone (`Folder`)."""

    def __init__(self, folder: Path) -> None:
        self.name = secrets.token_hex(32)
        self.path = folder / f"{self.name[:16]}{ENDING}"
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self.size = os.write(self._file, f"{self.name}\n".encode())
        os.fsync(self._file)
        _sync(folder)

    def append(self, group: Group, account: dict[str, int]) -> None:
        """Write a group and the account of its events; it is on the disk on return. `Conflict` if the disk does not take it."""
        payload = json.dumps([account, [group[name] for name in COLUMNS]], ensure_ascii=False, separators=(",", ":")).encode()
        whole = b"%08x %08x\n%s\n" % (len(payload), zlib.crc32(payload), payload)
        try:
            written = os.write(self._file, whole)
            if written != len(whole):
                raise OSError(written, "short")
            os.fdatasync(self._file)
        except OSError as error:
            os.ftruncate(self._file, self.size)
            raise Conflict("the disk does not take the event: make room; nothing was counted") from error
        self.size += len(whole)

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)


def read(path: Path) -> tuple[str, Iterator[tuple[int, Group, dict[str, int]]]]:
    """A file's name, and its whole groups with the place where each ends. `Invalid` if it is no journal."""
    raw = path.read_bytes()
    first = raw.find(b"\n") + 1
    name = raw[:first].strip().decode("ascii", "replace")
    if first and len(name) != 64:
        raise Invalid(f"`{path.name}` is no journal of events: move it away", place=str(path.parent))
    return name, _groups(raw, first)


def _groups(raw: bytes, at: int) -> Iterator[tuple[int, Group, dict[str, int]]]:
    while (end := raw.find(b"\n", at)) >= 0 and end - at == 17:
        length, checksum = int(raw[at : at + 8], 16), int(raw[at + 9 : end], 16)
        payload = raw[end + 1 : end + 1 + length]
        if len(payload) != length or zlib.crc32(payload) != checksum or raw[end + 1 + length : end + 2 + length] != b"\n":
            return
        account, columns = json.loads(payload)
        at = end + 2 + length
        yield at, dict(zip(COLUMNS, columns, strict=True)), account


def waiting(folder: Path) -> list[Path]:
    """Journals that lie there, in the order they were begun."""
    return sorted(folder.glob(f"*{ENDING}"), key=lambda path: path.stat().st_mtime_ns)


def forget(path: Path) -> None:
    """Its totals are in the record: it goes."""
    path.unlink(missing_ok=True)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
