"""Which rules can matter for a use: one bit a rule, one mask a word, so that a thousand clauses cost no more than a few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import and_, or_

from upheld.policy.answers import Part
from upheld.policy.compiled import BUILT_IN, Policy


class Candidates:
    """The rules of one policy by the words they speak of; bit *n* of a mask is the *n*th allow (or forbid)."""

    def __init__(self, policy: Policy) -> None:
        self.words = policy.vocabulary
        self.allows, self.forbids = policy.allows, policy.forbids
        self.near = _mask(rule.clause != BUILT_IN for rule in self.allows)
        self.covering = _index(rule.purposes for rule in self.allows)
        self.touching = _index(rule.purposes for rule in self.forbids)
        self.allowed_to = _index(rule.recipients for rule in self.allows)
        self.forbidden_to = _index(rule.recipients for rule in self.forbids)
        self.allowed_using = _index(rule.items for rule in self.allows)
        self.choosing = _index(rule.items | rule.chosen_by for rule in self.allows)
        self.forbidden_using = _index(rule.items for rule in self.forbids)
        self.totals = _mask(rule.totals is not None for rule in self.allows)
        self.pairs = [(1 << at, rule.together) for at, rule in enumerate(self.forbids) if rule.together is not None]

    def failing(
        self, purposes: frozenset[str], to: str, shown: str | None, chosen: frozenset[str], *, totals: bool, people: int | None
    ) -> list[tuple[Part, int]]:
        """For each part of an allow that is no condition: which allows fail by it."""
        every = (1 << len(self.allows)) - 1
        small = _mask(rule.totals is not None and people is not None and people < rule.totals for rule in self.allows) if people else 0
        covering = reduce(and_, (self.covering[purpose] for purpose in purposes), every)
        chosen_by = reduce(and_, (self.choosing[item] for item in chosen), every)
        return [
            (Part("purpose"), every & ~covering),
            (Part("recipient"), every & ~self.allowed_to[to]),
            (Part("item"), 0 if shown is None else every & ~self.allowed_using[shown]),
            (Part("chosen by"), every & ~chosen_by),
            (Part("totals"), small if totals else self.totals),
        ]

    def purposes(self, name: str) -> frozenset[str]:
        """The leaves that a use for this purpose stands for: a declared purpose may have others below it."""
        return frozenset(self.words.expand_purpose(name))

    def allowing(self, name: str, to: str) -> int:
        """The allows that cover a purpose to a recipient."""
        leaves = self.purposes(name)
        return reduce(and_, (self.covering[leaf] for leaf in leaves), self.allowed_to[to]) if leaves else 0

    def biting(self, purposes: frozenset[str], to: str, shown: str | None, chosen: frozenset[str], touched: frozenset[str]) -> int:
        """The forbids that bite unless a condition keeps them from it."""
        touching = reduce(or_, (self.touching[purpose] for purpose in purposes), 0)
        hit = reduce(or_, (self.forbidden_using[item] for item in chosen), 0 if shown is None else self.forbidden_using[shown])
        bites = touching & self.forbidden_to[to] & hit
        for bit, (one, other) in self.pairs:
            if bites & bit and not (touched & one and touched & other):
                bites ^= bit
        return bites


def nearest(failing: Sequence[tuple[Part, int]], among: int) -> tuple[int, tuple[Part, ...]] | None:
    """The first allow `among` that fails in the fewest parts, and those parts; None if there is none.

    One for the purpose that is asked about goes before all others.
    """
    astray = next((mask for part, mask in failing if part.kind == "purpose"), 0)
    among = among & ~astray or among
    levels = [among] + [0] * len(failing)  # levels[n]: those that fail in n parts
    for _, mask in failing:
        levels = [(here & ~mask) | (below & mask) for here, below in zip(levels, [0, *levels], strict=False)]
    for level in levels:
        if level:
            first = level & -level
            return first.bit_length() - 1, tuple(part for part, mask in failing if mask & first)
    return None


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _mask(flags: Iterable[bool]) -> int:
    return sum(1 << at for at, flag in enumerate(flags) if flag)


def _index(words: Iterable[frozenset[str]]) -> defaultdict[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for at, each in enumerate(words):
        for word in each:
            found[word] |= 1 << at
    return found
