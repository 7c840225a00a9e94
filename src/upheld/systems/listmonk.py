"""A mail provider that speaks as listmonk does: its subscribers are one table, and `blocklisted` is the mark.

It also keeps addresses as blocklisted that it never had. It is asked by SQL in a URL, which servers on the way write into their logs: so no
address stands there, only hashes of forms (see `forms`) under a salt that is used once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Text, case, column, func, literal, literal_column, or_, select, table, true
from sqlalchemy.dialects.postgresql.base import PGDialect

from upheld.errors import Invalid
from upheld.people import normal
from upheld.people.identifiers import Email, Identifier
from upheld.systems import calls, refusals, rows
from upheld.systems.calls import NOT_UNDERSTOOD, Caller
from upheld.systems.connector import Failed, Found, Key, LiveColumn, LiveTable
from upheld.systems.datamap import System, Table
from upheld.systems.forms import FormPart, forms
from upheld.systems.refusals import Word

TABLE: Final = "subscribers"
COLUMNS: Final = ("id", "uuid", "email", "name", "status", "created_at", "updated_at")
OUT: Final = "blocklisted"
PAGE: Final = 1_000
"""Subscribers that are asked for at once."""
NAMELESS: Final = "Opted out"
"""What an address is called that the provider never had, and is to keep."""

_ATTRIBUTE: Final = "attribs."
_OTHER_MARK: Final = Word('can mark nobody but as `blocklisted`: say `subscribers.status = "out of … when blocklisted"`', again=False)
_OTHER_KEY: Final = Word('tells subscribers apart by `id`: say `subscribers.id = "key"` in the data map', again=False)
_DIALECT: Final = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]
_DIALECT._backslash_escapes = False  # noqa: SLF001 - as PostgreSQL reads texts since 9.1
_BETWEEN: Final = "[ ().+/-]"


class Listmonk:
    """A connector (see `connector.Connector`)."""

    def __init__(self, system: System, token: str | None) -> None:
        user = system.options.get("user")
        if not user or not token:
            raise Invalid(f"`{system.name}` needs an API user and its token: name `user` and `token_file` in the data map")
        self.system = system
        self._caller = Caller(replace(system, address=system.address.rstrip("/").removesuffix("/api")))
        self._sign_in = "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()

    def live(self) -> Sequence[LiveTable]:
        """The one table, with the attributes that its first subscribers have."""
        names = dict.fromkeys(name for row in next(self._subscribers(true()), []) for name in row)
        return [LiveTable(TABLE, tuple(LiveColumn(name, "TEXT") for name in [*COLUMNS, *(names.keys() - {*COLUMNS})]), ("id",))]

    def sample(self, table: str, most: int = 200) -> Sequence[Mapping[str, object]]:
        """The first subscribers."""
        if table != TABLE:
            raise Failed(self.system.name, *refusals.NO_TABLE)
        return next(self._subscribers(true(), most), []) if most else []

    def read(self, table: Table, size: int = 20_000) -> Iterator[Sequence[Found]]:
        """All subscribers, page by page; what changes meanwhile is seen or not."""
        for page in self._subscribers(true(), min(size, PAGE)):
            yield self._found(table, page)

    def fetch(self, table: Table, keys: Sequence[Key]) -> Sequence[Found]:
        """The subscribers of these keys that still exist."""
        numbers = self._numbers(table, keys)
        if not numbers:
            return []
        return [one for page in self._subscribers(column("id").in_(numbers)) for one in self._found(table, page)]

    def search(self, table: Table, given: Sequence[Identifier]) -> Sequence[Found]:
        """Every subscriber with one of the forms in a column for such, or an odd value there."""
        parts, salt = table.parts(), secrets.token_hex(8)
        wanted: dict[tuple[FormPart, str], list[str]] = {}
        for form in forms(given):
            for name in parts.get(form.part, ()):
                wanted.setdefault((form.part, name), []).append(hashlib.sha256((salt + form.text).encode()).hexdigest())
        if not wanted:
            return []
        conditions = [condition for (part, name), hashes in wanted.items() for condition in _asked(part, self._own(name), salt, hashes)]
        return [one for page in self._subscribers(or_(*conditions)) for one in self._found(table, page)]

    def stop(self, table: Table, keys: Sequence[Key], topics: Sequence[str], token: str) -> None:  # noqa: ARG002 - it needs none
        """Blocklist the subscribers, which the provider does all at once; it takes them off every list of its own."""
        numbers = self._numbers(table, keys)
        if numbers and self._may_mark(table, topics):
            self._call("PUT", "/blocklist", body={"ids": numbers})

    def suppress(self, table: Table, given: Sequence[Identifier], topics: Sequence[str], token: str) -> None:  # noqa: ARG002 - as above
        """Let the provider keep addresses as blocklisted that it has not yet, so that no import brings them in."""
        if not self._may_mark(table, topics):
            return
        for address in dict.fromkeys(normal.email_strict(one.value) for one in given if isinstance(one, Email)):
            if not address:
                continue
            said = {"email": address, "name": NAMELESS, "status": OUT, "lists": []}
            if self._call("POST", "", body=said, but=(400, 409)) is None:  # it cannot hold such an address, or has it already
                self._blocklist(address)

    def close(self) -> None:
        """Nothing stays open between two calls."""

    def _blocklist(self, address: str) -> None:
        salt = secrets.token_hex(8)
        email = forms([Email(address)])
        hashes = [hashlib.sha256((salt + form.text).encode()).hexdigest() for form in email]
        pages = list(self._subscribers(or_(*_asked("email", column("email"), salt, hashes))))
        numbers = [row["id"] for page in pages for row in page if normal.email_strict(str(row["email"])) == address]
        if numbers:
            self._call("PUT", "/blocklist", body={"ids": numbers})

    def _may_mark(self, table: Table, topics: Sequence[str]) -> bool:
        flags = [flag for flag in table.flags if flag.topic in topics]
        if any((flag.column, flag.out) != ("status", OUT) for flag in flags):
            raise Failed(self.system.name, *_OTHER_MARK)
        return bool(flags)

    def _numbers(self, table: Table, keys: Sequence[Key]) -> list[int]:
        if table.key != ("id",):
            raise Failed(self.system.name, *_OTHER_KEY)
        return [int(key[0]) for key in keys if key[0].isascii() and key[0].isdigit()]

    def _own(self, name: str) -> ColumnElement[Any]:
        """A column as the provider's database knows it."""
        if name.startswith(_ATTRIBUTE):
            value: ColumnElement[Any] = column("attribs").op("->>")(literal(name.removeprefix(_ATTRIBUTE), Text))
            return value
        if name not in COLUMNS:
            raise Failed(self.system.name, *refusals.NO_COLUMN)
        return column(name)

    def _found(self, table: Table, page: Sequence[Mapping[str, Any]]) -> list[Found]:
        names = rows.columns(table)
        for name in names:
            self._own(name)
        return [rows.found(self.system, table, [row.get(name) for name in names]) for row in page]

    def _subscribers(self, where: ColumnElement[bool], most: int = PAGE) -> Iterator[list[dict[str, Any]]]:
        """The subscribers that fulfil a condition, in the order of their numbers, in pages."""
        after = 0
        while True:
            inner: Select[Any] = (
                select(column("id")).select_from(table(TABLE)).where(column("id") > after, where).order_by(column("id")).limit(most)
            )
            asked = literal_column("subscribers.id").in_(inner)
            text = str(asked.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})).replace("\n", " ")
            said = self._call("GET", "", query={"query": text, "page": "1", "per_page": "all"})
            results = said.get("results") if isinstance(said, dict) else None
            if not isinstance(results, list) or not all(isinstance(row, dict) and isinstance(row.get("id"), int) for row in results):
                raise Failed(self.system.name, *NOT_UNDERSTOOD)
            if any(row["id"] <= after for row in results):
                raise Failed(self.system.name, *NOT_UNDERSTOOD)
            page = sorted(map(_flat, results), key=lambda row: int(row["id"]))
            if page:
                yield page
                after = page[-1]["id"]
            if len(page) < most:
                return

    def _call(self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: object = None, but: Sequence[int] = ()) -> Any:  # noqa: ANN401 - what it says
        """The `data` of an answer; None for a status that the caller expects."""
        headers = {"Authorization": self._sign_in, **({"Content-Type": "application/json"} if body is not None else {})}
        sent = json.dumps(body).encode() if body is not None else None
        answer = self._caller.call(method, f"/api/subscribers{path}", query=query, headers=headers, body=sent)
        if answer.status in but:
            return None
        if answer.status != 200:
            raise calls.refused(self.system, answer.status)
        said = calls.understood(self.system, answer.body)
        if "data" not in said:
            raise Failed(self.system.name, *NOT_UNDERSTOOD)
        return said["data"]


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A subscriber with their attributes beside the columns."""
    attributes = row.get("attribs")
    more = {f"{_ATTRIBUTE}{name}": value for name, value in attributes.items()} if isinstance(attributes, dict) else {}
    texts = {name: value if isinstance(value, str | int | float) else None for name, value in more.items()}
    return {**{name: row.get(name) for name in COLUMNS}, **texts}


def _asked(part: FormPart, shown: ColumnElement[Any], salt: str, hashes: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    """Whether a value has one of the forms, or is odd."""
    form, odd = _form(part, shown)
    hashed = func.encode(func.sha256(func.convert_to(literal(salt).concat(form), "UTF8")), "hex")
    return hashed.in_(hashes), odd


def _form(part: FormPart, shown: ColumnElement[Any]) -> tuple[ColumnElement[Any], ColumnElement[bool]]:
    """A value's form as `forms` makes it, and whether it is odd."""
    strange = or_(func.octet_length(shown) != func.length(shown), shown.op("~")("[[:cntrl:]]"))
    match part:
        case "email":
            plain = func.replace(func.lower(func.btrim(shown)), "mailto:", "")
            return func.replace(func.regexp_replace(plain, "[+][^@]*", ""), ".", ""), strange
        case "phone":
            digits = func.regexp_replace(shown, _BETWEEN, "", "g")
            return func.right(digits, 7), digits.op("~")("[^0-9]")
        case "account":
            return func.btrim(shown), strange
        case "zip":
            plain = func.lower(func.regexp_replace(func.regexp_replace(shown, "[.]0$", ""), "[ .-]", "", "g"))
            five = case((func.length(plain) > 5, func.left(plain, -4)), else_=plain)
            digits = func.right(literal("00000").concat(five), 5)
            return case((plain.op("~")("[^0-9]"), plain), else_=digits), or_(strange, shown.op("~")("[^A-Za-z0-9 .-]"))
