"""Who of the staff may read what: for a purpose that the posted policy lets their role ask for, its items alone, one entry each time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from upheld.errors import Refused
from upheld.gate.asking import Question, answer
from upheld.gate.snapshot import ask
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, WORD, declare, optional
from upheld.people.codes import Keys
from upheld.people.identifiers import Identifier
from upheld.policy.behaviour import staff_purposes
from upheld.policy.compiled import Policy
from upheld.record import Actor

READ = declare(
    "staff.read",
    "somebody of the staff opened what is known of a person, for a purpose that their role may ask for",
    purpose=WORD,
    page=WORD,
    subject=optional(NUMBER),
)


def purposes_of(policy: Policy, role: str, among: Iterable[str] = ()) -> tuple[str, ...]:
    """The purposes for which a role may ask, in the policy's order; of those `among` some branches, if any are given.

    `NotFound` for a role that the policy does not name.
    """
    may = staff_purposes(policy, role)
    within = [policy.vocabulary.expand_purpose(purpose) for purpose in among]
    wanted = may.intersection(*[frozenset().union(*within)]) if within else may
    return tuple(purpose for purpose in policy.vocabulary.purposes if purpose in wanted)


def read(tx: Connection, policy: Policy, purpose: str, page: str, subject: int | None, *, at: datetime, actor: Actor) -> None:
    """Record that somebody reads about a person: which page, for which purpose. `Refused` if their role may not ask for it (P15).

    `subject` is the number of the request or person that the page is about; None if nobody on record is meant.
    """
    demand(policy, purpose, actor)
    append(tx, READ, {"purpose": purpose, "page": page, "subject": subject}, at, actor)


def demand(policy: Policy, purpose: str, actor: Actor) -> None:
    """`Refused` unless the actor's role may ask for the purpose, naming the clause."""
    role = actor.role or ""
    if purpose not in purposes_of(policy, role):
        clause = next(clause for name, clause, _ in policy.staff if name == role)
        raise Refused(f"`{role}` staff may not ask for `{purpose}`: a `staff` statement of the policy would have to say so [{clause}]")


def items(conn: Connection, keys: Keys, identifiers: Sequence[Identifier], purpose: str, at: datetime, actor: Actor) -> frozenset[str]:
    """The items of one person that a member of the staff may see for a purpose: the gate's own answer, for their role."""
    question = Question(purpose, asked_by=actor.role)
    return frozenset(answer(conn, keys, identifiers, question, ask(conn, purpose, "ourselves", at), at, now=True).decision.permitted)
