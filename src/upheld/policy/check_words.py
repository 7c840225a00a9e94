"""The closed vocabulary: every word that a statement uses is built in or declared, and declared once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain

from upheld.policy.document import Document
from upheld.policy.faults import Fault, suggestion
from upheld.policy.statements import (
    AnyStatement,
    AskAge,
    Collect,
    Condition,
    Contact,
    Expectation,
    Keep,
    Place,
    Purpose,
    Right,
    Rule,
    Staff,
    Stop,
    Topic,
)
from upheld.policy.terms import CHANNELS, IDENTIFIERS, LAWS, PURPOSES, RECIPIENTS, REGION_PARENTS, RIGHTS, Vocabulary

REGIONS = dict.fromkeys(("anywhere", *REGION_PARENTS))  # in an order, so that a suggestion is the same every time
_EVERYWHERE = dict.fromkeys((*REGIONS, "anyone"))
_WORD = re.compile(r"[^\W\d_](?:[\w./+-]*\w)?")
_MOST_COMPARISONS = 100_000
_VERSION = re.compile(r"[\w][\w.+-]{0,39}")
_PURPOSE = re.compile(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*){0,4}")
_TOPIC = re.compile(r"[a-z][a-z0-9-]*")
_KIND = re.compile(r"[a-z][\w-]*( [\w-]+)*")


class Words:
    """What the words of one document are, and where they stand."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.vocabulary = Vocabulary.of(document.statements)
        self.purposes = dict.fromkeys((*self.vocabulary.purpose_names, "any"))
        self.items = dict.fromkeys((*self.vocabulary.item_names, "any"))
        self.recipients = dict.fromkeys((*RECIPIENTS, "any"))
        self._comparisons = _MOST_COMPARISONS
        # A word whose declaration could not be read is not also unknown: one fault, not two.
        unread = "\n".join(document.unread)
        self.excused = {(kind, name) for kind, name in re.findall(r"^(purpose|topic|collect) ([\w.-]+)", unread, re.MULTILINE)}

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins in the text."""
        return [0, *(at.end() for at in re.finditer("\n", self.document.text))]

    def place(self, statement: AnyStatement, word: str) -> Place:
        """Where a word (or a name of several) of a statement stands in the file; where the statement begins if it cannot be told."""
        start = self._starts[statement.place.line - 1] + statement.place.column - 1
        parts, said = word.split(), list[re.Match[str]]()
        for one in _WORD.finditer(self.document.text, start, start + 2 * len(statement.text) + 1_000):
            said = [*said, one][-len(parts) :]
            if [part[0] for part in said] == parts:
                line = self.document.text.count("\n", start, said[0].start()) + statement.place.line
                return Place(line, said[0].start() - self._starts[line - 1] + 1)
        return statement.place

    def unknown(self, statement: AnyStatement, what: str, names: Iterable[str], known: Collection[str]) -> Iterator[Fault]:
        """A fault for each name that is not known as a `what`."""
        for name in names:
            if name not in known and not self._is_excused(what, name):
                hint = self._near(name, known) or _listed(known) or _declare(what, name)
                yield Fault(self.place(statement, name), f"unknown-{what}", f"no {what} `{name}` is declared", hint)

    def _near(self, name: str, known: Collection[str]) -> str | None:
        """The nearest known word. A very large document with very many misspelt ones gets suggestions for the first of them only."""
        self._comparisons -= len(known)
        return suggestion(name, known) if self._comparisons > 0 else None

    def _is_excused(self, what: str, name: str) -> bool:
        source = name.partition(".")[0]
        kind = {"item": "collect", "source": "collect"}.get(what, what)
        return (kind, source) in self.excused or any(one == kind and (full + ".").startswith(name + ".") for one, full in self.excused)


def _listed(known: Collection[str]) -> str | None:
    if len(known) > 13:
        return None
    words = [f"`{word}`" for word in known if word != "any"]
    return f"known are {', '.join(words)}" if words else None


def _declare(what: str, name: str) -> str | None:
    if what == "purpose":
        return f"declare it, as in `purpose {name}: what it is`"
    if what == "topic":
        return f"declare it, as in `topic {name} stops marketing.email`"
    if what == "region":
        return "as in `us`, `us-ca`, `eu` or `de`; `anyone` is everybody, after `for`"
    return "a `collect` statement declares it" if what in {"item", "source"} else None


def check_words(document: Document) -> Iterator[Fault]:
    """Every word that is not declared, or declared twice or badly."""
    words = Words(document)
    yield from _front(document)
    yield from _declarations(words)
    for statement in document.statements:
        yield from _used(words, statement)


def sound(document: Document) -> tuple[AnyStatement, ...]:
    """The statements that use declared words only, so that what is wrong with the others hides nothing about these."""
    statements = document.statements
    while True:
        words = Words(replace(document, statements=statements, unread=()))
        left = tuple(statement for statement in statements if next(_used(words, statement), None) is None)
        if len(left) == len(statements):
            return left
        statements = left


def _front(document: Document) -> Iterator[Fault]:
    if document.front.version and not _VERSION.fullmatch(document.front.version):
        line = next((at for at, line in enumerate(document.text.split("\n"), 1) if line.startswith("version:")), 1)
        yield Fault(
            Place(line, 1), "bad-name", f"`{document.front.version[:40]}` is no version", "as in `2026.1`: letters, digits, `.` and `-`"
        )
    for key, names, known in (("territory", document.front.territory, REGIONS), ("law", document.front.law, LAWS)):
        for name in names:
            if name not in known:
                line = next((at for at, line in enumerate(document.text.split("\n"), 1) if line.startswith(f"{key}:")), 1)
                hint = suggestion(name, known) or ("known are " + ", ".join(LAWS) if key == "law" else "as in `us`, `us-ca`, `eu` or `de`")
                what = "law" if key == "law" else "region"
                yield Fault(Place(line, 1), f"unknown-{what}", f"no {what} `{name[:40]}` is known", hint)


def _used(words: Words, statement: AnyStatement) -> Iterator[Fault]:
    match statement:
        case Topic():
            yield from words.unknown(statement, "purpose", statement.purposes, words.purposes)
        case Keep():
            yield from words.unknown(statement, "item", statement.items, words.items)
        case Rule() | Expectation():
            yield from _used_in_rule(words, statement)
        case Stop():
            yield from words.unknown(statement, "topic", statement.topics, words.vocabulary.topics)
            yield from _used_in_intake(words, statement)
        case Right():
            yield from words.unknown(statement, "right", statement.rights, RIGHTS)
            yield from _used_in_intake(words, statement)
        case Contact():
            yield from words.unknown(statement, "region", statement.regions, _EVERYWHERE)
        case Staff():
            yield from words.unknown(statement, "purpose", statement.purposes, words.purposes)
        case AskAge():
            yield from words.unknown(statement, "source", statement.sources, words.vocabulary.sources)


def _used_in_rule(words: Words, rule: Rule | Expectation) -> Iterator[Fault]:
    items: list[Sequence[str]] = [rule.items, rule.items_except]
    conditions: tuple[Condition, ...] = rule.when
    if isinstance(rule, Rule):
        items += [rule.chosen_by, *(rule.together or ())]
        conditions += rule.unless
    yield from words.unknown(rule, "purpose", (*rule.purposes, *rule.purposes_except), words.purposes)
    yield from words.unknown(rule, "recipient", rule.recipients, words.recipients)
    yield from words.unknown(rule, "item", dict.fromkeys(chain(*items)), words.items)
    topics = [str(one.value) for one in conditions if one.kind in {"opted in", "opted out"}]
    yield from words.unknown(rule, "topic", dict.fromkeys(topics), words.vocabulary.topics)
    yield from words.unknown(rule, "region", [str(one.value) for one in conditions if one.kind == "in"], REGIONS)


def _used_in_intake(words: Words, statement: Stop | Right) -> Iterator[Fault]:
    yield from words.unknown(statement, "region", statement.regions, _EVERYWHERE)
    yield from words.unknown(statement, "channel", statement.channels, CHANNELS)
    yield from words.unknown(statement, "identifier", dict.fromkeys(chain(*statement.given)), IDENTIFIERS)


def _declarations(words: Words) -> Iterator[Fault]:
    seen: dict[tuple[str, str], int] = dict.fromkeys((("purpose", name) for name in PURPOSES), 0)
    for statement in words.document.statements:
        for what, name, pattern in _declared(statement):
            if not pattern.fullmatch(name.partition(".")[2] if what == "item" else name) or name == "any":
                hint = "small letters, digits and hyphens, beginning with a letter" + ("; dots between" if what == "purpose" else "")
                yield Fault(words.place(statement, name), "bad-name", f"`{name}` cannot be the name of a {what}", hint)
            if (what, name) in seen:
                line = seen[what, name]
                where = f"in line {line}" if line else "by the language itself"
                word = name.partition(".")[2] if what == "item" else name
                message = f"the {what} `{name}` is already declared {where}"
                yield Fault(words.place(statement, word), f"duplicate-{what}", message, "leave out one of them")
            seen.setdefault((what, name), statement.place.line)
        if isinstance(statement, Purpose):
            yield from _branch(words, statement)


def _branch(words: Words, purpose: Purpose) -> Iterator[Fault]:
    """A purpose that others lie below would be a leaf and a branch at once."""
    below = [name for name in words.vocabulary.expand_purpose(purpose.name) if name != purpose.name]
    if below:
        message = f"`{purpose.name}` is the branch above `{below[0]}`, so it cannot be a purpose itself"
        yield Fault(words.place(purpose, purpose.name), "bad-name", message, f"declare one below it, as in `{purpose.name}.more`")


def _declared(statement: AnyStatement) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    match statement:
        case Purpose(name=name):
            yield "purpose", name, _PURPOSE
        case Topic(name=name):
            yield "topic", name, _TOPIC
        case Collect(source=source, kinds=kinds):
            if not _TOPIC.fullmatch(source) or source == "any":
                yield "source", source, _TOPIC
            for kind in kinds:
                yield "item", f"{source}.{kind}", _KIND
