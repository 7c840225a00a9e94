"""Every change in who is who: people are enrolled and found by their identifiers, and facts about them are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from upheld.errors import Invalid
from upheld.home import Home
from upheld.ledger.actions import append_many
from upheld.ledger.kinds import NUMBER, counts_of, declare, one_of
from upheld.people.codes import Code, Keys, conflict, tight_codes
from upheld.people.facts import Fact
from upheld.people.identifiers import KINDS, Identifier, as_given
from upheld.people.matching import packed
from upheld.people.models import CODE, FACT, IDENTIFIER, PERSON
from upheld.people.normal import NORM
from upheld.people.queries import having, last_identifier, last_person, merged, signed
from upheld.record import Actor
from upheld.vault.sealing import Vault

ENROLLED = declare("person.enrolled", "a person became known, by so many identifiers", person=NUMBER, identifiers=counts_of(one_of(*KINDS)))
ATTACHED = declare("person.attached", "a known person got another identifier", person=NUMBER, identifier=one_of(*KINDS))
FACTED = declare("person.fact", "a fact about a person was kept", person=NUMBER, fact=one_of("region", "born", "since"), number=NUMBER)


class Keeper:
    """What it takes to know people: the keys of match codes, and the vault that seals what they gave."""

    def __init__(self, home: Home) -> None:
        self.keys = Keys(home.key)
        self.vault = Vault(home)


def enrol(tx: Connection, keeper: Keeper, identifiers: Sequence[Identifier], at: datetime, actor: Actor) -> tuple[int, ...]:
    """The people whom these identifiers of one row mean; see `enrol_many`."""
    return enrol_many(tx, keeper, [identifiers], at, actor)[0]


def enrol_many(
    tx: Connection, keeper: Keeper, rows: Sequence[Sequence[Identifier]], at: datetime, actor: Actor, *, skip_unreadable: bool = False
) -> list[tuple[int, ...]]:
    """For each row the people whom its identifiers mean, in order of their numbers; who is not known yet is enrolled.

    An identifier that meets nobody goes to the one person whom the others of its row meet; if they meet several people (or nobody) it
    becomes a person of its own, so that the row's choice holds for it without making two people one. A row of which nothing can be read
    is `Invalid`, and then nothing was done; with `skip_unreadable` it means nobody.
    """
    batch = _Batch(tx, [[(one, tight_codes(one, keeper.keys)) for one in row] for row in rows])
    if not skip_unreadable and any(not any(codes for _, codes in row) for row in batch.rows):
        raise Invalid("no identifier can be read: give an e-mail address, or name, address and zip")
    answers = [batch.people_of(number) for number in range(len(rows))]
    batch.write(tx, keeper, at, actor)
    return answers


Coded = tuple[Identifier, tuple[Code, ...]]


@dataclass(frozen=True, slots=True)
class _New:
    person: int
    identifier: Identifier
    codes: tuple[Code, ...]


@dataclass
class _Batch:
    """Rows being enrolled: what the record knows of their codes, and what is new."""

    tx: Connection
    rows: Sequence[Sequence[Coded]]
    made: list[int] = field(default_factory=list)
    new: list[_New] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known: dict[int, list[tuple[int, int]]] = {}
        for code, kept in having(self.tx, (code.code for row in self.rows for _, codes in row for code in codes)).items():
            self.known[code] = [(guard, person) for guard, person, _ in kept]
        self.last_person = last_person(self.tx)

    def people_of(self, number: int) -> tuple[int, ...]:
        """The people of one row; notes what is new."""
        row = [(one, codes) for one, codes in self.rows[number] if codes]
        if not row:
            return ()
        met = [self._met(codes) for _, codes in row]
        everybody = frozenset().union(*met)
        strangers = [one for one, people in zip(row, met, strict=True) if not people]
        if len(everybody) == 1:
            (person,) = everybody
            for one, codes in row:
                if any(all(person != known for _, known in self.known.get(code.code, ())) for code in codes):
                    self._attach(person, one, codes)
        elif strangers:
            self.last_person += 1
            self.made.append(self.last_person)
            for one, codes in strangers:
                self._attach(self.last_person, one, codes)
            everybody |= {self.last_person}
        return tuple(sorted(everybody))

    def _met(self, codes: Iterable[Code]) -> frozenset[int]:
        return frozenset(person for code in codes for guard, person in self.known.get(code.code, ()) if not conflict(code.guard, guard))

    def _attach(self, person: int, identifier: Identifier, codes: tuple[Code, ...]) -> None:
        self.new.append(_New(person, identifier, codes))
        for code in codes:
            self.known.setdefault(code.code, []).append((code.guard, person))

    def write(self, tx: Connection, keeper: Keeper, at: datetime, actor: Actor) -> None:
        """Put what is new into the record, with its ledger entries."""
        if not self.new:
            return
        if self.made:
            tx.execute(insert(PERSON), [{"id": person, "at": at} for person in self.made])
        sealed = keeper.vault.seal_many(tx, [(one.person, one.identifier.kind, as_given(one.identifier)) for one in self.new])
        first = last_identifier(tx) + 1
        identifiers: list[dict[str, Any]] = []
        codes: list[dict[str, Any]] = []
        for number, (one, value) in enumerate(zip(self.new, sealed, strict=True), start=first):
            known = {"id": number, "person": one.person, "kind": one.identifier.kind, "norm": NORM, "at": at}
            identifiers.append(known | {"sealed": value, "codes": packed(one.codes)})
            for code, guard in merged(one.codes).items():
                codes.append({"code": signed(code), "identifier": number, "guard": guard, "person": one.person})
        tx.execute(insert(IDENTIFIER), identifiers)
        tx.execute(insert(CODE), codes)
        append_many(tx, self._entries(), at, actor)

    def _entries(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        made: dict[int, dict[str, int]] = {person: {} for person in self.made}
        for one in self.new:
            if one.person in made:
                counts = made[one.person]
                counts[one.identifier.kind] = counts.get(one.identifier.kind, 0) + 1
        for person, counts in made.items():
            yield ENROLLED, {"person": person, "identifiers": counts}
        for one in self.new:
            if one.person not in made:
                yield ATTACHED, {"person": one.person, "identifier": one.identifier.kind}


def keep_facts(tx: Connection, facts: Iterable[tuple[int, Fact]], at: datetime, actor: Actor) -> int:
    """Keep facts about people, each holding from its own time (at the latest from `at`); how many. The newest of a kind holds."""
    first = int(tx.execute(select(func.coalesce(func.max(FACT.c.id), 0))).scalar_one()) + 1
    rows: list[dict[str, Any]] = []
    for number, (person, fact) in enumerate(facts, start=first):
        kept = {"id": number, "person": person, "fact": fact.fact, "about": fact.about, "value": fact.value}
        rows.append(kept | {"at": min(fact.at or at, at), "recorded_at": at})
    if rows:
        tx.execute(insert(FACT), rows)
        append_many(tx, ((FACTED, {"person": row["person"], "fact": row["fact"], "number": row["id"]}) for row in rows), at, actor)
    return len(rows)
