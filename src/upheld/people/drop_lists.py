"""The lists of DROP: `ID,Hash` in, `Id,Status` out, and what met nobody kept, to be looked for again among later records."""

from __future__ import annotations

import csv
import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from upheld.errors import Invalid, Refused
from upheld.home import Home
from upheld.people.drop import DELETED, NOT_FOUND, OPTED_OUT, Known, ListName, name
from upheld.people.storing import private, sync

_HASH: Final = re.compile(r"[A-Za-z0-9+/]{43}=")
_ID: Final = re.compile(r"[0-9A-Za-z]{1,64}")
_HEAD: Final = ("id", "hash")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a list: a status for each work item, by its ID.

    A status says what must have been *done* before the answer is uploaded: `deleted` of one person's information, `opted_out` of several
    people who share the identifier. `not_found` is kept and looked for again.
    """

    statuses: Mapping[str, int]

    def count(self, status: int) -> int:
        """How many items have a status."""
        return sum(one == status for one in self.statuses.values())


def demand_enabled(home: Home) -> None:
    """`Refused` unless the merchant said that DROP binds them."""
    if home.settings["drop"]["enabled"] != "yes":
        raise Refused('DROP binds data brokers and is off: write `enabled = "yes"` under `[drop]` in `upheld.toml` if you are one')


def read(path: Path) -> dict[str, str]:
    """The work items of a list: hash by ID. `Invalid` at the first line that is none, so that no item is passed over."""
    items: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            head = tuple(cell.strip().lower() for cell in next(rows, []))
            if head[:2] != _HEAD:
                raise Invalid("this is no DROP list: its first line must be `ID,Hash`", place=f"{path}:1")
            for row in rows:
                if len(row) < 2 or not _ID.fullmatch(row[0]) or not _HASH.fullmatch(row[1]) or row[0] in items:
                    raise Invalid("this line is no work item: an ID of its own and a hash of 44 signs", place=f"{path}:{rows.line_num}")
                items[row[0]] = row[1]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Invalid("the list cannot be read: it must be CSV in UTF-8", place=str(path)) from error
    except OSError as error:
        raise Invalid(f"`{path}` cannot be read: {(error.strerror or 'input/output error').lower()}") from error
    return items


def match(items: Mapping[str, str], of: ListName, records: Iterable[Known]) -> Answer:
    """The status of every item, from all records held. Records with other names count as other people."""
    wanted = set(items.values())
    met: dict[str, set[tuple[str, ...]]] = {}
    for record in records:
        for hash_ in record.hashes(of) & wanted:
            met.setdefault(hash_, set()).add(tuple(sorted(map(name, (*record.firsts, *record.lasts)))))
    by_people: Callable[[str], int] = lambda hash_: len({who for who in met[hash_] if any(who)}) if hash_ in met else 0  # noqa: E731
    statuses: dict[str, int] = {}
    for item, hash_ in items.items():
        if hash_ not in met:
            statuses[item] = NOT_FOUND
        else:
            statuses[item] = OPTED_OUT if by_people(hash_) > 1 else DELETED
    return Answer(statuses)


def write(path: Path, answer: Answer) -> None:
    """The answer as CSV `Id,Status`, whole or not at all."""
    _write(path, ("Id", "Status"), answer.statuses.items())


class Kept:
    """The items of a list that met nobody, kept in HOME/drop until they do or are withdrawn."""

    def __init__(self, home: Home, of: ListName) -> None:
        self._path = home.path / "drop" / f"{of}.csv"

    def items(self) -> dict[str, str]:
        """Hash by ID."""
        return read(self._path) if self._path.exists() else {}

    def keep(self, items: Mapping[str, str], answer: Answer) -> int:
        """Keep those that met nobody beside those kept before, and let go those that now met somebody; how many are kept."""
        kept = {item: hash_ for item, hash_ in self.items().items() if answer.statuses.get(item, NOT_FOUND) == NOT_FOUND}
        kept |= {item: hash_ for item, hash_ in items.items() if answer.statuses[item] == NOT_FOUND}
        self._save(kept)
        return len(kept)

    def withdraw(self, ids: Iterable[str]) -> None:
        """Let go items that consumers withdrew (the `Removed` file)."""
        gone = set(ids)
        self._save({item: hash_ for item, hash_ in self.items().items() if item not in gone})

    def _save(self, kept: Mapping[str, str]) -> None:
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        _write(self._path, ("ID", "Hash"), kept.items())


def _write(path: Path, head: tuple[str, str], rows: Iterable[tuple[str, object]]) -> None:
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(unfinished, "w", encoding="utf-8", newline="", opener=private) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync(path.parent)
