"""The index of all systems: every mapped record read once, found again by keyed codes, in HOME/index.

::

    index/
      lock                       one refresh at a time
      norm-v1/                   one folder a version of the normal form: a new version is made beside the old one
        current -> 3f9c…         the index in use; replaced at one stroke, when the new one is whole and on the disk
        3f9c…/blind/             codes and numbers (people.blind)
        3f9c…/places/            which number is which record, sealed (systems.places)
        3f9c…/links.npz          which records are one person's (people.resolving), if it was asked for: numbers alone

A refresh that is cut off leaves the index in use as it was; what it left behind is cleared away by the next one.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from upheld.errors import Conflict, NotFound
from upheld.home import Home
from upheld.people.blind import BlindIndex
from upheld.people.coding import IndexKeys, Numbered
from upheld.people.normal import NORM
from upheld.people.resolving import Links, resolve
from upheld.people.storing import private, sync
from upheld.systems.connector import Connector
from upheld.systems.datamap import DataMap, System, Table
from upheld.systems.held import held
from upheld.systems.places import SUBKEY, Places, Span, Writing

Open = Callable[[System], Connector]
"""Opens a system (`systems.opening.open_system` with the home filled in)."""

_CURRENT: Final = "current"
_LINKS: Final = "links.npz"
_KEPT: Final = 2  # indexes: the one in use, and the one before, which someone may still be opening


@dataclass(frozen=True, slots=True)
class Index:
    """The index in use: who may be meant (`blind`), and where that is (`places`)."""

    blind: BlindIndex
    places: Places
    keys: IndexKeys
    folder: Path

    def links(self) -> Links:
        """Which records were found to be one person's; none if nobody asked for it when the index was made."""
        path = self.folder / _LINKS
        return Links.load(path) if path.exists() else Links((), (), 0)


@dataclass(frozen=True, slots=True)
class Indexed:
    """What a refresh did: the tables with the records read from each, codes made, bytes on the disk."""

    tables: tuple[Span, ...]
    codes: int
    bytes: int
    at: datetime
    links: Links | None = None


def refresh(
    home: Home,
    datamap: DataMap,
    open_: Open,
    at: datetime,
    *,
    processes: int | None = None,
    advance: Callable[[int], None] = lambda _: None,
    link: bool = False,
) -> Indexed:
    """Read every mapped table again and replace the index by what is there now. `advance` hears of each piece read.

    `link`: also work out which records are one person's, which takes all of them into memory.

    A system that fails (`Failed`) leaves the index as it was. `Conflict` if another refresh is under way.
    """
    folder = _folder(home)
    with _alone(folder):
        _clear(folder)
        made = folder / secrets.token_hex(8)
        made.mkdir(mode=0o700)
        with Writing(made / "places", home.key(SUBKEY)) as places:
            keys = IndexKeys(home.key)
            records = _records(datamap, open_, places, advance)
            kept: list[Numbered] = []
            blind = BlindIndex.build(_keeping(records, kept) if link else records, keys, processes=processes)
            tables = places.finish(at)
        blind.save(made / "blind", keys)
        links = resolve(kept) if link else None
        if links is not None:
            links.save(made / _LINKS)
        sync(made / "places")
        sync(made)
        _put_in_use(folder, made.name)
        size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
        return Indexed(tables, blind.codes, size, at, links)


def open_index(home: Home) -> Index:
    """The index in use. `NotFound` if there is none, `Conflict` if it is of another version or other keys, `Invalid` if it is damaged."""
    folder = _folder(home)
    keys = IndexKeys(home.key)
    for _ in range(2):  # a refresh may clear it away between the look and the opening
        try:
            used = folder / os.readlink(folder / _CURRENT)  # noqa: PTH115 - the name in it, not the path
        except OSError as error:
            raise NotFound("there is no index yet: run `upheld systems index`") from error
        with suppress(NotFound):
            blind = BlindIndex.load(used / "blind", keys)
            return Index(blind, Places(used / "places", home.key(SUBKEY)), keys, used)
    raise NotFound("the index in use is gone: run `upheld systems index`")


def identifying(table: Table) -> bool:
    """Whether rows of the table say who they are about."""
    return any(part in table.parts() for part in ("email", "phone", "account", "last", "full"))


def _records(datamap: DataMap, open_: Open, places: Writing, advance: Callable[[int], None]) -> Iterator[Numbered]:
    for system in datamap.systems.values():
        tables = [table for table in system.tables if identifying(table)]
        if not tables:
            continue
        connector = open_(system)
        try:
            for table in tables:
                places.begin(system.name, table.name)
                for piece in connector.read(table):
                    for found in piece:
                        number = places.add(found.key)
                        for one in held(found):
                            yield number, one
                    advance(len(piece))
        finally:
            connector.close()


def _keeping(records: Iterator[Numbered], kept: list[Numbered]) -> Iterator[Numbered]:
    for one in records:
        kept.append(one)
        yield one


def _folder(home: Home) -> Path:
    return home.path / "index" / NORM.replace("/", "-")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, exist_ok=True)
    with open(folder.parent / "lock", "wb", opener=private) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict("the index is being refreshed by another process: wait for it") from error
        yield


def _put_in_use(folder: Path, name: str) -> None:
    link = folder / f".{_CURRENT}.{secrets.token_hex(4)}"
    link.symlink_to(name)
    link.replace(folder / _CURRENT)
    sync(folder)


def _clear(folder: Path) -> None:
    """Take away what is neither in use nor the newest before it."""
    used = ""
    with suppress(OSError):
        used = os.readlink(folder / _CURRENT)  # noqa: PTH115
    others = [path for path in folder.iterdir() if path.name not in {used, _CURRENT}]
    whole = sorted((path for path in others if (path / "blind").is_dir()), key=lambda path: path.stat().st_mtime_ns)
    for path in others:
        if path in whole[-(_KEPT - 1) :]:
            continue
        if path.is_symlink():
            path.unlink()
        else:
            shutil.rmtree(path)
