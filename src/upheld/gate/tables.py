"""Lists that are tables of a database: `sqlite:///shop.db#customers`, `postgresql://user@host/shop#customers`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pysqlite3
from sqlalchemy import Engine, MetaData, Table, create_engine, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchTableError

from upheld.errors import Invalid, NotFound
from upheld.gate.lines import Reject

ROWS_AT_ONCE = 20_000
_SCHEMES = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A table of a database, not yet opened."""

    url: URL
    table: str

    @property
    def name(self) -> str:
        """How it is called to the user and in the record; without a password, wherever in the address one may stand."""
        return f"{self.url.set(query={}).render_as_string(hide_password=True)}#{self.table}"


def source_of(text: str) -> Source | None:
    """The source that a command line names, None if it names a file. `Invalid` if it is a URL of a kind that is not read."""
    scheme, colon, _ = text.partition("://")
    if not colon:
        return None
    address, _, table = text.partition("#")
    if scheme not in _SCHEMES:
        raise Invalid(f"lists are read from files, `sqlite:///FILE#TABLE` and `postgresql://…#TABLE`, not from `{scheme}:`")
    if not table:
        raise Invalid("name the table behind the database, as in `sqlite:///shop.db#customers`")
    try:
        url = make_url(address).set(drivername=_SCHEMES[scheme])
    except (ArgumentError, ValueError) as error:  # the latter for a port that is no number
        raise Invalid(
            "the database's address cannot be understood: write `sqlite:///FILE#TABLE` or `postgresql://USER@HOST/DATABASE#TABLE`"
        ) from error
    return Source(url, table)


@contextlib.contextmanager
def opened(source: Source, reject: Reject) -> Iterator[tuple[tuple[str, ...], Iterator[list[str | None]]]]:
    """The columns' names and all rows as text, of one moment of the database. Rows count from 1 for `reject`."""
    engine = _engine(source)
    try:
        table = _reflected(engine, source)
        with engine.connect().execution_options(stream_results=True, yield_per=ROWS_AT_ONCE) as conn:
            answer = conn.execute(select(table))
            yield tuple(answer.keys()), _texts(answer, reject)
    except DBAPIError as error:
        raise Invalid(
            "the database does not answer, or the table may not be read: look at its address and rights", place=source.name
        ) from error
    finally:
        engine.dispose()


def _engine(source: Source) -> Engine:
    if source.url.get_backend_name() != "sqlite":
        return create_engine(source.url, isolation_level="REPEATABLE READ")
    path = Path(source.url.database or "")
    if not path.is_file():
        raise NotFound(f"no database `{path}`")
    # Opened for reading only: a release never writes to the shop's own database.
    return create_engine(
        "sqlite://",
        creator=lambda: pysqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False),
        module=pysqlite3,
    )


def _reflected(engine: Engine, source: Source) -> Table:
    schema, _, name = source.table.rpartition(".")
    try:
        return Table(name, MetaData(), schema=schema or None, autoload_with=engine)
    except NoSuchTableError as error:
        there = sorted(inspect(engine).get_table_names(schema=schema or None))
        near = f": there are {', '.join(f'`{one}`' for one in there[:8])}" if there else ""
        raise NotFound(f"no table `{source.table}`{near}") from error


def _texts(answer: Iterator[Sequence[object]], reject: Reject) -> Iterator[list[str | None]]:
    for number, row in enumerate(answer, 1):
        texts = [_text(value) for value in row]
        if any(text is not None and "\0" in text for text in texts):
            reject(number, "holds a NUL byte")
            continue
        yield texts


def _text(value: object) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case datetime() | date():
            return value.isoformat()
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return str(value)
