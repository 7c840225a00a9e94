"""The main job: a list comes in, what may leave goes out, and the record says so before the file appears."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap
from sqlalchemy import Connection

from upheld.errors import Conflict
from upheld.gate import caps, summary, totals
from upheld.gate.asked import Asked
from upheld.gate.deciding import Outcome, decide_list
from upheld.gate.evidence import Evidence
from upheld.gate.gathering import Gathered, columns_of, gather
from upheld.gate.lists import OpenList, open_list, sample
from upheld.gate.mapping import ColumnMap, map_columns
from upheld.gate.notes import notes
from upheld.gate.orders import Order, Watch, unwatched
from upheld.gate.publishing import (
    Unfinished,
    demand_file,
    demand_free,
    disk_full_in_words,
    hash_of,
    place_beside,
    publish,
    working_folder,
    writing,
)
from upheld.gate.recording import Leaving, record_leaving
from upheld.gate.recovery import end, recover
from upheld.gate.snapshot import Snapshot, ask, take
from upheld.gate.summary import Summary
from upheld.gate.verdicts import CAPPED, FEW
from upheld.gate.workbench import Workbench
from upheld.gate.writing import Shown, form_of, put_bits, released, shown_columns, write
from upheld.home import Home
from upheld.ledger import queries as ledger
from upheld.people.codes import Keys
from upheld.policy.uses import Use
from upheld.record import Actor, Record

TRIES = 4
"""How often a release starts its decisions again because choices came in; after that it holds the record while it decides."""

Clock = Callable[[], datetime]


def release(home: Home, record: Record, order: Order, clock: Clock, actor: Actor, watch: Watch = unwatched) -> Summary:
    """Decide a list and write what may leave; returns what became of it. With no row permitted, nothing is written or recorded.

    Everything committed before the release commits is honoured, however late. `Invalid`, `NotFound`, `Refused` or `Conflict` say what to
    do; then nothing appears. Killed at any moment, it leaves either no release, or a recorded one that the next start completes.
    """
    ended = recover(home, record, clock(), actor)
    watch("recovered", 0, 0)
    out = order.out
    if out is not None:
        out = Path(out).absolute()
        demand_file(out)
        form_of(out)
        for number, path in ended.items():
            if path == out and out.exists():
                raise Conflict(
                    f"release {number} to `{out}` had been cut off and is completed now: its rows are there; nothing more was done"
                )
        demand_free(out)
    with disk_full_in_words(), contextlib.ExitStack() as leaving:
        work = leaving.enter_context(working_folder(home.path, out or home.path / "nothing"))
        unfinished = leaving.enter_context(writing(out)) if out is not None else None
        watch("locked", 0, 0)
        bench = Workbench(work)
        leaving.callback(bench.close)
        with record.reading() as conn:
            asked = ask(conn, order.purpose, order.to, clock())  # what is not known is refused before a long list is read
        opened, mapping = _open(order, asked, bench, work, watch)
        with ThreadPoolExecutor(1) as beside:  # the record is read while the list is
            early = beside.submit(_early, record, order, mapping, clock)
            gathered = gather(opened, mapping, bench, Keys(home.key), work, watch)
        taken = None if early.exception() else early.result()  # what went wrong will go wrong again, and be said then
        return _Release(home, record, order, clock, actor, watch, bench, opened, mapping, gathered).run(unfinished, out, taken)


def _open(order: Order, asked: Asked, bench: Workbench, work: Path, watch: Watch) -> tuple[OpenList, ColumnMap]:
    opened = open_list(order.list, bench, work, order.reading)
    watch("read", 0, opened.rows)
    mapping = map_columns(opened.columns, sample(opened, bench), asked.policy.vocabulary, order.mapping, order.source)
    mapping.demand_identifier(opened.name)
    watch("mapped", 0, 0)
    return opened, mapping


def _early(record: Record, order: Order, mapping: ColumnMap, clock: Clock) -> _Taken:
    with record.reading() as conn:
        at = clock()
        asked = ask(conn, order.purpose, order.to, at)
        return asked, take(conn, asked, columns_of(mapping), at)


_Taken = tuple[Asked, Snapshot]


@dataclass(frozen=True, slots=True)
class _Draft:
    """What would leave by one reading of the record."""

    asked: Asked
    use: Use
    snapshot: Snapshot
    outcome: Outcome
    cap: str | None
    shown: tuple[Shown, ...]

    @property
    def leaves(self) -> bool:
        """Whether anything leaves at all."""
        return bool(self.shown)


@dataclass(frozen=True, slots=True)
class _Written:
    """What stands in the unfinished file: whose cells, its hash, and the codes of its rows. Made before the record is locked."""

    outcome: Outcome
    hash: str
    codes: NDArray[np.uint64]


@dataclass(slots=True)
class _Release:
    """One release on its way."""

    home: Home
    record: Record
    order: Order
    clock: Clock
    actor: Actor
    watch: Watch
    bench: Workbench
    opened: OpenList
    mapping: ColumnMap
    gathered: Gathered

    def run(self, unfinished: Unfinished | None, out: Path | None, taken: _Taken | None) -> Summary:
        """Decide, write, record and publish; again, if the record moved meanwhile. `taken` serves if nothing was recorded since."""
        draft = self._draft(taken=taken)
        if unfinished is None or out is None or not draft.leaves:
            return self._summary(draft)
        written: _Written | None = None
        for attempt in range(TRIES):
            if written is None or not draft.outcome.same_as(written.outcome):
                written = self._write(draft, unfinished)
            with self.record.transaction() as tx:
                if self._still_holds(tx, draft):
                    done = self._recorded(tx, draft, written, out)
                    break
            self.watch("again", attempt, TRIES)
            draft = self._draft()
            if not draft.leaves:
                return self._summary(draft)
        else:
            with self.record.transaction() as tx:  # choices come in faster than the list is decided: now they wait for it
                draft = self._draft(tx)
                if not draft.leaves:
                    return self._summary(draft)
                written = self._write(draft, unfinished)
                if not self._still_holds(tx, draft):
                    raise Conflict("a contract ran out or a policy came into force while the list was written: run it again")
                done = self._recorded(tx, draft, written, out)
        unfinished.recorded = True
        self.watch("recorded", 0, 0)
        return self._publish(done, out, unfinished)

    def _draft(self, conn: Connection | None = None, *, taken: _Taken | None = None) -> _Draft:
        with contextlib.ExitStack() as leaving:
            conn = conn or leaving.enter_context(self.record.reading())
            at = self.clock()
            asked = ask(conn, self.order.purpose, self.order.to, at)
            use = asked.use_of(self.mapping.items, self.order)
            if taken is not None and taken[0] == asked and taken[1].is_of(ledger.size(conn), at):
                snapshot = taken[1]
            else:
                snapshot = take(conn, asked, columns_of(self.mapping), at)
            self.watch("snapshot", 0, 0)
            outcome = decide_list(
                self.opened, self.mapping, self.bench, self.gathered, snapshot, use, (self.order.engine, self.order.engine_address)
            )
            self.watch("matched", 0, 0)
            reached = caps.caps_of(conn, snapshot, outcome, use)
            if reached:
                outcome = outcome.without(caps.capped_rows(conn, reached, self.gathered, outcome), CAPPED)
        shown = shown_columns(self.opened, self.mapping, outcome.verdicts.items, outcome.decided.masks)
        if self.order.totals and shown:
            outcome, shown = self._totalled(outcome, shown)
        self.watch("decided", 0, 0)
        return _Draft(asked, use, snapshot, outcome, reached[0].clause if reached else None, shown)

    def _totalled(self, outcome: Outcome, shown: tuple[Shown, ...]) -> tuple[Outcome, tuple[Shown, ...]]:
        """The outcome without rows that may not show all of it, or whose values too few people share."""
        masks = outcome.decided.masks
        masks[masks != (1 << len(outcome.verdicts.items)) - 1] = 0
        met = [outcome.verdicts.decisions[number] for number, _ in summary.tally(outcome.decided.numbers[masks != 0])]
        least = max(self.order.people or 1, summary.joined(met).people or 1)
        put_bits(self.bench, masks, shown)
        totals.put_people(self.bench, self.gathered, (outcome.rows, outcome.persons))
        few = np.zeros(len(masks), dtype=np.bool_)
        few[totals.too_few(self.bench, self.opened, shown, least)] = True
        outcome = outcome.without(few, FEW)
        return outcome, shown_columns(self.opened, self.mapping, outcome.verdicts.items, masks)

    def _write(self, draft: _Draft, unfinished: Unfinished) -> _Written:
        put_bits(self.bench, draft.outcome.decided.masks, draft.shown)
        form = form_of(Path(self.order.out or ""))
        shape = totals.totals if self.order.totals else released
        keep = draft.outcome.decided.masks != 0
        with ThreadPoolExecutor(1) as beside:
            # A total is about nobody.
            codes = beside.submit(np.empty, 0, np.uint64) if self.order.totals else beside.submit(self.gathered.evidence, keep)
            write(self.bench, shape(self.opened, draft.shown), unfinished.path, form)
            self.watch("written", 0, 0)
        unfinished.sync()
        self.watch("synced", 0, 0)
        self.opened.demand_unchanged()
        return _Written(draft.outcome, hash_of(unfinished.path) or "", codes.result())

    def _still_holds(self, tx: Connection, draft: _Draft) -> bool:
        """Whether what was decided is what would be decided now: nothing came in that touches it, no contract or policy ran out."""
        asked = ask(tx, self.order.purpose, self.order.to, self.clock())
        return asked == draft.asked and draft.snapshot.still_holds(tx, self.gathered, draft.outcome.persons)

    def _recorded(self, tx: Connection, draft: _Draft, written: _Written, out: Path) -> Summary:
        persons = BitMap() if self.order.totals else BitMap(draft.outcome.released_persons.astype(np.uint32))
        evidence = Evidence(persons, written.codes)
        rejects = place_beside(out, self.opened.rejects.path) if self.opened.rejects.count else None
        said = replace(self._summary(draft), out=str(out), output_hash=written.hash, rejects=rejects)
        items = tuple(
            item for item in draft.outcome.verdicts.items if any(draft.outcome.verdicts.items[column.bit] == item for column in draft.shown)
        )
        leaving = Leaving(
            said, draft.asked.kind, "totals" if self.order.totals else "individual", items, draft.use.chosen_by, str(out), evidence
        )
        number = record_leaving(tx, leaving, self.clock(), self.actor)
        self.watch("recording", 0, 0)
        return replace(said, release=number)

    def _publish(self, done: Summary, out: Path, unfinished: Unfinished) -> Summary:
        assert done.release is not None
        try:
            publish(out)
        except Conflict:
            unfinished.recorded = False  # nobody will complete it: its rows must not stay under the hidden name
            end(self.record, done.release, "undelivered", self.clock(), self.actor)
            raise
        self.watch("published", 0, 0)
        end(self.record, done.release, "delivered", self.clock(), self.actor)
        self.watch("delivered", 0, 0)
        return done

    def _summary(self, draft: _Draft) -> Summary:
        outcome, decided = draft.outcome, draft.outcome.decided
        kept = decided.masks[decided.masks != 0]
        some, every = (int(np.bitwise_or.reduce(kept)), int(np.bitwise_and.reduce(kept))) if len(kept) else (0, 0)
        met = [outcome.verdicts.decisions[number] for number, _ in summary.tally(decided.numbers[decided.masks != 0])]
        decisions, sentences = outcome.verdicts.decisions, draft.snapshot.sentences
        policy, rejects = draft.asked.policy, self.opened.rejects
        read = self.opened.rows + rejects.count
        return Summary(
            list=self.order.called or self.opened.name,
            purpose=draft.use.purpose,
            recipient=self.order.to,
            policy_version=policy.version,
            policy_hash=policy.hash,
            read=read,
            released=len(kept),
            refused=self.opened.rows - len(kept),
            rejected=rejects.count,
            persons=len(outcome.released_persons),
            refusals=summary.refusals(decided, decisions, sentences, draft.cap),
            cells=summary.cells(decided, decisions, sentences),
            columns=summary.column_outcomes(self.mapping, outcome.verdicts.items, some, every, summary.whys(decisions)),
            clauses=tuple(sorted({clause for decision in met for clause in decision.clauses})),
            obligations=summary.joined(met),
            input_hash=self.opened.hash,
            notes=notes(self.order, self.mapping, draft.asked, read, rejects.first, outcome.not_given),
        )
