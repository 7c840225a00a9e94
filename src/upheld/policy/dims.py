"""What rules can ask about a person, cut into the few values that can make a difference, and packed into one number: the standing code."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from upheld.errors import Invalid
from upheld.policy.compiled import Policy, undeclared
from upheld.policy.statements import Condition
from upheld.policy.terms import REGION_PARENTS, within
from upheld.policy.uses import CHOICES, Standing

DimKind = Literal["choice", "region", "age", "served", "since", "recipient"]
Fact = str | int | bool | None
"""A fact about a person: a choice, a region, an age, whether the recipient serves them, a version."""

SERVED: tuple[Fact, ...] = (False, True, None)
"""In the order of their digits: 0 no, 1 yes, 2 unknown."""


@dataclass(frozen=True)
class Dim:
    """One side of a standing code.

    `values[digit]` is a fact that stands for its class (for regions the first of the class, for ages the lowest; None is unknown).
    `classes[digit]` are all regions of the class. A code is the sum of digit * `stride` over all dims.
    """

    kind: DimKind
    about: str  # the topic or the source; else empty
    values: tuple[Fact, ...]
    stride: int = 1
    classes: tuple[tuple[str, ...], ...] = ()
    thresholds: tuple[int, ...] = ()
    digits: Mapping[Fact, int] = field(default_factory=dict, compare=False, hash=False)

    @property
    def name(self) -> str:
        """`choice.newsletter`, `region`, `age`, `served`, `since.order`."""
        return f"{self.kind}.{self.about}" if self.about else self.kind

    @property
    def size(self) -> int:
        """How many values it has."""
        return len(self.values)

    def digit(self, fact: Fact) -> int:
        """The class of one fact. `Invalid` if it is no such fact. A version that the history does not know is the earliest."""
        if self.kind == "age":
            if fact is None:
                return self.size - 1
            if not isinstance(fact, int) or fact < 0:
                raise Invalid("an age is a whole number of years from 0, or not known")
            return bisect_right(self.thresholds, fact)
        if self.kind == "since":
            return self.digits.get(fact, 0)
        found = self.digits.get(fact)
        if found is None:
            known = [str(each) for each in self.digits]
            raise Invalid(undeclared("region" if self.kind == "region" else "choice", str(fact), known))
        return found

    def of(self, standing: Standing) -> int:
        """The digit of one person."""
        match self.kind:
            case "choice":
                return self.digit(standing.choices.get(self.about, "unknown"))
            case "region":
                return self.digit(standing.region)
            case "age":
                return self.digit(standing.age)
            case "served":
                return self.digit(standing.served)
        return self.digit(standing.since.get(self.about))


def dims_of(history: Sequence[Policy], more: Iterable[Condition] = ()) -> tuple[Dim, ...]:
    """What some rule of `history` (or `more`) asks about a person; with several versions, also which version each source is under."""
    asked = [condition for policy in history for rule in policy.rules for condition in (*rule.when, *rule.unless)]
    asked += more
    chosen = {str(each.value) for each in asked if each.kind in {"opted in", "opted out"}}
    words = (topic for policy in (history[-1], *history) for topic in policy.vocabulary.topics)
    topics = dict.fromkeys(topic for topic in words if topic in chosen)
    dims = [Dim("choice", topic, tuple(CHOICES), digits={choice: at for at, choice in enumerate(CHOICES)}) for topic in topics]
    regions = tuple(dict.fromkeys(str(each.value) for each in asked if each.kind == "in"))
    if regions:
        dims.append(region_dim(regions))
    ages = sorted({int(each.value or 0) for each in asked if each.kind in {"under", "known under"}} - {0})
    if ages:
        dims.append(Dim("age", "", (0, *ages, None), thresholds=tuple(ages)))
    if any(each.kind == "serves" for each in asked):
        dims.append(Dim("served", "", SERVED, digits={fact: at for at, fact in enumerate(SERVED)}))
    if len(history) > 1:
        versions = tuple(policy.version for policy in history)
        numbers: dict[Fact, int] = {version: at for at, version in reversed(tuple(enumerate(versions)))}
        dims += [Dim("since", source, versions, digits=numbers) for source in history[-1].vocabulary.sources]
    return with_strides(dims)


def with_strides(dims: Iterable[Dim]) -> tuple[Dim, ...]:
    """The same dims as sides of one mixed-radix number."""
    done, stride = [], 1
    for dim in dims:
        done.append(replace(dim, stride=stride))
        stride *= dim.size
    return tuple(done)


def region_dim(asked: Sequence[str]) -> Dim:
    """The region tree cut into classes that no condition of `asked` tells apart; `us` with an unknown state is a class of its own."""
    classes: dict[tuple[bool | None, ...], list[Fact]] = {}
    for region in (*REGION_PARENTS, "anywhere", None):
        classes.setdefault(tuple(within(region, outer) for outer in asked), []).append(region)
    members = tuple(classes.values())
    return Dim(
        "region",
        "",
        values=tuple(each[0] if None not in each else None for each in members),
        classes=tuple(tuple(str(region) for region in each if region is not None) for each in members),
        digits={region: at for at, each in enumerate(members) for region in each},
    )


def truths(dim: Dim, condition: Condition) -> tuple[bool | None, ...]:
    """The truth of a condition about a person for each digit of its dim: True, False, None for *unknown*."""
    test = _tests[condition.kind](condition)
    return tuple(None if (fact := test(value)) is None else fact != condition.negated for value in dim.values)


def asks(condition: Condition) -> tuple[DimKind, str] | None:
    """The kind and subject of the dim that a condition asks; None for conditions on the use or the recipient."""
    kind = _kinds.get(condition.kind)
    return None if kind is None else (kind, str(condition.value) if kind == "choice" else "")


_kinds: dict[str, DimKind] = {
    "opted in": "choice",
    "opted out": "choice",
    "in": "region",
    "under": "age",
    "known under": "age",
    "serves": "served",
}

_Test = Callable[[Fact], bool | None]


def _chosen(condition: Condition) -> _Test:
    wanted = "in" if condition.kind == "opted in" else "out"
    return lambda choice: {"unset": False, "in": wanted == "in", "out": wanted == "out", "unknown": None}[str(choice)]


def _under(condition: Condition) -> _Test:
    limit = condition.value
    assert isinstance(limit, int)
    unknown = None if condition.kind == "under" else False
    return lambda age: unknown if age is None else int(age) < limit


_tests: dict[str, Callable[[Condition], _Test]] = {
    "opted in": _chosen,
    "opted out": _chosen,
    "under": _under,
    "known under": _under,
    "in": lambda condition: lambda region: within(None if region is None else str(region), str(condition.value)),
    "serves": lambda _: lambda served: None if served is None else bool(served),
}
