"""Proving what a policy says it never or always does: over everyone and every way to ask, by two checkers that must agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from upheld.policy.candidates import Candidates, bits
from upheld.policy.classes import Classes
from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.cubes import Cubes, point
from upheld.policy.decide import decide
from upheld.policy.space import Box, Space, who
from upheld.policy.statements import Condition, Expectation
from upheld.policy.uses import Standing, Use


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A use and a person for whom an expectation fails. `words` says it; the reference meaning confirmed it."""

    use: Use
    standing: Standing
    clauses: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an expectation holds. `cases` counts the different groups of rules that were looked at, by each checker."""

    expectation: Expectation
    holds: bool
    cases: int
    counterexample: Counterexample | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """One way to ask: an item shown, or people chosen by it. `near` are the rules that could matter."""

    purpose: str
    to: str
    item: str
    totals: bool
    chosen: str | None
    allows: int
    forbids: int

    def use(self) -> Use:
        items = () if self.totals or self.item == self.chosen else (self.item,)
        return Use(self.purpose, items, self.to, (self.item,) if self.totals else (), None, (self.chosen,) if self.chosen else ())


def prove(policy: Policy) -> list[Verdict]:
    """A verdict on every expectation, in document order."""
    prover = _Prover(policy)
    return [prover.verdict(expectation) for expectation in policy.expectations]


class _Prover:
    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.space = Space.of(policy, more=[condition for each in policy.expectations for condition in each.when])
        self.cubes, self.classes, self.candidates = Cubes(self.space), Classes(self.space), Candidates(policy)

    def verdict(self, expectation: Expectation) -> Verdict:
        """Whether it holds for every case; each group of rules is looked at once."""
        wanted = "permitted" if expectation.mood == "never" else "refused"
        seen: set[tuple[int, int, bool]] = set()
        cases = self._shown(expectation) if wanted == "refused" else (*self._shown(expectation), *self._choosing(expectation))
        for case in cases:
            key = (case.allows, case.forbids, case.totals)
            if key in seen:
                continue
            seen.add(key)
            found = self._decided(wanted, expectation.when, case)
            if found is not None:
                return Verdict(expectation, holds=False, cases=len(seen), counterexample=self._counterexample(wanted, case, found))
        return Verdict(expectation, holds=True, cases=len(seen))

    def _decided(self, wanted: str, when: tuple[Condition, ...], case: _Case) -> Box | None:
        """A set of points where the case is `wanted`, by both checkers; None if both say there is none."""
        allows, forbids = self._rules(case)
        by_cubes, by_classes = (
            (self.cubes.permitted, self.classes.permitted) if wanted == "permitted" else (self.cubes.refused, self.classes.refused)
        )
        box = by_cubes(when, allows, forbids, totals=case.totals)
        digits = by_classes(when, allows, forbids, totals=case.totals)
        if (box is None) != (digits is None):
            raise AssertionError(f"the two checkers disagree on {case}: cubes {box}, classes {digits}")
        return box

    def _rules(self, case: _Case) -> tuple[list[CompiledRule], list[CompiledRule]]:
        some = self.candidates
        return [some.allows[at] for at in bits(case.allows)], [some.forbids[at] for at in bits(case.forbids)]

    def _counterexample(self, wanted: str, case: _Case, box: Box) -> Counterexample:
        at = point(self.space, box)
        use, standing = self.space.use(case.use(), at), self.space.standing(at)
        decision = decide([self.policy], use, standing)
        if (bool(decision.permitted) and not decision.refused) != (wanted == "permitted"):
            raise AssertionError(f"the reference does not confirm {use} for {standing}")
        if wanted == "permitted":
            clauses = decision.clauses
            why = f"by clause {', '.join(f'`{clause}`' for clause in clauses)}"
        else:
            clauses = tuple(dict.fromkeys(each.clause for each in decision.reasons if each.clause is not None))
            why = f"because {decision.reasons[0].because}"
        return Counterexample(use, standing, clauses, f"{self._words(wanted, case, box)}, {why}")

    def _words(self, wanted: str, case: _Case, box: Box) -> str:
        people = ", ".join(who(self.space, box))
        person = f"a person {people}" if people else "any person"
        may = "may" if wanted == "permitted" else "may not"
        goes = f"{may} be used by ourselves" if case.to == "ourselves" else f"{may} go to `{case.to}`"
        if case.chosen == case.item and not case.totals:
            goes = f"{may} be used to choose people" + ("" if case.to == "ourselves" else f" for `{case.to}`")
        form = f"totals of `{case.item}`" if case.totals else f"`{case.item}`"
        chosen = f" of people chosen by `{case.chosen}`" if case.chosen and case.totals else ""
        return f"{person}: {form}{chosen} {goes} for `{case.purpose}`"

    def _spoken_of(self, expectation: Expectation) -> tuple[list[str], list[str], list[str]]:
        words, every = self.policy.vocabulary, expectation.mood == "never"
        purposes = words.expand_purposes(expectation.purposes, expectation.purposes_except)
        items = words.expand_items(expectation.items or ("any",), expectation.items_except)
        named = expectation.recipients or (("any",) if every else ("ourselves",))
        to = words.recipients if "any" in named else named
        in_order = [each for each in words.purposes if each in purposes], [each for each in words.items if each in items]
        return in_order[0], list(to), in_order[1]

    def _forms(self, expectation: Expectation) -> tuple[bool, ...]:
        """A promise about totals speaks of totals; `never` else of both forms, `always` of items shown one by one."""
        if expectation.totals is not None:
            return (True,)
        if expectation.mood == "never":
            return (False, True)
        return (any(each.kind == "as totals" and not each.negated for each in expectation.when),)

    def _shown(self, expectation: Expectation) -> Iterator[_Case]:
        some = self.candidates
        purposes, to, items = self._spoken_of(expectation)
        for totals in self._forms(expectation):
            for purpose in purposes:
                for recipient in to:
                    allowed = some.allowing(purpose, recipient) & (-1 if totals else ~some.totals)
                    if not allowed and expectation.mood == "never":
                        continue
                    for item in items:
                        allows = allowed & some.allowed_using[item]
                        forbids = some.biting(some.purposes(purpose), recipient, item, frozenset(), frozenset({item}))
                        yield _Case(purpose, recipient, item, totals, None, allows, forbids)

    def _choosing(self, expectation: Expectation) -> Iterator[_Case]:
        """People chosen by the items: alone, or for totals of any item that could be shown."""
        some = self.candidates
        purposes, to, items = self._spoken_of(expectation)
        for totals in self._forms(expectation):
            for purpose in purposes:
                for recipient in to:
                    allowed = some.allowing(purpose, recipient) & (-1 if totals else ~some.totals)
                    for item in items if allowed else ():
                        allows = allowed & some.choosing[item]
                        if not allows:
                            continue
                        if totals:
                            yield from self._totals_chosen(purpose, recipient, item, allows)
                        else:
                            chosen = frozenset({item})
                            forbids = some.biting(some.purposes(purpose), recipient, None, chosen, chosen)
                            yield _Case(purpose, recipient, item, False, item, allows, forbids)  # noqa: FBT003

    def _totals_chosen(self, purpose: str, to: str, chosen: str, allowed: int) -> Iterable[_Case]:
        some = self.candidates
        for item in self.policy.vocabulary.items:
            allows = allowed & some.allowed_using[item]
            if allows:
                forbids = some.biting(some.purposes(purpose), to, item, frozenset({chosen}), frozenset({item, chosen}))
                yield _Case(purpose, to, item, True, chosen, allows, forbids)  # noqa: FBT003
