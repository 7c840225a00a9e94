"""A policy ready to be asked: every rule over leaves, every word known to be declared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Literal

from upheld.errors import Invalid
from upheld.policy import document as documents
from upheld.policy.document import Document
from upheld.policy.statements import Condition, Expectation, Place, Rule, Staff, Statement, Topic
from upheld.policy.terms import ALWAYS_TO_OURSELVES, RECIPIENTS, REGION_PARENTS, Vocabulary

BUILT_IN = "built-in"
"""The pseudo clause of what is always allowed to ourselves."""


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """An allow or forbid over leaves.

    `number` is its place in document order (the built-in allow is -1). A forbid `together` bites when the use touches both sets; its
    `items` are then all items, unless the statement also names some.
    """

    number: int
    effect: Literal["allow", "forbid"]
    clause: str
    place: Place
    text: str
    purposes: frozenset[str]
    recipients: frozenset[str]
    items: frozenset[str]
    chosen_by: frozenset[str] = frozenset()
    together: tuple[frozenset[str], frozenset[str]] | None = None
    totals: int | None = None
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    at_most: tuple[int, str] | None = None


class Policy:
    """One version of a policy, compiled. `rules` are in document order; equal documents have equal `hash`."""

    def __init__(self, document: Document) -> None:
        """Compile `document`. `Invalid` names the first fault or undeclared word, and how many faults there are."""
        errors = sorted((fault for fault in document.faults if fault.severity == "error"), key=lambda fault: fault.place)
        if errors:
            first, more = errors[0], len(errors) - 1
            others = f" (and {more} more: run `upheld policy check {document.name}`)" if more else ""
            raise Invalid(f"{first.message}{others}", place=f"{document.name}:{first.place.line}:{first.place.column}")
        self.document = document
        self.vocabulary = Vocabulary.of(document.statements)
        self.version = document.front.version
        self.hash = document.hash
        self.rules: tuple[CompiledRule, ...] = (_built_in(self.vocabulary), *self._compiled())
        self.expectations = tuple(each for each in document.statements if isinstance(each, Expectation))
        for expectation in self.expectations:
            self._known(expectation, expectation.when)
        self.staff = tuple(
            (each.role, each.clause, self._purposes(each, each.purposes)) for each in document.statements if isinstance(each, Staff)
        )

    @classmethod
    def read(cls, path: Path | str) -> Policy:
        """The policy in a file."""
        return cls(documents.read(path))

    @classmethod
    def parse(cls, text: str, name: str = "policy") -> Policy:
        """The policy in a text."""
        return cls(documents.parse(text, name))

    @classmethod
    def restored(
        cls,
        version: str,
        digest: str,
        vocabulary: Vocabulary,
        rules: tuple[CompiledRule, ...],
        staff: tuple[tuple[str, str, frozenset[str]], ...],
    ) -> Policy:
        """A policy from its compiled parts: it decides, but has no document and no expectations."""
        policy = cls.__new__(cls)
        policy.version, policy.hash, policy.vocabulary, policy.rules, policy.staff = version, digest, vocabulary, rules, staff
        policy.expectations = ()
        return policy

    def __repr__(self) -> str:
        return f"Policy({self.version!r}, {self.hash[:12]})"

    @cached_property
    def allows(self) -> tuple[CompiledRule, ...]:
        """The rules that permit."""
        return tuple(rule for rule in self.rules if rule.effect == "allow")

    @cached_property
    def forbids(self) -> tuple[CompiledRule, ...]:
        """The rules that forbid."""
        return tuple(rule for rule in self.rules if rule.effect == "forbid")

    def _compiled(self) -> Iterable[CompiledRule]:
        for number, statement in enumerate(self.document.statements):
            match statement:
                case Topic():
                    yield self._topic(number, statement)
                case Rule():
                    yield self._rule(number, statement)

    def _topic(self, number: int, topic: Topic) -> CompiledRule:
        words = self.vocabulary
        return CompiledRule(
            number=number,
            effect="forbid",
            clause=topic.clause,
            place=topic.place,
            text=topic.text,
            purposes=self._purposes(topic, topic.purposes) - set(words.expand_purpose("rights")),
            recipients=frozenset(RECIPIENTS),
            items=frozenset(words.items),
            when=(Condition("opted out", topic.name),),
        )

    def _rule(self, number: int, rule: Rule) -> CompiledRule:
        words, forbids = self.vocabulary, rule.effect == "forbid"
        self._known(rule, (*rule.when, *rule.unless))
        purposes = self._purposes(rule, rule.purposes) - self._purposes(rule, rule.purposes_except)
        items = self._items(rule, rule.items or ("any",)) - self._items(rule, rule.items_except)
        together = (self._items(rule, rule.together[0]), self._items(rule, rule.together[1])) if rule.together else None
        return CompiledRule(
            number=number,
            effect=rule.effect,
            clause=rule.clause,
            place=rule.place,
            text=rule.text,
            # No policy can forbid a person's rights.
            purposes=purposes - set(words.expand_purpose("rights")) if forbids else purposes,
            recipients=self._recipients(rule, rule.recipients, forbids=forbids),
            items=items,
            chosen_by=self._items(rule, rule.chosen_by),
            together=together,
            totals=rule.totals,
            when=rule.when,
            unless=rule.unless,
            at_most=rule.at_most,
        )

    def _purposes(self, statement: Statement, names: Sequence[str]) -> frozenset[str]:
        for name in names:
            if not self.vocabulary.expand_purpose(name):
                raise self._undeclared(statement, "purpose", name, (*self.vocabulary.purposes, *_branches(self.vocabulary.purposes)))
        return self.vocabulary.expand_purposes(names)

    def _items(self, statement: Statement, names: Sequence[str]) -> frozenset[str]:
        for name in names:
            if name != "any" and not self.vocabulary.expand_item(name):
                raise self._undeclared(statement, "item", name, (*self.vocabulary.items, *self.vocabulary.sources))
        return self.vocabulary.expand_items(names)

    def _recipients(self, statement: Statement, names: Sequence[str], *, forbids: bool) -> frozenset[str]:
        for name in names:
            if name != "any" and name not in RECIPIENTS:
                raise self._undeclared(statement, "recipient", name, tuple(RECIPIENTS))
        if not names:
            return frozenset(RECIPIENTS) if forbids else frozenset({"ourselves"})
        return frozenset(RECIPIENTS) if "any" in names else frozenset(names)

    def _known(self, statement: Statement, conditions: Iterable[Condition]) -> None:
        for condition in conditions:
            if condition.kind in {"opted in", "opted out"} and condition.value not in self.vocabulary.topics:
                raise self._undeclared(statement, "topic", str(condition.value), self.vocabulary.topics)
            if condition.kind == "in" and condition.value not in REGION_PARENTS and condition.value != "anywhere":
                raise self._undeclared(statement, "region", str(condition.value), tuple(REGION_PARENTS))

    def _undeclared(self, statement: Statement, what: str, name: str, known: Sequence[str]) -> Invalid:
        place = f"{self.document.name}:{statement.place.line}:{statement.place.column}"
        return Invalid(undeclared(what, name, known), place=place)


def undeclared(what: str, name: str, known: Iterable[str]) -> str:
    """The message about a word that nobody declared, with the nearest declared one."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"no {what} `{name}` is declared" + (f"; did you mean `{near[0]}`?" if near else "")


def _branches(leaves: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(leaf.rpartition(".")[0] for leaf in leaves if "." in leaf))


def _built_in(words: Vocabulary) -> CompiledRule:
    return CompiledRule(
        number=-1,
        effect="allow",
        clause=BUILT_IN,
        place=Place(0, 0),
        text="allow rights, security, retention, audit to ourselves using any",
        purposes=words.expand_purposes(tuple(ALWAYS_TO_OURSELVES)),
        recipients=frozenset({"ourselves"}),
        items=frozenset(words.items),
    )
