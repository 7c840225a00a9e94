"""Small policies for tests: a front matter, one clause, and the statements of the test."""

from __future__ import annotations

from upheld.policy.document import Document, parse

FRONT = "---\ncompany: Example\ntitle: Privacy\nversion: 1\n---\n\n"
FIRST = 10
"""The line in which the first statement of `page` stands."""


def page(*statements: str, clause: str = "c") -> str:
    """A document with these statements under one clause, a statement a line unless it brings more."""
    return f"{FRONT}We do this. {{#{clause}}}\n\n```upheld\n" + "".join(f"{statement}\n" for statement in statements) + "```\n"


def read(*statements: str) -> Document:
    """The document with these statements."""
    return parse(page(*statements))


def only(statement: str) -> object:
    """The one statement that a text says; it has no fault."""
    document = read(statement)
    assert [(fault.place, fault.message) for fault in document.faults] == []
    (said,) = document.statements
    return said
