"""What state a request is in: worked out from its facts, in the transaction that changed one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, insert, select, update

from upheld.ledger import effects
from upheld.ledger.actions import append
from upheld.ledger.effects import Effect
from upheld.ledger.kinds import NUMBER, declare, one_of
from upheld.record import Actor
from upheld.requests.models import REQUEST, REQUEST_MOVE, REQUEST_PLACE, REQUEST_RECORD
from upheld.requests.states import MOVES, State, demand

PREFIX = "request."
"""How the kinds of effects begin whose subject is the number of a request."""
AFTERWARDS = frozenset({"request.remind"})
"""Effects that a request need not wait for."""

TELLING: Final = "request.confirm"
INCLUDING: Final = frozenset({"request.include", "request.join"})
"""Effects by which more becomes the person's after they were told."""
BEFORE_TELLING: Final = INCLUDING | {"request.search", "request.find", "request.stop", "request.prove"}

MOVED = declare("request.moved", "a request came into another state", request=NUMBER, state=one_of(*MOVES))


def settle(tx: Connection, request: int, at: datetime, actor: Actor) -> State:
    """Bring the state of a request in line with its facts; the state. A move has its ledger entry."""
    before: State = tx.execute(select(REQUEST.c.state).where(REQUEST.c.id == request)).scalar_one()
    after = before if before in {"draft", "needs more", "withdrawn"} else _state(tx, request)
    if after != before:
        move(tx, request, before, after, at, actor)
    return after


def move(tx: Connection, request: int, before: State, after: State, at: datetime, actor: Actor) -> None:
    """Move a request by hand (a draft is completed, or taken back). `Conflict` for a move that the table does not hold."""
    demand(before, after)
    tx.execute(update(REQUEST).where(REQUEST.c.id == request).values(state=after))
    note(tx, request, after, at)
    append(tx, MOVED, {"request": request, "state": after}, at, actor)


def note(tx: Connection, request: int, state: State, at: datetime) -> None:
    """Write down since when a request is in a state."""
    number = int(tx.execute(select(func.coalesce(func.max(REQUEST_MOVE.c.id), 0))).scalar_one()) + 1
    tx.execute(insert(REQUEST_MOVE).values(id=number, request=request, state=state, at=at))


def outstanding(tx: Connection, request: int) -> tuple[Effect, ...]:
    """The effects of a request that are not ended: due, or at work."""
    return tuple(effect for effect in effects.of(tx, request, PREFIX) if effect.state in {"due", "at work"})


def _state(tx: Connection, request: int) -> State:
    mine = [effect for effect in effects.of(tx, request, PREFIX) if effect.kind not in AFTERWARDS]
    failed = select(REQUEST_PLACE.c.system).where(REQUEST_PLACE.c.request == request, REQUEST_PLACE.c.state == "failed")
    if any(effect.state == "given up" or (effect.state == "due" and effect.reason) for effect in mine) or tx.execute(failed).first():
        return "failed"
    if undecided(tx, request):
        return "to review"
    return "working" if any(effect.state != "done" for effect in mine) else "complete"


def tell(tx: Connection, request: int, at: datetime) -> None:
    """Plan the confirmation, once no search, mark or proof is left to do or was given up, and no place failed.

    The person is told once; again only if a record was included since, or if records were being looked at and none is any more. Called
    before the effect at work has ended, so the one at work counts as ended.
    """
    mine = effects.of(tx, request, PREFIX)
    before = [effect.state for effect in mine if effect.kind in BEFORE_TELLING]
    if not before or {"due", "given up"} & {*before} or before.count("at work") > 1:
        return
    if (last := next((effect for effect in reversed(mine) if effect.kind == TELLING), None)) is not None:
        included = any(effect.kind in INCLUDING and effect.id > last.id for effect in mine)
        if last.state == "due" or not (included or (last.body.get("looked at") and not undecided(tx, request))):
            return
    failed = select(REQUEST_PLACE.c.system).where(REQUEST_PLACE.c.request == request, REQUEST_PLACE.c.state == "failed")
    if tx.execute(failed).first() is None:
        effects.plan(tx, TELLING, request, "", {"again": last is not None, "looked at": undecided(tx, request)}, at)


def undecided(tx: Connection, request: int) -> bool:
    """Whether somebody must still look at a record that may be the person's."""
    open_ = select(REQUEST_RECORD.c.id).where(
        REQUEST_RECORD.c.request == request,
        REQUEST_RECORD.c.verdict == "to review",
        REQUEST_RECORD.c.decided.is_(None) | (REQUEST_RECORD.c.decided == "ask"),
    )
    return tx.execute(open_.limit(1)).first() is not None
