"""Logs into totals: read in blocks, counted in memory, committed now and then together with how far each log was read.

Killed at any moment, the next import goes on behind what was committed, so every hit counts once. Visitors of a day that was being
counted then may count again: their key lived in memory only.
"""

from __future__ import annotations

import time
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Literal

from sqlalchemy import select

from upheld.errors import Invalid
from upheld.gate.measuring import Permit, permit
from upheld.home import Home
from upheld.postings import queries as postings
from upheld.record import Actor, Record
from upheld.traffic import settling
from upheld.traffic.actions import Reached, add
from upheld.traffic.counter import MOST_HELD, Counter
from upheld.traffic.hits import Account
from upheld.traffic.models import LOG
from upheld.traffic.parsing import formats, slowly, sources
from upheld.traffic.parsing.formats import Format
from upheld.traffic.parsing.hashing import Keys
from upheld.traffic.parsing.kernel import load
from upheld.traffic.parsing.lines import Lines
from upheld.traffic.parsing.slowly import Bad
from upheld.traffic.reader import Reader, Site
from upheld.traffic.tables import ITEMS, PEOPLE_ITEM, TABLES
from upheld.traffic.visitors import DayKeys

Way = Literal["best", "kernel", "arrays", "slowly"]
"""How lines are taken apart: by the kernel if there is one, by it or not at all, by NumPy, or one by one. The totals are the same."""
LOG_KEY = "traffic/log/v1"
COMMIT_LINES = 16_000_000
_HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Imported:
    """What an import did: its account, the lines that could not be read as outlines, the days touched, and those that were settled."""

    account: Account = field(default_factory=Account)
    outlines: dict[str, list[str]] = field(default_factory=dict)
    days: set[int] = field(default_factory=set)
    settled: list[settling.Settled] = field(default_factory=list)
    known: list[Path] = field(default_factory=list)
    unended: list[Path] = field(default_factory=list)
    permit: Permit | None = None
    others: Counts[str] = field(default_factory=Counts)


class Import:
    """One run: the policy's leave to count, what is counted, and the logs it reads."""

    def __init__(self, home: Home, record: Record, site: Site, clock: Callable[[], datetime], actor: Actor, way: Way = "best") -> None:
        self.record, self.clock, self.actor = record, clock, actor
        self.key, self.done = home.key(LOG_KEY), Imported()
        with record.reading() as conn:
            at = clock()
            self.permit = self.done.permit = permit(conn, ITEMS, at)
            self.policy = postings.in_force(conn, at).policy
        tables = tuple(each for each in TABLES if {PEOPLE_ITEM, *each.items} <= self.permit.items)
        self.kernel, self.quick = load() if way in {"best", "kernel"} else None, way != "slowly"
        if way == "kernel" and self.kernel is None:
            raise Invalid("there is no compiled kernel here: install a C compiler, or leave the way to Upheld")
        self.counter = Counter(Reader(site, DayKeys(), self.kernel), tables, self.permit.people)
        self.keys = Keys.fresh()
        self._account = Account()

    def read(self, paths: Iterable[Path], form: str | None = None, *, whole: bool = False) -> Imported:
        """Take in logs, the oldest of rotated ones first, and settle the days that are over.

        `Invalid` if one of them has not the format that was said, or none that is known: then nothing of any is taken in.
        """
        turns = [(path, whole or sources.is_packed(path)) for path in sources.in_order(paths)]
        for path, ended in turns:
            if str(path) != sources.PIPE:
                _demand_form(form, sources.head_of(path, whole=ended), path)
        for path, ended in turns:
            for _ in self.follow(path, form, whole=ended):
                pass
        self.settle()
        return self.done

    def follow(self, path: Path, form: str | None, *, whole: bool) -> Iterator[int]:
        """Take in what a log holds beyond what was read of it; the lines of each block."""
        piped = str(path) == sources.PIPE
        head = [] if piped else sources.head_of(path, whole=whole)
        file = sources.opened(path)
        try:
            reached: Reached | None = None
            before, first = b"", None
            blocks = sources.blocks(file, path, whole=whole)
            if piped:
                first = next(blocks, None)
                head = bytes(first.lines).splitlines()[:200] if first else []
                _demand_form(form, head, path)
            else:
                reached, before = self._begun(path, head, file)
                if reached.log is not None and path not in self.done.known:
                    self.done.known.append(path)
            if head:
                lines = Lines(_format(form, head, path, reached), self.keys, self.kernel, quick=self.quick)
                yield from self._blocks(lines, reached, before, _chained(first, blocks))
            if not whole and path not in self.done.unended and sources.unended(file):
                self.done.unended.append(path)
        finally:
            if not piped:
                file.close()

    def watch(self, path: Path, form: str | None, *, every: float, stop: Callable[[], bool]) -> Imported:
        """Follow a live log until `stop` says so: what is written to it is taken in every few seconds, also across rotation.

        What was still written to a log after it was moved away is read from where it went, if it lies beside the new one: also what was
        moved while nobody followed, if an earlier run read some of it.
        """
        seen: int | None = None
        since, fits = 0, False
        for moved in sources.moved(path, 0) if path.parent.is_dir() else ():
            if self._knows(moved):
                self._drain(moved, form, whole=True)
        while True:
            ending = stop()
            try:
                found = path.stat()
                now: int | None = found.st_ino
            except FileNotFoundError:
                now = None
            if seen is not None and now != seen:
                for moved in sources.moved(path, since):
                    self._drain(moved, form, whole=True)
            if now is not None:
                if not fits and (head := sources.head_of(path, whole=False)):
                    _demand_form(form, head, path)  # once: a live log may begin with junk after it was rotated
                    fits = True
                self._drain(path, form, whole=False)
            seen, since = now, found.st_mtime_ns if now is not None else since
            self.settle()
            if ending:
                return self.done
            time.sleep(every)

    def _knows(self, path: Path) -> bool:
        head = sources.head_of(path, whole=True)
        with sources.opened(path) as file:
            return self._begun(path, head, file)[0].log is not None

    def _drain(self, path: Path, form: str | None, *, whole: bool) -> None:
        try:
            if path.stat().st_size:
                for _ in self.follow(path, form, whole=whole):
                    pass
        except FileNotFoundError:
            return

    def _blocks(self, lines: Lines, reached: Reached | None, before: bytes, blocks: Iterator[sources.Block]) -> Iterator[int]:
        bad, offset, waiting = Bad(), reached.offset if reached else 0, 0
        tail = before
        for block in blocks:
            read = self._count(lines, block, bad)
            offset, waiting = offset + block.taken, waiting + read
            tail = (tail + block.tail)[-sources.TAIL :]
            full = self.counter.holds_too_much()
            if waiting >= COMMIT_LINES or full:
                reached, waiting = self._commit(reached, offset, tail), 0
            if full:  # to half, or the next one would be near
                self.counter.forget_oldest(MOST_HELD // 2)
            yield read
        self.done.outlines |= bad.outlines
        if waiting or (reached and offset != reached.offset):
            self._commit(reached, offset, tail)

    def _count(self, lines: Lines, block: sources.Block, bad: Bad) -> int:
        before = bad.lines.copy()
        if block.too_long:
            bad.lines["too long"] += block.too_long
        latest = int(self.clock().timestamp()) // 3600 + 24
        account = Account()
        for split in lines.split(block.lines, bad):
            account.add(self.counter.count(split, latest))
        account.rejected += bad.lines - before
        account.read += sum((bad.lines - before).values())
        account.demand_whole()
        self._account.add(account)
        return account.read

    def _begun(self, path: Path, head: list[bytes], file: IO[bytes]) -> tuple[Reached, bytes]:
        """Where to go on: behind what was read, if this is still the log that was read."""
        name = sources.identity(head, self.key)
        with self.record.reading() as conn:
            rows = conn.execute(select(LOG.c.id, LOG.c.tail, LOG.c.offset).where(LOG.c.head == name).order_by(LOG.c.offset.desc())).all()
        for log, tail, offset in rows:
            before = sources.skip(file, path, offset)
            if sources.sealed(before, self.key) == tail:
                return Reached(log, name, tail, offset, offset), before
            file.seek(0)
        return Reached(None, name, "", 0, 0), b""

    def _commit(self, reached: Reached | None, offset: int, tail: bytes) -> Reached | None:
        account, self._account = self._account, Account()
        if reached:
            reached = Reached(reached.log, reached.head, sources.sealed(tail, self.key), reached.begun, offset)
        added = self.counter.taken()
        with self.record.transaction() as tx:
            log = add(tx, added, account, reached, policy=self.permit.policy_hash, at=self.clock(), actor=self.actor)
        self.counter.forget_oldest()
        self.done.account.add(account)
        self.done.others = self.counter.others
        self.done.days |= {each.day for each in added}
        return Reached(log, reached.head, reached.tail, offset, offset) if reached else None

    def settle(self) -> None:
        """Settle the days for which the policy's time is over; their keys are forgotten."""
        at = self.clock()
        with self.record.transaction() as tx:
            self.done.settled += settling.settle_due(tx, self.policy, self.permit, at=at, actor=self.actor)
        self.counter.forget_before(settling.over_before(at))


def _chained(first: sources.Block | None, blocks: Iterator[sources.Block]) -> Iterator[sources.Block]:
    if first is not None:
        yield first
    yield from blocks


def _demand_form(said: str | None, head: Sequence[bytes], path: Path) -> None:
    """`Invalid` if no line of a log's head has the format that was said; without one, if no format that is known fits."""
    if not head:
        return
    form = _format(said, head, path, None)
    if said is None and not slowly.fits(head, form):
        formats.guessed([], str(path))
    if (said in formats.HEADED and not form.headed) or not slowly.fits(head, form):
        raise Invalid(
            f"none of the first lines of `{path}` has the format `{said}`: say the right one, or leave `--format` out; nothing was read"
        )


def _format(said: str | None, head: Sequence[bytes], path: Path, reached: Reached | None) -> Format:
    if said is not None and said not in formats.HEADED:
        return formats.named(said)
    if reached and reached.offset and head[0].startswith(b"#"):
        return formats.w3c(sources.last_fields(path, reached.offset))
    return formats.guessed([line.decode("utf-8", "replace") for line in head], str(path))
