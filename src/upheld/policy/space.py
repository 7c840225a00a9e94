"""Everything a rule's conditions can ask at once: facts about a person, and facts about a recipient, each cut into few values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from upheld.policy.compiled import Policy
from upheld.policy.dims import SERVED, Dim, Fact, asks, dims_of, truths
from upheld.policy.statements import Condition
from upheld.policy.terms import REGION_PARENTS
from upheld.policy.uses import Standing, Use

Truth = bool | None

RECIPIENT_FACTS = ("vetted", "under contract", "legal process")

_FIELDS = {"vetted": "vetted", "under contract": "under_contract", "legal process": "legal_process"}


@dataclass(frozen=True)
class Space:
    """The sides along which conditions look. A point has one digit a side."""

    sides: tuple[Dim, ...]

    @classmethod
    def of(cls, *policies: Policy, more: Iterable[Condition] = ()) -> Space:
        """The space of all conditions of the policies, each policy alone (no versions), and of `more`."""
        people = [dim for dim in dims_of(policies, more) if dim.kind != "since"]
        return cls((*people, *(Dim("recipient", fact, SERVED) for fact in RECIPIENT_FACTS)))

    @cached_property
    def _at(self) -> dict[tuple[str, str], int]:
        return {(side.kind, side.about): at for at, side in enumerate(self.sides)}

    @cached_property
    def full(self) -> tuple[int, ...]:
        """For each side, the mask of all its values."""
        return tuple((1 << side.size) - 1 for side in self.sides)

    def literal(self, condition: Condition, *, totals: bool) -> tuple[int | None, tuple[Truth, ...]]:
        """Which side a condition looks along, and its truth for each digit; no side and one truth for `as totals`."""
        if condition.kind == "as totals":
            return None, (totals != condition.negated,)
        asked = asks(condition)
        if asked is not None:
            at = self._at[asked]
            return at, truths(self.sides[at], condition)
        at = self._at["recipient", condition.kind]
        return at, tuple(None if fact is None else bool(fact) != condition.negated for fact in SERVED)

    def use(self, use: Use, point: Sequence[int]) -> Use:
        """The use with the facts about the recipient of a point."""
        facts = {_FIELDS[side.about]: side.values[digit] for side, digit in zip(self.sides, point, strict=True) if side.kind == "recipient"}
        return replace(use, **facts)  # type: ignore[arg-type]

    def standing(self, point: Sequence[int]) -> Standing:
        """A person at a point."""
        facts: dict[str, Any] = {}
        choices: dict[str, Any] = {}
        for side, digit in zip(self.sides, point, strict=True):
            if side.kind == "choice":
                choices[side.about] = side.values[digit]
            elif side.kind != "recipient":
                facts[side.kind] = side.values[digit]
        return Standing(choices, **facts)


Box = Mapping[int, int]
"""A set of points: for some sides the mask of values; a side it does not name may have any."""


def who(space: Space, box: Box) -> list[str]:
    """The people and recipients of a box in words, one phrase a side: `opted out of sharing`, `in us-ca`, `under 13`."""
    said = []
    for at, mask in sorted(box.items()):
        if mask != space.full[at]:
            side = space.sides[at]
            said.append(_phrase(side, [digit for digit in range(side.size) if mask >> digit & 1]))
    return said


def _phrase(side: Dim, digits: Sequence[int]) -> str:
    match side.kind:
        case "choice":
            return _choice(side.about, {str(side.values[digit]) for digit in digits})
        case "region":
            return _regions(side, digits)
        case "age":
            return _ages(side, digits)
    return _known(_FACTS[side.about or side.kind], {side.values[digit] for digit in digits})


_FACTS = {
    "vetted": ("recipient vetted", "recipient not vetted", "not known whether the recipient is vetted"),
    "under contract": ("recipient under contract", "recipient not under contract", "not known whether the recipient is under contract"),
    "legal process": (
        "recipient shows legal process",
        "recipient shows no legal process",
        "not known whether the recipient shows legal process",
    ),
    "served": ("served by the recipient", "not served by the recipient", "not known whether the recipient serves them"),
}


def _known(words: tuple[str, str, str], facts: set[Fact]) -> str:
    """`recipient vetted`, or `not known to be so`: one phrase for any set of yes, no and unknown."""
    yes, no, unknown = words
    return " or ".join(word for word, fact in ((yes, True), (no, False), (unknown, None)) if fact in facts)


_CHOICES = {
    frozenset({"in"}): "opted in to {}",
    frozenset({"out"}): "opted out of {}",
    frozenset({"unset"}): "having chosen nothing on {}",
    frozenset({"unknown"}): "with an unknown choice on {}",
    frozenset({"unset", "in"}): "known not to have opted out of {}",
    frozenset({"unset", "out"}): "known not to have opted in to {}",
    frozenset({"unset", "in", "unknown"}): "not known to have opted out of {}",
    frozenset({"unset", "out", "unknown"}): "not known to have opted in to {}",
    frozenset({"unset", "in", "out"}): "with a known choice on {}",
    frozenset({"in", "out"}): "opted in to or out of {}",
    frozenset({"in", "out", "unknown"}): "opted in to or out of {}, or with an unknown choice on it",
    frozenset({"in", "unknown"}): "opted in to {}, or with an unknown choice on it",
    frozenset({"out", "unknown"}): "opted out of {}, or with an unknown choice on it",
    frozenset({"unset", "unknown"}): "not known to have chosen anything on {}",
}


def _choice(topic: str, choices: set[str]) -> str:
    return _CHOICES[frozenset(choices)].format(f"`{topic}`")


def _ages(side: Dim, digits: Sequence[int]) -> str:
    """`under 13`, `13 to 15`, `16 or older`, `of unknown age`, joined by *or*."""
    starts = (0, *side.thresholds)
    said, bands = [], [digit for digit in digits if digit < len(starts)]
    while bands:
        first = last = bands.pop(0)
        while bands and bands[0] == last + 1:
            last = bands.pop(0)
        low, high = starts[first], starts[last + 1] if last + 1 < len(starts) else None
        if high is None:
            said.append(f"{low} or older" if low else "of known age")
        else:
            said.append(f"{low} to {high - 1}" if low else f"under {high}")
    if len(starts) in digits:
        said.append("of unknown age")
    return " or ".join(said)


def _regions(side: Dim, digits: Sequence[int]) -> str:
    """`in us-ca or eu`, or `outside eu` if that is shorter."""
    inside = [region for digit in digits for region in side.classes[digit]]
    outside = [region for digit in range(side.size) if digit not in digits for region in side.classes[digit]]
    named, unnamed = _condensed(inside), _condensed(outside)
    positive = " or ".join([f"in {' or '.join(named)}"] * bool(named) + ["of unknown region"] * ("anywhere" in inside))
    if "anywhere" in inside and len(unnamed) < len(named):
        return f"not known to be in {' or '.join(unnamed)}"
    if len(unnamed) < len(named):
        return f"known to be outside {' or '.join(unnamed)}"
    return positive


def _condensed(regions: Sequence[str]) -> list[str]:
    """The regions with branches named by their root: `us`, `us` except `us-ca`, `us` (not known where)."""
    inside = set(regions)
    said = []
    for root in (region for region, parent in REGION_PARENTS.items() if parent == "anywhere"):
        below = [region for region, parent in REGION_PARENTS.items() if parent == root]
        here = [region for region in below if region in inside]
        if len(here) * 2 > len(below):
            but = [f"`{region}`" for region in below if region not in inside]
            unknown = "" if root in inside else " (known where)"
            said.append(f"`{root}`{unknown}" + (f" except {', '.join(but)}" if but else ""))
            continue
        if root in inside:
            said.append(f"`{root}` (not known where)" if below else f"`{root}`")
        said += [f"`{region}`" for region in here]
    return said
