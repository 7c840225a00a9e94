"""What a crash left behind: a recorded release whose file is not under its name is completed, or marked undelivered.

A release of which nobody can tell whether its file appeared stays as it is recorded, and counts as having left.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Row, insert, select

from upheld.errors import Conflict
from upheld.gate.models import DELIVERY, DISCLOSURE, RELEASE_ENDED
from upheld.gate.publishing import hash_of, locked, part_of, publish, sweep
from upheld.home import Home
from upheld.ledger import actions as ledger
from upheld.record import Actor, Record


def recover(home: Home, record: Record, at: datetime, actor: Actor) -> dict[int, Path]:
    """Complete what can be completed; returns the releases that are ended now, and their files. Those whose writer lives are left alone."""
    with record.reading() as conn:
        pending = _pending(conn)
    ended = {}
    newest = {release.output_path: release.id for release in pending}
    for release in pending:
        if newest[release.output_path] != release.id:
            continue  # its hidden file is gone, and that which is there now is another release's
        state = _settle(Path(release.output_path), release.output_hash)
        if state is not None:
            end(record, release.id, state, at, actor)
            ended[release.id] = Path(release.output_path)
    sweep(home.path)
    return ended


def _pending(conn: Connection) -> list[Row[tuple[int, str, str]]]:
    unended = select(DISCLOSURE.c.id, DISCLOSURE.c.output_path, DISCLOSURE.c.output_hash).outerjoin(DELIVERY)
    return list(conn.execute(unended.where(DELIVERY.c.disclosure.is_(None)).order_by(DISCLOSURE.c.id)))


def _settle(out: Path, output_hash: str) -> str | None:
    """`delivered`, `undelivered`, or None: the writer lives, or nobody can tell whether the file appeared.

    Its hidden name is given up only for the real one. So where both are gone, somebody may have taken the file away already: it counts.
    """
    if not out.parent.is_dir():
        return None
    part = part_of(out)
    with locked(part) as handle:
        if handle is None and part.exists():
            return None
        if hash_of(out) == output_hash:
            part.unlink(missing_ok=True)  # killed between its two names
            return "delivered"
        if handle is None:
            return None
        if hash_of(part) == output_hash:
            with contextlib.suppress(Conflict):
                publish(out)
                return "delivered"
        part.unlink(missing_ok=True)
        return "undelivered"


def end(record: Record, release: int, state: str, at: datetime, actor: Actor) -> None:
    """Record how a release ended, once."""
    with record.transaction() as tx:
        if tx.execute(select(DELIVERY.c.disclosure).where(DELIVERY.c.disclosure == release)).first() is None:
            entry = ledger.append(tx, RELEASE_ENDED, {"release": release, "state": state}, at, actor)
            tx.execute(insert(DELIVERY).values(disclosure=release, at=at, state=state, entry=entry))
