"""A system behind a webhook: asked and told in signed JSON (docs/webhook.md), by forms of identifiers or their hashes.

Both sides sign with one secret, so that neither believes a stranger: an answer that is not signed for the very question is none.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from upheld.errors import Invalid
from upheld.people.identifiers import Identifier
from upheld.systems import calls, refusals, rows
from upheld.systems.calls import NOT_UNDERSTOOD, Caller
from upheld.systems.connector import Failed, Found, Key, LiveColumn, LiveTable
from upheld.systems.datamap import System, Table
from upheld.systems.forms import Form, forms
from upheld.systems.refusals import Word

VERSION: Final = 1
SHORTEST_SECRET: Final = 32
"""Characters."""
PAGE: Final = 2_000
"""Rows that are asked for at once."""
MOST_PAGES: Final = 100_000

_UNSIGNED: Final = Word("answers without the right signature: both sides need the same secret, and clocks that agree", again=False)
_REASONS: Final[Mapping[str, Word]] = {
    "no-table": refusals.NO_TABLE, "no-column": refusals.NO_COLUMN, "bad-mark": refusals.BAD_MARK, "read-only": refusals.READ_ONLY,
    "signature": _UNSIGNED,
}  # fmt: skip


class Webhook:
    """A connector (see `connector.Connector`)."""

    def __init__(self, system: System, secret: str | None) -> None:
        if secret is None or len(secret) < SHORTEST_SECRET:
            raise Invalid(
                f"`{system.name}` needs a secret of {SHORTEST_SECRET} characters at least: name its `secret_file` in the data map"
            )
        self.system, self._caller, self._secret = system, Caller(system), secret.encode()
        self._hashed = system.options.get("identifiers", "hashed") == "hashed"

    def live(self) -> Sequence[LiveTable]:
        """The tables that the other side tells of."""
        said = self._ask({"do": "tables"}).get("tables")
        try:
            return [
                LiveTable(
                    str(one["name"]),
                    tuple(LiveColumn(str(each["name"]), str(each.get("type", ""))) for each in one["columns"]),
                    tuple(map(str, one.get("key", ()))),
                )
                for one in said or ()
            ]
        except (TypeError, KeyError, AttributeError):
            raise Failed(self.system.name, *NOT_UNDERSTOOD) from None

    def sample(self, table: str, most: int = 200) -> Sequence[Mapping[str, object]]:
        """Some rows of any table."""
        names = next((tuple(column.name for column in one.columns) for one in self.live() if one.name == table), None)
        if names is None:
            raise Failed(self.system.name, *refusals.NO_TABLE)
        said = self._ask({"do": "read", "table": table, "columns": names, "most": most})
        return [dict(zip(names, row, strict=True)) for row in self._rows(said, len(names))]

    def read(self, table: Table, size: int = 20_000) -> Iterator[Sequence[Found]]:
        """All rows, page by page; no other side need hold still meanwhile, so that what moves may be missed or come twice."""
        yield from self._pages(table, {"do": "read"}, min(size, PAGE))

    def fetch(self, table: Table, keys: Sequence[Key]) -> Sequence[Found]:
        """The rows of these keys that still exist."""
        meant = set(keys)
        asked = {"do": "fetch", "key": table.key, "keys": keys}
        return [one for page in self._pages(table, asked) for one in page if one.key in meant] if keys else []

    def search(self, table: Table, given: Sequence[Identifier]) -> Sequence[Found]:
        """Every row that has one of the forms in a column for such, or an odd value there."""
        parts = table.parts()
        wanted = [self._wanted(form, parts[form.part]) for form in forms(given) if form.part in parts]
        return [one for page in self._pages(table, {"do": "search", "any": wanted}) for one in page] if wanted else []

    def stop(self, table: Table, keys: Sequence[Key], topics: Sequence[str], token: str) -> None:
        """Mark these rows: all or none. The token is the call's idempotency key."""
        marks = {flag.column: flag.out for flag in table.flags if flag.topic in topics}
        if marks and keys:
            self._ask({"do": "stop", "table": table.name, "key": table.key, "keys": keys, "set": marks}, token)

    def correct(self, table: Table, keys: Sequence[Key], name: str, value: str) -> None:
        """Write a text into one column of these rows: all of them or none."""
        if keys:
            self._ask({"do": "correct", "table": table.name, "key": table.key, "keys": keys, "set": {name: value}})

    def close(self) -> None:
        """Nothing stays open between two calls."""

    def _wanted(self, form: Form, columns: Sequence[str]) -> dict[str, object]:
        if not self._hashed:
            return {"part": form.part, "columns": columns, "form": form.text}
        return {"part": form.part, "columns": columns, "hash": self._signed("identifier", form.part, form.text.encode())}

    def _pages(self, table: Table, asked: Mapping[str, object], size: int = PAGE) -> Iterator[Sequence[Found]]:
        names, after = rows.columns(table), None
        for _ in range(MOST_PAGES):
            said = self._ask({**asked, "table": table.name, "columns": names, "most": size, "after": after})
            found = [rows.found(self.system, table, row) for row in self._rows(said, len(names))]
            if found:
                yield found
            before, after = after, said.get("next")
            if after is None:
                return
            if after == before or not isinstance(after, str | int):
                break
        raise Failed(self.system.name, *NOT_UNDERSTOOD)

    def _rows(self, said: Mapping[str, Any], width: int) -> list[list[Any]]:
        found = said.get("rows")
        if not isinstance(found, list) or not all(isinstance(row, list) and len(row) == width and all(map(_plain, row)) for row in found):
            raise Failed(self.system.name, *NOT_UNDERSTOOD)
        return found

    def _ask(self, question: Mapping[str, object], token: str | None = None) -> dict[str, Any]:
        """One signed question, and its signed answer."""
        body = json.dumps({"version": VERSION, **question}, ensure_ascii=False).encode("utf-8", "surrogatepass")
        key, now = token or secrets.token_hex(16), str(int(time.time()))
        signature = self._signed("ask", now, key.encode(), body)
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, "Upheld-Time": now, "Upheld-Signature": signature}
        answer = self._caller.call("POST", headers=headers, body=body)
        if answer.status == 422:
            reason = calls.understood(self.system, answer.body).get("error")
            raise Failed(self.system.name, *_REASONS.get(str(reason), NOT_UNDERSTOOD))
        if answer.status != 200:
            raise calls.refused(self.system, answer.status)
        found = answer.headers.get("Upheld-Signature", "")
        if not hmac.compare_digest(found.encode(), self._signed("answer", key, answer.body).encode()):
            raise Failed(self.system.name, *_UNSIGNED)
        return calls.understood(self.system, answer.body)

    def _signed(self, *parts: str | bytes) -> str:
        """HMAC-SHA-256 over the version and the parts, a line each."""
        said = b"\n".join((b"upheld-1", *(part.encode() if isinstance(part, str) else part for part in parts)))
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()


def _plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)
