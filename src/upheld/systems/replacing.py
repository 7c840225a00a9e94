"""One file of the merchant's own, held while it is read, and replaced at one stroke: never half-written, never over another's change.

A kill at any point leaves the file as it was or as it should be. Two of us take turns (the file is locked); another program that wrote
meanwhile is noticed, and its change stays.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, Self

from upheld.systems import refusals
from upheld.systems.connector import Failed
from upheld.systems.refusals import Word

PART: Final = ".upheld-part"
"""How the names of unfinished files end; they begin with a dot, so that nobody takes one for a list."""
CHANGED: Final = Word("was changed by another program while it was read", again=True)
GONE: Final = Word("has no file for a table that the map names: is it being written anew", again=True)
OTHERS: Final = Word("has a file that belongs to another user: let `upheld` run as its owner", again=False)
LINKED: Final = Word("has a file with a second name (a hard link), which would keep the old state: take it away", again=False)
_WORDS: Final = {
    errno.ENOENT: GONE,
    errno.EACCES: refusals.NOT_ALLOWED,
    errno.EPERM: refusals.NOT_ALLOWED,
    errno.EROFS: refusals.READ_ONLY,
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO), refusals.FULL),
    **dict.fromkeys((errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN), refusals.DOWN),
}
_Stamp = tuple[int, int, int, int]


@contextmanager
def said(system: str) -> Iterator[None]:
    """What the file system refuses, in words."""
    try:
        yield
    except OSError as error:
        raise Failed(system, *word(error)) from None


def word(error: OSError) -> Word:
    """What a refusal of the file system means."""
    return _WORDS.get(error.errno or 0, refusals.UNKNOWN)


class Held:
    """A file as it was when it was opened: whoever reads by its descriptor reads that state, whatever happens to the name."""

    def __init__(self, system: str, path: Path, *, alone_within: float | None = None) -> None:
        self.system, self.path = system, path.resolve()
        with said(system):
            self.file: BinaryIO = self._locked(alone_within) if alone_within is not None else self.path.open("rb")
            self._stamp = _stamp(os.fstat(self.number))

    @property
    def number(self) -> int:
        """The descriptor."""
        return self.file.fileno()

    @property
    def by_number(self) -> str:
        """A path to what is held, whatever its name holds by now, and whatever signs the name has."""
        return f"/dev/fd/{self.number}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def demand_unchanged(self) -> None:
        """`Failed` if the name stands for another state by now."""
        with said(self.system):
            now = _stamp(self.path.stat())
        if now != self._stamp or _stamp(os.fstat(self.number)) != self._stamp:
            raise Failed(self.system, *CHANGED)

    def replace(self, write: Callable[[Path], None]) -> None:
        """Let the file be what `write` writes to a path beside it: on the disk, with the same owner and mode, all or nothing."""
        with said(self.system):
            before = os.fstat(self.number)
            if before.st_nlink > 1:
                raise Failed(self.system, *LINKED)
            _clear(self.path)
            part = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}{PART}")
            try:
                self._make(part, before)
                write(part)
                self._finish(part, before)
                self.demand_unchanged()
                part.replace(self.path)
                _sync(self.path.parent)
            finally:
                part.unlink(missing_ok=True)

    def _make(self, part: Path, before: os.stat_result) -> None:
        """An empty file that nobody reads who might not read the old one."""
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        if (before.st_uid, before.st_gid) != (os.geteuid(), part.stat().st_gid):
            try:
                os.chown(part, before.st_uid, before.st_gid)
            except PermissionError:
                raise Failed(self.system, *OTHERS) from None

    def _finish(self, part: Path, before: os.stat_result) -> None:
        with part.open("rb") as file:
            now = os.fstat(file.fileno())
            if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):  # a writer that made the file anew
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), before.st_mode & 0o7777)
            os.fsync(file.fileno())

    def _locked(self, seconds: float) -> BinaryIO:
        """The file under our lock, still under its name."""
        until = time.monotonic() + seconds
        while True:
            file = self.path.open("rb")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(file.fileno()), self.path.stat()):
                    return file
            except BlockingIOError:
                if time.monotonic() > until:
                    file.close()
                    raise Failed(self.system, *refusals.LOCKED) from None
                time.sleep(0.02)
            except BaseException:
                file.close()
                raise
            file.close()


def _stamp(found: os.stat_result) -> _Stamp:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _clear(path: Path) -> None:
    """Take away what an earlier try left when it was killed: nobody else is at work on the file, which is locked."""
    for left in path.parent.iterdir():
        if left.name.removeprefix("tmp_").startswith(f".{path.name}.") and left.name.endswith(PART):
            with suppress(OSError):
                left.unlink()


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
