"""How a document is taken apart: Markdown into clauses, fenced blocks into statements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from upheld.policy.clauses import Clause, Front
from upheld.policy.faults import Fault, suggestion
from upheld.policy.language import HEADS, Lines, read_statement
from upheld.policy.statements import AnyStatement, Place

_MARK = re.compile(r"\s*\{([^{}\n]*)\}\s*\Z")
_ID_MARK = re.compile(r"\{(?:\.[\w-]+ )*#[^{}]*\}\s*\Z")
_ID = re.compile(r"[A-Za-z][\w-]*(?:\.[\w-]+)*")
_LONGEST_ID = 80
_LOOKS_LIKE_A_BLOCK = re.compile(r"[\s>*+-]*(?P<marker>```+|~~~+)\s*(?P<info>[^`]*)")
_FRONT_KEYS = ("company", "title", "version", "territory", "law")


@dataclass
class Reading:
    """What has been read so far."""

    front: Front = field(default_factory=lambda: Front("", "", ""))
    clauses: list[Clause] = field(default_factory=list)
    statements: list[AnyStatement] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    asides: list[Place] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    clause: str | None = None  # the one that a block would belong to
    ids: dict[str, int] = field(default_factory=dict)  # of clauses, with the line of each

    def fault(self, line: int, column: int, rule: str, message: str, hint: str | None = None) -> None:
        """Note what is wrong at a place."""
        self.faults.append(Fault(Place(line, column), rule, message, hint))


def read_document(text: str) -> Reading:
    """Everything that can be read of a document."""
    reading = Reading()
    lines = text.split("\n")
    body = _read_front(lines, reading)
    _close_fences(body, reading)
    tokens = blocks_of("\n".join(body))
    blocks, seen = set[int](), set[int]()
    for at, token in enumerate(tokens):
        if token.type in {"heading_open", "paragraph_open"}:
            seen.update(_read_clause(token, tokens[at + 1], body, reading))
        elif token.type == "fence" and token.map:
            blocks.add(token.map[0])
            seen.update(range(*token.map))
            _read_block(token, body, reading)
    _note_what_is_not_seen(body, blocks, seen, reading)
    if not reading.clauses:
        message, hint = "the document has no clause", "end a paragraph in an id, as in `{#use.partners}`, and put its statements below it"
        reading.fault(1, 1, "no-clause", message, hint)
    return reading


def blocks_of(text: str) -> list[Token]:
    """The Markdown blocks of a text, what stands inside its paragraphs unread."""
    markdown = MarkdownIt("commonmark")
    markdown.core.ruler.enableOnly(["normalize", "block"])
    return markdown.parse(text)


# Front matter


def _read_front(lines: list[str], reading: Reading) -> list[str]:
    """Read the front matter; the lines without it, blank instead, so that every line keeps its number."""
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None) if lines[0].rstrip() == "---" else None
    if end is None:
        reading.fault(1, 1, "front-matter", "the front matter is missing", "begin with `---`, company, title and version, and `---`")
        return lines
    values = dict[str, str]()
    for number, line in enumerate(lines[1:end], 2):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, colon, value = (part.strip() for part in line.partition(":"))
        if not colon:
            reading.fault(number, 1, "front-matter", "a line of the front matter without `:`", "write `key: value`")
        elif key not in _FRONT_KEYS:
            hint = suggestion(key, _FRONT_KEYS) or f"known are {', '.join(_FRONT_KEYS)}"
            reading.fault(number, 1, "front-matter", f"unknown key `{key[:40]}`", hint)
        elif key in values:
            reading.fault(number, 1, "front-matter", f"`{key}` is said twice", "keep one")
        else:
            values[key] = value
    for key in ("company", "title", "version"):
        if not _plain(values.get(key, "")):
            reading.fault(1, 1, "front-matter", f"the front matter does not say `{key}`", f"add a line `{key}: …`")
    company, title, version = (_plain(values.get(key, "")) for key in ("company", "title", "version"))
    reading.front = Front(company, title, version, _list(values.get("territory")), _list(values.get("law")))
    return [""] * (end + 1) + lines[end + 1 :]


def _plain(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _list(value: str | None) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[,\s]+", (value or "").strip("[]")) if part)


# Clauses


def _read_clause(opening: Token, inline: Token, body: list[str], reading: Reading) -> Iterable[int]:
    """Read a heading or paragraph; the lines of its that need no second look."""
    assert opening.map
    first = opening.map[0]
    heading = int(opening.tag[1]) if opening.tag.startswith("h") else 0
    start = Place(first + 1, _indent(body[first]) + 1)
    found = _MARK.search(inline.content)
    marks = found[1].split() if found else []
    if found is None or not any(mark[0] in "#." for mark in marks):
        if heading:
            reading.clause = None
        else:
            reading.asides.append(start)
        return ()
    last = max(at for at in range(*opening.map) if "{" in body[at])
    where = Place(last + 1, body[last].rfind("{") + 1)
    name = _clause_id(marks, where, reading)
    if name is None:
        return (last,)
    reading.clause = name
    if name in reading.ids:
        message = f"the clause id `{name}` is used twice, first in line {reading.ids[name]}"
        reading.faults.append(Fault(where, "duplicate-clause", message, "give one of them another id"))
    else:
        reading.ids[name] = start.line
        reading.clauses.append(Clause(name, inline.content[: found.start()], start, heading, ".statement" in marks))
    return (last,)


def _clause_id(marks: list[str], where: Place, reading: Reading) -> str | None:
    for mark in marks:
        if mark[0] != "#" and mark != ".statement":
            hint = suggestion(mark, [".statement"]) or "only `.statement` is known"
            reading.faults.append(Fault(where, "clause-id", f"unknown mark `{mark[:40]}`", hint))
    ids = [mark[1:] for mark in marks if mark[0] == "#"]
    sound = [name for name in ids if len(name) <= _LONGEST_ID and _ID.fullmatch(name)]
    if len(ids) > 1 or len(sound) < len(ids):
        message = f"`{{{' '.join(marks)[:60]}}}` is no clause id"
        reading.faults.append(Fault(where, "clause-id", message, "write one, as in `{#use.partners}`: letters, digits, `-`, dots between"))
    return sound[0] if sound else None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" >"))


# Blocks of statements


def _close_fences(body: list[str], reading: Reading) -> None:
    """Report a block that nothing closes, and close it where the text seems to go on, so that one fault does not hide the others."""
    opened: tuple[int, str, str] | None = None
    for at, line in enumerate(body):
        fence = _LOOKS_LIKE_A_BLOCK.fullmatch(line)
        if opened is None:
            opened = (at, fence["marker"], fence["info"].strip()) if fence else None
        elif fence and not fence["info"] and fence["marker"].startswith(opened[1]):
            opened = None
        elif opened[2] == "upheld" and (fence or _ID_MARK.search(line)):
            _report_unclosed(opened[0], reading)
            if not body[at - 1].strip():
                body[at - 1] = opened[1]
                opened = (at, fence["marker"], fence["info"].strip()) if fence else None
            elif fence:
                body[at] = ""  # no line is free to close the first block, so it goes on
    if opened is not None:
        _report_unclosed(opened[0], reading)


def _report_unclosed(at: int, reading: Reading) -> None:
    reading.fault(at + 1, 1, "unclosed-block", "this block is never closed", "add a line with ``` after its last statement")


def _read_block(token: Token, body: list[str], reading: Reading) -> None:
    assert token.map
    line, info = token.map[0] + 1, token.info.strip()
    if info != "upheld":
        head = (token.content.split() or [""])[0]
        near = suggestion(info, ["upheld"]) if info else None
        if near or head in HEADS:
            reading.fault(line, 1, "block", "the statements of this block are not run", "begin the block with ```upheld")
        return
    if reading.clause is None:
        message = "these statements stand under no clause"
        reading.fault(line, 1, "no-clause", message, "end the paragraph before the block in an id, as in `{#use.partners}`")
    for lines in _statements(token, body, reading):
        statement, faults = read_statement(lines, reading.clause or "")
        reading.faults.extend(faults)
        if statement is None:
            reading.unread.append(" ".join(lines.text[:200].split()))
        else:
            reading.statements.append(statement)


def _statements(token: Token, body: list[str], reading: Reading) -> Iterator[Lines]:
    assert token.map
    current = list[tuple[int, int, str]]()
    for offset, content in enumerate(token.content.split("\n"), 1):
        number = token.map[0] + offset + 1
        if not content.strip() or content.lstrip().startswith("#"):
            continue
        source = body[number - 1]
        cut = max(len(source) - len(content), 0)
        if "\t" in source:
            reading.fault(number, source.index("\t") + 1, "tab", "a tab in a statement", "use blanks; `upheld policy fmt --write` does")
            content = content.replace("\t", " ")  # noqa: PLW2901 - the tab is reported; what is left may be read
        if content.startswith(" "):
            if not current:
                content, cut = content.lstrip(" "), cut + len(content) - len(content.lstrip(" "))  # noqa: PLW2901 - reported; the rest may be read
                hint = "begin a statement without indentation"
                reading.fault(number, cut + 1, "indent", "a continuation line that continues nothing", hint)
        elif current:
            yield Lines(current)
            current = []
        current.append((number, cut, content))
    if current:
        yield Lines(current)


def _note_what_is_not_seen(body: list[str], blocks: set[int], seen: set[int], reading: Reading) -> None:
    """Ids and statements that Markdown takes for something else would silently not count: never."""
    for at, line in enumerate(body):
        fence = _LOOKS_LIKE_A_BLOCK.fullmatch(line) if "```" in line or "~~~" in line else None
        if fence and fence["info"].strip() and at not in blocks and at not in seen:
            message = "Markdown does not take this for a block, so its statements are not run"
            reading.fault(at + 1, 1, "block", message, "begin it in the first column, with a blank line before it")
        elif at not in seen and "{" in line and (mark := _ID_MARK.search(line)):
            message = f"`{mark[0].rstrip()[:60]}` ends no paragraph or heading, so it names no clause"
            hint = "leave a blank line after it, and no Markdown or HTML around it"
            reading.fault(at + 1, mark.start() + 1, "clause-id", message, hint)
