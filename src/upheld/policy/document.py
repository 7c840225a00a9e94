"""Reading a policy document: front matter, clauses, and the statements that keep them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from upheld.errors import Invalid, NotFound
from upheld.policy.clauses import Clause, Front
from upheld.policy.faults import Fault
from upheld.policy.statements import AnyStatement, Place

__all__ = ["LARGEST", "Clause", "Document", "Fault", "Front", "parse", "read", "read_text"]

LARGEST = 4 * 1024 * 1024
"""Bytes that a document may have."""


@dataclass(frozen=True, slots=True)
class Document:
    """One version of the document as read: everything that could be read, and every fault met on the way."""

    name: str  # how the user calls the file; used in places
    text: str  # normalised to LF
    hash: str  # sha256 of the text, hex
    front: Front
    clauses: tuple[Clause, ...]
    statements: tuple[AnyStatement, ...]
    faults: tuple[Fault, ...]
    asides: tuple[Place, ...] = ()  # paragraphs that are no clause and are not marked {.statement}
    unread: tuple[str, ...] = ()  # words of the statements that could not be read


def parse(text: str, name: str = "policy") -> Document:
    """The document that a text is. Its faults are in `.faults`, sorted by place, never raised; `Invalid` only if it is too big to read."""
    from upheld.policy.reading import read_document

    if len(text) > LARGEST or len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise Invalid(f"the policy is larger than {LARGEST // 1024 // 1024} MiB; split it, or take out what is not policy", place=name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    reading = read_document(text)
    return Document(
        name=name,
        text=text,
        hash=sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        front=reading.front,
        clauses=tuple(reading.clauses),
        statements=tuple(reading.statements),
        faults=tuple(sorted({*reading.faults}, key=lambda fault: (fault.place, fault.rule, fault.message))),
        asides=tuple(reading.asides),
        unread=tuple(reading.unread),
    )


def read(path: str | Path) -> Document:
    """The document in a file. `NotFound` if there is none; `Invalid`, in one line, if it is not plain UTF-8 text with LF line ends."""
    name = str(path)
    text = read_text(path)
    repair = f"run `upheld policy fmt --write {name}`, which puts it right"
    if text.startswith("\ufeff"):
        raise Invalid(f"the file begins with a byte order mark; {repair}", place=name)
    if "\r" in text:
        raise Invalid(f"the file has Windows line ends (CR LF); {repair}", place=f"{name}:{text[: text.index(chr(13))].count(chr(10)) + 1}")
    return parse(text, name)


def read_text(path: str | Path) -> str:
    """The text of a file with its line ends and byte order mark, if it can be text of a policy at all."""
    name = str(path)
    try:
        with Path(path).open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no file `{name}`") from None
    except OSError as problem:
        raise Invalid(f"`{name}` cannot be read: {(problem.strerror or 'it cannot be opened').lower()}") from None
    if len(raw) > LARGEST:
        raise Invalid(f"the policy is larger than {LARGEST // 1024 // 1024} MiB; split it, or take out what is not policy", place=name)
    if not raw.strip():
        raise Invalid("the file is empty; begin with the front matter, as policies/northgate.md does", place=name)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Invalid("the file is UTF-16; save it as UTF-8", place=name)
    if b"\0" in raw:
        raise Invalid("the file holds a NUL byte; it is no text: save it as UTF-8", place=f"{name}:{raw[: raw.index(0)].count(10) + 1}")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        raise Invalid(f"the file is not UTF-8 (byte {problem.start + 1}); save it as UTF-8", place=f"{name}:{line}") from None
