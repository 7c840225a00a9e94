"""Those who received the person's information are told to stop, and whether they answer is kept: an acknowledgement, or silence."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from upheld.errors import Invalid
from upheld.gate.disclosures import Disclosed, disclosures
from upheld.gate.evidence import holds_any
from upheld.gate.mapping import tells
from upheld.gate.models import DISCLOSURE
from upheld.home import Home
from upheld.ledger import effects
from upheld.ledger.actions import append
from upheld.ledger.effects import Leased
from upheld.ledger.kinds import FLAG, NUMBER, WORD, declare, list_of
from upheld.people.codes import tight_codes
from upheld.people.identifiers import Account, Email, Identifier, Phone, Postal
from upheld.policy.statements import Topic
from upheld.postings.queries import in_force
from upheld.requests.finding import Search, begin
from upheld.requests.models import REQUEST_ANSWER, REQUEST_TOLD
from upheld.requests.office import Instruction, Office
from upheld.requests.settling import settle

REMIND_AFTER: Final = timedelta(days=7)
MOST_REMINDERS: Final = 3

TOLD = declare(
    "request.told",
    "a recipient of the person's information was told to stop",
    request=NUMBER,
    recipient=WORD,
    releases=list_of(NUMBER),
    reminder=FLAG,
)


def plan(tx: Connection, office: Office, search: Search, at: datetime) -> None:
    """Everybody who received the person's information for what is stopped now is to be told, once; again if more releases turn up."""
    by_recipient: dict[str, list[int]] = {}
    for one in _concerned(tx, office, search, at):
        by_recipient.setdefault(one.recipient, []).append(one.release)
    told = {row.recipient: row for row in tx.execute(select(REQUEST_TOLD).where(REQUEST_TOLD.c.request == search.request))}
    number = int(tx.execute(select(func.coalesce(func.max(REQUEST_TOLD.c.id), 0))).scalar_one())
    for recipient, releases in by_recipient.items():
        if recipient not in told:
            number += 1
            tx.execute(insert(REQUEST_TOLD).values(id=number, request=search.request, recipient=recipient, releases=releases))
        elif set(releases) <= set(told[recipient].releases):
            continue
        else:
            anew = update(REQUEST_TOLD).where(REQUEST_TOLD.c.id == told[recipient].id)
            tx.execute(anew.values(releases=releases, told_at=None, reminded_at=None, acknowledged_at=None))
        effects.plan(tx, "request.tell", search.request, recipient, {}, at)


def tell(office: Office, leased: Leased) -> None:
    """Hand the instruction to the recipient."""
    _hand_over(office, leased, reminder=False)


def remind(office: Office, leased: Leased) -> None:
    """A week of silence: the same instruction again, three times at most; whoever answered (acknowledged, refused) is left in peace."""
    with office.record.reading() as conn:
        mine = (REQUEST_TOLD.c.request == leased.subject, REQUEST_TOLD.c.recipient == leased.place)
        told = conn.execute(select(REQUEST_TOLD.c.told_at, REQUEST_TOLD.c.acknowledged_at).where(*mine)).one()
        refusal = (REQUEST_ANSWER.c.request == leased.subject, REQUEST_ANSWER.c.recipient == leased.place)
        refused = conn.execute(select(func.max(REQUEST_ANSWER.c.at)).where(*refusal)).scalar()
        answered = told.acknowledged_at is not None or (refused is not None and told.told_at is not None and refused >= told.told_at)
    if not answered:
        _hand_over(office, leased, reminder=True)
        return
    with office.record.transaction() as tx:
        effects.done(tx, leased, office.clock(), office.actor)


def _hand_over(office: Office, leased: Leased, *, reminder: bool) -> None:
    with office.record.reading() as conn:
        search = begin(conn, office, leased.subject)
        mine = (REQUEST_TOLD.c.request == leased.subject, REQUEST_TOLD.c.recipient == leased.place)
        row = conn.execute(select(REQUEST_TOLD).where(*mine)).one()
        received = _received(conn, office, search.wanted.all, row.releases)
    office.tell(Instruction(leased.place, leased.subject, search.topics, tuple(row.releases), received, leased.token, reminder))
    with office.record.transaction() as tx:
        at = office.clock()
        tx.execute(update(REQUEST_TOLD).where(REQUEST_TOLD.c.id == row.id).values(**{"reminded_at" if reminder else "told_at": at}))
        said = {"request": leased.subject, "recipient": leased.place, "releases": list(row.releases), "reminder": reminder}
        append(tx, TOLD, said, at, office.actor)
        count = int(leased.body.get("reminders", 0)) + reminder
        if count < MOST_REMINDERS:
            effects.plan(tx, "request.remind", leased.subject, leased.place, {"reminders": count}, at, due_at=at + REMIND_AFTER)
        effects.done(tx, leased, at, office.actor)
        settle(tx, leased.subject, at, office.actor)


def _concerned(tx: Connection, office: Office, search: Search, at: datetime) -> list[Disclosed]:
    """The releases of the person to others, for purposes that the stopped topics stop."""
    policy = in_force(tx, at).policy
    stopped = (each for each in policy.document.statements if isinstance(each, Topic) and each.name in search.topics)
    purposes = {purpose for topic in stopped for purpose in policy.vocabulary.expand_purposes(topic.purposes)}
    found = disclosures(tx, office.keeper.keys, search.wanted.all)
    return [one for one in found if one.recipient_kind not in {"ourselves", "the person"} and one.purpose in purposes]


def _received(conn: Connection, office: Office, identifiers: Sequence[Identifier], releases: Sequence[int]) -> tuple[Identifier, ...]:
    """Those identifiers of the person that these releases held: a recipient learns nothing that it was not given.

    The codes of a release cover everything in the list by which a row's person is known, its items what left of it: both must agree.
    """
    columns = (DISCLOSURE.c[name] for name in ("id", "bucket_bits", "items"))
    rows = conn.execute(select(*columns).where(DISCLOSURE.c.id.in_(releases))).all()
    mapped = office.datamap().bound()
    return tuple(
        one
        for one in identifiers
        if any(
            tells(row.items, one.kind, mapped)
            and holds_any(conn, row.id, row.bucket_bits, {code.code for code in tight_codes(one, office.keeper.keys)})
            for row in rows
        )
    )


def into_outbox(home: Home, instruction: Instruction) -> None:
    """Put an instruction where the recipient fetches it: `HOME/outbox/RECIPIENT/TOKEN.json`. Once, whole or not at all."""
    folder = home.path / "outbox" / instruction.recipient
    said: dict[str, Any] = {
        "instruction": "stop", "reminder": instruction.reminder, "request": instruction.request, "topics": instruction.topics,
        "releases": instruction.releases, "person": [_plain(one) for one in instruction.identifiers], "token": instruction.token,
    }  # fmt: skip
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = folder / f".{instruction.token}.part"
        with open(part, "w", encoding="utf-8", opener=_private) as file:
            json.dump(said, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / f"{instruction.token}.json")
    except OSError as error:
        raise Invalid(f"`outbox/{instruction.recipient}` cannot be written: {(error.strerror or 'input/output error').lower()}") from error


def _private(path: str, flags: int) -> int:
    return os.open(Path(path), flags, 0o600)


def _plain(identifier: Identifier) -> dict[str, str]:
    match identifier:
        case Postal():
            return {"first": identifier.first, "last": identifier.last, "address": identifier.address, "zip": identifier.zip}
        case Email():
            return {"email": identifier.value}
        case Phone():
            return {"phone": identifier.value}
        case Account():
            return {"account": identifier.value}
