"""The actions that power cuts are tried on: our own code, each in one transaction with its ledger entry."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Hashable
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
from pyroaring import BitMap
from sqlalchemy import Connection, insert, select

from tests.powercut.lives import Action
from tests.record.appending import COUNTED, ROW
from upheld.choices import actions as choices
from upheld.choices.models import CHOICE
from upheld.gate.evidence import Evidence
from upheld.gate.models import DELIVERY, DISCLOSED_CODE, DISCLOSURE
from upheld.gate.recording import Leaving, record_leaving
from upheld.gate.recovery import end
from upheld.gate.summary import Refusal, Summary
from upheld.home import Home
from upheld.ledger import actions
from upheld.people.actions import Keeper
from upheld.people.identifiers import Email, Phone
from upheld.policy.uses import Obligations
from upheld.record import Actor, Record


def _write(record: Record, number: int, at: datetime, told: Callable[[Hashable], None]) -> None:
    with record.transaction() as tx:
        entry = actions.append(tx, COUNTED, {"writer": 1, "number": number}, at, Actor("worker"))
        tx.execute(insert(ROW).values(writer=1, number=number, entry=entry))
    told((number, entry))


def _written(conn: Connection) -> set[tuple[int, int]]:
    return {(row.number, row.entry) for row in conn.execute(select(ROW.c.number, ROW.c.entry))}


ENTRY = Action("entry", _write, _written)
"""A row and its ledger entry."""

TOPICS = ("newsletter", "post")
_FOLDER = tempfile.TemporaryDirectory()
_KEEPER = Keeper(Home.create(Path(_FOLDER.name) / "home"))


def _choose(record: Record, number: int, at: datetime, told: Callable[[Hashable], None]) -> None:
    """One of thirty people, often new, sometimes with a second identifier, opts in or out."""
    who = number % 30
    identifiers = (Email(f"person{who}@customer.example"), *([Phone(f"+1 800 555 01{who:02}")] if number % 3 == 0 else []))
    says = "out" if number % 2 else "in"
    said = choices.Said(identifiers, TOPICS[number % 2], says, at, "web", words="Send me news.")
    with record.transaction() as tx:
        recorded = choices.record(tx, _KEEPER, said, TOPICS, at=at, actor=Actor("centre"))
    told(recorded.choices)


def _chosen(conn: Connection) -> set[tuple[int, ...]]:
    """The numbers of the choices of each action: those that were recorded at one time."""
    at_once: dict[datetime, list[int]] = {}
    for row in conn.execute(select(CHOICE.c.id, CHOICE.c.recorded_at).order_by(CHOICE.c.id)):
        at_once.setdefault(row.recorded_at, []).append(row.id)
    return {tuple(numbers) for numbers in at_once.values()}


CHOOSE = Action("choice", _choose, _chosen)
"""A choice, with all that belongs to it: the person enrolled, identifiers sealed, the wording kept, ledger entries."""


def _release(record: Record, number: int, at: datetime, told: Callable[[Hashable], None]) -> None:
    """A release is recorded; then its file would appear; then that is recorded too."""
    codes = np.sort(np.frombuffer(sha256(b"%d" % number).digest() * 4, dtype=np.uint64))
    output = sha256(b"output %d" % number).hexdigest()
    summary = Summary(
        list="customers.csv",
        purpose="marketing.partner",
        recipient="acme",
        policy_version="2026.1",
        policy_hash="0" * 64,
        read=20,
        released=16,
        refused=4,
        rejected=0,
        persons=number % 9,
        refusals=(Refusal("use.partners", None, "the person opted out", "opting in", 4),),
        cells=(),
        columns=(),
        clauses=("use.partners",),
        obligations=Obligations(),
        input_hash=sha256(b"input").hexdigest(),
        output_hash=output,
    )
    evidence = Evidence(BitMap(range(number % 9)), codes)
    leaving = Leaving(summary, "third party", "individual", ("order.name",), ("order.purchases",), "out.csv", evidence)
    with record.transaction() as tx:
        release = record_leaving(tx, leaving, at, Actor("clerk"))
    told(("recorded", release, output))
    end(record, release, "delivered", at, Actor("clerk"))
    told(("delivered", release, output))


def _released(conn: Connection) -> set[tuple[str, int, str]]:
    found, codes = set(), dict[int, bytes]()
    for row in conn.execute(select(DISCLOSED_CODE).order_by(DISCLOSED_CODE.c.disclosure, DISCLOSED_CODE.c.bucket)):
        codes[row.disclosure] = codes.get(row.disclosure, b"") + row.codes
    for row in conn.execute(select(DISCLOSURE, DELIVERY.c.state).outerjoin(DELIVERY)).all():
        BitMap.deserialize(row.persons)
        whole = sha256(codes.get(row.id, b"")).hexdigest() == row.codes_hash
        found.add(("recorded" if whole else "torn", row.id, row.output_hash))
        if row.state:
            found.add((row.state, row.id, row.output_hash))
    return found


RELEASE = Action("release", _release, _released)
"""A release with whom it was about, and its delivery: two transactions."""

DEEDS = [ENTRY, CHOOSE, RELEASE]
