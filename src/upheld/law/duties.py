"""What a law asks, as values: a duty with whom it binds, its clocks, how well it was read, and what a policy must say to meet it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from upheld.law.counting import Period

Mark = Literal["V", "S", "M"]
Status = Literal["confirmed", "unconfirmed", "off"]
NeedKind = Literal["right", "stop", "never", "opt in", "changes", "contact", "collects not"]

MARKS: Final[Mapping[Mark, str]] = {
    "V": "the text of the law itself, or an official page, was read",
    "S": "a secondary source says it",
    "M": "from general knowledge, not confirmed",
}
"""How well a fact was read."""

RIGHTS: Final = frozenset(
    (
        "access.categories access.specific access.portability access.third_parties.categories "
        "access.third_parties.named disclosure.direct_marketing correct delete restrict object object.direct_marketing "
        "optout.sale_share optout.signal optout.targeted_ads optout.profiling limit.sensitive optin.after_optout "
        "withdraw_consent human_review stop.email stop.call stop.text stop.post child.review child.delete "
        "child.refuse_further complaint breach.notice appeal none"
    ).split()
)
"""What a duty may be about; `none` is a standing duty that no request triggers."""


@dataclass(frozen=True, slots=True)
class Span:
    """How long a law gives, and from when; `start` is `receipt` or what the law counts from instead."""

    period: Period
    start: str = "receipt"

    def __str__(self) -> str:
        words = f"{self.period.n} {self.period.unit.replace('_', ' ')}{'s' * (self.period.n != 1)}"
        return words if self.start == "receipt" else f"{words} from {self.start}"


@dataclass(frozen=True, slots=True)
class Verify:
    """How sure one must be of who asks, what may be asked for it, and what never."""

    level: str
    ask: str | None = None
    forbid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """What a policy document must say to meet a duty.

    `right`: a `right` statement for `value`. `stop`: a `stop` for whatever `value` (a purpose or a branch) is allowed, `to` whom.
    `never`: what the policy must prove. `opt in`: nobody without an opt-in is reached for `value`. `changes`, `contact` and `collects not`
    say themselves. `clock`: the document's time may not be longer than the law's. `mark`: the field of the duty whose evidence this is.
    """

    kind: NeedKind
    value: str = ""
    to: str | None = None
    by: str | None = None
    ways: int = 1
    given: str | None = None
    single: bool = False
    covering: str | None = None
    clock: bool = True
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty of one law. `family` joins the same duty of several places (`us-states.delete`); else it is the id itself.

    `evidence` is the weakest mark of what the duty stands on; `weak` are the fields that are weaker. `off` says why it is switched off.
    `clock_of` is the duty whose clocks it has taken.
    """

    id: str
    pack: str
    law: str
    right: str
    says: str
    regions: tuple[str, ...]
    evidence: Mark
    sources: tuple[str, ...]
    family: str = ""
    off: str | None = None
    in_force: date | None = None
    who: tuple[str, ...] = ("person",)
    contexts: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    applies_if: str | None = None
    verify: Verify | None = None
    acknowledge: Span | None = None
    due: Span | None = None
    extend: Span | None = None
    outcome: tuple[str, ...] = ()
    may_deny: tuple[str, ...] = ()
    denial_says: tuple[str, ...] = ()
    record_months: int | None = None
    contract_terms: tuple[str, ...] = ()  # what a contract with a company that works for the merchant must say
    also: tuple[str, ...] = ()
    weak: Mapping[str, Mark] = field(default_factory=dict)
    dpv: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    clock_of: str | None = None

    @property
    def status(self) -> Status:
        """Whether it may be relied on: only what was read in the law itself is confirmed, and even that a lawyer should look at."""
        if self.off is not None:
            return "off"
        return "confirmed" if self.evidence == "V" else "unconfirmed"

    def mark_of(self, name: str) -> Mark:
        """How well one field was read."""
        return self.weak.get(name, self.evidence)

    def is_confirmed(self, name: str | None = None) -> bool:
        """Whether the duty, and one field of it if named, was read in the law itself."""
        return self.status == "confirmed" and (name is None or self.mark_of(name) == "V")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read."""

    id: str
    what: str
    where: str


@dataclass(frozen=True, slots=True)
class Pack:
    """The duties of one law or family of laws. `applies`: to whom, as facts about the company that nobody checks here."""

    name: str
    title: str
    as_of: date
    duties: tuple[Duty, ...]
    applies: tuple[str, ...] = ()
    applies_evidence: Mark | None = None
    also: tuple[str, ...] = ()
    penalties: str | None = None


@dataclass(frozen=True, slots=True)
class Instrument:
    """A kind of paper by which an authority asks, and whether it compels: yes, no, hold only, maybe."""

    kind: str
    compels: str
    default: str | None = None
    check: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class LegalDemands:
    """What is done when an authority asks: the instruments, the steps in order, and what is never done."""

    instruments: tuple[Instrument, ...]
    steps: tuple[str, ...]
    never: tuple[str, ...]
    evidence: Mark
    sources: tuple[str, ...]
