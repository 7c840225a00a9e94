"""Reading a data map: a TOML file, one section a system, one line a column, to a `DataMap`; every fault with its line, in one run.

::

    [shop]
    database = "sqlite:///shop.db"

    [shop.columns]
    customers.id = "key; account"
    customers.email = "order.email"
    customers.zip = "zip of order.shipping address"
    customers.no_mail = "out of post when 1"
    orders.customer_id = "link to customers.id"
    stock = "nothing"

    [shop.keeps]
    customers = "order under collect.order"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import urlsplit

from upheld.errors import Invalid, NotFound
from upheld.policy.faults import Fault, suggestion
from upheld.policy.statements import Place
from upheld.systems.calls import is_safe
from upheld.systems.datamap import Column, DataMap, Flag, Kept, Link, System, SystemKind, Table
from upheld.systems.layouts import ENCODINGS
from upheld.systems.words import NOTHING, Said, Unread, read_column, read_kept

LARGEST: Final = 1024 * 1024
"""Bytes that a map may have."""
LONGEST_LINE: Final = 4_000
SCHEMES: Final = ("sqlite", "postgresql+psycopg", "mysql+pymysql", "mariadb+pymysql")
"""How the URL of a database may begin."""
OPTIONS: Final[Mapping[SystemKind, tuple[str, ...]]] = {
    "database": ("password_file", "timeout"),
    "files": ("encoding", "timeout"),
    "webhook": ("identifiers", "secret_file", "timeout"),
    "listmonk": ("user", "token_file", "timeout"),
}
"""What else a section may say, by its kind. Secrets lie in files of their own, never in the map."""
LONGEST_TIMEOUT: Final = 3_600
"""Seconds."""

WORDS: Final[Mapping[str, tuple[str, ...]]] = {"encoding": ENCODINGS, "identifiers": ("hashed", "given")}
"""Settings that have but these values."""
_MUST_BE: Final = {
    "timeout": f"seconds, 1 to {LONGEST_TIMEOUT:,}",
    **{name: " or ".join(f"`{one}`" for one in words) for name, words in WORDS.items()},
}
_KINDS: Final[tuple[SystemKind, ...]] = get_args(SystemKind)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_AT_LINE = re.compile(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)")


@dataclass(frozen=True, slots=True)
class Reading:
    """A map as read: what could be understood, every fault met on the way, and where each path of the file stands.

    `ignored`: the tables that the map says hold nothing about people, by system.
    """

    name: str
    map: DataMap
    faults: tuple[Fault, ...]
    places: Mapping[tuple[str, ...], Place]
    ignored: Mapping[str, frozenset[str]]

    def place(self, *path: str) -> Place:
        """Where a path stands in the file, or the nearest part of it that does."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1))


def read_map(path: Path) -> DataMap:
    """The data map in a file. `NotFound` if there is none; `Invalid`, with the first fault and its line, if anything in it is wrong."""
    reading = read(path)
    if reading.faults:
        first, more = reading.faults[0], len(reading.faults) - 1
        others = f" (and {more} more: run `upheld systems check`)" if more else ""
        raise Invalid(f"{first.message}{others}", place=f"{reading.name}:{first.place.line}")
    return reading.map


def read(path: Path) -> Reading:
    """The reading of a file. Relative paths in it begin at its folder."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no data map `{path}`: write one (docs/data-map.md)") from None
    except (OSError, ValueError) as problem:
        words = getattr(problem, "strerror", None) or "it cannot be opened"
        raise Invalid(f"the data map `{path}` cannot be read: {words.lower()}") from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        raise Invalid("the data map is not UTF-8: save it as UTF-8", place=f"{path}:{line}") from None
    return parse(text, str(path), path.parent)


def parse(text: str, name: str = "systems.toml", folder: Path = Path()) -> Reading:
    """The reading of a text. Its faults are in `.faults`, sorted by place; `Invalid` only if it is too big."""
    if len(text) > LARGEST or len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise Invalid(f"the data map is larger than {LARGEST // 1024} KiB", place=name)
    reader = _Reader(text, folder)
    reader.read()
    faults = tuple(sorted({*reader.faults}, key=lambda fault: (fault.place, fault.rule, fault.message)))
    return Reading(name, DataMap(reader.systems), faults, reader.places, reader.ignored)


class _Reader:
    """One pass over a map."""

    def __init__(self, text: str, folder: Path) -> None:
        self._text, self._folder = text, folder
        self.systems: dict[str, System] = {}
        self.ignored: dict[str, frozenset[str]] = {}
        self.faults: list[Fault] = []
        self.places: dict[tuple[str, ...], Place] = {}

    def read(self) -> None:
        """Fill in what the text says."""
        sections = self._toml()
        for name, section in sections.items():
            if not _NAME.fullmatch(name):
                self._fault((name,), "bad-name", f"`{name[:40]}` cannot name a system", "small letters, digits, `-` and `_`")
            elif not isinstance(section, dict):
                self._fault((name,), "syntax", f"`{name}` stands in no section", "begin with the system, as in `[shop]`")
            else:
                self._system(name, section)

    def _fault(self, path: tuple[str, ...], rule: str, message: str, hint: str | None = None) -> None:
        self.faults.append(Fault(Reading("", DataMap({}), (), self.places, {}).place(*path), rule, message, hint))

    def _toml(self) -> Mapping[str, Any]:
        for number, line in enumerate(self._text.split("\n"), 1):
            if len(line) > LONGEST_LINE:
                self.faults.append(Fault(Place(number, 1), "too-long", f"the line has more than {LONGEST_LINE:,} characters"))
                return {}
        try:
            sections = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as problem:
            self.faults.append(_broken(str(problem), self._text))
            return {}
        except (ValueError, RecursionError):
            self.faults.append(Fault(Place(1, 1), "syntax", "the file is no TOML that can be read", "a number or list in it is too big"))
            return {}
        self.places = dict(_places(self._text))
        return sections

    def _system(self, name: str, section: Mapping[str, Any]) -> None:
        kinds = [kind for kind in _KINDS if kind in section]
        known = (*_KINDS, "columns", "keeps", *(option for kind in kinds for option in OPTIONS[kind]))
        for word in section:
            if word not in known:
                hint = suggestion(word, known) or "there are " + ", ".join(f"`{one}`" for one in known)
                self._fault((name, word), "unknown-setting", f"no setting `{word[:40]}` is known here", hint)
        if len(kinds) != 1:
            self._fault((name,), "no-address", f"`{name}` must say once where it lies", 'as in `database = "sqlite:///shop.db"`')
            return
        kind = kinds[0]
        address = self._address(name, kind, section[kind])
        options: dict[str, str | int | bool] = {}
        for option in OPTIONS[kind]:
            if _fits(option, value := section.get(option)) and isinstance(value, str | int | bool):
                options[option] = value
            elif option in section:
                what = _MUST_BE.get(option, "a text in quotes")
                self._fault((name, option), "syntax", f"`{option}` must be {what}")
        tables = tuple(self._tables(name, section))
        if address is not None:
            self.systems[name] = System(name, kind, address, tables, options)

    def _address(self, name: str, kind: SystemKind, value: object) -> str | None:
        path = (name, kind)
        if not isinstance(value, str) or not value or not value.isprintable():
            self._fault(path, "bad-address", f"`{kind}` must be a text in quotes")
            return None
        if kind == "files":
            return str(self._folder / value)
        try:
            parts = urlsplit(value)
            secret, host = parts.password is not None, parts.hostname or re.search(r"(^|&)(host|unix_socket)=", parts.query)
        except ValueError:
            self._fault(path, "bad-address", f"the address of `{name}` cannot be read")
            return None
        if secret or (kind != "database" and parts.username) or re.search(r"passw|token|secret", parts.query, re.IGNORECASE):
            where = "`password_file`, or the environment" if kind == "database" else "a file of its own"
            self._fault(path, "secret-in-map", f"the address of `{name}` holds a secret", f"take it out, and name it with {where}")
            return None
        schemes = SCHEMES if kind == "database" else ("https", "http")
        if parts.scheme not in schemes or not (host or parts.scheme == "sqlite"):
            self._fault(path, "bad-address", f"the address of `{name}` cannot be used", "it begins with " + _listed(schemes))
            return None
        if kind != "database" and not is_safe(value):
            self._fault(path, "bad-address", f"`{name}` would be spoken to in the clear", "it begins with `https://`")
            return None
        if parts.scheme == "sqlite":
            file = value.removeprefix("sqlite:///")
            if file == value or file in {"", ":memory:"}:
                self._fault(path, "bad-address", f"the address of `{name}` names no file", "as in `sqlite:///shop.db`")
                return None
            return f"sqlite:///{self._folder / file}"
        return value

    def _tables(self, name: str, section: Mapping[str, Any]) -> Iterator[Table]:
        given, keeps = section.get("columns", {}), section.get("keeps", {})
        for word, one in (("columns", given), ("keeps", keeps)):
            if not isinstance(one, dict):
                self._fault((name, word), "syntax", f"`{word}` must be a section", f"write `[{name}.{word}]`")
        if not isinstance(given, dict) or not isinstance(keeps, dict):
            return
        self.ignored[name] = frozenset(table for table, columns in given.items() if columns == NOTHING)
        if not given:
            self._fault((name,), "no-columns", f"`{name}` maps no column", f"write `[{name}.columns]`")
        tables = {table: columns for table, columns in given.items() if isinstance(columns, dict)}
        for table in given.keys() - tables.keys() - self.ignored[name]:
            if str(given[table]).lstrip().startswith("?"):
                hint = f"does `{table[:40]}` hold nothing about people? then take the `?` away; else map its columns"
                self._fault((name, "columns", table), "unanswered", f"the table `{table[:60]}` waits for an answer", hint)
                continue
            hint = f'write `{table[:40]}.COLUMN = "…"` for each column, or `{table[:40]} = "nothing"`'
            self._fault((name, "columns", table), "syntax", f"`{table[:60]}` is a table and needs columns", hint)
        for table in keeps.keys() - tables.keys():
            self._fault((name, "keeps", table), "unknown-table", f"no table `{table[:60]}` is mapped", suggestion(table, tables))
        for table, columns in tables.items():
            said = self._columns((name, "columns", table), columns, tables)
            yield _table(table, said, self._kept((name, "keeps", table), keeps.get(table, ()), said))

    def _columns(self, path: tuple[str, ...], columns: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Said]:
        said: dict[str, Said] = {}
        for column, text in columns.items():
            if not isinstance(text, str):
                self._fault((*path, column), "syntax", f"what `{column[:60]}` holds must be a text in quotes")
                continue
            try:
                said[column] = read_column(column, text)
            except Unread as fault:
                self._fault((*path, column), fault.rule, fault.words, fault.hint)
                continue
            for table, other in said[column].links:
                if table not in tables:
                    hint = suggestion(table, tables)
                    self._fault((*path, column), "unknown-table", f"no table `{table[:60]}` is mapped to link to", hint)
                elif other not in tables[table]:
                    hint = suggestion(other, tables[table])
                    self._fault((*path, column), "unknown-column", f"`{table[:60]}` maps no column `{other[:60]}`", hint)
        flagged = [flag.topic for one in said.values() for flag in one.flags]
        for topic in {topic for topic in flagged if flagged.count(topic) > 1}:
            self._fault(path, "duplicate-flag", f"`{path[-1][:60]}` marks `{topic}` in two columns", "name the one that counts")
        about = any(one.item or one.part or one.flags for one in said.values())
        if about and len(said) == len(columns) and not any(one.is_key for one in said.values()):
            self._fault(path, "no-key", f"`{path[-1][:60]}` has no key", f'say which column tells rows apart: `{path[-1][:40]}.id = "key"`')
        return said

    def _kept(self, path: tuple[str, ...], given: object, said: Mapping[str, Said]) -> tuple[Kept, ...]:
        held = tuple(dict.fromkeys(one.item for one in said.values() if one.item))
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
            self._fault(path, "syntax", "what is kept must be a text in quotes, or several in brackets")
            return ()
        kept: list[Kept] = []
        for text in texts:
            try:
                kept.append(read_kept(text, held))
            except Unread as fault:
                self._fault(path, fault.rule, fault.words, fault.hint)
        return tuple(kept)


def _fits(option: str, value: object) -> bool:
    if option == "timeout":
        return isinstance(value, int) and value is not True and 1 <= value <= LONGEST_TIMEOUT
    if option in WORDS:
        return value in WORDS[option]
    return isinstance(value, str) and value != "" and "\0" not in value


def _table(name: str, said: Mapping[str, Said], kept: tuple[Kept, ...]) -> Table:
    flags: tuple[Flag, ...] = tuple(flag for one in said.values() for flag in one.flags)
    columns = tuple(Column(column, one.item, one.part) for column, one in said.items())
    return Table(name, tuple(column for column, one in said.items() if one.is_key), columns, flags, kept, _links(said))


def _links(said: Mapping[str, Said]) -> tuple[Link, ...]:
    """Columns that link to different columns of one table are one link together; a column named again begins another."""
    found: list[Link] = []
    for column, one in said.items():
        for table, other in one.links:
            open_ones = [at for at, link in enumerate(found) if link.table == table and other not in link.to_columns]
            if open_ones:
                link = found[open_ones[0]]
                found[open_ones[0]] = Link((*link.columns, column), table, (*link.to_columns, other))
            else:
                found.append(Link((column,), table, (other,)))
    return tuple(found)


def _places(text: str) -> Iterator[tuple[tuple[str, ...], Place]]:
    """Where each key of a sound TOML text stands: its path, and those above it where they are first named."""
    seen: set[tuple[str, ...]] = set()
    header: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped.startswith("[") and "]" in stripped:
            header = path = _path(stripped.strip("[").rpartition("]")[0].rstrip("]"))
        else:
            path = (*header, *(_path(stripped.partition("=")[0]) if "=" in stripped and not stripped.startswith("#") else ()))
        for end in range(1, len(path) + 1):
            if path[:end] not in seen:
                seen.add(path[:end])
                yield path[:end], Place(number, len(line) - len(line.lstrip()) + 1)


def _path(key: str) -> tuple[str, ...]:
    """The parts of a dotted key, quotes taken off; nothing if it is none."""
    try:
        at: Any = tomllib.loads(f"{key} = 0")
    except (ValueError, RecursionError):
        return ()
    path: tuple[str, ...] = ()
    while isinstance(at, dict) and len(at) == 1:
        ((part, at),) = at.items()
        path = (*path, part)
    return path


def _broken(words: str, text: str) -> Fault:
    found = _AT_LINE.search(words)
    place = Place(int(found[1]), int(found[2])) if found and found[1] else Place(text.count("\n") + 1, 1)
    said = _AT_LINE.sub("", words)
    if "declare" in said or "overwrite" in said:
        return Fault(place, "duplicate", "this is said twice", "leave out one of the two lines")
    return Fault(place, "syntax", "the line is no TOML", 'as in `customers.email = "order.email"`; names with blanks or umlauts in quotes')


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}://`" for word in words)
