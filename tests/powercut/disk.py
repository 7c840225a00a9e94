"""A disk that loses its power: what was not synced survives sector by sector, at random.

A file is what the platter holds, and the writes since the last sync. When the power goes, every 512-byte sector of every unsynced write
survives or not on its own, so that a page may be torn and a later write may survive an earlier one. A file, once synced, has a name;
a deletion counts at once if SQLite asked for the folder to be synced, else it may be undone until the folder is.
"""

# ruff: noqa: N802 - the names are SQLite's
from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import apsw

SECTOR = 512


class PowerCutError(Exception):
    """The power is gone."""


@dataclass
class File:
    """`seen`: what the running system reads. `kept`: what is on the platter. `unsynced`: (offset, bytes), or (size, None) to cut."""

    seen: bytearray = field(default_factory=bytearray)
    kept: bytearray = field(default_factory=bytearray)
    unsynced: list[tuple[int, bytes | None]] = field(default_factory=list)
    named: bool = False  # its name is on the platter

    def sync(self) -> None:
        for offset, data in self.unsynced:
            put(self.kept, offset, data)
        self.unsynced.clear()
        self.named = True

    def after_cut(self, chance: random.Random) -> File:
        """What is found when the power is back."""
        share = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for offset, data in self.unsynced:
            if data is None:
                if chance.random() < share:
                    put(self.kept, offset, None)
                continue
            at = offset
            while at < offset + len(data):
                end = min((at // SECTOR + 1) * SECTOR, offset + len(data))
                if chance.random() < share:
                    put(self.kept, at, data[at - offset : end - offset])
                at = end
        return File(bytearray(self.kept), bytearray(self.kept), [], True)


def put(content: bytearray, offset: int, data: bytes | None) -> None:
    """Write, or cut to a size; a gap reads as zeros."""
    if data is None:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _nothing() -> None:
    pass


class Disk:
    """Files by name, and how many more operations there is power for (None: for ever). `at` is called when so many are left."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.deleted: dict[str, File] = {}  # without a sync of the folder: may come back
        self.power_for: int | None = None
        self.at: dict[int, Callable[[], None]] = {}
        self.dead = False

    def spend(self) -> None:
        """One operation that changes the disk. Raises when the power goes, and ever after."""
        if self.dead:
            raise apsw.IOError("there is no power")
        if self.power_for is not None:
            self.power_for -= 1
            self.at.get(self.power_for, _nothing)()
            if self.power_for <= 0:
                self.dead = True
                raise PowerCutError

    def after_cut(self, chance: random.Random) -> Disk:
        """The disk as it is found when the power is back."""
        again = Disk()
        for name, file in sorted(self.deleted.items()):
            if file.named and chance.random() < 0.5:
                again.files[name] = file.after_cut(chance)
        for name, file in sorted(self.files.items()):
            if file.named or chance.random() < 0.5:
                again.files[name] = file.after_cut(chance)
        return again

    def copy(self) -> Disk:
        """The same disk again, all of it synced."""
        again = Disk()
        again.files = {name: File(bytearray(file.seen), bytearray(file.seen), [], True) for name, file in self.files.items()}
        return again


class OpenFile:
    """What SQLite calls for one open file."""

    def __init__(self, disk: Disk, file: File) -> None:
        self.disk, self.file = disk, file

    def xRead(self, amount, offset):
        return bytes(self.file.seen[offset : offset + amount])

    def xWrite(self, data, offset):
        data = bytes(data)
        if not self.disk.dead:
            self.file.unsynced.append((offset, data))  # the write during which the power goes may reach the platter in part
        self.disk.spend()
        put(self.file.seen, offset, data)

    def xTruncate(self, size):
        if not self.disk.dead:
            self.file.unsynced.append((size, None))
        self.disk.spend()
        put(self.file.seen, size, None)

    def xSync(self, flags):
        self.disk.spend()
        if not self.file.named:
            self.disk.deleted.clear()  # for a new file SQLite's unix layer syncs the folder too, and with it all that was deleted
        self.file.sync()

    def xFileSize(self):
        return len(self.file.seen)

    def xClose(self):
        pass

    def xLock(self, level):
        pass

    def xUnlock(self, level):
        pass

    def xCheckReservedLock(self):
        return False

    def xFileControl(self, operation, pointer):
        return False

    def xSectorSize(self):
        return SECTOR

    def xDeviceCharacteristics(self):
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE  # as SQLite assumes of every disk, so as it runs in production


class Drive(apsw.VFS):
    """Where SQLite finds its files: `disk`, exchanged for what is left of it at every cut.

    A path holds the number of the life it belongs to, so that a connection from before a cut cannot touch the disk after it.
    """

    def __init__(self, name: str) -> None:
        self.disk, self.life = Disk(), 0
        self.name_ = name
        super().__init__(name, "")

    def cut(self, chance: random.Random) -> None:
        """Take the power away and give it back."""
        self.put_in(self.disk.after_cut(chance))

    def put_in(self, disk: Disk) -> None:
        """Exchange the disk."""
        self.disk, self.life = disk, self.life + 1

    def path(self, path: str) -> str:
        """What a connection opens now."""
        return f"{path}@{self.life}@"

    def _name(self, path: str) -> str:
        name, life, side_file = path.split("@")
        if int(life) != self.life:
            raise apsw.IOError("this connection is from before the cut")
        return name + side_file

    def xOpen(self, name, flags):
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None:  # a temporary file: nobody misses it
            return OpenFile(Disk(), File())
        return OpenFile(self.disk, self.disk.files.setdefault(self._name(path), File()))

    def xDelete(self, name, sync_folder):
        name = self._name(name)
        self.disk.spend()
        file = self.disk.files.pop(name, None)
        if file is not None and not sync_folder:
            self.disk.deleted[name] = file

    def xAccess(self, name, flags):
        return self._name(name) in self.disk.files

    def xFullPathname(self, name):
        return name

    def excepthook(self, *_):
        """Quiet: after a cut everything fails, which is the point."""
