"""Match codes for whole columns: a chunk of a list in a DuckDB relation becomes NumPy arrays of codes, equal to `codes.tight_codes`.

::

    reader = Reader(connection, Columns(email="mail", first="vorname", last="name", address="strasse", zip="plz"), keys)
    chunk = reader.read(relation, row="file_row_number")     # a DuckDB relation of some 500,000 rows
    chunk.codes, chunk.guards, chunk.rows                    # one element a code
    chunk.given["email"], chunk.read["email"]                # row numbers: a value was given; it could be read

What is plain is read in SQL, whose patterns are those of `normal` and `addresses`; every distinct first name, last name, street … is read
once by `forms`; what is not plain is read by the scalar functions. A reader keeps its dictionaries from chunk to chunk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from importlib import resources
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from upheld.errors import Invalid
from upheld.people import normal
from upheld.people.cmac import BLOCK, Blocks, Cmac, Codes
from upheld.people.codes import Keys, prefix, tight_codes
from upheld.people.forms import Flags
from upheld.people.identifiers import Account, Email, Identifier, Kind, Phone
from upheld.people.postals import Coded, Guards, Postals, Rows


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of the list holds which part of an identifier; None: the list has none.

    `name` is a whole name, for lists that do not split it; it is not to be given together with `first` and `last`.
    `region` is the country of telephone numbers that name none.
    """

    email: str | None = None
    phone: str | None = None
    account: str | None = None
    first: str | None = None
    last: str | None = None
    name: str | None = None
    address: str | None = None
    zip: str | None = None
    region: str = "US"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The identifiers that can be made of these columns."""
        postal = bool(((self.first and self.last) or self.name) and self.address and self.zip)
        found: list[tuple[Kind, bool]] = [
            ("email", bool(self.email)), ("postal", postal), ("phone", bool(self.phone)), ("account", bool(self.account)),
        ]  # fmt: skip
        return tuple(kind for kind, there in found if there)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The codes of some rows. `codes`, `guards` and `rows` (the row number of each code) are parallel, in no order.

    `given` and `read`: by kind, the numbers of the rows where an identifier of that kind was given, and where it could be read.
    `plain` marks the codes that say the identifier as a whole: all but those of a name and address that forgive a difference.
    """

    codes: Codes
    guards: Guards
    rows: Rows
    given: dict[Kind, Rows] = field(default_factory=dict)
    read: dict[Kind, Rows] = field(default_factory=dict)
    plain: Flags = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))


_SINGLES: dict[str, tuple[str, dict[str, Any]]] = {
    "email": (
        "emails.sql",
        {"plain": normal.EMAIL_PLAIN, "plus": list(normal.PLUS), "dotless": list(normal.DOTLESS)},
    ),
    "phone": ("phones.sql", {"plain": normal.PHONE_PLAIN, "signs": normal.PHONE_SIGNS, "longest": normal.LONGEST}),
    "account": ("accounts.sql", {}),
}


class Reader:
    """Reads the chunks of one list. Not for several threads at once; `threads` are used inside."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, columns: Columns, keys: Keys, *, threads: int = 2) -> None:
        if not columns.kinds:
            raise Invalid(
                "no identifier can be made of these columns: name an e-mail, telephone or account column, or name, address and zip"
            )
        if columns.name and (columns.first or columns.last):
            raise Invalid("give either a whole-name column or first and last, not both")
        self._connection, self._columns, self._keys, self._threads = connection, columns, keys, threads
        self._postal = Postals(connection, keys.postal) if "postal" in columns.kinds else None

    def read(self, relation: duckdb.DuckDBPyRelation, *, row: str) -> Chunk:
        """The codes of a relation's rows; `row` names its column of row numbers (integers, no two alike)."""
        return self.look(relation, row=row)()

    def look(self, relation: duckdb.DuckDBPyRelation, *, row: str) -> Callable[[], Chunk]:
        """The same in two steps: what is called computes the codes, in any thread, while this reader looks at the next relation."""
        self._see(relation, row)
        seen = {kind: self._seen(kind) for kind in self._columns.kinds}
        return lambda: self._chunk(seen)

    def _seen(self, kind: Kind) -> Callable[[], Coded]:
        if kind == "postal":
            assert self._postal is not None
            return self._postal.look(self._threads)
        return self._single(kind)

    def _chunk(self, seen: dict[Kind, Callable[[], Coded]]) -> Chunk:
        coded = {kind: code() for kind, code in seen.items()}
        given = {kind: each.given for kind, each in coded.items()}
        read = {kind: each.read for kind, each in coded.items()}
        if len(coded) == 1:  # nothing to be joined, and copied
            only = next(iter(coded.values()))
            return Chunk(only.codes, only.guards, only.rows, given, read, only.plain)
        made = [(each.codes, each.guards, each.rows, each.plain) for each in coded.values()]
        all_codes, all_guards, all_rows, all_plain = (np.concatenate(arrays) for arrays in zip(*made, strict=True))
        return Chunk(all_codes, all_guards, all_rows, given, read, all_plain)

    def _see(self, relation: duckdb.DuckDBPyRelation, row: str) -> None:
        wanted = {f.name: getattr(self._columns, f.name) for f in fields(self._columns) if f.name != "region"}
        shown = [duckdb.ColumnExpression(row).cast("BIGINT").alias("row")]
        for name, column in wanted.items():
            value = duckdb.ColumnExpression(column) if column else duckdb.ConstantExpression(None)
            shown.append(value.cast("VARCHAR").alias(name))
        relation.select(*shown).create_view("upheld_list", replace=True)

    def _single(self, kind: Kind) -> Callable[[], Coded]:
        name, bound = _SINGLES[kind]
        if kind == "phone":
            bound = {**bound, "plain_region": self._columns.region in {"US", "CA"}}
        got = self._connection.execute(_sql(name), {"prefix": prefix(kind), **bound}).fetchnumpy()
        return lambda: self._code(kind, got)

    def _code(self, kind: Kind, got: dict[str, Any]) -> Coded:
        rows = np.asarray(got["row"])
        high, low = np.ma.MaskedArray(got["high"]), np.ma.MaskedArray(got["low"])
        is_plain = ~np.ma.getmaskarray(high)
        mac: Cmac = getattr(self._keys, kind)
        codes = mac.end(None, _blocks(high.data, low.data))
        read, given = np.array(is_plain), np.ones(len(rows), dtype=np.bool_)
        seen: dict[str, int | None] = {}
        for at in np.flatnonzero(~is_plain):
            text = str(got["other"][at])
            if text not in seen:
                one = tight_codes(self._identifier(kind, text), self._keys)
                seen[text] = one[0].code if one else None
            given[at] = bool(text)
            if (code := seen[text]) is not None:
                codes[at], read[at] = code, True
        codes, kept = codes[read], rows[read]
        return Coded(codes, np.zeros(len(codes), dtype=np.uint32), kept, np.ones(len(codes), dtype=np.bool_), rows[given], kept)

    def _identifier(self, kind: Kind, text: str) -> Identifier:
        match kind:
            case "email":
                return Email(text)
            case "phone":
                return Phone(text, self._columns.region)
            case _:
                return Account(text)


def _blocks(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> Blocks:
    """Two numbers of eight bytes each, big-endian, as blocks."""
    pairs = np.empty((len(high), 2), dtype=np.uint64)
    pairs[:, 0], pairs[:, 1] = high.byteswap(), low.byteswap()
    return pairs.reshape(-1).view(BLOCK)


def _sql(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")
