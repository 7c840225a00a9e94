"""Every change in who is who: people are enrolled and found by their identifiers, and facts about them are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from upheld.errors import Invalid
from upheld.home import Home
from upheld.ledger.actions import append_many
from upheld.ledger.kinds import NUMBER, counts_of, declare, one_of
from upheld.people.batches import Coder
from upheld.people.codes import Keys
from upheld.people.enrolling import Enrolling
from upheld.people.facts import Fact
from upheld.people.identifiers import KINDS, Identifier, as_given
from upheld.people.models import CODE, FACT, IDENTIFIER, PERSON
from upheld.people.normal import NORM
from upheld.people.queries import last_identifier
from upheld.record import Actor
from upheld.record.sets import put
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
    tx: Connection,
    keeper: Keeper,
    rows: Sequence[Sequence[Identifier]],
    at: datetime,
    actor: Actor,
    *,
    skip_unreadable: bool = False,
    coder: Coder | None = None,
) -> list[tuple[int, ...]]:
    """For each row the people whom its identifiers mean, in order of their numbers; who is not known yet is enrolled.

    An identifier that meets nobody goes to the one person whom the others of its row meet; if they meet several people (or nobody) it
    becomes a person of its own, so that the row's choice holds for it without making two people one. A row of which nothing can be read
    is `Invalid`, and then nothing was done; with `skip_unreadable` it means nobody. `coder`: that of an import of many batches.
    """
    batch = (coder or Coder(keeper.keys)).batch([one for row in rows for one in row])
    enrolling = Enrolling(tx, rows, batch)
    if not skip_unreadable and not enrolling.all_readable:
        raise Invalid("no identifier can be read: give an e-mail address, or name, address and zip")
    answers = enrolling.people()
    _write(tx, keeper, enrolling, at, actor)
    return answers


def _write(tx: Connection, keeper: Keeper, done: Enrolling, at: datetime, actor: Actor) -> None:
    """Put what is new into the record, with its ledger entries."""
    if not done.people_of_new:
        return
    put(tx, PERSON, {"id": done.made, "at": [at] * len(done.made)})
    new = [done.identifiers[number] for number in done.new]
    kinds = [one.kind for one in new]
    sealed = keeper.vault.seal_many(tx, [(person, one.kind, as_given(one)) for person, one in zip(done.people_of_new, new, strict=True)])
    first = last_identifier(tx) + 1
    numbers = range(first, first + len(new))
    known: dict[str, Sequence[Any]] = {"id": numbers, "person": done.people_of_new, "kind": kinds}
    known |= {"norm": [NORM] * len(new), "at": [at] * len(new)}
    put(tx, IDENTIFIER, known | {"sealed": sealed, "codes": done.packed()})
    put(tx, CODE, done.codes(first))
    append_many(tx, _entries(done, kinds), at, actor)


def _entries(done: Enrolling, kinds: Sequence[str]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    made: dict[int, dict[str, int]] = {person: {} for person in done.made}
    for person, kind in zip(done.people_of_new, kinds, strict=True):
        if person in made:
            made[person][kind] = made[person].get(kind, 0) + 1
    for person, counts in made.items():
        yield ENROLLED, {"person": person, "identifiers": counts}
    for person, kind in zip(done.people_of_new, kinds, strict=True):
        if person not in made:
            yield ATTACHED, {"person": person, "identifier": kind}


def keep_facts(tx: Connection, facts: Iterable[tuple[int, Fact]], at: datetime, actor: Actor) -> int:
    """Keep facts about people, each holding from its own time (at the latest from `at`); how many. The newest of a kind holds."""
    kept = list(facts)
    if not kept:
        return 0
    first = int(tx.execute(select(func.coalesce(func.max(FACT.c.id), 0))).scalar_one()) + 1
    numbers, said = range(first, first + len(kept)), [fact for _, fact in kept]
    columns: dict[str, Sequence[Any]] = {"id": numbers, "person": [person for person, _ in kept]}
    columns |= {"fact": [fact.fact for fact in said], "about": [fact.about for fact in said], "value": [fact.value for fact in said]}
    columns |= {"at": [min(fact.at or at, at) for fact in said], "recorded_at": [at] * len(kept)}
    put(tx, FACT, columns)
    entries = [{"person": person, "fact": fact.fact, "number": number} for number, (person, fact) in zip(numbers, kept, strict=True)]
    append_many(tx, ((FACTED, entry) for entry in entries), at, actor)
    return len(kept)
