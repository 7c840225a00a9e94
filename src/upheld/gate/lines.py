"""The lines of a text file, numbered, in bounded memory; what cannot be read is a reject, never an error in the middle."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from upheld.errors import Invalid

LONGEST = 1 << 20
"""A longer line (bytes) is no line of a list: it is rejected, and never held whole."""

SAMPLE = 1 << 18
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

Reject = Callable[[int, str], None]
"""Takes a line's number and why it cannot be read."""


def encoding_of(path: Path, given: str | None = None) -> str:
    """The encoding of a text file: as given, by its byte order mark, or UTF-8. `Invalid` says what to do if it is none of these."""
    if given is not None:
        try:
            return codecs.lookup(given).name
        except LookupError as error:
            raise Invalid(f"unknown encoding `{given}`: say one such as `utf-8`, `cp1252` or `utf-16`") from error
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError as error:
        number = start.count(b"\n", 0, error.start) + 1
        raise Invalid(f"`{path.name}` is not utf-8: say its encoding with `--encoding`, e.g. `cp1252`", place=f"{path}:{number}") from error
    return "utf-8"


def lines(path: Path, encoding: str, reject: Reject) -> Iterator[tuple[int, str]]:
    """The lines that can be read, each with its number from 1 and without a byte order mark; line ends are kept."""
    with path.open("rb") as file:
        if encoding.startswith(("utf-16", "utf-32")) or _ends_with_return(path):
            yield from _wide(file, encoding, path, reject)
        else:
            yield from _narrow(file, encoding, reject)


def _narrow(file: BinaryIO, encoding: str, reject: Reject) -> Iterator[tuple[int, str]]:
    number = 0
    while raw := file.readline(LONGEST):
        number += 1
        if len(raw) == LONGEST and not raw.endswith(b"\n"):
            _skip(file)
            reject(number, "longer than 1 MiB")
            continue
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if b"\0" in raw:
            reject(number, "holds a NUL byte")
            continue
        try:
            yield number, raw.decode(encoding)
        except UnicodeDecodeError:
            reject(number, f"not {encoding}")


def _skip(file: BinaryIO) -> None:
    while (rest := file.readline(LONGEST)) and not rest.endswith(b"\n"):
        pass


def _wide(file: BinaryIO, encoding: str, path: Path, reject: Reject) -> Iterator[tuple[int, str]]:
    """Encodings whose line ends are not one byte, and files whose lines end with a carriage return alone."""
    text = io.TextIOWrapper(file, encoding=encoding, newline=None)
    number = 0
    try:
        while line := text.readline(LONGEST):
            number += 1
            if len(line) == LONGEST and not line.endswith("\n"):
                while (rest := text.readline(LONGEST)) and not rest.endswith("\n"):
                    pass
                reject(number, "longer than 1 MiB")
            elif "\0" in line:
                reject(number, "holds a NUL byte")
            else:
                yield number, line.removeprefix("\ufeff") if number == 1 else line
    except UnicodeError as error:
        raise Invalid(f"`{path.name}` is not {encoding}: say its encoding with `--encoding`", place=f"{path}:{number + 1}") from error
    finally:
        text.detach()


def _ends_with_return(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    return b"\n" not in start and b"\r" in start
