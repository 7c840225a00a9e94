"""One way to lay out a policy's statements. The page's prose stays as its author wrote it."""

from __future__ import annotations

import re

from lark import Token

from upheld.errors import Invalid
from upheld.policy.document import parse
from upheld.policy.language import tokens_of
from upheld.policy.reading import blocks_of

WIDTH = 100
"""Columns that a line of a statement may take, where it can be broken at all."""

_PARTS = frozenset({"USING", "CHOSEN", "WHEN", "UNLESS", "FOR", "GIVEN", "COVERING", "WITHIN", "PHONE", "EMAIL", "POST", "HOURS", "UNTIL"})
_NOT_AFTER = {"TO": {"IN", "KNOWN"}, "AS": {"WHEN", "UNLESS", "AND", "OR", "NOT"}, "BY": {"CHOSEN", "EXTENDABLE"}}
"""Words that begin a part of a statement, unless they follow one of these."""


def format(text: str, name: str = "policy") -> str:  # noqa: A001 - it is what it does
    """The text with its statements laid out in one way: the same statements, byte order mark and Windows line ends gone.

    A statement that cannot be read stays as it is. `Invalid` if a block is never closed: where it ends would be a guess.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for fault in parse(text, name).faults:
        if fault.rule == "unclosed-block":
            raise Invalid(f"{fault.message}; {fault.hint}", place=f"{name}:{fault.place.line}")
    lines = text.split("\n")
    for token in reversed(blocks_of(text)):
        if token.type == "fence" and token.info.strip() == "upheld" and token.map:
            first, last = token.map[0] + 1, token.map[1] - 1
            left = re.sub(r"[^\s>]", " ", lines[token.map[0]].split(token.markup)[0])
            lines[first:last] = [(left + line).rstrip() for line in _block(token.content)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _block(content: str) -> list[str]:
    """The lines of one block: statements laid out, comments before the statement they stand before or in, one blank line at most."""
    out, statement, since = list[str](), list[str](), list[str]()
    for line in content.replace("\t", " ").split("\n"):
        words = line.strip()
        if not words or words.startswith("#"):
            since.append(words)
        elif line.startswith(" ") and statement:
            out += [comment for comment in since if comment]
            since = []
            statement.append(line)
        else:
            out += [*_laid_out(statement), *since]
            statement, since = [line.lstrip()], []
    out += [*_laid_out(statement), *since]
    return [line for line, before in zip(out, ["", *out], strict=False) if line or before][: -1 if out[-1:] == [""] else None]


def _laid_out(lines: list[str]) -> list[str]:
    if not lines:
        return []
    tokens = tokens_of("\n".join(lines))
    if tokens is None:
        return [line.rstrip() for line in lines]
    whole = _joined(tokens)
    if len(whole) <= WIDTH or tokens[0].type == "PURPOSE":
        return [whole]
    parts = _parts(tokens)
    return [row for at, part in enumerate(parts) for row in _rows(part, "  " if at else "")]


def _joined(tokens: list[Token]) -> str:
    return "".join(_spaced(token, at) for at, token in enumerate(tokens))


def _spaced(token: Token, at: int) -> str:
    glued = at == 0 or token.type in {"COMMA", "COLON"}
    return ("" if glued else " ") + (" ".join(token.split()) if token.type == "TEXT" else str(token))


def _parts(tokens: list[Token]) -> list[list[Token]]:
    """A statement cut before each word that begins a part of it; `changes` is one sentence and has none."""
    parts: list[list[Token]] = [[]]
    for before, token in zip([None, *tokens], tokens, strict=False):
        begins = token.type in _PARTS or (token.type in _NOT_AFTER and before is not None and before.type not in _NOT_AFTER[token.type])
        if begins and tokens[0].type not in {"CHANGES", "KEEP"}:
            parts.append([])
        parts[-1].append(token)
    return parts


def _rows(part: list[Token], left: str) -> list[str]:
    """One part as a row, or as several, cut after commas."""
    rows, row = list[str](), left
    for at, token in enumerate(part):
        piece = _spaced(token, at)
        end = next((later for later, other in enumerate(part[at:], at) if other.type == "COMMA"), len(part) - 1)
        ahead = len(_joined(part[at : end + 1]))
        if at and part[at - 1].type == "COMMA" and len(row) + 1 + ahead > WIDTH:
            rows.append(row)
            row, piece = left + "  ", piece.lstrip()
        row += piece
    return [*rows, row]
