"""The one change of this room: a choice is recorded, for every person whom the identifiers mean.

What a choice says holds from the commit on: the next standing that is read has it (P9, P16).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, func, insert, select

from upheld.choices.models import CHOICE, WORDING
from upheld.errors import Invalid, NotFound
from upheld.ledger.actions import append_many
from upheld.ledger.kinds import HASH, NUMBER, VERSION, WORD, declare, list_of, one_of, optional
from upheld.people.actions import Keeper, enrol_many, keep_facts
from upheld.people.batches import Coder
from upheld.people.facts import since
from upheld.people.identifiers import Identifier
from upheld.people.queries import find
from upheld.policy.compiled import undeclared
from upheld.record import Actor, micros
from upheld.record.sets import put

How = Literal["web", "phone", "email", "post", "signal", "import"]
HOW: Final[tuple[How, ...]] = ("web", "phone", "email", "post", "signal", "import")
"""How a choice was heard."""

DIGITS: Final = {"in": 1, "out": 2}
LONGEST_WORDS: Final = 4000  # characters of the words shown

RECORDED = declare(
    "choice.recorded",
    "a person's choice on a topic",
    choice=NUMBER,
    person=NUMBER,
    topic=WORD,
    opted=one_of("in", "out"),
    chosen_at=NUMBER,
    how=one_of(*HOW),
    words=optional(HASH),
    version=optional(VERSION),
)


AGREED = declare(
    "choice.agreed",
    "a person agreed to a policy version for what some sources hold of them",
    person=NUMBER,
    version=VERSION,
    sources=list_of(WORD),
    how=one_of(*HOW),
    words=optional(HASH),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said: `identifiers` chose `says` on `topic` at a time, heard in a way, having been shown some words.

    `version` is the policy version the person had before them, None if that is not known (an old file).
    """

    identifiers: tuple[Identifier, ...]
    topic: str
    says: Literal["in", "out"]
    at: datetime
    how: How
    words: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one `Said`: the numbers of the choices, and of the people (parallel)."""

    choices: tuple[int, ...]
    people: tuple[int, ...]


def record(tx: Connection, keeper: Keeper, said: Said, topics: Sequence[str], *, at: datetime, actor: Actor) -> Recorded:
    """Record one choice; see `record_many`."""
    return record_many(tx, keeper, [said], topics, at=at, actor=actor)[0]


def record_many(
    tx: Connection,
    keeper: Keeper,
    said: Sequence[Said],
    topics: Sequence[str],
    *,
    at: datetime,
    actor: Actor,
    skip_unreadable: bool = False,
    coder: Coder | None = None,
) -> list[Recorded]:
    """Record choices, in the caller's transaction, each with its ledger entry. `topics` are those that the policy in force declares.

    Whoever is not known yet becomes known: a wish to be left alone is kept although nothing else is (P16). An opt-out that claims to be
    of the future counts from now; such an opt-in is `Invalid`, as are an unknown topic and identifiers that cannot be read: nothing is
    done then. With `skip_unreadable`, identifiers that cannot be read mean nobody, and nothing is recorded for them. `coder`: that of an
    import of many batches.
    """
    for one in said:
        demand(one, topics, at)
    people = enrol_many(tx, keeper, [one.identifiers for one in said], at, actor, skip_unreadable=skip_unreadable, coder=coder)
    return record_of(tx, said, people, at=at, actor=actor)


def record_of(tx: Connection, said: Sequence[Said], people: Sequence[tuple[int, ...]], *, at: datetime, actor: Actor) -> list[Recorded]:
    """Record choices of people who are enrolled already (`people[i]` are whom `said[i]` means), each with its ledger entry.

    The caller has asked `demand` about each.
    """
    wordings = _wordings(tx, (one.words for one in said))
    number = int(tx.execute(select(func.coalesce(func.max(CHOICE.c.id), 0))).scalar_one())
    rows: list[tuple[Any, ...]] = []
    entries: list[tuple[str, Mapping[str, Any]]] = []
    recorded: list[Recorded] = []
    for one, persons in zip(said, people, strict=True):
        wording, hash_ = wordings.get(one.words or "", (None, None))
        chosen_at, first = min(one.at, at), number + 1
        for person in persons:
            number += 1
            rows.append((number, person, one.topic, DIGITS[one.says], chosen_at, at, one.how, wording, one.version))
            entry = {"choice": number, "person": person, "topic": one.topic, "opted": one.says, "chosen_at": micros(chosen_at)}
            entries.append((RECORDED, entry | {"how": one.how, "words": hash_, "version": one.version}))
        recorded.append(Recorded(tuple(range(first, number + 1)), persons))
    if rows:
        names = ("id", "person", "topic", "choice", "at", "recorded_at", "how", "wording", "version")
        put(tx, CHOICE, dict(zip(names, zip(*rows, strict=True), strict=True)))
        append_many(tx, entries, at, actor)
    return recorded


@dataclass(frozen=True, slots=True)
class Agreement:
    """Somebody agreed, at a time, that what these sources hold of them stands under a later policy version (P18)."""

    identifiers: tuple[Identifier, ...]
    version: str
    sources: tuple[str, ...]
    at: datetime
    how: How
    words: str | None = None


def agree(tx: Connection, keeper: Keeper, agreement: Agreement, *, at: datetime, actor: Actor) -> tuple[int, ...]:
    """Record an agreement for everybody whom the identifiers mean; their numbers. The caller knows that version and sources exist.

    `NotFound` if nobody is meant (there is nothing to agree about), `Invalid` for an agreement of the future.
    """
    if agreement.at > at:
        raise Invalid("an agreement cannot be of the future: give the time at which the person agreed")
    people = tuple(sorted(find(tx, keeper.keys, agreement.identifiers)))
    if not people:
        raise NotFound("nobody in the record is meant by this: there is nothing to agree about")
    hash_ = _wordings(tx, [agreement.words]).get(agreement.words or "", (None, None))[1]
    facts = [since(source, agreement.version, agreement.at) for source in agreement.sources]
    keep_facts(tx, [(person, fact) for person in people for fact in facts], at, actor)
    said = {"version": agreement.version, "sources": list(agreement.sources), "how": agreement.how, "words": hash_}
    append_many(tx, [(AGREED, {"person": person} | said) for person in people], at, actor)
    return people


def demand(said: Said, topics: Sequence[str], at: datetime) -> None:
    """Raise `Invalid` for what cannot be recorded: an unknown topic or channel, an opt-in of the future, words too long."""
    if said.topic not in topics:
        raise Invalid(undeclared("topic", said.topic, topics))
    if said.how not in HOW:
        raise Invalid(undeclared("channel", said.how, HOW))
    if said.says not in DIGITS:
        raise Invalid("a choice is `in` or `out`")
    if said.says == "in" and said.at > at:
        raise Invalid("an opt-in cannot be of the future: give the time at which the person chose")
    if said.words is not None and len(said.words) > LONGEST_WORDS:
        raise Invalid(f"the words shown are longer than {LONGEST_WORDS} characters: give the sentence that the person agreed to")


def _wordings(tx: Connection, texts: Iterable[str | None]) -> dict[str, tuple[int, str]]:
    """By text: the number under which it is kept, and its hash."""
    hashes = {hashlib.sha256(text.encode()).hexdigest(): text for text in dict.fromkeys(texts) if text}
    kept: dict[str, tuple[int, str]] = {}
    if not hashes:
        return kept
    for number, hash_ in tx.execute(select(WORDING.c.id, WORDING.c.hash).where(WORDING.c.hash.in_(list(hashes)))):
        kept[hashes[hash_]] = (number, hash_)
    number = int(tx.execute(select(func.coalesce(func.max(WORDING.c.id), 0))).scalar_one())
    for hash_, text in hashes.items():
        if text not in kept:
            number += 1
            tx.execute(insert(WORDING).values(id=number, hash=hash_, text=text))
            kept[text] = (number, hash_)
    return kept


def channel(word: str) -> How:
    """The word as a channel. `Invalid` with a suggestion if it is none."""
    if word not in HOW:
        words = undeclared("channel", word, HOW)
        raise Invalid(words if "did you mean" in words else f"{words}: there are {', '.join(f'`{each}`' for each in HOW)}")
    return word
