"""Whom the rows of a list name: all match codes of all rows, chunk by chunk, kept on disk while the release runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from upheld.gate.lists import ROW, OpenList
from upheld.gate.mapping import ColumnMap
from upheld.gate.orders import Watch
from upheld.gate.workbench import Workbench, said
from upheld.people.codes import Keys
from upheld.people.columns import Chunk, Columns, Reader
from upheld.people.matching import Index

CHUNK = 500_000
THREADS = 2


@dataclass(slots=True)
class Gathered:
    """The codes of a list's rows, in files of `folder`; `named` says which rows name somebody.

    `unread`: by column, the rows in which it holds something that identifies somebody, but nobody can tell whom.
    """

    folder: Path
    named: NDArray[np.bool_]
    unread: dict[int, NDArray[np.bool_]] = field(default_factory=dict)
    bases: list[int] = field(default_factory=list)

    def add(
        self, base: int, codes: NDArray[np.uint64], guards: NDArray[np.uint32], rows: NDArray[np.int64], kept: NDArray[np.bool_]
    ) -> None:
        """Keep a chunk's codes; `kept` marks those that will be evidence."""
        np.save(self._file(base, "codes"), codes)
        np.save(self._file(base, "guards"), guards)
        np.save(self._file(base, "rows"), (rows - base).astype(np.uint32))
        np.save(self._file(base, "kept"), kept)
        self.named[rows] = True
        self.bases.append(base)

    def meet(self, index: Index) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All rows with the known persons they match, each pair once."""
        if not len(index) or not self.bases:
            return np.empty(0, np.int64), np.empty(0, np.int64)

        def match(base: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
            return index.match(Chunk(self._load(base, "codes"), self._load(base, "guards"), self._rows(base)))

        with ThreadPoolExecutor(THREADS) as pool:  # NumPy lets go of the interpreter while it looks up
            rows, persons = zip(*pool.map(match, self.bases), strict=True)
        return np.concatenate(rows), np.concatenate(persons)

    def evidence(self, keep: NDArray[np.bool_]) -> NDArray[np.uint64]:
        """The evidence codes of the rows that are kept, sorted, each once."""
        parts = [self._load(base, "codes")[self._load(base, "kept") & keep[self._rows(base)]] for base in self.bases]
        codes = np.concatenate(parts) if parts else np.empty(0, np.uint64)
        parts.clear()
        codes.sort()
        new = np.ones(len(codes), dtype=np.bool_)
        np.not_equal(codes[1:], codes[:-1], out=new[1:])
        return codes if new.all() else codes[new]

    def chunks(self) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.int64]]]:
        """Evidence codes and their rows, chunk by chunk."""
        for base in self.bases:
            kept = self._load(base, "kept")
            yield self._load(base, "codes")[kept], self._rows(base)[kept]

    def _rows(self, base: int) -> NDArray[np.int64]:
        return self._load(base, "rows").astype(np.int64) + base

    def _load(self, base: int, what: str) -> NDArray[Any]:
        loaded: NDArray[Any] = np.load(self._file(base, what))
        return loaded

    def _file(self, base: int, what: str) -> Path:
        return self.folder / f"{what}.{base}.npy"


def gather(opened: OpenList, mapping: ColumnMap, bench: Workbench, keys: Keys, folder: Path, watch: Watch) -> Gathered:
    """Compute the match codes of every row. The codes of a chunk are computed and kept while the next one is read."""
    all_columns = all_columns_of(mapping)
    readers = [(Reader(cursor := bench.connection.cursor(), columns, keys, threads=THREADS), cursor) for columns in all_columns]
    gathered = Gathered(folder, np.zeros(opened.rows, dtype=np.bool_))
    with ThreadPoolExecutor(1) as pool:
        before: Future[None] | None = None
        for base in range(0, opened.rows, CHUNK):
            watch("read", base, opened.rows)
            with said():
                looks = [reader.look(cursor.sql(_window(opened, base)), row=ROW) for reader, cursor in readers]
            if before is not None:
                before.result()
            before = pool.submit(_keep, gathered, base, looks, all_columns)
        if before is not None:
            before.result()
    for _, cursor in readers:
        cursor.close()
    watch("read", opened.rows, opened.rows)
    return gathered


def _window(opened: OpenList, base: int) -> str:
    """The rows of one chunk."""
    row = exp.column(ROW)
    window = exp.and_(
        exp.GTE(this=row, expression=exp.Literal.number(base)), exp.LT(this=row.copy(), expression=exp.Literal.number(base + CHUNK))
    )
    return exp.select("*").from_(opened.relation.subquery("list")).where(window).sql("duckdb")


def _keep(gathered: Gathered, base: int, looks: Sequence[Callable[[], Chunk]], all_columns: Sequence[Columns]) -> None:
    """Compute the codes of a chunk and keep them."""
    chunks = [look() for look in looks]
    for chunk, columns in zip(chunks, all_columns, strict=True):
        _note_unread(gathered, base, chunk, columns)
    chunk = _joined(chunks)
    gathered.add(base, chunk.codes, chunk.guards, chunk.rows, _evident(chunk, base))


def _joined(chunks: list[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    parts = [(chunk.codes, chunk.guards, chunk.rows, chunk.plain) for chunk in chunks]
    codes, guards, rows, plain = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Chunk(codes, guards, rows, plain=plain)


def _note_unread(gathered: Gathered, base: int, chunk: Chunk, columns: Columns) -> None:
    for kind in ("email", "phone", "account"):
        column = getattr(columns, kind)
        if column is None:
            continue
        is_unread = np.zeros(CHUNK, dtype=np.bool_)
        is_unread[chunk.given[kind] - base] = True
        is_unread[chunk.read[kind] - base] = False
        unread = np.flatnonzero(is_unread) + base
        if len(unread):
            gathered.unread.setdefault(int(column[1:]), np.zeros_like(gathered.named))[unread] = True


def _evident(chunk: Chunk, base: int) -> NDArray[np.bool_]:
    """The codes that are kept as evidence: those of the identifier as a whole; for a row that has none, whatever it has."""
    has = np.zeros(CHUNK, dtype=np.bool_)
    has[chunk.rows[chunk.plain] - base] = True
    return chunk.plain | ~has[chunk.rows - base]


def columns_of(mapping: ColumnMap) -> Columns:
    """Which of a list's columns make identifiers; where several have a role, the first."""
    return all_columns_of(mapping)[0]


def all_columns_of(mapping: ColumnMap) -> tuple[Columns, ...]:
    """The same, and then the second columns of each role, the third …: a person is met by whichever of them."""

    def column(role: str, turn: int) -> str | None:
        places = mapping.places(role)
        return f"c{places[turn]}" if turn < len(places) else None

    def made(turn: int) -> Columns:
        post = mapping.by_post and column("address", turn) is not None
        split = post and bool(mapping.places("first")) and bool(mapping.places("last"))

        def part(role: str) -> str | None:
            return column(role, turn) or column(role, 0)  # one name with two addresses

        return Columns(
            email=column("email", turn),
            phone=column("phone", turn),
            account=column("account", turn),
            first=part("first") if split else None,
            last=part("last") if split else None,
            name=part("full") if post and not split else None,
            address=column("address", turn) if post else None,
            zip=part("zip") if post else None,
        )

    most = max((len(mapping.places(role)) for role in ("email", "phone", "account", "address")), default=1)
    return tuple(columns for turn in range(most) if (columns := made(turn)).kinds or turn == 0)
