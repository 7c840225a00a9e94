"""The actions that power cuts are tried on: our own code, each in one transaction with its ledger entry."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select

from tests.powercut.lives import Action
from tests.record.appending import COUNTED, ROW
from upheld.choices import actions as choices
from upheld.choices.models import CHOICE
from upheld.home import Home
from upheld.ledger import actions
from upheld.people.actions import Keeper
from upheld.people.identifiers import Email, Phone
from upheld.record import Actor, Record


def _write(record: Record, number: int, at: datetime) -> tuple[int, int]:
    with record.transaction() as tx:
        entry = actions.append(tx, COUNTED, {"writer": 1, "number": number}, at, Actor("worker"))
        tx.execute(insert(ROW).values(writer=1, number=number, entry=entry))
    return number, entry


def _written(conn: Connection) -> set[tuple[int, int]]:
    return {(row.number, row.entry) for row in conn.execute(select(ROW.c.number, ROW.c.entry))}


ENTRY = Action("entry", lambda _: None, _write, _written)
"""A row and its ledger entry."""

TOPICS = ("newsletter", "post")
_FOLDER = tempfile.TemporaryDirectory()
_KEEPER = Keeper(Home.create(Path(_FOLDER.name) / "home"))


def _choose(record: Record, number: int, at: datetime) -> tuple[int, ...]:
    """One of thirty people, often new, sometimes with a second identifier, opts in or out."""
    who = number % 30
    identifiers = (Email(f"person{who}@customer.example"), *([Phone(f"+1 800 555 01{who:02}")] if number % 3 == 0 else []))
    says = "out" if number % 2 else "in"
    said = choices.Said(identifiers, TOPICS[number % 2], says, at, "web", words="Send me news.")
    with record.transaction() as tx:
        recorded = choices.record(tx, _KEEPER, said, TOPICS, at=at, actor=Actor("centre"))
    return recorded.choices


def _chosen(conn: Connection) -> set[tuple[int, ...]]:
    """The numbers of the choices of each action: those that were recorded at one time."""
    at_once: dict[datetime, list[int]] = {}
    for row in conn.execute(select(CHOICE.c.id, CHOICE.c.recorded_at).order_by(CHOICE.c.id)):
        at_once.setdefault(row.recorded_at, []).append(row.id)
    return {tuple(numbers) for numbers in at_once.values()}


CHOOSE = Action("choice", lambda _: None, _choose, _chosen)
"""A choice, with all that belongs to it: the person enrolled, identifiers sealed, the wording kept, ledger entries."""

DEEDS = [ENTRY, CHOOSE]
