"""The common, combined and vhost forms, many lines at a time by NumPy: whatever does not look exactly so is left to the slow way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upheld.traffic.parsing.addresses import prefixes
from upheld.traffic.parsing.hashing import I64, LONGEST, PADDING, U64, Keys, hashes, windows
from upheld.traffic.parsing.split import NOT_TIMED, Split, Texts
from upheld.traffic.parsing.times import CLF_LENGTH, NO_TIME, clf_hours

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PROPFIND")
LONGEST_SIZE = 15
_METHOD_WORDS = np.array(sorted(int.from_bytes(name.encode(), "little") for name in METHODS), dtype=np.uint64)
_HTTP = np.uint64(int.from_bytes(b"HTTP/", "little"))
_FIVE = np.uint64((1 << 40) - 1)
_BEYOND = 1 << 60

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shape:
    """How such lines are built: `lead` words before the time, the address being the word number `address`; quoted `referred`, or not."""

    lead: int
    address: int
    referred: bool

    @property
    def quotes(self) -> int:
        """How many quotation marks a line has."""
        return 6 if self.referred else 2


SHAPES = {"common": Shape(3, 0, referred=False), "combined": Shape(3, 0, referred=True), "vhost": Shape(4, 1, referred=True)}


def split(chunk: bytes | memoryview, shape: Shape, keys: Keys) -> Split:
    """Whole lines taken apart."""
    buffer = bytes(chunk) + bytes(PADDING)
    letters, words = np.frombuffer(buffer, dtype=np.uint8), windows(buffer)
    text = letters[: len(chunk)]
    ends = np.flatnonzero(text == 10)
    starts = np.concatenate(([0], ends[:-1] + 1)).astype(np.int64)
    stops = ends - (letters[np.maximum(ends - 1, 0)] == 13)
    quotes, spaces = np.flatnonzero(text == 34), np.flatnonzero(text == 32)
    plain = _without_backslash(text, ends)
    first_quote = np.searchsorted(quotes, starts)
    plain &= np.searchsorted(quotes, ends) - first_quote == shape.quotes
    plain &= stops - starts >= CLF_LENGTH + 8
    rows = np.flatnonzero(plain)
    begins, finish = starts[rows], stops[rows]
    quote = [quotes[first_quote[rows] + number] for number in range(shape.quotes)]
    spaces = np.concatenate((spaces, np.full(shape.lead + 8, _BEYOND)))
    first_space = np.searchsorted(spaces, begins)
    space = [spaces[first_space + number] for number in range(shape.lead + 6)]
    good = _built(letters, words, quote, space, begins, finish, shape)
    kept = rows[good]
    quote, space = [each[good] for each in quote], [each[good] for each in space]
    made = _fields(buffer, letters, words, quote, space, starts[kept], stops[kept], shape, keys)
    odd = np.ones(len(starts), dtype=np.bool_)
    odd[kept] = False
    made.odd = list(zip(starts[odd].tolist(), stops[odd].tolist(), strict=True))
    return made


def _without_backslash(text: NDArray[np.uint8], ends: I64) -> Bools:
    plain = np.ones(len(ends), dtype=np.bool_)
    found = np.flatnonzero(text == 92)
    plain[np.searchsorted(ends, found)] = False
    return plain


def _built(letters: NDArray[np.uint8], words: U64, quote: list[I64], space: list[I64], begins: I64, finish: I64, shape: Shape) -> Bools:
    """Whether lines are built exactly as the shape says: marks at their places, a known method, a number for the status."""
    lead, opened, closed = shape.lead, quote[0], quote[1]
    good = (space[lead - 1] == opened - CLF_LENGTH - 4) & (space[lead + 1] == opened - 1) & (space[0] > begins)
    good &= (letters[opened - 2] == 93) & (letters[opened - CLF_LENGTH - 3] == 91)
    after_method, after_target, after_status = space[lead + 2], space[lead + 3], space[lead + 5]
    good &= (after_target < closed) & (space[lead + 4] == closed + 1) & (after_status == closed + 5) & (after_target > after_method + 1)
    length = np.clip(after_method - opened - 1, 0, 8)
    method = words[opened + 1] & _below(length)
    good &= (after_method - opened - 1 <= 8) & np.isin(method, _METHOD_WORDS)
    good &= words[np.where(good, after_target + 1, 0)] & _FIVE == _HTTP
    for place in (2, 3, 4):
        mark = letters[np.minimum(closed + place, len(letters) - 1)]
        good &= (mark >= 48) & (mark <= 57)
    if shape.referred:
        good &= (letters[quote[2] - 1] == 32) & (quote[2] > closed + 7) & (quote[4] == quote[3] + 2) & (letters[quote[3] + 1] == 32)
        good &= quote[5] + 1 == finish
        good &= (quote[3] - quote[2] - 1 <= LONGEST) & (quote[5] - quote[4] - 1 <= LONGEST)
    size_end = quote[2] - 1 if shape.referred else finish
    good &= (size_end - closed - 6 >= 1) & (size_end - closed - 6 <= LONGEST_SIZE) & (after_target - after_method - 1 <= LONGEST)
    good &= _is_number(letters, np.where(good, closed + 6, 0), np.where(good, size_end - closed - 6, 0))
    fits: Bools = good
    return fits


def _fields(
    buffer: bytes,
    letters: NDArray[np.uint8],
    words: U64,
    quote: list[I64],
    space: list[I64],
    begins: I64,
    finish: I64,
    shape: Shape,
    keys: Keys,
) -> Split:
    lead, closed = shape.lead, quote[1]
    target, target_end = space[lead + 2] + 1, space[lead + 3]
    marks = np.concatenate((np.flatnonzero(letters == 63), [_BEYOND]))
    mark = np.minimum(marks[np.searchsorted(marks, target)], target_end)
    query = np.minimum(mark + 1, target_end)
    nothing = np.zeros(len(begins), dtype=np.int64)
    pieces = [(target, mark - target), (query, target_end - query), (nothing, nothing), (nothing, nothing)]
    if shape.referred:
        pieces[2:] = [(quote[2] + 1, quote[3] - quote[2] - 1), (quote[4] + 1, quote[5] - quote[4] - 1)]
    path, asked, referrer, agent = (Texts(at, length, hashes(words, at, length, keys)) for at, length in pieces)
    address = begins if shape.address == 0 else space[shape.address - 1] + 1
    status = sum((letters[closed + place].astype(np.int64) - 48) * weight for place, weight in ((2, 100), (3, 10), (4, 1)))
    size_end = quote[2] - 1 if shape.referred else finish
    size = _numbers(letters, closed + 6, size_end - closed - 6)
    hour = clf_hours(letters, quote[0] - CLF_LENGTH - 2)
    prefix = prefixes(buffer, address, space[shape.address] - address)
    every = (prefix, hour, np.asarray(status), size, np.full(len(begins), NOT_TIMED))
    timed = hour != NO_TIME
    rejected = Counter({"time": int((~timed).sum()), "address": int((timed & (prefix == 0)).sum())})
    good = timed & (prefix != 0)
    prefix, hour, status, size, micros = (each[good] for each in every)
    path, asked, referrer, agent = (Texts(each.at[good], each.length[good], each.hash[good]) for each in (path, asked, referrer, agent))
    signal = np.zeros(int(good.sum()), dtype=np.bool_)
    return Split(buffer, prefix, path, asked, referrer, agent, hour, status, size, micros, signal, shape.referred, +rejected)


def _is_number(letters: NDArray[np.uint8], at: I64, length: I64) -> Bools:
    """Whether pieces are digits, or a single dash."""
    good = np.ones(len(at), dtype=np.bool_)
    for place in range(int(length.max(initial=0))):
        mark = letters[at + place]
        good &= (place >= length) | ((mark >= 48) & (mark <= 57)) | ((mark == 45) & (length == 1))
    return good


def _numbers(letters: NDArray[np.uint8], at: I64, length: I64) -> I64:
    made = np.zeros(len(at), dtype=np.int64)
    for place in range(int(length.max(initial=0))):
        digit = letters[at + place].astype(np.int64) - 48
        made = np.where(place < length, made * 10 + np.maximum(digit, 0), made)
    return made


def _below(length: I64) -> U64:
    """Masks that keep the first `length` bytes of a word."""
    some = (np.uint64(1) << (np.minimum(length, 7) << 3).astype(np.uint64)) - np.uint64(1)
    return np.where(length >= 8, np.uint64(0xFFFFFFFFFFFFFFFF), some)
