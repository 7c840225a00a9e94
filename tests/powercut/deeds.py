"""The actions that power cuts are tried on: our own code, each in one transaction with its ledger entry."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from pyroaring import BitMap
from sqlalchemy import ColumnElement, Connection, func, insert, select

from tests.powercut.lives import BEGIN, Action
from tests.record.appending import COUNTED, ROW
from upheld.choices import actions as choices
from upheld.choices.models import CHOICE
from upheld.cli.init import load_tables
from upheld.gate.evidence import Evidence
from upheld.gate.models import DELIVERY, DISCLOSED_CODE, DISCLOSURE
from upheld.gate.recording import Leaving, record_leaving
from upheld.gate.recovery import end
from upheld.gate.summary import Refusal, Summary
from upheld.home import Home
from upheld.ledger import actions, effects
from upheld.ledger.effects import ENDED
from upheld.ledger.models import EFFECT, EFFECT_TRY
from upheld.ledger.models import ENTRY as ENTRY_ROW
from upheld.people.actions import Keeper
from upheld.people.held import Held
from upheld.people.identifiers import Email, Phone
from upheld.policy.compiled import Policy
from upheld.policy.uses import Obligations
from upheld.postings.queries import Posted
from upheld.record import Actor, Record
from upheld.requests import actions as requests
from upheld.requests.clocks import clocks
from upheld.requests.models import REQUEST, REQUEST_CLOCK, REQUEST_MOVE, REQUEST_PERSON
from upheld.traffic import actions as traffic
from upheld.traffic import parts
from upheld.traffic.counting import MEASURES, Increase
from upheld.traffic.hits import Account
from upheld.traffic.models import ACCOUNT, LOG, UNIT
from upheld.traffic.tables import PAGE

load_tables()  # the record under test has every table that a merchant's has


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
    by_themselves = select(CHOICE.c.id, CHOICE.c.recorded_at).where(CHOICE.c.how == "web")  # others belong to a request
    for row in conn.execute(by_themselves.order_by(CHOICE.c.id)):
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

POLICY = Policy.parse((Path(__file__).parents[2] / "policies" / "northgate.md").read_text("utf-8"), "northgate.md")
POSTED = Posted(POLICY.version, BEGIN, BEGIN, "northgate.md", "0" * 64, "0" * 64, POLICY)
SEARCH = "request.search"
_TOPICS = requests.topics_of(POLICY, "us-ca", "phone")
_WHOLE = (1, 1, len(clocks(POLICY, _TOPICS, "us-ca", BEGIN, "phone")), len(_TOPICS), 1)


def _ask(record: Record, number: int, at: datetime, told: Callable[[Hashable], None]) -> None:
    """Somebody phones to be taken off every list: their choices, a request with its clocks, and the effect that it begins with."""
    asked = requests.Asked(Held(phone=f"+1 800 555 {number % 10000:04}"), "phone", at, region="us-ca")
    with record.transaction() as tx:
        received = requests.receive(tx, _KEEPER, asked, POSTED, at=at, actor=Actor("clerk"))
    told((received.request, *_WHOLE))


def _asked(conn: Connection) -> set[tuple[int, ...]]:
    """Each request with how many rows of each kind it is."""

    def many(column: ColumnElement[Any], *which: ColumnElement[bool]) -> ColumnElement[int]:
        return select(func.count()).where(column == REQUEST.c.id, *which).scalar_subquery()

    chosen = select(func.count()).where(CHOICE.c.recorded_at == REQUEST.c.recorded_at, CHOICE.c.how == "phone").scalar_subquery()
    parts = (many(REQUEST_MOVE.c.request), many(REQUEST_PERSON.c.request), many(REQUEST_CLOCK.c.request), chosen)
    return {tuple(row) for row in conn.execute(select(REQUEST.c.id, *parts, many(EFFECT.c.subject, EFFECT.c.kind == SEARCH)))}


ASK = Action("request", _ask, _asked)
"""A removal request."""


def _work(record: Record, number: int, at: datetime, told: Callable[[Hashable], None]) -> None:
    """A worker leases the effect that is due the longest, and ends it one way or another; what a worker left at a cut is taken up anew."""
    leased = effects.lease(record, at, "worker", [SEARCH], hold=timedelta(seconds=2))
    if leased is None:
        return
    told((leased.id, leased.fence, "leased"))
    outcome = ("done", "again", "given up")[number % 3]
    with record.transaction() as tx:
        if outcome == "done":
            effects.done(tx, leased, at, Actor("worker"))
        elif outcome == "again":
            effects.again(tx, leased, "the system does not answer", at)
        else:
            effects.give_up(tx, leased, "the system is not known", at, Actor("worker"))
    told((leased.id, leased.fence, outcome))


def _worked(conn: Connection) -> set[tuple[int, int, str]]:
    """Leases and how they ended; an end counts only if effect, try and ledger agree about it."""
    entries = conn.execute(select(ENTRY_ROW.c.canonical).where(ENTRY_ROW.c.kind == ENDED)).scalars()
    ended = Counter((body["effect"], body["outcome"]) for body in (json.loads(each)["body"] for each in entries))
    tries = [EFFECT_TRY.c[name] for name in ("effect", "fence", "outcome")]
    found = set()
    for row in conn.execute(select(*tries, EFFECT.c.state, EFFECT.c.fence.label("last")).join(EFFECT)):
        found.add((row.effect, row.fence, "leased"))
        agree = row.fence < row.last or row.state == {"again": "due"}.get(row.outcome, row.outcome)
        if row.outcome not in {None, "lost"} and agree and (row.outcome == "again" or ended[row.effect, row.outcome]):
            found.add((row.effect, row.fence, row.outcome))
    return found


WORK = Action("effect", _work, _worked)
"""An effect leased, and ended: two transactions."""

_LINES = 7


def _count(record: Record, number: int, at: datetime, told: Callable[[Hashable], None]) -> None:
    """An import reads on in a web log: the totals of a day grow by what it read, and the record knows how far that was."""
    ones, row, column = np.full(2, _LINES), np.array([-1, 1]), np.array([-1, 10])
    increase = Increase(row, column, dict.fromkeys(MEASURES, ones), (ones, ones))
    with record.transaction() as tx:
        log = tx.execute(select(LOG.c.id, LOG.c.offset)).first()
        begun = log.offset if log else 0
        reached = traffic.Reached(log.id if log else None, "a" * 64, f"{number:064}", begun, begun + 1)
        account = Account(_LINES, fates=Counter(counted=_LINES))
        added = [traffic.Added(20_000, PAGE, increase, ["(other)", f"/page{number % 5}"])]
        traffic.add(tx, added, account, reached, policy="0" * 64, at=at, actor=Actor("worker"))
    told(begun + 1)


def _counted(conn: Connection) -> set[int]:
    """How often was read on: so often the same number of lines, in the totals over all pages and by page, and in the account."""
    offset = conn.execute(select(LOG.c.offset)).scalar() or 0
    lines = conn.execute(select(func.coalesce(func.sum(ACCOUNT.c.lines), 0))).scalar_one()
    parts_of_days = [parts.held(conn, unit, PAGE) for unit in conn.execute(select(UNIT.c.id)).scalars().all()]
    hits = [int(part.columns["hits"].sum()) for part in parts_of_days if part]
    return set(range(1, offset + 1)) if (lines, sum(hits)) == (offset * _LINES, offset * 2 * _LINES) else set()


COUNT = Action("total", _count, _counted)
"""What was read of a log."""

DEEDS = [ENTRY, CHOOSE, RELEASE, ASK, WORK, COUNT]
