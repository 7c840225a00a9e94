"""A DuckDB session over one file of the merchant's own: asked as a database is, whatever its size, without anything kept on the disk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import duckdb
from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, column, false, func, literal, null, or_, select
from sqlalchemy import table as named
from sqlalchemy.dialects.postgresql.base import PGDialect, PGIdentifierPreparer
from sqlalchemy.types import UserDefinedType
from sqlglot import exp

from upheld.systems import layouts, refusals, replacing, rows
from upheld.systems.connector import Failed, Key
from upheld.systems.datamap import Flag, Table
from upheld.systems.deadline import Deadline
from upheld.systems.layouts import Layout
from upheld.systems.replacing import Held
from upheld.systems.searching import ESCAPE, Holds

MEMORY: Final = "1GB"
NOW, NEXT = "now", "next"
"""What stands for the file as it is, and for what is to take its place."""

_ROW: Final = "file_row_number"
_OF_ARROW: Final = b"ARROW:schema"
_INTEGERS: Final = frozenset("TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT".split())
_AT_LINE: Final = re.compile(r"^ *(?:CSV Error on )?[Ll]ine: ?(\d+)", re.MULTILINE)
Late = duckdb.InterruptException

Marks = Mapping[str, tuple[str, ColumnElement[bool]]]
"""By column: the mark, and which rows get it."""


class _Kind(UserDefinedType[Any]):
    """A type by DuckDB's own name."""

    cache_ok = True

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_col_spec(self, **_: object) -> str:
        """The name."""
        return self.kind


class _Quoting(PGIdentifierPreparer):
    """Every name in quotes: no word of DuckDB's own is in the way."""

    def _requires_quotes(self, value: str) -> bool:  # noqa: ARG002 - every name
        return True


class _Dialect(PGDialect):
    """DuckDB reads what is written for PostgreSQL."""

    preparer = _Quoting


_DIALECT: Final = _Dialect(paramstyle="qmark")  # type: ignore[no-untyped-call]


class Stream:
    """A DuckDB session over one file. Speaks to searches (see `searching.Speech`)."""

    def __init__(self, held: Held, seconds: float) -> None:
        settings: dict[str, Any] = {
            "memory_limit": MEMORY, "autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "temp_directory": "",
        }  # fmt: skip
        self.held, self._system = held, held.system
        self.lie: Layout | None = None
        self.types: dict[str, str] = {}
        self.kinds: Mapping[str, Holds] = {}
        self._connection = duckdb.connect(":memory:", config=settings)
        self.deadline = Deadline(seconds, self._connection.interrupt)

    def __enter__(self) -> Self:
        self.deadline.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.deadline.pause()
        self._connection.close()

    @contextmanager
    def said(self) -> Iterator[None]:
        """What DuckDB refuses, in words without values."""
        try:
            yield
        except layouts.Unreadable as error:
            raise Failed(self._system, f"has a file that {error}", again=False) from None
        except duckdb.InterruptException:
            raise Failed(self._system, *refusals.NOT_IN_TIME) from None
        except duckdb.OutOfMemoryException:
            raise Failed(self._system, *refusals.FULL) from None
        except duckdb.ConversionException:
            raise Failed(self._system, *refusals.BAD_MARK) from None
        except duckdb.Error as error:
            line = _AT_LINE.search(str(error))
            where = f" (line {line[1]})" if line else ""
            raise Failed(self._system, f"has a file that cannot be read{where}, or is being written: write it again", again=True) from None
        except OSError as error:
            raise Failed(self._system, *replacing.word(error)) from None

    def own(self, name: str) -> str:
        """A column as the file spells it."""
        return next(each for each in self.types if each.lower() == name.lower())

    def open(self, view: str, held: Held) -> None:
        """Let a view stand for what is held."""
        if self.lie is None:
            self._connection.read_parquet(held.by_number, file_row_number=True).create_view(view)
        else:
            made = exp.Create(this=exp.to_table(view), kind="VIEW", expression=exp.select("*").from_(_read(held.by_number, self.lie)))
            self._connection.execute(made.sql("duckdb"))
        relation = self._connection.view(view)
        self.types = {name: str(kind) for name, kind in zip(relation.columns, relation.types, strict=True) if name != _ROW}
        self.kinds = rows.AnyCase({name: _holds(kind) for name, kind in self.types.items()})

    def run(self, query: Select[Any]) -> duckdb.DuckDBPyConnection:
        """One query, its values bound."""
        if self.deadline.passed:
            raise duckdb.InterruptException
        return self._connection.execute(*_said(query))

    def rows(self, query: Select[Any]) -> list[tuple[Any, ...]]:
        """Its whole answer."""
        found: list[tuple[Any, ...]] = self.run(query).fetchall()
        return found

    def meant(self, table: Table, keys: Sequence[Key]) -> ColumnElement[bool]:
        """Whether a row has one of these keys."""
        pairs = (and_(*(self._equals(name, value) for name, value in zip(table.key, key, strict=True))) for key in keys)
        return or_(false(), *pairs)

    def _equals(self, name: str, value: str) -> ColumnElement[bool]:
        if self.kinds[name] == "text":
            return column(name) == value
        return cast(column(name), Text) == value if self.kinds[name] == "number" else column(name).is_not(None)

    def exactly(self, table: Table, keys: Iterable[Key]) -> ColumnElement[bool]:
        """Whether a row has one of these keys, and no row beside them: by its place where the columns may hold anything."""
        if self.lie is not None:
            return self.meant(table, sorted(keys))
        shown: list[ColumnElement[Any]] = [column(_ROW), *(column(name) for name in table.key)]
        meant = dict.fromkeys(keys)
        found = self.rows(select(*shown).select_from(named(NOW)).where(self.meant(table, list(meant))))
        return column(_ROW).in_([at for at, *key in found if tuple(map(rows.text, key)) in meant])

    def mark(self, flag: Flag) -> str:
        """What is written into a flag's column, as text that its type takes."""
        numbers = any(name.lower() == flag.column.lower() and kind not in {"BOOLEAN", "VARCHAR"} for name, kind in self.types.items())
        if isinstance(flag.out, bool):
            return str(int(flag.out)) if numbers else str(flag.out).lower()
        return str(flag.out)

    def essence(self, view: str, marks: Marks) -> tuple[Any, ...]:
        """What of a file must not change: how many rows, and all that they hold, but for the marks that are to be written."""
        texts: list[ColumnElement[Any]] = [cast(column(name), Text) for name in self.types if name not in marks]
        texts += [case((where, null()), else_=cast(column(name), Text)) for name, (_, where) in marks.items()]
        place: list[ColumnElement[Any]] = [column(_ROW)] if self.lie is None else []
        whole = func.hash(*texts, *place)
        (found,) = self.rows(select(func.count(), func.bit_xor(whole), func.sum(whole)).select_from(named(view)))
        return found

    def alike(self) -> bool:
        """Whether both files have the same columns of the same types."""
        shape = [[(each[0], str(each[1])) for each in self._connection.view(view).description] for view in (NOW, NEXT)]
        return shape[0] == shape[1]

    def copy(self, query: Select[Any], part: Path, compression: str) -> None:
        """The answer as a Parquet file, with what programs had put beside the columns."""
        text, values = _said(query)
        beside = self.beside(self.held.by_number)
        where, more = exp.Literal.string(str(part)).sql("duckdb"), ", KV_METADATA ?" if beside else ""
        copying = f"COPY ({text}) TO {where} (FORMAT parquet, COMPRESSION {compression}{more})"
        self._connection.execute(copying, [*values, *([beside] if beside else [])])

    def beside(self, path: str) -> dict[str, bytes]:
        """What programs put into a Parquet file beside its columns, as pandas does; but for Arrow's own copy of the old file's columns."""
        found = self._connection.execute("SELECT key, value FROM parquet_kv_metadata(?)", [path]).fetchall()
        return {key.decode(errors="replace"): value for key, value in found if key != _OF_ARROW}

    def codec(self) -> str:
        """How the Parquet file is compressed."""
        query = "SELECT lower(any_value(compression)) FROM parquet_metadata(?)"
        ((found,),) = self._connection.execute(query, [self.held.by_number]).fetchall()
        return str(found) if found in {"snappy", "gzip", "zstd", "lz4_raw", "brotli", "uncompressed"} else "snappy"

    def as_text(self, shown: ColumnElement[Any], holds: Holds) -> ColumnElement[Any]:  # noqa: ARG002 - the same for all
        """A column as text."""
        return cast(shown, Text)

    def like(self, text: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
        """Small letters of ASCII; a text with any other sign passes anyhow."""
        return (func.lower(text) if any(sign.isalpha() for sign in pattern) else text).like(pattern.lower(), escape=ESCAPE)

    def like_any(self, text: ColumnElement[Any], patterns: Sequence[str]) -> ColumnElement[bool]:
        """Whether a text is like any of the patterns."""
        return or_(*(self.like(text, pattern) for pattern in patterns))

    def foreign(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        """More bytes than signs."""
        met: ColumnElement[bool] = func.strlen(text) != func.length(text)
        return met

    def lettered(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        """By a class of signs."""
        met: ColumnElement[bool] = func.regexp_matches(text, literal("[A-Za-z]"))
        return met


def marked(stream: Stream, marks: Marks) -> Select[Any]:
    """All rows in their order, with their types; the marked columns as they are to be."""
    shown: list[ColumnElement[Any]] = []
    for name, kind in stream.types.items():
        own: ColumnElement[Any] = column(name)
        mark, where = marks.get(name, ("", None))
        shown.append((own if where is None else case((where, cast(literal(mark), _Kind(kind))), else_=own)).label(name))
    query: Select[Any] = select(*shown).select_from(named(NOW)).order_by(column(_ROW))
    return query


def _read(path: str, lie: Layout) -> exp.Anonymous:
    """The reader of a CSV file that lies so; nothing is guessed."""
    columns = [exp.PropertyEQ(this=exp.Literal.string(name), expression=exp.Literal.string("VARCHAR")) for name in lie.columns]
    words = {"delim": lie.delimiter, "quote": '"', "escape": '"', "encoding": lie.encoding}
    given: dict[str, exp.Expr] = {name: exp.Literal.string(word) for name, word in words.items()}
    given |= {"columns": exp.Struct(expressions=columns), "header": exp.true(), "auto_detect": exp.false()}
    named_ = [exp.EQ(this=exp.to_identifier(name), expression=value) for name, value in given.items()]
    return exp.Anonymous(this="read_csv", expressions=[exp.Literal.string(path), *named_])


def _said(query: Select[Any]) -> tuple[str, list[Any]]:
    """A query as DuckDB reads it, and its values."""
    made: Any = query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    return str(made), [made.params[name] for name in made.positiontup or ()]


def _holds(kind: str) -> Holds:
    return "text" if kind == "VARCHAR" else "number" if kind in _INTEGERS else "other"
