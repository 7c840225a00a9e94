"""Rules without effect: those that can never apply, and those that another rule already says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import and_, or_

from upheld.policy.compiled import BUILT_IN, CompiledRule, Policy
from upheld.policy.faults import Fault
from upheld.policy.statements import Condition
from upheld.policy.terms import REGION_PARENTS, within

Facts = Mapping[tuple[str, object], frozenset[object]]
"""For each fact that a rule asks about, the values with which the rule can apply. A fact not named may be anything."""
Box = tuple[int, int, int]
"""Purposes, recipients and items of a rule, a bit for each."""

_REGIONS = (None, "anywhere", *REGION_PARENTS)
_MOST_BOXES = 200
_MOST_FORBIDS = 400


class _Scope:
    """One rule, ready to be compared."""

    def __init__(self, rule: CompiledRule, bits: Mapping[str, int], ages: Sequence[int | None]) -> None:
        self.rule = rule
        self.box: Box = (_mask(rule.purposes, bits), _mask(rule.recipients, bits), _mask(rule.items, bits))
        self.chosen = self.box[2] | _mask(rule.chosen_by, bits)
        self.together = tuple(sorted(_mask(side, bits) for side in rule.together or ()))
        self.facts = _facts(rule, ages)

    def implies(self, other: _Scope) -> bool:
        """Whether the conditions of `other` hold (or might, for a forbid) whenever those of this one do."""
        return all(fact in self.facts and self.facts[fact] <= values for fact, values in other.facts.items())


def check_rules(policy: Policy) -> Iterator[Fault]:
    """Rules that can never apply, and rules that are without effect because of others."""
    names = dict.fromkeys(name for rule in policy.rules for part in (rule.purposes, rule.recipients, rule.items) for name in part)
    bits = {name: 1 << at for at, name in enumerate(names)}
    ages = _ages(policy.rules)
    scopes = [_Scope(rule, bits, ages) for rule in policy.rules]
    live = list[_Scope]()
    for scope in scopes:
        why = _never_applies(scope)
        if why is None:
            live.append(scope)
        elif scope.rule.clause != BUILT_IN:
            yield Fault(scope.rule.place, "never-applies", f"this {_kind(scope.rule)} can never apply: {why}", "change it, or leave it out")
    allows = [scope for scope in live if scope.rule.effect == "allow"]
    forbids = [scope for scope in live if scope.rule.effect == "forbid"]
    yield from _shadowed(allows)
    yield from _shadowed(forbids)
    yield from _forbidden(allows, [scope for scope in forbids if not scope.together])


def _kind(rule: CompiledRule) -> str:
    return rule.text.split(" ", 1)[0]


def _mask(names: Iterable[str], bits: Mapping[str, int]) -> int:
    return reduce(int.__or__, (bits.get(name, 0) for name in names), 0)


# Conditions


def _ages(rules: Iterable[CompiledRule]) -> list[int | None]:
    """One age on either side of every threshold, and None for an unknown one."""
    limits = {int(one.value or 0) for rule in rules for one in (*rule.when, *rule.unless) if one.kind in {"under", "known under"}}
    return [None, *sorted({age for limit in limits for age in (limit - 1, limit)})]


def _facts(rule: CompiledRule, ages: Sequence[int | None]) -> Facts:
    found = dict[tuple[str, object], frozenset[object]]()
    wanted = [(one, True) for one in rule.when] + [(one, False) for one in rule.unless]
    for condition, must in wanted:
        fact, values = _values(condition, ages)
        holding = frozenset(value for value, truth in values.items() if _fits(truth, must != condition.negated, rule.effect))
        found[fact] = found.get(fact, holding) & holding
    if rule.totals is not None:
        found["totals", None] = found.get(("totals", None), frozenset({True})) & {True}
    return found


def _fits(truth: bool | None, must: bool, effect: str) -> bool:  # noqa: FBT001 - a truth value is what it is about
    # An unknown fact never helps: a permit does not hold by it, a forbid does.
    return effect == "forbid" if truth is None else truth is must


def _values(condition: Condition, ages: Sequence[int | None]) -> tuple[tuple[str, object], dict[object, bool | None]]:
    """The fact that a condition is about, and how true the condition is with each value of it."""
    match condition.kind:
        case "opted in" | "opted out":
            out = {"opted in": "in", "opted out": "out"}[condition.kind]
            return ("topic", condition.value), {choice: choice == out for choice in ("unset", "in", "out")} | {"unknown": None}
        case "under":
            limit = int(condition.value or 0)
            return ("age", None), {age: None if age is None else age < limit for age in ages}
        case "known under":
            limit = int(condition.value or 0)
            return ("age", None), {age: age is not None and age < limit for age in ages}
        case "in":
            return ("region", None), {region: within(region, str(condition.value)) for region in _REGIONS}
        case "as totals":
            return ("totals", None), {True: True, False: False}
    return (condition.kind, None), {True: True, False: False, None: None}


def _never_applies(scope: _Scope) -> str | None:
    rule = scope.rule
    if not rule.purposes:
        return "it is left with no purpose" + (" (no policy can forbid `rights`)" if rule.effect == "forbid" else "")
    if not rule.items:
        return "it is left with no item"
    if any(not values for values in scope.facts.values()):
        return "its conditions contradict each other"
    return None


# Rules that another one already says


def _shadowed(scopes: Sequence[_Scope]) -> Iterator[Fault]:
    holders = _Holders(scopes)
    for at, scope in enumerate(scopes):
        if scope.rule.clause == BUILT_IN:
            continue
        for other in holders.covering(scope.box):
            shadow = scopes[other]
            if other == at or not _covers(shadow, scope):
                continue
            if other > at and shadow.box == scope.box and _covers(scope, shadow):
                continue  # of two that say the same, the later is the one too many
            where = (
                f"the {_kind(shadow.rule)} in line {shadow.rule.place.line}" if shadow.rule.clause != BUILT_IN else "the language itself"
            )
            message = f"this {_kind(scope.rule)} changes nothing: {where} already says all of it"
            yield Fault(scope.rule.place, "shadowed", message, "leave it out", "warning")
            break


def _covers(one: _Scope, other: _Scope) -> bool:
    """Whether `one` does all that `other` does; its purposes, recipients and items are known to."""
    if one.rule.effect == "forbid":
        if one.together and not any(_within(other.together, sides) for sides in (one.together, one.together[::-1])):
            return False
        return other.implies(one)
    same_duties = one.rule.totals == other.rule.totals and other.rule.at_most in {None, one.rule.at_most}
    return same_duties and not other.chosen & ~one.chosen and other.implies(one)


def _within(inner: Sequence[int], outer: Sequence[int]) -> bool:
    return bool(inner) and all(not small & ~large for small, large in zip(inner, outer, strict=True))


class _Holders:
    """For each bit of each part, which rules have it: a whole-policy comparison is then a few ANDs a rule, not a pass over all rules."""

    def __init__(self, scopes: Sequence[_Scope]) -> None:
        self._parts = [self._held(scope.box[part] for scope in scopes) for part in range(3)]
        self._known = dict[tuple[int, int, object], int]()

    @staticmethod
    def _held(masks: Iterable[int]) -> dict[int, int]:
        rules = dict[int, int]()
        for at, mask in enumerate(masks):
            rules[mask] = rules.get(mask, 0) | 1 << at
        held = dict[int, int]()
        for mask, having in rules.items():
            for bit in _bits(mask):
                held[bit] = held.get(bit, 0) | having
        return held

    def covering(self, box: Box) -> Iterator[int]:
        """The rules whose purposes, recipients and items hold all of the box's."""
        return self._numbers(box, and_)

    def touching(self, box: Box) -> Iterator[int]:
        """The rules that share a purpose, a recipient and an item with the box."""
        return self._numbers(box, or_)

    def _numbers(self, box: Box, join: Callable[[int, int], int]) -> Iterator[int]:
        return (bit.bit_length() - 1 for bit in _bits(reduce(and_, (self._having(part, mask, join) for part, mask in enumerate(box)))))

    def _having(self, part: int, mask: int, join: Callable[[int, int], int]) -> int:
        key = (part, mask, join)
        if key not in self._known:
            self._known[key] = reduce(join, (self._parts[part].get(bit, 0) for bit in _bits(mask)))
        return self._known[key]


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest
        mask ^= lowest


# Allows that forbids leave nothing of


def _forbidden(allows: Sequence[_Scope], forbids: Sequence[_Scope]) -> Iterator[Fault]:
    holders = _Holders(forbids)
    for allow in allows:
        if allow.rule.clause == BUILT_IN:
            continue
        left, biting = [allow.box], list[CompiledRule]()
        for at in _some(holders.touching(allow.box)):
            if left and len(left) <= _MOST_BOXES and allow.implies(forbids[at]):
                left = [rest for box in left for rest in _less(box, forbids[at].box)]
                biting.append(forbids[at].rule)
        if not left:
            lines = ", ".join(str(rule.place.line) for rule in biting[:3])
            message = f"this allow can never apply: the forbid in line {lines} always bites"
            yield Fault(allow.rule.place, "never-applies", message, "change one of them, or leave one out")


def _some(numbers: Iterator[int]) -> Iterator[int]:
    return (number for _, number in zip(range(_MOST_FORBIDS), numbers, strict=False))


def _less(box: Box, cut: Box) -> Iterator[Box]:
    """The box without the cut, as boxes."""
    if not all(part & other for part, other in zip(box, cut, strict=True)):
        yield box
        return
    purposes, recipients, items = box
    if rest := purposes & ~cut[0]:
        yield rest, recipients, items
    if rest := recipients & ~cut[1]:
        yield purposes & cut[0], rest, items
    if rest := items & ~cut[2]:
        yield purposes & cut[0], recipients & cut[1], rest
