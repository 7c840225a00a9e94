"""One checker: rules as boxes, and whether boxes leave a hole. Symbolic; its cost grows with the rules, not with the people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from upheld.policy.compiled import CompiledRule
from upheld.policy.space import Box, Space
from upheld.policy.statements import Condition

_TRUE: frozenset[bool | None] = frozenset({True})
_FALSE: frozenset[bool | None] = frozenset({False})
_UNLESS_FALSE: frozenset[bool | None] = frozenset({True, None})
_UNLESS_TRUE: frozenset[bool | None] = frozenset({False, None})


class Cubes:
    """The rules of a policy as boxes of a space, worked out once each."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._permits: dict[tuple[int, bool], Box | None] = {}
        self._bites: dict[tuple[int, bool], Box | None] = {}

    def permitted(
        self, within: Sequence[Condition], allows: Iterable[CompiledRule], forbids: Iterable[CompiledRule], *, totals: bool
    ) -> Box | None:
        """Points within the conditions where some allow applies and no forbid bites; None if there are none."""
        start = self.where(within, totals=totals)
        bites = self.biting(forbids, totals=totals)
        for rule in allows if start is not None else ():
            box = self.permits(rule, totals=totals)
            both = None if box is None or start is None else meet(box, start)
            hole = None if both is None else self.hole(both, bites)
            if hole is not None:
                return hole
        return None

    def refused(
        self, within: Sequence[Condition], allows: Iterable[CompiledRule], forbids: Iterable[CompiledRule], *, totals: bool
    ) -> Box | None:
        """Points within the conditions where no allow applies or some forbid bites; None if there are none."""
        start = self.where(within, totals=totals)
        if start is None:
            return None
        for bite in self.biting(forbids, totals=totals):
            both = meet(bite, start)
            if both is not None:
                return both
        return self.hole(start, [box for rule in allows if (box := self.permits(rule, totals=totals)) is not None])

    def permits(self, rule: CompiledRule, *, totals: bool) -> Box | None:
        """Where an allow's conditions are true; None if nowhere."""
        key = (rule.number, totals)
        if key not in self._permits:
            wanted = [(condition, _TRUE) for condition in rule.when] + [(condition, _FALSE) for condition in rule.unless]
            self._permits[key] = self._box(wanted, totals=totals)
        return self._permits[key]

    def biting(self, rules: Iterable[CompiledRule], *, totals: bool) -> list[Box]:
        """Where each forbid bites: where its conditions are not false."""
        found = []
        for rule in rules:
            key = (rule.number, totals)
            if key not in self._bites:
                wanted = [(each, _UNLESS_FALSE) for each in rule.when] + [(each, _UNLESS_TRUE) for each in rule.unless]
                self._bites[key] = self._box(wanted, totals=totals)
            box = self._bites[key]
            if box is not None:
                found.append(box)
        return found

    def where(self, conditions: Sequence[Condition], *, totals: bool) -> Box | None:
        """Where all conditions are true; None if nowhere."""
        return self._box([(condition, _TRUE) for condition in conditions], totals=totals)

    def hole(self, box: Box, others: Sequence[Box]) -> Box | None:
        """A part of `box` that none of `others` reaches; None if they cover it."""
        return next(self.holes(box, others), None)

    def holes(self, box: Box, others: Sequence[Box]) -> Iterator[Box]:
        """All parts of `box` that none of `others` reaches, as boxes that do not overlap."""
        left = [other for other in others if meet(box, other) is not None]
        if not left:
            yield box
            return
        # The box that cuts off the least pieces goes first; one that covers everything ends it at once.
        cut = min(left, key=lambda other: sum(1 for at, mask in other.items() if box.get(at, self.space.full[at]) & ~mask))
        rest = [other for other in left if other is not cut]
        inside = dict(box)
        for at, mask in cut.items():
            here = inside.get(at, self.space.full[at])
            if here & ~mask:
                yield from self.holes({**inside, at: here & ~mask}, rest)
                inside[at] = here & mask

    def _box(self, wanted: Iterable[tuple[Condition, AbstractSet[bool | None]]], *, totals: bool) -> Box | None:
        box: dict[int, int] = {}
        for condition, values in wanted:
            at, truths = self.space.literal(condition, totals=totals)
            if at is None:
                if truths[0] not in values:
                    return None
                continue
            mask = sum(1 << digit for digit, truth in enumerate(truths) if truth in values)
            box[at] = box.get(at, self.space.full[at]) & mask
            if not box[at]:
                return None
        return box


def meet(one: Box, other: Box) -> Box | None:
    """What two boxes share; None if nothing."""
    both = dict(one)
    for at, mask in other.items():
        here = both.get(at)
        both[at] = mask if here is None else here & mask
        if not both[at]:
            return None
    return both


def point(space: Space, box: Box) -> tuple[int, ...]:
    """One point of a box, known and ordinary where the box leaves the choice."""
    found = []
    for at, side in enumerate(space.sides):
        mask = box.get(at, space.full[at])
        digits = [digit for digit in range(side.size) if mask >> digit & 1]
        known = [digit for digit in digits if side.values[digit] not in {None, "unknown"}]
        # A grown-up is the ordinary person, and so is one who chose nothing.
        found.append((known[-1] if side.kind in {"age", "recipient", "served"} else known[0]) if known else digits[0])
    return tuple(found)
