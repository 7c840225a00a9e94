"""Answers kept ready: the policy in force, the register and the people asked about before stay in memory, and are never stale.

Whatever changes an answer is an entry of the ledger. So each group of questions first asks the record how long its ledger is: if it has
grown, only the people whom the new entries are about are read anew; after anything else that could matter, everything is. What is kept of
people are keyed codes, numbers and standings; nothing by which anybody could be named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, select

from upheld.choices import queries as choices
from upheld.errors import Invalid, No, Refused
from upheld.gate import caps
from upheld.gate.asked import Asked
from upheld.gate.asking import Question, joined, told_of, use_of, without_more
from upheld.gate.models import DISCLOSURE, RELEASE_ENDED, RELEASE_RECORDED
from upheld.gate.searching import SEARCHED
from upheld.gate.snapshot import ABOUT_PEOPLE, ROOMS_WITHOUT_EFFECT
from upheld.ledger import queries as ledger
from upheld.ledger.models import ENTRY
from upheld.people import queries as people
from upheld.people.codes import Code, Keys, conflict, tight_codes
from upheld.people.identifiers import Identifier
from upheld.policy.asking import check_standing
from upheld.policy.compiled import undeclared
from upheld.policy.table import Table
from upheld.policy.uses import Choice, Decision, Standing, Use
from upheld.postings import queries as postings
from upheld.recipients import queries as recipients
from upheld.recipients.terms import demanded

MOST_CODES: Final = 400_000  # remembered; then all are forgotten
MOST_PEOPLE: Final = 200_000
MOST_USES: Final = 10_000
MOST_NEWS: Final = 20_000  # entries after which reading everything anew is quicker
WITHOUT_EFFECT: Final = frozenset({RELEASE_RECORDED, RELEASE_ENDED, SEARCHED, "choices.imported"})


@dataclass(frozen=True, slots=True)
class Asking:
    """A question about somebody: named by identifiers, or of whom the facts are given (`standing`)."""

    question: Question
    person: tuple[Identifier, ...] = ()
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The answer. `known`: whether the record knows the person; None if only facts were given."""

    decision: Decision
    known: bool | None


class Ready:
    """The answers of one process. Not for several threads at once."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._mark = -1  # the ledger's size; below 0: nothing was read yet
        self._day = date.min
        self._next: datetime | None = None  # when a policy that is posted already comes into force
        self._history: tuple[postings.Posted, ...] = ()
        self._table: Table | None = None
        self._topics: tuple[str, ...] = ()
        self._register: dict[str, recipients.Entry] = {}
        self._terms: tuple[str, ...] = ()
        self._uses: dict[tuple[Question, bool | None, bool | None], Use] = {}
        self._codes: dict[int, tuple[tuple[int, int], ...]] = {}
        self._standings: dict[int, Standing] = {}
        self._last_identifier = self._last_choice = self._last_fact = 0
        self._has_released = False  # no cap can be spent before

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that some version of the policy asks about, as of the last `refresh`."""
        return self._topics

    def refresh(self, conn: Connection, at: datetime) -> frozenset[str] | None:
        """See what was recorded since the last time; the kinds of the new entries, or None if everything was read anew."""
        size = ledger.size(conn)
        if self._mark < 0 or not 0 <= size - self._mark <= MOST_NEWS or (self._next is not None and at >= self._next):
            self._read(conn, at, size)
            return None
        if at.date() != self._day:  # ages have changed
            self._day = at.date()
            self._standings.clear()
        if size == self._mark:
            return frozenset()
        kinds = frozenset(conn.execute(select(ENTRY.c.kind).where(ENTRY.c.id >= self._mark).distinct()).scalars())
        if any(kind not in ABOUT_PEOPLE | WITHOUT_EFFECT and not kind.startswith(ROOMS_WITHOUT_EFFECT) for kind in kinds):
            self._read(conn, at, size)
            return None
        if kinds & ABOUT_PEOPLE:
            self._forget_changed(conn)
        self._has_released |= RELEASE_RECORDED in kinds
        self._mark = size
        return kinds

    def answers(self, conn: Connection, asked: Sequence[Asking], at: datetime) -> list[Found | No]:
        """Each question's answer, or why there is none; all of one reading of the record, after `refresh` in it."""
        meant = [self._codes_of(one) for one in asked]
        met = self._met(conn, meant)
        missing = {person for some in met for person in some if person not in self._standings}
        if missing:
            if len(self._standings) + len(missing) > MOST_PEOPLE:
                self._standings.clear()
                missing = {person for some in met for person in some}
            self._standings.update(choices.standings_of(conn, missing, self._topics, choices.AsOf(today=at)))
        return [self._answer(conn, one, codes, persons, at) for one, codes, persons in zip(asked, meant, met, strict=True)]

    def _answer(self, conn: Connection, asked: Asking, codes: Sequence[Code], persons: Iterable[int], at: datetime) -> Found | No:
        try:
            if self._table is None:
                raise Refused("no policy is in force: post one with `upheld policy post POLICY.md`")
            use = self._use(conn, asked.question, at)
            if asked.standing is not None:
                self._demand_declared(asked.standing)
                return Found(self._table.decide(use, asked.standing), None)
            if not codes:
                raise Invalid("nobody can be meant by this: give an e-mail address, or first and last name, address and zip")
            known = [self._standings[person] for person in persons]
            told = [one for standing in known or [self._stranger()] for one in told_of(standing, asked.question)]
            decisions = [self._table.decide(use, standing) for standing in told]
            if self._has_released and any(one.obligations.at_most for one in decisions):
                person = caps.Person(tuple(persons), {code.code for code in codes})
                decisions = self._within_caps(conn, decisions, use, person, at)
            return Found(joined(decisions), bool(known))
        except No as no:
            return no

    def _within_caps(self, conn: Connection, decisions: Sequence[Decision], use: Use, person: caps.Person, at: datetime) -> list[Decision]:
        """The same, but nothing where the person was given out as often as a clause lets."""
        history = [one.policy for one in self._history]
        spent = caps.spent(conn, decisions, history, use, person, at, now=True)
        return [without_more(one, use, history[-1], spent) if spent else one for one in decisions]

    def _codes_of(self, asked: Asking) -> tuple[Code, ...]:
        return tuple(code for identifier in asked.person for code in tight_codes(identifier, self._keys))

    def _met(self, conn: Connection, meant: Sequence[Sequence[Code]]) -> list[list[int]]:
        """Whom the codes of each question meet, in order of their numbers."""
        wanted = {code.code for codes in meant for code in codes if code.code not in self._codes}  # less a view would go over all of it
        if wanted:
            if len(self._codes) + len(wanted) > MOST_CODES:
                self._codes.clear()
                wanted = {code.code for codes in meant for code in codes}
            kept = people.having(conn, wanted)
            self._codes.update((code, tuple((guard, person) for guard, person, _ in kept.get(code, ()))) for code in wanted)
        found = self._codes
        return [sorted({person for code, guard in some for other, person in found[code] if not conflict(guard, other)}) for some in meant]

    def _use(self, conn: Connection, question: Question, at: datetime) -> Use:
        entry = self._register.get(question.to)
        if entry is None:  # ourselves and the person themselves; whoever is not registered is refused
            facts = recipients.facts(conn, question.to, question.purpose, at, self._terms)
            kind, vetted, contracted = facts.kind, facts.vetted, facts.under_contract
        else:
            kind, vetted = entry.recipient.kind, entry.vetting is not None and entry.vetting.reputable
            contracted = entry.is_bound(question.purpose, at, self._terms)
        key = (question, vetted, contracted)
        use = self._uses.get(key)
        if use is None:
            history = tuple(one.policy for one in self._history)
            use = use_of(question, Asked(history, tuple(one.since for one in self._history), kind, vetted, contracted))
            if len(self._uses) >= MOST_USES:
                self._uses.clear()
            self._uses[key] = use
        return use

    def _demand_declared(self, standing: Standing) -> None:
        check_standing(standing)
        vocabulary, versions = self._history[-1].policy.vocabulary, [one.version for one in self._history]
        words = (("topic", standing.choices, self._topics), ("source", standing.since, vocabulary.sources))
        for what, named, known in words:
            for name in named:
                if name not in known:
                    raise Invalid(undeclared(what, name, known))
        for version in standing.since.values():
            if version not in versions:
                raise Invalid(undeclared("version", version, versions).replace("is declared", "is posted"))

    def _stranger(self) -> Standing:
        unset: Choice = "unset"
        return Standing(dict.fromkeys(self._topics, unset))

    def _read(self, conn: Connection, at: datetime, size: int) -> None:
        """Read everything anew that does not depend on who is asked about, and forget what does."""
        before = self._history
        every = postings.posted(conn)
        self._history = tuple(one for one in every if one.since <= at)
        self._next = min((one.since for one in every if one.since > at), default=None)
        if self._history != before or self._table is None:
            policies = [one.policy for one in self._history]
            self._table = Table(policies) if policies else None
            self._topics = tuple(dict.fromkeys(topic for policy in reversed(policies) for topic in policy.vocabulary.topics))
        self._register = {entry.recipient.name: entry for entry in recipients.register(conn, at)}
        self._terms = demanded(self._history[-1].policy.document.front.law) if self._history else ()
        for kept in (self._uses, self._codes, self._standings):
            kept.clear()
        self._last_identifier = people.last_identifier(conn)
        self._last_choice, self._last_fact = choices.last_numbers(conn)
        self._has_released = conn.execute(select(DISCLOSURE.c.id).limit(1)).first() is not None
        self._mark, self._day = size, at.date()

    def _forget_changed(self, conn: Connection) -> None:
        """Forget what is known of people about whom something was recorded."""
        for code in people.later(conn, self._last_identifier).codes.tolist():
            self._codes.pop(code, None)
        for person in choices.changed_since(conn, self._last_choice, self._last_fact):
            self._standings.pop(person, None)
        self._last_identifier = people.last_identifier(conn)
        self._last_choice, self._last_fact = choices.last_numbers(conn)
