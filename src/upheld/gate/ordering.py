"""A list that somebody of the staff wants to release: kept aside, looked at, then released, fetched once, and gone.

Each step is an action with its ledger entry; deciding a list is an effect that the worker carries out (`carrying`), so that no page waits
for it and a kill loses nothing. What is kept of the list lies in a private folder of its own in the home and goes when it is done with.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, func, insert, select, update

from upheld.errors import Conflict, Invalid, NotFound
from upheld.gate.models import LIST_ORDER
from upheld.gate.orders import Order
from upheld.home import Home
from upheld.ledger import effects
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, WORD, declare, one_of
from upheld.record import Actor, Record

State = Literal["looking", "looked", "releasing", "released", "nothing", "failed", "fetched", "discarded"]
STATES: Final[tuple[State, ...]] = get_args(State)
"""In this order; of the last two nothing is kept."""

ORDERED = declare("list.ordered", "a list was given to be looked at for a release", order=NUMBER, purpose=WORD, recipient=WORD)
BEGUN = declare("list.begun", "the release of a list that was looked at was asked for", order=NUMBER)
FETCHED = declare("list.fetched", "the released file of a list was handed out, once", order=NUMBER, release=NUMBER)
DISCARDED = declare(
    "list.discarded", "what was kept of a list was deleted", order=NUMBER, because=one_of("somebody asked", "its time was over")
)

LOOK: Final = "list.look"
RELEASE: Final = "list.release"
FOLDER: Final = "lists"
INBOX: Final = "inbox"
ENDINGS: Final = (".csv", ".tsv", ".txt", ".parquet")
NEW: Final = 600  # seconds
KEPT: Final = timedelta(days=1)
"""How long a list, and what was released of it, is kept for somebody to go on with it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done with the list: for which purpose, to whom, which items, what its columns are."""

    purpose: str
    to: str = "ourselves"
    items: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    people: int | None = None
    chosen_by: tuple[str, ...] = ()
    mapping: tuple[str, ...] = ()
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Ordered:
    """A list that was given, and how far it is. `place` is its private folder; `kept` says whether that is still there."""

    id: int
    at: datetime
    changed_at: datetime
    by: str
    role: str
    list: str
    inbox: bool
    token: str
    asked: Asked
    state: State
    release: int | None
    reason: str | None

    def folder(self, home: Home) -> Path:
        """Where what is kept of it lies."""
        return home.path / FOLDER / self.token

    def source(self, home: Home) -> Path:
        """The list itself."""
        return home.path / INBOX / self.list if self.inbox else self.folder(home) / f"list{Path(self.list).suffix.lower()}"

    def out(self, home: Home) -> Path:
        """The file that is released."""
        return self.folder(home) / ("out.parquet" if self.list.lower().endswith(".parquet") else "out.csv")

    def order(self, home: Home, out: Path | None) -> Order:
        """The release as the gate carries it out; the role that asks is bound by its `staff` statement, too. A program has none."""
        return Order(str(self.source(home)), out=out, asked_by=self.role or None, called=self.list, **asdict(self.asked))


def inbox(home: Home) -> tuple[str, ...]:
    """The lists that lie in the home's inbox, by name: plain files of the known endings."""
    folder = home.path / INBOX
    if not folder.is_dir():
        return ()
    files = (each for each in folder.iterdir() if each.suffix.lower() in ENDINGS and not each.name.startswith("."))
    return tuple(sorted(each.name for each in files if each.is_file() and not each.is_symlink()))


def order(tx: Connection, home: Home, name: str, given: Path | None, asked: Asked, *, at: datetime, actor: Actor) -> int:
    """Take a list in, to be looked at; the order's number. `given` is a file of our own that becomes the order's; None: from the inbox.

    `Invalid` for a name that cannot be a list's, `NotFound` if it is not in the inbox.
    """
    name = Path(name).name[:120]
    if Path(name).suffix.lower() not in ENDINGS:
        raise Invalid(f"a list is a file that ends in {', '.join(f'`{ending}`' for ending in ENDINGS)}")
    if given is None and name not in inbox(home):
        raise NotFound(f"no list `{name}` lies in the folder `{INBOX}` of the home")
    number = int(tx.execute(select(func.coalesce(func.max(LIST_ORDER.c.id), 0))).scalar_one()) + 1
    token = secrets.token_hex(12)
    append(tx, ORDERED, {"order": number, "purpose": asked.purpose, "recipient": asked.to}, at, actor)
    row: dict[str, Any] = {"id": number, "at": at, "changed_at": at, "by": actor.name, "role": actor.role or "", "list": name}
    row |= {"inbox": given is None, "token": token, "asked": asdict(asked), "state": "looking", "release": None, "reason": None}
    tx.execute(insert(LIST_ORDER).values(row))
    effects.plan(tx, LOOK, number, "", {}, at)
    folder = home.path / FOLDER / token
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700)
    if given is not None:
        target = folder / f"list{Path(name).suffix.lower()}"
        os.replace(given, target)  # noqa: PTH105 - never over another: the folder is new
        target.chmod(0o600)
    return number


def look_again(tx: Connection, number: int, asked: Asked, *, at: datetime, actor: Actor) -> None:
    """Look at the same list once more, for something else or with its columns named otherwise."""
    found = _demand(tx, number, "looked", "nothing", "failed")
    append(tx, ORDERED, {"order": number, "purpose": asked.purpose, "recipient": asked.to}, at, actor)
    said = {"by": actor.name, "role": actor.role or "", "asked": asdict(asked)}
    _move(tx, found.id, "looking", at, **said)
    effects.plan(tx, LOOK, number, "", {}, at)


def begin(tx: Connection, number: int, *, at: datetime, actor: Actor) -> None:
    """Ask for the release of a list that was looked at. Who asks is who releases: their role binds."""
    found = _demand(tx, number, "looked")
    append(tx, BEGUN, {"order": number}, at, actor)
    _move(tx, found.id, "releasing", at, by=actor.name, role=actor.role or "")
    effects.plan(tx, RELEASE, number, "", {}, at)


def fetch(tx: Connection, home: Home, number: int, *, at: datetime, actor: Actor) -> int:
    """The released file, open for reading, once: from here on it has no name any more. A handle; who gets it closes it."""
    found = _demand(tx, number, "released")
    assert found.release is not None
    try:
        handle = os.open(found.out(home), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise Conflict("the released file is not there any more: release the list anew") from error
    try:
        append(tx, FETCHED, {"order": number, "release": found.release}, at, actor)
        _move(tx, number, "fetched", at)
    except BaseException:
        os.close(handle)
        raise
    return handle


def discard(tx: Connection, number: int, *, at: datetime, actor: Actor) -> None:
    """Give a list up; `clean` then deletes what was kept of it. A release that was recorded stays recorded."""
    _demand(tx, number, "looked", "nothing", "failed", "released")
    _discard(tx, number, "somebody asked", at, actor)


def forget(tx: Connection, at: datetime, actor: Actor) -> int:
    """Give up all lists that nobody went on with for a day; how many."""
    waiting = ("looked", "nothing", "failed", "released")
    query = select(LIST_ORDER.c.id).where(LIST_ORDER.c.state.in_(waiting), LIST_ORDER.c.changed_at <= at - KEPT)
    numbers = list(tx.execute(query).scalars())
    for number in numbers:
        _discard(tx, number, "its time was over", at, actor)
    return len(numbers)


def clean(home: Home, record: Record) -> None:
    """Delete the folders of lists that are done with, and those that no order names: somebody was killed while a list was taken in.

    What was touched within the last minutes is left for the next time: it may be a list that is being taken in now.
    """
    place = home.path / FOLDER
    if not place.is_dir():
        return
    with record.reading() as conn:
        live = {each.token for each in orders(conn, STATES[:6])}
    for folder in place.iterdir():
        if folder.name not in live and time.time() - folder.stat().st_mtime > NEW:
            shutil.rmtree(folder, ignore_errors=True)


def find(conn: Connection, number: int) -> Ordered:
    """One order. `NotFound`."""
    row = conn.execute(select(LIST_ORDER).where(LIST_ORDER.c.id == number)).first()
    if row is None:
        raise NotFound(f"there is no list {number}")
    return _ordered(row)


def orders(conn: Connection, states: Iterable[State] | None = None) -> tuple[Ordered, ...]:
    """The orders in these states (all, if not said), the newest first."""
    query = select(LIST_ORDER).order_by(LIST_ORDER.c.id.desc())
    if states is not None:
        query = query.where(LIST_ORDER.c.state.in_(tuple(states)))
    return tuple(_ordered(row) for row in conn.execute(query))


def settle(tx: Connection, number: int, state: State, at: datetime, *, release: int | None = None, reason: str | None = None) -> None:
    """What became of looking at a list, or of releasing it: in the transaction that ends the effect."""
    _move(tx, number, state, at, release=release, reason=reason)


def _discard(tx: Connection, number: int, because: str, at: datetime, actor: Actor) -> None:
    append(tx, DISCARDED, {"order": number, "because": because}, at, actor)
    _move(tx, number, "discarded", at)


_WHY: Final[dict[State, str]] = {
    "looking": "is being looked at: wait for the worker",
    "looked": "was looked at: release it, or look again",
    "releasing": "is being released: wait for the worker",
    "released": "is released already: download it",
    "nothing": "may not leave at all: look again with other words",
    "failed": "could not be read: look again, or give another",
    "fetched": "was released and downloaded already",
    "discarded": "was given up: give it once more",
}


def _demand(conn: Connection, number: int, *states: State) -> Ordered:
    found = find(conn, number)
    if found.state not in states:
        raise Conflict(f"list {number} {_WHY[found.state]}")
    return found


def _move(tx: Connection, number: int, state: State, at: datetime, **more: object) -> None:
    tx.execute(update(LIST_ORDER).where(LIST_ORDER.c.id == number).values(state=state, changed_at=at, **more))


def _ordered(row: Any) -> Ordered:  # noqa: ANN401 - SQLAlchemy's row
    said: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.asked.items()}
    return Ordered(
        row.id, row.at, row.changed_at, row.by, row.role, row.list, row.inbox, row.token, Asked(**said), row.state, row.release, row.reason
    )
