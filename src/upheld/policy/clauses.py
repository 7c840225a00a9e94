"""What a document has beside its statements: clauses and front matter."""

from __future__ import annotations

from dataclasses import dataclass

from upheld.policy.statements import Place


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
