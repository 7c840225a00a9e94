"""Reading a policy document: front matter, clauses, and the statements that keep them."""

from __future__ import annotations

from dataclasses import dataclass

from upheld.policy.statements import AnyStatement, Place


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with a document. `rule` is a stable name (`unknown-item`, `syntax` …); `hint` says what to do."""

    place: Place
    rule: str
    message: str
    hint: str | None = None
    severity: str = "error"  # or "warning"


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of the published text with an id."""

    id: str
    text: str  # its Markdown, without the id
    place: Place
    heading: int  # 1-6 for a heading, 0 for a paragraph
    is_statement_only: bool = False  # marked {.statement}: promises nothing enforceable


@dataclass(frozen=True, slots=True)
class Front:
    """The front matter."""

    company: str
    title: str
    version: str
    territory: tuple[str, ...] = ()
    law: tuple[str, ...] = ()


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
