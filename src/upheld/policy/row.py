"""One use against every standing: which dims it depends on, and the outcome for each combination of their values."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import product
from math import prod
from typing import NamedTuple

from upheld.errors import Invalid
from upheld.policy.answers import Bite, Finding, Nearest, Part, Truth, answer
from upheld.policy.asking import Question, ask
from upheld.policy.candidates import Candidates, bits, nearest
from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.dims import Dim, Fact, asks, truths, with_strides
from upheld.policy.statements import Condition
from upheld.policy.uses import Choice, Decision, Standing, Use

DENSE = 1 << 22
"""The most combinations that a row spells out (`codes`); beyond, they are worked out as they are met."""

REMEMBERED = 1 << 16
"""The most cells a row remembers the answer for."""

_STATIC: Mapping[str, Callable[[Use, bool], Truth]] = {
    "as totals": lambda _, totals: totals,
    "under contract": lambda use, _: use.under_contract,
    "vetted": lambda use, _: use.vetted,
    "legal process": lambda use, _: use.legal_process,
}


class Row:
    """The decisions on one use. `dims` are those it depends on, `outcomes` the decisions met so far, without repetition."""

    def __init__(self, history: Sequence[Policy], candidates: Sequence[Candidates], dims: Sequence[Dim], use: Use) -> None:
        self.use = use
        self.outcomes: list[Decision] = []
        self._history, self.candidates = history, candidates
        self.question: Question = ask(history[-1], use)
        self._all = {(dim.kind, dim.about): dim for dim in dims}
        self._ids: dict[Decision, int] = {}
        self._spoken: dict[tuple[int, ...], int] = {}
        self._blocks: dict[_Seen, _Block] = {}
        self._sources = tuple(dict.fromkeys(item.partition(".")[0] for item, _ in self._parts)) if len(history) > 1 else ()
        needed = set() if self.question.barred is not None else self._needed()
        self.dims: tuple[Dim, ...] = tuple(dim for dim in dims if (dim.kind, dim.about) in needed)
        self._at = {(dim.kind, dim.about): at for at, dim in enumerate(self.dims)}
        self._cells: dict[int, Decision] = {}
        self.coded: dict[int, Decision] = {}
        self.find = self._finder()

    @property
    def size(self) -> int:
        """How many combinations of values its dims have."""
        return prod(dim.size for dim in self.dims)

    @cached_property
    def codes(self) -> array[int]:
        """The outcome for every combination, first dim fastest. `Invalid` if there are more than `DENSE`."""
        if self.size > DENSE:
            raise Invalid(f"the use depends on {self.size} combinations of facts: decide it person by person")
        reverse = product(*(range(dim.size) for dim in reversed(self.dims)))
        found = [self.outcome(digits[::-1]) for digits in reverse]
        return array("H" if len(self.outcomes) <= 1 << 16 else "I", found)

    def decide_code(self, code: int) -> Decision:
        """The decision for one standing code."""
        found = self.coded.get(code)
        if found is None:
            found = self.outcomes[self.outcome(self.digits(code))]
            _remember(self.coded, code, found)
        return found

    def digits(self, code: int) -> tuple[int, ...]:
        """The digits of the row's dims within a standing code."""
        return tuple(code // dim.stride % dim.size for dim in self.dims)

    def outcome(self, digits: Sequence[int]) -> int:
        """The number of the outcome for the digits of the row's dims."""
        findings: list[list[Finding]] = []
        if self.question.barred is None:
            findings = [self._spoken_on(item, totals, digits) for item, totals in self.question.subjects]
        key = tuple([id(finding) for spoken in findings for finding in spoken])  # a block keeps its findings
        found = self._spoken.get(key)
        if found is None:
            decision = answer(self._history, self.use, self.question, findings)
            found = self._ids.setdefault(decision, len(self._ids))
            if found == len(self.outcomes):
                self.outcomes.append(decision)
            self._spoken[key] = found
        return found

    @property
    def _parts(self) -> tuple[tuple[str, bool], ...]:
        return (*self.question.shown, *((item, False) for item in self.question.chosen))

    def _spoken_on(self, item: str | None, totals: bool, digits: Sequence[int]) -> list[Finding]:  # noqa: FBT001
        since = {source: digits[self._at["since", source]] for source in self._sources}
        spoken = []
        for number in range(len(self._history)):
            below = {source for source, version in since.items() if version <= number} if since else None
            block = self._block(number, item, totals, below)
            if block is not None:
                spoken.append(block.finding(digits))
        return spoken

    def _block(self, number: int, item: str | None, totals: bool, below: set[str] | None) -> _Block | None:  # noqa: FBT001
        def stands(each: str) -> bool:
            return below is None or each.partition(".")[0] in below

        shown = item if item is not None and stands(item) else None
        chosen = frozenset(filter(stands, self.question.chosen))
        if shown is None and not chosen:
            return None
        touched = chosen | {each for each, _ in self.question.shown if stands(each)}
        seen = _Seen(number, shown, totals, chosen, touched)
        block = self._blocks.get(seen)
        if block is None:
            block = self._blocks[seen] = _Block(self, seen)
        return block

    def _needed(self) -> set[tuple[str, str]]:
        """The dims that some rule asks which could matter; with several versions a few more, whatever stands under which."""
        needed: set[tuple[str, str]] = {("since", source) for source in self._sources}
        touched = frozenset(item for item, _ in self._parts)
        for some in self.candidates:
            use, purposes = self.use, self.question.purposes
            for item, totals in self.question.subjects:
                for shown in {item, None} if self._sources else {item}:
                    chosen = frozenset() if self._sources else frozenset(self.question.chosen)
                    failing = some.failing(purposes, use.to, shown, chosen, totals=totals, people=use.people)
                    allows = [some.allows[at] for at in bits(_unfailing(some, failing))]
                    biting = some.biting(purposes, use.to, shown, frozenset(self.question.chosen), touched)
                    forbids = [some.forbids[at] for at in bits(biting)]
                    for rule in (*allows, *(rule for rule in forbids if not self.spared(rule, totals=totals))):
                        asked = (asks(condition) for condition in (*rule.when, *rule.unless))
                        needed.update(each for each in asked if each is not None)
        return needed

    def spared(self, rule: CompiledRule, *, totals: bool) -> bool:
        """Whether the use itself keeps a forbid from biting, whoever the person is."""
        return any(
            asks(condition) is None and self.static(condition, totals=totals) is (at >= len(rule.when))
            for at, condition in enumerate((*rule.when, *rule.unless))
        )

    def static(self, condition: Condition, *, totals: bool) -> Truth:
        """The truth of a condition on the use or the recipient."""
        fact = _STATIC[condition.kind](self.use, totals)
        return None if fact is None else fact != condition.negated

    def side(self, condition: Condition) -> tuple[int, tuple[Truth, ...]]:
        """Which of the row's dims a condition on the person asks, and its truth for each digit."""
        asked = asks(condition)
        assert asked is not None
        at = self._at[asked]
        return at, truths(self.dims[at], condition)

    def _finder(self) -> Callable[[Mapping[str, Choice], str | None, int | None, bool | None, Mapping[str, str]], Decision]:
        """The quickest way from facts to the cell they fall in, looking only at what the use depends on."""
        cells, learn, steps = self._cells, self._learn, [(dim, _steps(dim)) for dim in with_strides(self.dims)]
        topics = tuple((dim.about, step) for dim, step in steps if dim.kind == "choice")
        sources = tuple((dim.about, step) for dim, step in steps if dim.kind == "since")
        by_kind = {dim.kind: step for dim, step in steps}
        regions, ages, serving = by_kind.get("region"), by_kind.get("age"), by_kind.get("served")

        def find(
            choices: Mapping[str, Choice],
            region: str | None,
            age: int | None,
            served: bool | None,  # noqa: FBT001
            since: Mapping[str, str],
        ) -> Decision:
            try:
                place = 0 if regions is None else regions[region]
                if ages is not None:
                    place += ages[age]
                if serving is not None:
                    place += serving[served]
                for topic, step in topics:
                    place += step[choices.get(topic, "unknown")]
            except KeyError:
                return learn(None, choices, region, age, served, since)
            for source, step in sources:
                place += step.get(since.get(source), 0)
            found = cells.get(place)
            return learn(place, choices, region, age, served, since) if found is None else found

        return find

    def _learn(
        self,
        place: int | None,
        choices: Mapping[str, Choice],
        region: str | None,
        age: int | None,
        served: bool | None,  # noqa: FBT001
        since: Mapping[str, str],
    ) -> Decision:
        """Work out a cell. `Invalid` for a fact that is none."""
        standing = Standing(choices, region, age, served, since)
        found = self.outcomes[self.outcome([dim.of(standing) for dim in self.dims])]
        if place is not None:
            _remember(self._cells, place, found)
        return found


@lru_cache(maxsize=1 << 12)
def _steps(dim: Dim) -> Mapping[Fact, int]:
    """What each fact adds to the place of a cell. Ages that nobody reaches are left to be looked at closely.

    Rows share them, so that a thousand kinds of use stay within a processor's cache.
    """
    facts: Iterable[Fact] = (None, *range(130)) if dim.kind == "age" else dim.digits
    return {fact: dim.digit(fact) * dim.stride for fact in facts}


class _Seen(NamedTuple):
    """One item in one form, as one version sees it."""

    number: int
    shown: str | None
    totals: bool
    chosen: frozenset[str]
    touched: frozenset[str]


class _Block:
    """The rules of one version that can matter for one item in one form."""

    def __init__(self, row: Row, seen: _Seen) -> None:
        use, purposes = row.use, row.question.purposes
        some = row.candidates[seen.number]
        totals = seen.totals
        failing = some.failing(purposes, use.to, seen.shown, seen.chosen, totals=totals, people=use.people)
        free = _unfailing(some, failing)
        self.number = seen.number
        self.allows = [_Conditions(row, some.allows[at], totals=totals) for at in bits(free)]
        forbids = (some.forbids[at] for at in bits(some.biting(purposes, use.to, seen.shown, seen.chosen, seen.touched)))
        self.forbids = [_Conditions(row, rule, totals=totals) for rule in forbids if not row.spared(rule, totals=totals)]
        self._nearest: Nearest | None = None
        if not free & some.near and (near := nearest(failing, some.near)) is not None:
            self._nearest = Nearest.of(some.allows[near[0]], near[1])
        self._known: dict[tuple[tuple[Truth, ...], ...], Finding] = {}

    def finding(self, digits: Sequence[int]) -> Finding:
        """What this version says for the digits of the row's dims."""
        facts = tuple([each.truths(digits) for each in (*self.allows, *self.forbids)])
        found = self._known.get(facts)
        if found is None:
            found = self._known[facts] = self._finding(facts)
        return found

    def _finding(self, facts: Sequence[tuple[Truth, ...]]) -> Finding:
        permits = tuple(each.rule for each, truth in zip(self.allows, facts, strict=False) if truth == each.wanted)
        bitten = zip(self.forbids, facts[len(self.allows) :], strict=True)
        bites = tuple(Bite(each.rule, truth) for each, truth in bitten if all(map(_unrefuted, truth, each.wanted)))
        near = None
        if not permits:
            conditional = [
                Nearest.of(each.rule, [Part("condition", at, fact) for at, fact in enumerate(truth) if fact is not each.wanted[at]])
                for each, truth in zip(self.allows, facts, strict=False)
            ]
            near = min(conditional, key=lambda each: each.distance, default=self._nearest)
        return Finding(self.number, permits, bites, near)


class _Conditions:
    """The conditions of one rule: where each looks, and what it must be found to be."""

    def __init__(self, row: Row, rule: CompiledRule, *, totals: bool) -> None:
        self.rule = rule
        self.wanted = (*(True for _ in rule.when), *(False for _ in rule.unless))
        self.sides: list[tuple[int | None, tuple[Truth, ...]]] = []
        for condition in (*rule.when, *rule.unless):
            if asks(condition) is None:
                self.sides.append((None, (row.static(condition, totals=totals),)))
            else:
                self.sides.append(row.side(condition))

    def truths(self, digits: Sequence[int]) -> tuple[Truth, ...]:
        """The truth of each condition for the digits of the row's dims."""
        return tuple([by[0 if at is None else digits[at]] for at, by in self.sides])


def _unrefuted(fact: Truth, wanted: bool) -> bool:  # noqa: FBT001
    return fact is None or fact is wanted


def _unfailing(some: Candidates, failing: Sequence[tuple[Part, int]]) -> int:
    free = (1 << len(some.allows)) - 1
    for _, mask in failing:
        free &= ~mask
    return free


def _remember(memory: dict[int, Decision], key: int, found: Decision) -> None:
    if len(memory) >= REMEMBERED:
        memory.clear()
    memory[key] = found
