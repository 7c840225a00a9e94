"""Lines taken apart: numbers, and places in a buffer. It lives only until its texts are replaced by codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from upheld.traffic.parsing.addresses import prefixes
from upheld.traffic.parsing.hashing import I64, LONGEST, PADDING, U64, Keys, hashes, windows

NOT_TIMED = -1


@dataclass(frozen=True, slots=True)
class Texts:
    """One field of every line: where it lies in the buffer, and its hash."""

    at: I64
    length: I64
    hash: U64


@dataclass(slots=True)
class Split:
    """Lines that could be read.

    `prefix`: the truncated address (`addresses`); `hour`: since 1970 UTC; `micros`: NOT_TIMED if not told; `tells_agent`: whether this form
    of log says which program asked. `rejected`: lines that could not be read, by reason; `odd`: (start, end) of lines that this way of
    splitting leaves to the slow one.
    """

    buffer: bytes | memoryview
    prefix: U64
    path: Texts
    query: Texts
    referrer: Texts
    agent: Texts
    hour: I64
    status: I64
    size: I64
    micros: I64
    signal: NDArray[np.bool_]
    tells_agent: bool = True
    rejected: Counter[str] = field(default_factory=Counter)
    odd: list[tuple[int, int]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.hour)

    def text(self, of: Texts, line: int) -> str:
        """What a field of one line says."""
        at = int(of.at[line])
        return str(self.buffer[at : at + int(of.length[line])], "utf-8", "replace")


@dataclass(slots=True)
class Row:
    """One line that was read slowly, before it joins the others."""

    address: str
    target: str
    referrer: str
    agent: str
    hour: int
    status: int
    size: int
    micros: int
    signal: bool


def of_rows(rows: Sequence[Row], keys: Keys, *, tells_agent: bool = True) -> Split:
    """Lines that were read one by one, in the same form as those read many at a time."""
    targets = [row.target.partition("?") for row in rows]
    columns = [
        [row.address[:64] for row in rows],
        [path for path, _, _ in targets],
        [query for _, _, query in targets],
        [row.referrer for row in rows],
        [row.agent for row in rows],
    ]
    packed = [[text.encode("utf-8", "replace")[:LONGEST] for text in column] for column in columns]
    buffer = b"".join(piece for column in packed for piece in column) + bytes(PADDING)
    lengths = np.array([[len(piece) for piece in column] for column in packed], dtype=np.int64).reshape(len(columns), len(rows))
    ends = np.array(list(accumulate(lengths.ravel().tolist())), dtype=np.int64).reshape(lengths.shape)
    words = windows(buffer)
    texts = [Texts(end - length, length, hashes(words, end - length, length, keys)) for end, length in zip(ends, lengths, strict=True)]
    numbers = np.array([(row.hour, row.status, row.size, row.micros, row.signal) for row in rows], dtype=np.int64).reshape(len(rows), 5)
    hour, status, size, micros, signal = (np.ascontiguousarray(column) for column in numbers.T)
    prefix = prefixes(buffer, texts[0].at, texts[0].length)
    return Split(buffer, prefix, texts[1], texts[2], texts[3], texts[4], hour, status, size, micros, signal.astype(np.bool_), tells_agent)
