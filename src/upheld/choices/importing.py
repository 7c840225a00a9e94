"""Opt-in and opt-out files of before, taken in: each readable row is a choice, each other one a line in the rejects file.

A rejects file holds line numbers and reasons, never what stood there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import Connection

from upheld.choices.actions import HOW, How, Said, demand, record_many
from upheld.choices.files import batches, read, roles, write_rejects
from upheld.choices.repeats import Reached, Round, file_hash, reading_hash, taken_in
from upheld.errors import Invalid, No
from upheld.ledger.actions import append
from upheld.ledger.kinds import HASH, NUMBER, declare
from upheld.people import facts
from upheld.people.actions import Keeper, keep_facts
from upheld.people.batches import Coder
from upheld.people.codes import tight_codes
from upheld.people.facts import Fact
from upheld.people.identifiers import Account, Email, Identifier, Phone, Postal
from upheld.people.names import split_name
from upheld.people.queries import since_of
from upheld.policy.compiled import undeclared
from upheld.record import Actor, Record

ROWS_A_TRANSACTION: Final = 2000

IMPORTED = declare(
    "choices.imported",
    "a file of choices was taken in: rows recorded and rejected, the file's hash, and that of what its rows were taken to mean",
    file=HASH,
    reading=HASH,
    recorded=NUMBER,
    rejected=NUMBER,
)

SAYS: Final[Mapping[str, Literal["in", "out"]]] = {
    **dict.fromkeys(("in", "yes", "y", "true", "1", "opt in", "opt-in", "opted in", "subscribed", "granted"), "in"),
    **dict.fromkeys(("out", "no", "n", "false", "0", "opt out", "opt-out", "opted out", "unsubscribed", "denied"), "out"),
}
"""What may stand in a column `choice`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file means. `topic`, `says`, `at` are of all rows, unless the file has a column `topic`, `choice`, `when`.

    `columns` are roles given by the user (role -> heading); others are found by heading. `collected`: source -> policy version under
    which what the source holds of these people was collected; of somebody of whom an earlier version is known already, that one stays, for
    only an agreement makes it a later one (P18). `versions` are the posted ones, oldest first, and `sources` those of the policy in force.
    """

    topic: str | None = None
    says: Literal["in", "out"] | None = None
    at: datetime | None = None
    words: str | None = None
    version: str | None = None
    region: str = "US"  # of telephone numbers without country code
    columns: Mapping[str, str] = field(default_factory=dict)
    collected: Mapping[str, str] = field(default_factory=dict)
    versions: Sequence[str] = ()
    sources: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file: rows recorded, rows rejected, rows recorded without a fact that could not be read.

    The latter two are listed in `rejects`. `columns`: which heading meant what. `before`: when the same file was taken in already, read
    the same way; then nothing was done, and the numbers are those of that time.
    """

    recorded: int
    rejected: int
    without_fact: int
    rejects: Path | None
    columns: Mapping[str, str]
    before: datetime | None = None


def import_file(
    record: Record,
    keeper: Keeper,
    path: Path,
    plan: Plan,
    topics: Sequence[str],
    *,
    clock: Callable[[], datetime],
    actor: Actor,
    rejects: Path | None = None,
    again: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> Imported:
    """Take in a file, some thousand rows a transaction, each durable before the next; once, unless `again`.

    An import that was cut off goes on where it ended, and of two at the same moment each row is recorded by one of them.

    `rejects`: where unreadable rows are listed (default: `FILE.rejects.csv`). `Invalid` if nothing of the file can be understood; then
    nothing was done.
    """
    refused: Notes = []
    file = read(path, lambda line, reason: refused.append((line, reason)))
    where = roles(file.columns, plan.columns, str(path))
    _demand(plan, where, topics, clock(), path)
    columns = {role: file.columns[at] for role, at in where.items()}
    hashes = {"file": file_hash(path), "reading": _reading(plan, columns, topics)}
    with record.reading() as conn:
        known = taken_in(conn, IMPORTED, **hashes)
    if known and not again:
        last = known[-1]
        return Imported(last.body["recorded"], last.body["rejected"], 0, None, columns, last.at)
    notes: Notes = []
    taking = _Taking(keeper, plan, topics, Round(**hashes, number=len(known)), actor, Coder(keeper.keys))
    for batch in batches(file.rows, ROWS_A_TRANSACTION):
        reading = _Rows(plan, where, topics, clock())
        rows = [made for line, row in batch if (made := reading.read(line, row, refused, notes)) is not None]
        with record.transaction() as tx:
            refused += [(line, UNREADABLE) for line in taking.record(tx, rows, batch[-1][0], clock())]
        advance(len(batch))
    with record.transaction() as tx:
        recorded = taking.end(tx, len(refused), clock())
    told = sorted(refused + notes)
    listed = write_rejects(rejects or path.with_name(path.name + ".rejects.csv"), told, done="the choices were recorded") if told else None
    return Imported(recorded, len(refused), len(notes), listed, columns)


@dataclass(frozen=True, slots=True)
class _Taking:
    """One round of a file, or a part of it: another process may be at the same one."""

    keeper: Keeper
    plan: Plan
    topics: Sequence[str]
    round: Round
    actor: Actor
    coder: Coder

    def record(self, tx: Connection, rows: Sequence[_Row], line: int, at: datetime) -> list[int]:
        """Record the rows up to a line, those that are not recorded yet; the lines of those whose identifiers cannot be read."""
        reached = self.round.reached(tx)
        new = [row for row in rows if row[0] > reached.line]
        said = [one for _, one, _ in new]
        done = record_many(tx, self.keeper, said, self.topics, at=at, actor=self.actor, skip_unreadable=True, coder=self.coder)
        about = [(person, fact) for (_, _, known), one in zip(new, done, strict=True) for person in one.people for fact in known]
        keep_facts(tx, _not_later(tx, about, self.plan.versions), at, self.actor)
        counted = reached.recorded + sum(bool(one.people) for one in done)
        self.round.move(tx, Reached(max(line, reached.line), counted, reached.ended))
        unreadable = [at for (at, _, _), one in zip(new, done, strict=True) if not one.people]
        return unreadable + [at for at, one, _ in rows if at <= reached.line and not self._readable(one)]

    def end(self, tx: Connection, rejected: int, at: datetime) -> int:
        """Say in the ledger that all is recorded, unless that is said already; how many rows were recorded."""
        reached = self.round.reached(tx)
        if not reached.ended:
            hashes = {"file": self.round.file, "reading": self.round.reading}
            append(tx, IMPORTED, hashes | {"recorded": reached.recorded, "rejected": rejected}, at, self.actor)
            self.round.move(tx, replace(reached, ended=True))
        return reached.recorded

    def _readable(self, said: Said) -> bool:
        return any(tight_codes(one, self.keeper.keys) for one in said.identifiers)


LONGEST_DAY: Final = len("2026-05-31")
UNDATED: Final = "nobody says when this opt-in was made"
"""Taken for one of now it would undo the opt-outs that came after it."""
UNREADABLE: Final = "no identifier can be read"
UNHEARD: Final = f"write one of {', '.join(f'`{each}`' for each in HOW)}; the choice was recorded as heard by `import`"
Notes = list[tuple[int, str]]
_Row = tuple[int, Said, list[Fact]]


@dataclass(frozen=True, slots=True)
class _Rows:
    plan: Plan
    where: Mapping[str, int]
    topics: Sequence[str]
    now: datetime

    def read(self, line: int, row: Sequence[str], refused: Notes, notes: Notes) -> _Row | None:
        """The row as a choice and facts; None if it was refused. A fact that cannot be read does not cost the choice."""
        try:
            said = self._said(row)
            demand(said, self.topics, self.now)
        except No as no:
            refused.append((line, no.message))
            return None
        if self._of(row, "how").lower() not in ("", *HOW):
            notes.append((line, f"how it was heard cannot be read: {UNHEARD}"))
        known = [facts.since(source, version) for source, version in self.plan.collected.items()]
        for fact in (self._region, self._born):
            try:
                known += fact(row)
            except Invalid as no:
                notes.append((line, f"{no.message}; the choice was recorded without it"))
        return line, said, known

    def _said(self, row: Sequence[str]) -> Said:
        topic, says = self._of(row, "topic") or self.plan.topic or "", self.plan.says
        if word := self._of(row, "choice"):
            if (found := SAYS.get(" ".join(word.lower().replace("_", " ").split()))) is None:
                raise Invalid("the choice cannot be read: write `in` or `out`")
            says = found
        identifiers = self._identifiers(row)
        if says is None:
            raise Invalid("the row makes no choice")
        if not identifiers:
            raise Invalid(UNREADABLE)
        if topic not in self.topics and "topic" in self.where:
            raise Invalid("the row's topic is none of the policy's")
        at = self._of(row, "when")
        if says == "in" and not at and self.plan.at is None:
            raise Invalid(UNDATED)
        when = _moment(at, says) if at else self.plan.at or self.now
        how: How = next((how for how in HOW if how == self._of(row, "how").lower()), "import")
        return Said(identifiers, topic, says, when, how, self.plan.words, self.plan.version)

    def _identifiers(self, row: Sequence[str]) -> tuple[Identifier, ...]:
        found: list[Identifier] = []
        if email := self._of(row, "email"):
            found.append(Email(email))
        if phone := self._of(row, "phone"):
            found.append(Phone(phone, self.plan.region))
        if account := self._of(row, "account"):
            found.append(Account(account))
        name = self._of(row, "name")
        first, last = split_name(name) if name else (self._of(row, "first"), self._of(row, "last"))
        address, zip_ = self._of(row, "address"), self._of(row, "zip")
        if last and address:
            found.append(Postal(first, last, address, zip_))
        return tuple(found)

    def _region(self, row: Sequence[str]) -> list[Fact]:
        try:
            return [facts.region(region)] if (region := self._of(row, "region")) else []
        except Invalid as error:
            raise Invalid("the region cannot be read: write `us-ca`, `us`, `de`, `eu`") from error  # its words may be personal

    def _born(self, row: Sequence[str]) -> list[Fact]:
        if born := self._of(row, "born"):
            return [facts.born(_day(born), self.now.date())]
        if not (age := self._of(row, "age")):
            return []
        if not age.isascii() or not age.isdigit():
            raise Invalid("the age cannot be read: write whole years, as `34`")
        return [facts.aged(int(age), self.now.date())]

    def _of(self, row: Sequence[str], role: str) -> str:
        at = self.where.get(role)
        return row[at].strip() if at is not None else ""


def _not_later(tx: Connection, about: Sequence[tuple[int, Fact]], versions: Sequence[str]) -> list[tuple[int, Fact]]:
    """The facts without those that would put what was collected earlier under a later version."""
    known = since_of(tx, (person for person, fact in about if fact.fact == "since"))
    rank = {version: number for number, version in enumerate(versions)}

    def narrows(person: int, fact: Fact) -> bool:
        before = known.get((person, fact.about)) if fact.fact == "since" else None
        return before is None or rank[fact.value] < rank.get(before, 0)

    return [(person, fact) for person, fact in about if narrows(person, fact)]


def _demand(plan: Plan, where: Mapping[str, int], topics: Sequence[str], now: datetime, path: Path) -> None:
    if not topics:
        raise Invalid("the policy in force declares no topic: there is nothing to choose")
    for source, version in plan.collected.items():
        if source not in plan.sources:
            raise Invalid(undeclared("source", source, plan.sources))
        if version not in plan.versions:
            raise Invalid(undeclared("version", version, plan.versions).replace("is declared", "is posted"))
    if plan.topic is not None or "topic" not in where:
        demand(Said((), plan.topic or "", plan.says or "out", plan.at or now, "import", plan.words), topics, now)
    if plan.says == "in" and plan.at is None and not {"when", "choice"} & where.keys():
        raise Invalid(f"{UNDATED}: give `--at`, or a column `when`", place=str(path))
    if plan.says is None and "choice" not in where:
        raise Invalid("the file does not say what was chosen: give `--out` or `--in`, or a column `choice`", place=str(path))
    by_post = ("name" in where or {"first", "last"} <= where.keys()) and {"address", "zip"} <= where.keys()
    if not by_post and not {"email", "phone", "account"} & where.keys():
        raise Invalid("no column names people: name one, as `--column email=HEADING`", place=str(path))


def _moment(text: str, says: Literal["in", "out"]) -> datetime:
    """The time that a text names. A day without a time begins an opt-in and ends with an opt-out: of the same day, the latter holds."""
    try:
        if says == "out" and len(text) <= LONGEST_DAY:
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("the time cannot be read: write it as `2026-05-31` or `2026-05-31T10:00:00+00:00`") from error
    return at if at.utcoffset() is not None else at.replace(tzinfo=UTC)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("the birth date cannot be read: write it as `1990-05-31`") from error


def _reading(plan: Plan, columns: Mapping[str, str], topics: Sequence[str]) -> str:
    """The hash of all that decides what the rows mean."""
    meant = {each: getattr(plan, each) for each in ("topic", "says", "at", "words", "version", "region", "collected")}
    return reading_hash(**meant, columns=columns, topics=list(topics))
