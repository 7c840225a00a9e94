"""A file of many requests, taken in: each readable row is a request, each other one a line in the rejects file with its reason.

A row that was taken in already, from this file or at another run of it, is the same request: taking a file in again is safe. A rejects
file holds line numbers and reasons, never what stood there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

from upheld.choices.actions import How
from upheld.choices.files import PARTS, batches, held, read, roles, write_rejects
from upheld.choices.repeats import file_hash
from upheld.errors import Invalid, No
from upheld.ledger.actions import append
from upheld.ledger.kinds import HASH, NUMBER, declare
from upheld.people.actions import Keeper
from upheld.people.batches import Coder
from upheld.people.codes import tight_codes
from upheld.people.facts import region
from upheld.postings.queries import Posted
from upheld.record import Actor, Record
from upheld.requests.actions import Asked
from upheld.requests.given import identifiers_of, missing
from upheld.requests.many import receive_many

ROWS_A_TRANSACTION: Final = 500
USED: Final = (*PARTS, "name", "topic", "when", "region")

TAKEN_IN = declare(
    "requests.imported",
    "a file of requests was taken in: rows received, known already and rejected, and the file's hash",
    file=HASH,
    received=NUMBER,
    again=NUMBER,
    rejected=NUMBER,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file means. `topics`: what all rows stop, unless a row's column `topic` says (several with `;`). `at`: as `when`, for all."""

    topics: tuple[str, ...] = ()
    channel: How = "import"
    at: datetime | None = None
    words: str | None = None
    phone_region: str = "US"
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: rows received, rows that were the same request as one before, rows rejected (listed in `rejects`)."""

    received: int
    again: int
    rejected: int
    rejects: Path | None
    columns: Mapping[str, str]


def take_in(
    record: Record,
    keeper: Keeper,
    path: Path,
    plan: Plan,
    posted: Posted,
    *,
    clock: Callable[[], datetime],
    actor: Actor,
    rejects: Path | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Taken:
    """Take in a file, some hundred rows a transaction, each durable before the next.

    `Invalid` if nothing of the file can be understood; then nothing was done. `rejects`: default `FILE.rejects.csv`.
    """
    refused: list[tuple[int, str]] = []
    file = read(path, lambda line, reason: refused.append((line, reason)))
    where = {role: at for role, at in roles(file.columns, plan.columns, str(path)).items() if role in USED}
    if not {"email", "phone", "account", "address"} & where.keys():
        raise Invalid("no column names people: name one, as `--column email=HEADING`", place=str(path))
    hash_ = file_hash(path)
    rows, coder, received, again = _Rows(plan, where, keeper, posted, hash_), Coder(keeper.keys), 0, 0
    for batch in batches(file.rows, ROWS_A_TRANSACTION):
        with record.transaction() as tx:
            at = clock()
            read_: list[tuple[int, Asked]] = []
            for line, row in batch:
                try:
                    read_.append((line, rows.asked(row, at)))
                except No as no:
                    refused.append((line, no.message))
            done = receive_many(tx, keeper, [asked for _, asked in read_], posted, at=at, actor=actor, coder=coder)
            for (line, _), one in zip(read_, done, strict=True):
                if isinstance(one, No):
                    refused.append((line, one.message))
                else:
                    received += not one.again
                    again += one.again
        advance(len(batch))
    counts = {"received": received, "again": again, "rejected": len(refused)}
    with record.transaction() as tx:
        append(tx, TAKEN_IN, {"file": hash_, **counts}, clock(), actor)
    listed = (
        write_rejects(rejects or path.with_name(path.name + ".rejects.csv"), sorted(refused), done="the requests were received")
        if refused
        else None
    )
    return Taken(received, again, len(refused), listed, {role: file.columns[at] for role, at in where.items()})


@dataclass(frozen=True, slots=True)
class _Rows:
    plan: Plan
    where: Mapping[str, int]
    keeper: Keeper
    posted: Posted
    file: str

    def asked(self, row: Sequence[str], now: datetime) -> Asked:
        """The row as a request. `Invalid`, in words without values, if it cannot be one."""
        given = held(row, self.where)
        identifiers = identifiers_of(given, self.keeper.keys, self.plan.phone_region)
        if not identifiers:
            raise Invalid(f"too little to find anybody: {missing(given, self.keeper.keys, phone_region=self.plan.phone_region)}")
        topics = tuple(dict.fromkeys(word.strip() for word in self._of(row, "topic").split(";") if word.strip())) or self.plan.topics
        if any(topic not in self.posted.policy.vocabulary.topics for topic in topics):
            raise Invalid("the row's topic is none of the policy's")
        when = self._of(row, "when")
        codes = sorted({code.code for one in identifiers for code in tight_codes(one, self.keeper.keys)})
        # What makes two rows the same request: the same person, for the same topics, asked on the same day (or in the same file).
        day = _moment(when, now).date().isoformat() if when else self.plan.at.date().isoformat() if self.plan.at else self.file
        return Asked(
            given=given,
            channel=self.plan.channel,
            received_at=_moment(when, now) if when else self.plan.at or now,
            topics=topics,
            region=self._region(row),
            words=self.plan.words,
            reference=f"row {codes} {sorted(topics)} {day}",
            phone_region=self.plan.phone_region,
        )

    def _region(self, row: Sequence[str]) -> str | None:
        try:
            return region(said).value if (said := self._of(row, "region")) else None
        except Invalid as error:
            raise Invalid("the region cannot be read: write `us-ca`, `us`, `de`, `eu`") from error  # its words may be personal

    def _of(self, row: Sequence[str], role: str) -> str:
        return row[self.where[role]].strip() if role in self.where else ""


def _moment(text: str, now: datetime) -> datetime:
    """The time that a row names; a day begins in UTC. Nothing is of the future."""
    try:
        at = datetime.combine(date.fromisoformat(text), time.min, UTC) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("the time cannot be read: write it as `2026-05-31` or `2026-05-31T10:00:00+00:00`") from error
    return min(at if at.utcoffset() is not None else at.replace(tzinfo=UTC), now)
