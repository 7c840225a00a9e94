"""How a released file comes to stand under its name: whole, after it is recorded, and never over another file.

The file is written beside its later place under a hidden name, locked while its writer lives. So whoever finds one that is not locked
knows that its writer died, and the record says whether it is to be completed or thrown away.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from upheld.errors import Conflict, Invalid

_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS}
_NO_EXCLUSIVE_RENAME = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
_HERE, _NOREPLACE = -100, 1  # AT_FDCWD and RENAME_NOREPLACE of linux/fcntl.h and linux/fs.h


WORK = "work"
"""The folder of a home where releases keep what they hold on the way."""


def part_of(out: Path) -> Path:
    """Where the file that will be `out` is written."""
    return out.with_name(f".{out.name}.upheld-part")


def demand_file(out: Path) -> None:
    """`Invalid` if it is a folder, which no file can replace."""
    if out.is_dir():
        raise Invalid(f"`{out}` is a folder: name a file in it, as `{out / 'out.csv'}`")


def demand_free(out: Path) -> None:
    """`Conflict` if something has the name already, `Invalid` if its folder cannot take it."""
    if out.exists() or out.is_symlink():
        raise Conflict(f"`{out}` is there already: move it away, or name another file with `--out`")
    if not out.parent.is_dir():
        raise Invalid(f"no folder `{out.parent}` to write `{out.name}` into")
    if not os.access(out.parent, os.W_OK | os.X_OK):
        raise Invalid(f"the folder `{out.parent}` may not be written: look at its owner and mode")


@dataclass(slots=True)
class Unfinished:
    """The file that is being written, locked. Once `recorded`, it is kept for whoever completes the release."""

    path: Path
    handle: int
    recorded: bool = False

    def sync(self) -> None:
        """Bring it to the disk, and its hidden name."""
        os.fsync(self.handle)
        sync_folder(self.path.parent)


@contextlib.contextmanager
def writing(out: Path) -> Iterator[Unfinished]:
    """The unfinished file of `out`, made and locked. On leaving it is gone, unless it was recorded.

    `Conflict` if another release is writing the same file. What a dead writer left unrecorded is thrown away first.
    """
    unfinished = Unfinished(part_of(out), _make(out))
    try:
        yield unfinished
    finally:
        if not unfinished.recorded and _is_ours(unfinished.path, unfinished.handle):
            unfinished.path.unlink(missing_ok=True)
        os.close(unfinished.handle)


def _make(out: Path) -> int:
    part = part_of(out)
    for _ in range(3):
        try:
            handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            _throw_away_if_dead(part, out)
            continue
        except OSError as error:
            if error.errno in _FULL:
                raise
            said = (error.strerror or "the system refused").lower()
            raise Invalid(f"cannot write `{out}`: {said}; name another folder with `--out`") from error
        fcntl.flock(handle, fcntl.LOCK_EX)
        if _is_ours(part, handle):
            return handle
        os.close(handle)  # between the two calls another release took it for a dead one's
    raise Conflict(f"another release is writing `{out}`: wait for it, or name another file")


def _throw_away_if_dead(part: Path, out: Path) -> None:
    with locked(part) as handle:
        if handle is None and part.exists():
            raise Conflict(f"another release is writing `{out}`: wait for it, or name another file")
        if handle is not None:
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(part: Path) -> Iterator[int | None]:
    """A handle of an unfinished file that is locked for us; None if it is gone or its writer lives."""
    try:
        handle = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield handle if _is_ours(part, handle) else None
    except BlockingIOError:
        yield None
    finally:
        os.close(handle)


def _is_ours(path: Path, handle: int) -> bool:
    try:
        there, ours = os.lstat(path), os.fstat(handle)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


def publish(out: Path) -> None:
    """Give the unfinished file its name, for good: after this a power cut does not undo it. `Conflict` if the name is taken."""
    part = part_of(out)
    try:
        try:
            os.link(part, out, follow_symlinks=False)  # unlike rename, a link never replaces
            part.unlink()
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _rename_never_replacing(part, out)
    except FileExistsError as error:
        raise Conflict(f"`{out}` appeared meanwhile: the release is recorded as undelivered; run it again for another file") from error
    sync_folder(out.parent)


def _rename_never_replacing(part: Path, out: Path) -> None:
    """Where a file cannot have two names (exFAT, some shares): a rename that the kernel itself refuses if the name is taken.

    To look first and rename then would replace what appears in between. So where there is no such rename either, nothing is published.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None or rename(_HERE, os.fsencode(part), _HERE, os.fsencode(out), _NOREPLACE):
        number = errno.ENOSYS if rename is None else ctypes.get_errno()
        if number in _NO_EXCLUSIVE_RENAME:
            raise Conflict(
                f"no file can be named safely in `{out.parent}`, which knows neither links nor renames that never replace: the release "
                "is recorded as undelivered; run it again for a file in another folder"
            )
        raise OSError(number, os.strerror(number), str(out))


@contextlib.contextmanager
def disk_full_in_words() -> Iterator[None]:
    """Say in one line that a disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise Conflict(
            "the disk is full: make room and run it again; nothing was released, or a recorded release is completed then"
        ) from error


def place_beside(out: Path, rejects: Path) -> str:
    """Put the file of rejected lines beside the output, in place of one of an earlier run; returns its path."""
    place = out.with_name(f"{out.name}.rejects.csv")
    unfinished = place.with_name(f".{place.name}.upheld-part")
    shutil.copyfile(rejects, unfinished)
    unfinished.replace(place)
    return str(place)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hash_of(path: Path) -> str | None:
    """The SHA-256 of a file in hex, None if it is not there."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def working_folder(home: Path, out: Path) -> Iterator[Path]:
    """A private folder for what a release holds on the way; gone when it ends."""
    place = home / WORK
    place.mkdir(mode=0o700, exist_ok=True)
    unlocked = place / f".{secrets.token_hex(8)}"  # takes its name when it is locked, so that no sweep meets it unlocked
    unlocked.mkdir(mode=0o700)
    handle = os.open(unlocked / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    folder = unlocked.rename(place / unlocked.name.removeprefix("."))
    try:
        (folder / "out").write_text(str(out), encoding="utf-8", errors="surrogateescape")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def sweep(home: Path) -> None:
    """Remove the folders of dead releases, and their unfinished files: call it when recorded releases are settled."""
    if (home / WORK).is_dir():
        for folder in (home / WORK).iterdir():
            if not folder.name.startswith("."):
                _sweep(folder)


def _sweep(folder: Path) -> None:
    with locked(folder / "lock") as handle:
        if handle is None:
            return
        with contextlib.suppress(OSError):
            out = Path((folder / "out").read_text(encoding="utf-8", errors="surrogateescape"))
            with locked(part_of(out)) as part:
                if part is not None:
                    part_of(out).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
