"""Questions and answers: a use, a person's standing, and the decision about both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Choice = Literal["unset", "in", "out", "unknown"]
"""What a person chose on a topic. `unset`: we know that nothing was chosen. `unknown`: we do not know what was chosen."""

CHOICES: tuple[Choice, ...] = ("unset", "in", "out", "unknown")
"""In the order of their numbers in a standing code: 0, 1, 2, 3."""


@dataclass(frozen=True, slots=True)
class Use:
    """What someone wants to do: a purpose, the items it shows and chooses people by, and who gets them.

    `items` are shown individually, `totals` as totals of at least `people` people (None: as few as the policy lets).
    A source name (`order`) stands for all its items. `chosen_by` are items by which the people are selected.
    The facts about the recipient are True, False or None for *unknown*; an unknown fact never helps.
    """

    purpose: str
    items: tuple[str, ...] = ()
    to: str = "ourselves"
    totals: tuple[str, ...] = ()
    people: int | None = None
    chosen_by: tuple[str, ...] = ()
    vetted: bool | None = None
    under_contract: bool | None = None
    legal_process: bool | None = None
    asked_by: str | None = None  # a staff role, if staff asks; its `staff` statement then binds too


@dataclass(frozen=True, slots=True)
class Standing:
    """All that rules may ask about one person.

    A topic that `choices` does not name is *unknown*. `region` is a node of the region tree (`us-ca`, `us`, `eu`, `de` …), None if
    unknown. `age` in whole years, None if unknown. `served`: whether the recipient serves this person, None if unknown.
    `since` names, per source, the version under which the person's items of that source stand: the one they were collected under, or a
    later one the person agreed to. A source it does not name stands under the *earliest* version in the history: closed by default.
    """

    choices: Mapping[str, Choice] = field(default_factory=dict)
    region: str | None = None
    age: int | None = None
    served: bool | None = None
    since: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Obligations:
    """What whoever carries out an allowed use must also do; joined over all matching permits, never weaker.

    `people`: totals must cover at least so many people. `at_most`: (times, period) caps per person, the tightest per period.
    """

    people: int | None = None
    at_most: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why items are refused, in words that a clerk can read.

    `effect` is "forbid" (that clause bites) or "silence" (no permit applies; `clause` is then the nearest permit's, None if there is
    none at all). `because` says the fact, `change` what would change the answer.
    """

    items: tuple[str, ...]
    effect: Literal["forbid", "silence"]
    clause: str | None
    because: str
    change: str
    version: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: what is permitted, what is refused, why, and under which policy.

    `permitted` and `refused` keep the order asked. `clauses` are the ids of all clauses that spoke: permits that applied to a permitted
    item, forbids that bit, in document order.
    """

    permitted: tuple[str, ...]
    refused: tuple[str, ...]
    clauses: tuple[str, ...]
    obligations: Obligations
    reasons: tuple[Reason, ...]
    version: str
    policy_hash: str

    @property
    def allowed(self) -> bool:
        """Whether everything asked for is permitted."""
        return bool(self.permitted) and not self.refused

    def __bool__(self) -> bool:
        return self.allowed
