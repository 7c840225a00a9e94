"""What a statement says, as plain data: one frozen class a statement, each with its clause and place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ConditionKind = Literal[
    "opted in",  # value: topic
    "opted out",  # value: topic
    "under",  # value: years
    "known under",  # value: years
    "in",  # value: region
    "as totals",
    "under contract",
    "vetted",
    "serves",
    "legal process",
]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the document something stands: 1-based line and column."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Duration:
    """A count of `hour`, `day`, `business day`, `week`, `month` or `year`."""

    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One fact that a rule asks about, perhaps negated (`not opted in to newsletter`)."""

    kind: ConditionKind
    value: str | int | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """What all statements have: the clause that says it, where it begins, and its words as written (white space folded)."""

    clause: str
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Purpose(Statement):
    """`purpose P: words` declares a purpose beyond the built-in ones."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Topic(Statement):
    """`topic T stops PURPOSES`: whoever opted out of T is not reached for these purposes, whatever an allow says."""

    name: str
    purposes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Collect(Statement):
    """`collect SOURCE: kind, kind…`: these items exist, `SOURCE.kind` each."""

    source: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keep(Statement):
    """`keep ITEMS for D` or `keep ITEMS until D after last contact`."""

    items: tuple[str, ...]
    duration: Duration
    after_last_contact: bool


@dataclass(frozen=True, slots=True)
class Rule(Statement):
    """`allow …` or `forbid …`.

    Names are as written: branches and sources not yet expanded, `any` as the word. Empty `recipients` means the statement names none
    (allow: ourselves; forbid: every recipient). `together`: a forbid on A together with B. `totals`: as totals of at least N people.
    """

    effect: Literal["allow", "forbid"]
    purposes: tuple[str, ...]
    purposes_except: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    items_except: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    chosen_by: tuple[str, ...] = ()
    totals: int | None = None
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    at_most: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Expectation(Statement):
    """`never …` or `always …`: proven at check time. `when` narrows the people (and recipients) it speaks of; all must hold."""

    mood: Literal["never", "always"]
    purposes: tuple[str, ...]
    purposes_except: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    items_except: tuple[str, ...] = ()
    totals: int | None = None
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop(Statement):
    """`stop TOPICS for REGION by CHANNELS given IDENTIFIERS [within D]`. `regions` may be `anyone`; `given` is alternatives of parts."""

    topics: tuple[str, ...]
    regions: tuple[str, ...]
    channels: tuple[str, ...]
    given: tuple[tuple[str, ...], ...]
    within: Duration | None


@dataclass(frozen=True, slots=True)
class Right(Statement):
    """`right R, R for REGION by CHANNELS [given …] [covering PERIOD] [within D [extendable by D]]`."""

    rights: tuple[str, ...]
    regions: tuple[str, ...]
    channels: tuple[str, ...]
    given: tuple[tuple[str, ...], ...] = ()
    covering: str | None = None
    within: Duration | None = None
    extendable: Duration | None = None


@dataclass(frozen=True, slots=True)
class Contact(Statement):
    """`contact DESK [for REGION]: phone "…", email "…", hours Mon-Fri 06:00-17:00 Zone/Name`."""

    desk: str
    regions: tuple[str, ...] = ()
    phone: str | None = None
    email: str | None = None
    post: str | None = None
    hours: str | None = None


@dataclass(frozen=True, slots=True)
class Staff(Statement):
    """`staff ROLE may PURPOSES`."""

    role: str
    purposes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskAge(Statement):
    """`ask age before SOURCES`."""

    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoticeOnLeaving(Statement):
    """`notice on leaving`."""


@dataclass(frozen=True, slots=True)
class Changes(Statement):
    """`changes apply from posting, wider use of earlier information when agreed`."""


AnyStatement = Purpose | Topic | Collect | Keep | Rule | Expectation | Stop | Right | Contact | Staff | AskAge | NoticeOnLeaving | Changes
