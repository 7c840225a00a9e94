"""How the effects of this room end when something is in the way: written down where clerks see it, and tried again if that can help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from upheld.errors import Conflict, No
from upheld.ledger import effects
from upheld.ledger.effects import Leased, Lost
from upheld.requests.office import Office
from upheld.systems.connector import Failed

Work = Callable[[Office, Leased], None]
Then = Callable[[Connection, Leased, datetime], None]


def attended(office: Office, work: Work, leased: Leased, *, always: bool = False, then: Then | None = None) -> None:
    """Do it; what is in the way is written down. It is tried again, unless a person must mend something first (`always`: in any case).

    `then` follows in the same transaction, as what does not come about may change how its subject stands.
    """
    try:
        work(office, leased)
    except Lost:
        return  # somebody else has it
    except Failed as failed:
        _failed(office, leased, failed.words, again=always or failed.again, then=then)
    except No as no:
        _failed(office, leased, no.message, again=always or isinstance(no, Conflict), then=then)
    except Exception as fault:  # noqa: BLE001 - one effect must not stop the others
        _failed(office, leased, effects.fault_in_words(fault), again=True, then=then)


def _failed(office: Office, leased: Leased, words: str, *, again: bool, then: Then | None) -> None:
    try:
        with office.record.transaction() as tx:
            at = office.clock()
            if again:
                effects.again(tx, leased, words, at)
            else:
                effects.give_up(tx, leased, words, at, office.actor)
            if then is not None:
                then(tx, leased, at)
    except Lost:
        return
