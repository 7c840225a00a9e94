"""The other checker: every class of people and recipients, one bit each, and every rule as the bits it speaks of.

It knows nothing of boxes. Where the classes are too many for one row of bits, it takes one side value by value and tries again with
the rules that are left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import prod

from upheld.policy.compiled import CompiledRule
from upheld.policy.space import Space
from upheld.policy.statements import Condition

MOST = 1 << 16
"""The most classes that are looked at in one row of bits."""

Test = tuple[int, frozenset[int]]
"""A side, and the digits for which a rule speaks."""


class Classes:
    """Exhaustion over the classes of a space."""

    def __init__(self, space: Space) -> None:
        self.space = space

    def permitted(
        self, within: Sequence[Condition], allows: Iterable[CompiledRule], forbids: Iterable[CompiledRule], *, totals: bool
    ) -> dict[int, int] | None:
        """A class within the conditions where some allow applies and no forbid bites, as digits by side; None if there is none."""
        start, permits, bites = self._tests(within, allows, forbids, totals=totals)
        return None if start is None else self._search({}, start, permits, bites)

    def refused(
        self, within: Sequence[Condition], allows: Iterable[CompiledRule], forbids: Iterable[CompiledRule], *, totals: bool
    ) -> dict[int, int] | None:
        """A class within the conditions where no allow applies or some forbid bites; None if there is none."""
        start, permits, bites = self._tests(within, allows, forbids, totals=totals)
        if start is None:
            return None
        # Refused: something bites, or nothing permits. A class of no digits is everyone, and no `None`.
        bitten = self._search({}, start, bites, [])
        return self._search({}, start, [[]], permits) if bitten is None else bitten

    def _tests(
        self, within: Sequence[Condition], allows: Iterable[CompiledRule], forbids: Iterable[CompiledRule], *, totals: bool
    ) -> tuple[list[Test] | None, list[list[Test]], list[list[Test]]]:
        def tests(pairs: Iterable[tuple[Condition, bool]], *, unknown: bool) -> list[Test] | None:
            found: list[Test] = []
            for condition, wanted in pairs:
                side, truths = self.space.literal(condition, totals=totals)
                speaks = frozenset(at for at, truth in enumerate(truths) if truth is wanted or (truth is None and unknown))
                if not speaks:
                    return None
                if side is not None:
                    found.append((side, speaks))
            return found

        def all_of(rules: Iterable[CompiledRule], *, unknown: bool) -> list[list[Test]]:
            pairs = ([*((each, True) for each in rule.when), *((each, False) for each in rule.unless)] for rule in rules)
            return [found for each in pairs if (found := tests(each, unknown=unknown)) is not None]

        start = tests([(each, True) for each in within], unknown=False)
        return start, all_of(allows, unknown=False), all_of(forbids, unknown=True)

    def _search(self, fixed: dict[int, int], start: list[Test], some: list[list[Test]], none: list[list[Test]]) -> dict[int, int] | None:
        """A class that passes `start`, some of `some` and none of `none`."""
        if not some or [] in none:
            return None
        sides = sorted({side for tests in (start, *some, *none) for side, _ in tests})
        sizes = [self.space.sides[side].size for side in sides]
        if prod(sizes) <= MOST:
            return self._look(fixed, sides, start, some, none)
        asked = Counter(side for tests in (start, *some, *none) for side, _ in tests)
        side = asked.most_common(1)[0][0]
        for digit in range(self.space.sides[side].size):
            left = _fix([start], side, digit)
            if left:
                found = self._search({**fixed, side: digit}, left[0], _fix(some, side, digit), _fix(none, side, digit))
                if found is not None:
                    return found
        return None

    def _look(
        self, fixed: dict[int, int], sides: list[int], start: list[Test], some: list[list[Test]], none: list[list[Test]]
    ) -> dict[int, int] | None:
        strides: dict[int, int] = {}
        count = 1
        for side in sides:
            strides[side] = count
            count *= self.space.sides[side].size
        patterns: dict[Test, int] = {}

        def bits(tests: list[Test]) -> int:
            row = (1 << count) - 1
            for test in tests:
                if test not in patterns:
                    side, digits = test
                    patterns[test] = _pattern(digits, strides[side], self.space.sides[side].size, count)
                row &= patterns[test]
            return row

        left = 0
        for tests in some:
            left |= bits(tests)
        left &= bits(start)
        for tests in none:
            if not left:
                break
            left &= ~bits(tests)
        if not left:
            return None
        first = (left & -left).bit_length() - 1
        return fixed | {side: first // strides[side] % self.space.sides[side].size for side in sides}


def _fix(rules: Iterable[list[Test]], side: int, digit: int) -> list[list[Test]]:
    """What is left of rules once a side is known: those that still speak, without the tests that are passed."""
    return [[test for test in tests if test[0] != side] for tests in rules if all(digit in digits for at, digits in tests if at == side)]


def _pattern(digits: frozenset[int], stride: int, size: int, count: int) -> int:
    """The classes (bits below `count`) whose digit on a side is one of `digits`."""
    block = sum((((1 << stride) - 1) << (digit * stride)) for digit in digits)
    width = stride * size
    while width < count:
        block |= block << width
        width *= 2
    return block & ((1 << count) - 1)
