"""Parsing one statement of the policy language, and saying in plain words what was expected where it cannot be read."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cache

from lark import Lark, Token
from lark.exceptions import UnexpectedToken

from upheld.policy import tables
from upheld.policy.building import build
from upheld.policy.faults import Fault, suggestion
from upheld.policy.statements import AnyStatement, Place

LONGEST = 20_000
"""Characters that one statement may have."""
LONGEST_WORD = 80
"""Characters that one word of it may have."""

HEADS = tuple("purpose topic collect keep allow forbid never always stop right contact staff ask notice changes".split())
"""The words that statements begin with."""

_IN_WORDS = {
    "WORD": "a name",
    "TEXT": "its meaning in words",
    "INT": "a number",
    "STRING": 'words in double quotes, as in "service@northgate.example"',
    "CLOCK": "hours, as in 06:00-17:00",
    "COMMA": "`,`",
    "COLON": "`:`",
    "$END": "the end of the statement",
}


@cache
def _parser() -> Lark:
    return tables.load()


class Lines:
    """The lines of one statement and where they stand in the file, so that a position in the one is a place in the other."""

    def __init__(self, lines: Iterable[tuple[int, int, str]]) -> None:
        """Take (line in the file, columns cut off on its left, text) for each line."""
        self._lines = list(lines)
        self.text = "\n".join(text for _, _, text in self._lines)

    def place(self, line: int = 1, column: int = 1) -> Place:
        """The place in the file of a 1-based line and column of the text; before the first and after the last line is at the edge."""
        number, cut, _ = self._lines[min(line, len(self._lines)) - 1]
        return Place(number, cut + column)

    def end(self) -> Place:
        """The place just after the last character."""
        number, cut, text = self._lines[-1]
        return Place(number, cut + len(text.rstrip()) + 1)


def read_statement(lines: Lines, clause: str) -> tuple[AnyStatement | None, list[Fault]]:
    """The statement on these lines, or what is wrong with it."""
    start = lines.place()
    if len(lines.text) > LONGEST:
        hint = "write several statements"
        return None, [Fault(start, "too-long", f"a statement of {len(lines.text)} characters; at most {LONGEST} are read", hint)]
    try:
        tree = _parser().parse(lines.text)
    except UnexpectedToken as stop:
        return None, [_syntax_fault(stop, lines)]
    faults = list[Fault]()
    for word in tree.scan_values(lambda one: isinstance(one, Token)):
        if isinstance(word, Token) and word.type == "WORD" and len(word) > LONGEST_WORD:
            message = f"`{_short(word)}` has {len(word)} characters; a word has {LONGEST_WORD} at most"
            faults.append(Fault(lines.place(word.line or 1, word.column or 1), "too-long", message, "choose a shorter one"))
    folded = " ".join(lines.text.split())
    statement = build(tree, clause, start, folded, lambda message, hint: faults.append(Fault(start, "syntax", message, hint)))
    if lines.text.rstrip().endswith(",") and not lines.text.startswith("purpose"):
        faults.append(Fault(lines.end(), "syntax", "the statement ends with a `,`", "leave it out, or finish the statement"))
    return (None, faults) if faults else (statement, [])


def tokens_of(text: str) -> list[Token] | None:
    """The words, numbers and marks of one statement in order; None if it cannot be read."""
    if len(text) > LONGEST:
        return None
    parser = _parser().parse_interactive(text)
    try:
        tokens = list(parser.exhaust_lexer())
        parser.feed_eof()  # type: ignore[no-untyped-call]
    except UnexpectedToken:
        return None
    return tokens


def _syntax_fault(stop: UnexpectedToken, lines: Lines) -> Fault:
    token = stop.token
    at_end = token.type == "$END"
    place = lines.end() if at_end else lines.place(token.line or 1, token.column or 1)
    accepts = _accepted(lines.text)
    found = "the statement ends" if at_end else f"found `{_short(token)}`"
    if lines.text.lstrip().startswith(str(token)) and token.start_pos == 0:
        hint = suggestion(str(token), HEADS) or "see the list of statements in docs/policy-language.md"
        return Fault(place, "syntax", f"no statement begins with `{_short(token)}`", hint)
    keywords = {_keyword(name) for name in accepts if name not in _IN_WORDS}
    near = None if at_end else suggestion(str(token), sorted(keywords)) or _advice(str(token), lines.text)
    return Fault(place, "syntax", f"{found}, where {_one_of(accepts)} was expected", near)


def _accepted(text: str) -> set[str]:
    """The terminals that the parser would have taken where it stopped."""
    parser = _parser().parse_interactive(text)
    with suppress(UnexpectedToken):
        parser.exhaust_lexer()
    return set(parser.accepts())  # type: ignore[no-untyped-call]


def _advice(found: str, text: str) -> str | None:
    if found == "or" and " when " in f" {text} ":
        return "`when` joins its conditions with `and`; write a second statement for the other case"
    if found == "and" and " unless " in f" {text} ":
        return "`unless` joins its conditions with `or`"
    if found in {"and", "or"}:
        return "join names with `,`"
    return None


def _one_of(accepts: Iterable[str]) -> str:
    names = sorted(f"`{_keyword(name)}`" for name in accepts if name not in _IN_WORDS)
    kinds = [words for name, words in _IN_WORDS.items() if name in accepts]
    every = kinds + names
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} or {every[-1]}" if every else "nothing more"


def _keyword(terminal: str) -> str:
    return terminal.lower()


def _short(token: str) -> str:
    return token if len(token) <= 40 else f"{token[:40]}…"
