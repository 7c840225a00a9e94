"""The confirmation: once all sure places are proven, the person is told what was stopped, where and when, and what is still looked at.

They are told again when a record was included later, or when nothing that was looked at is left to decide.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from upheld.ledger import effects
from upheld.ledger.actions import append
from upheld.ledger.effects import Leased
from upheld.ledger.kinds import NUMBER, declare
from upheld.requests.confirmed import joined
from upheld.requests.finding import Search, begin
from upheld.requests.models import REQUEST, REQUEST_PLACE, REQUEST_TOLD
from upheld.requests.office import Confirmation, Office
from upheld.requests.settling import settle, undecided

CONFIRMED = declare("request.confirmed", "the person was told what was stopped, where and when", request=NUMBER)


def confirm(office: Office, leased: Leased) -> None:
    """Tell the person. The words are kept with the request: a clerk may say them, the person may read them with the token."""
    with office.record.reading() as conn:
        search = begin(conn, office, leased.subject)
        words = _words(conn, search, again=bool(leased.body.get("again")))
    how = office.confirm(Confirmation(leased.subject, search.channel, words, search.wanted.given, leased.token))
    with office.record.transaction() as tx:
        at = office.clock()
        tx.execute(update(REQUEST).where(REQUEST.c.id == leased.subject).values(confirmation=joined(words, how, at)))
        append(tx, CONFIRMED, {"request": leased.subject}, at, office.actor)
        effects.done(tx, leased, at, office.actor)
        settle(tx, leased.subject, at, office.actor)


def _words(conn: Connection, search: Search, *, again: bool) -> str:
    """What was stopped, where and when, and whether anybody still looks at records; no value of anybody."""
    topics = ", ".join(search.topics)
    lines = [
        *(["We have looked at further records since we last wrote to you about this; here is how it stands now."] if again else []),
        f"You asked us on {search.received_at:%Y-%m-%d} to stop: {topics}.",
        "This has held since we recorded it, for everything we know you by.",
    ]
    rows = conn.execute(select(REQUEST_PLACE).where(REQUEST_PLACE.c.request == search.request).order_by("system", "place")).all()
    for row in rows:
        if row.state == "stopped":
            records = f"{row.rows} record{'s' * (row.rows != 1)}"
            lines.append(f"Stopped in {row.system}, {row.place}: {records}, checked {row.at:%Y-%m-%d %H:%M} UTC.")
        elif row.state == "kept":
            lines.append(f"Kept in {row.system}, {row.place}, and not used to reach you: our policy says why under {row.clause}.")
    if undecided(conn, search.request):
        lines.append("Some records may be yours, and we cannot be sure by what you gave: we are looking at them, and will tell you.")
    elif not any(row.state in {"stopped", "kept"} for row in rows):
        lines.append("We found no record of you; should one come, it is stopped as well.")
    names = select(REQUEST_TOLD.c.recipient).where(REQUEST_TOLD.c.request == search.request).order_by("recipient")
    told = conn.execute(names).scalars().all()
    if told:
        lines.append(f"We tell those who had it from us to stop: {', '.join(told)}.")
    return "\n".join(lines)


def by_the_clerk(confirmation: Confirmation) -> str:
    """Where no other way is set up: the words wait with the request."""
    return f"to be said or written to the person by {'letter' if confirmation.channel == 'post' else confirmation.channel}"
