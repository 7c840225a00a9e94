"""The index of all systems: every mapped record read once, found again by keyed codes, in HOME/index.

::

    index/
      lock                       one refresh at a time
      norm-v1/                   one folder a version of the normal form: a new version is made beside the old one
        current -> 3f9c…         the index in use; replaced at one stroke, when the new one is whole and on the disk
        3f9c…/blind/             codes and numbers (people.blind)
        3f9c…/places/            which number is which record, sealed (systems.places)
        3f9c…/links.npy          which records are one person's (people.resolving): numbers alone

A refresh that is cut off leaves the index in use as it was; what it left behind is cleared away by the next one.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from upheld.errors import Conflict, NotFound
from upheld.home import Home
from upheld.people.blind import BlindIndex
from upheld.people.coding import IndexKeys, Numbered
from upheld.people.links import Links
from upheld.people.normal import NORM
from upheld.people.resolving import Pairing, Resolver
from upheld.people.storing import private, sync
from upheld.systems.connector import Connector, Key
from upheld.systems.datamap import DataMap, System, Table
from upheld.systems.held import held
from upheld.systems.places import SUBKEY, Places, Span, Writing

Open = Callable[[System], Connector]
"""Opens a system (`systems.opening.open_system` with the home filled in)."""

_CURRENT: Final = "current"
_LINKS: Final = "links.npy"
_KEPT: Final = 2  # indexes: the one in use, and the one before, which someone may still be opening


@dataclass(frozen=True, slots=True)
class Index:
    """The index in use: who may be meant (`blind`), and where that is (`places`)."""

    blind: BlindIndex
    places: Places
    keys: IndexKeys
    folder: Path

    def links(self) -> Links:
        """Which records were found to be one person's; none in an index that an older release made."""
        path = self.folder / _LINKS
        return Links.load(path) if path.exists() else Links()


@dataclass(frozen=True, slots=True)
class Decisions:
    """What agents decided about pairs of records. `code`: a keyed hash of a row, the same for the same row; `same`: by the codes of two."""

    code: Callable[[str, str, Key], str]
    same: Mapping[tuple[str, str], bool]

    def tell(self, resolver: Resolver, numbers: Mapping[str, int]) -> None:
        """Tell what was decided about records that are there: `numbers` by their codes."""
        for (one, other), same in self.same.items():
            if one in numbers and other in numbers:
                resolver.decide(numbers[one], numbers[other], same=same)


class _Named:
    """The numbers of the records that agents decided about."""

    def __init__(self, decisions: Decisions | None) -> None:
        self._decisions = decisions
        self._wanted = frozenset(code for pair in decisions.same for code in pair) if decisions else frozenset()
        self._numbers: dict[str, int] = {}

    def note(self, system: str, table: str, key: Key, number: int) -> None:
        if self._decisions is not None and self._wanted and (code := self._decisions.code(system, table, key)) in self._wanted:
            self._numbers[code] = number

    def tell(self, resolver: Resolver) -> None:
        if self._decisions is not None:
            self._decisions.tell(resolver, self._numbers)


@dataclass(frozen=True, slots=True)
class Indexed:
    """What a refresh did: the tables with the records read from each, codes made, bytes on the disk."""

    tables: tuple[Span, ...]
    codes: int
    bytes: int
    at: datetime
    links: Links


def refresh(
    home: Home,
    datamap: DataMap,
    open_: Open,
    at: datetime,
    *,
    processes: int | None = None,
    advance: Callable[[int], None] = lambda _: None,
    decisions: Decisions | None = None,
    pairing: Pairing | None = None,
) -> Indexed:
    """Read every mapped table again and replace the index by what is there now. `advance` hears of each piece read.

    It also works out which records are one person's. `pairing`: see `Resolver.links`.

    A system that fails (`Failed`) leaves the index as it was. `Conflict` if another refresh is under way.
    """
    folder = _folder(home)
    with _alone(folder):
        _clear(folder)
        made = folder / secrets.token_hex(8)
        made.mkdir(mode=0o700)
        with Writing(made / "places", home.key(SUBKEY)) as places:
            keys = IndexKeys(home.key)
            resolver, named = Resolver(), _Named(decisions)
            records = _resolving(_records(datamap, open_, places, named, advance), resolver)
            blind = BlindIndex.build(records, keys, processes=processes)
            tables = places.finish(at)
        blind.save(made / "blind", keys)
        codes = blind.codes
        del blind  # what it holds is on the disk now
        named.tell(resolver)
        links = resolver.links(pairing)
        links.save(made / _LINKS)
        sync(made / "places")
        sync(made)
        _put_in_use(folder, made.name)
        size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
        return Indexed(tables, codes, size, at, links)


def is_there(home: Home) -> bool:
    """Whether somebody made an index."""
    return (_folder(home) / _CURRENT).is_symlink()


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


def _records(datamap: DataMap, open_: Open, places: Writing, named: _Named, advance: Callable[[int], None]) -> Iterator[Numbered]:
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
                        named.note(system.name, table.name, found.key, number)
                        for one in held(found):
                            yield number, one
                    advance(len(piece))
        finally:
            connector.close()


def _resolving(records: Iterator[Numbered], resolver: Resolver) -> Iterator[Numbered]:
    for number, held_ in records:
        resolver.add(number, held_)
        yield number, held_


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
