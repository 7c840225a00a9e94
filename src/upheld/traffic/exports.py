"""Totals from other tools' exports (Matomo, Plausible, GA4), into the same tables, marked with where they come from.

Such a file must hold totals: a column that could name a person or is not known, or a value that looks like one, and it is refused whole.
Its rows say how many visitors they are of; only rows of at least N people are kept at all, with the same protection as our own.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from upheld.errors import Conflict, Invalid, Refused
from upheld.gate.measuring import Permit
from upheld.ledger.actions import append
from upheld.ledger.kinds import HASH, NUMBER, declare, one_of
from upheld.record import Actor
from upheld.traffic import names
from upheld.traffic.actions import Added, grow, open_unit
from upheld.traffic.counting import MEASURES, Increase
from upheld.traffic.models import UNIT
from upheld.traffic.settling import EPOCH, Settled, settle
from upheld.traffic.tables import ALL, CAMPAIGN, COUNTRY, PAGE, REFERRER, STATUS, Table

I64 = NDArray[np.int64]

SOURCES = ("matomo", "plausible", "ga4")
MOST_ROWS = 1_000_000
TAKEN = declare(
    "traffic.export.taken",
    "totals of another tool were taken in",
    source=one_of(*SOURCES),
    file=HASH,
    rows=NUMBER,
    days=NUMBER,
    policy=HASH,
)

_WORDS: Final = {
    "day": ("date", "day", "nth day"),
    "page": (
        "label",
        "page",
        "url",
        "page path",
        "page path and screen class",
        "page title and screen class",
        "landing page",
        "entry page",
    ),
    "referrer": ("source", "referrer", "session source", "first user source", "session source / medium", "channel", "website"),
    "campaign": ("campaign", "utm campaign", "session campaign", "first user campaign", "campaign name"),
    "country": ("country", "country id", "country code"),
    "hits": ("hits", "pageviews", "views", "nb hits", "screen page views", "event count", "actions", "nb actions"),
    "visitors": ("visitors", "unique visitors", "nb uniq visitors", "users", "total users", "active users", "sum daily nb uniq visitors"),
}
_BESIDE: Final = {
    "name",
    "visits",
    "nb visits",
    "nb visits converted",
    "sum visit length",
    "max actions",
    "bounce count",
    "bounce rate",
    "exit rate",
    "avg time on page",
    "avg time on site",
    "nb actions per visit",
    "conversion rate",
    "visit duration",
    "views per visit",
    "time on page",
    "scroll depth",
    "sessions",
    "engaged sessions",
    "engagement rate",
    "views per user",
    "views per active user",
    "average engagement time",
    "average engagement time per active user",
    "key events",
    "total revenue",
}
"""Columns of totals that the three tools write beside those that are read."""
_DIMENSIONS: Final = {"page": PAGE, "referrer": REFERRER, "campaign": CAMPAIGN, "country": COUNTRY}
_NAMES_PERSON = re.compile(
    r"\b(?:(?:user|visitor|client|customer|device|session|visit|member|account|order|transaction|cookie|pseudo|fingerprint)[ _-]*id"
    r"|idvisit(?:or)?|e-?mail|mail|phone|first name|last name|full name|user name|username|name of user|ip|ip address|visit ip"
    r"|user agent|cookie|gclid|fbclid|hash|uuid|latitude|longitude|birth|postal code|zip)\b",
    re.IGNORECASE,
)
_PERSONAL = re.compile(
    r"[\w.+-]+(?:@|%40)[\w-]+\.\w|\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-|\b\d{9,}\.\d{9,}\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken in of a file: rows, and the days that were settled with it."""

    rows: int
    days: tuple[Settled, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    day: int
    name: str
    hits: int
    visitors: int


def take(
    tx: Connection, path: Path, source: str, permit: Permit, *, file: str, day: date | None, of: str | None, at: datetime, actor: Actor
) -> Taken:
    """Take in one export.

    `file`: its SHA-256; `day`: of all rows, if no column says it; `of`: what its rows are of, likewise.

    `Refused` if it could tell of single people or the policy does not let it be measured, `Invalid` if it is no export of totals,
    `Conflict` if there are totals of this tool for one of its days already.
    """
    if not {"tracking.pages"} <= permit.items:
        raise Refused("the policy lets nothing of tracking software be measured as totals: it needs `collect tracking` and a clause")
    table, rows = _read(path, day, of)
    days = sorted({row.day for row in rows})
    if days[-1] > (at.date() - EPOCH).days:
        raise Invalid(f"there is a row of {EPOCH + timedelta(days=days[-1])}, which has not come yet: correct its day, or `--day`")
    held = set(tx.execute(select(UNIT.c.day).where(UNIT.c.source == _mark(source, table), UNIT.c.day.in_(days))).scalars())
    if held:
        shown = EPOCH + timedelta(days=min(held))
        raise Conflict(f"there are totals of {source} by {table.name} for {shown} already: what is settled never changes")
    units = []
    for each in days:
        unit = open_unit(tx, each, _mark(source, table))
        units.append((unit, each))
        grow(tx, unit, _added(table, each, [row for row in rows if row.day == each]))
    append(tx, TAKEN, {"source": source, "file": file, "rows": len(rows), "days": len(days), "policy": permit.policy_hash}, at, actor)
    return Taken(len(rows), tuple(settle(tx, units, permit, at=at, actor=actor)))


def _mark(source: str, table: Table) -> str:
    return f"{source} {table.name}"


def _added(table: Table, day: int, rows: Sequence[_Row]) -> Iterator[Added]:
    """The rows as a table without columns, with their sum: of surely as many people as the largest row."""
    found: dict[str, list[int]] = {}
    for row in rows:
        both = found.setdefault(row.name, [0, 0])
        both[0] += row.hits
        both[1] = max(both[1], row.visitors)
    labels = list(found)
    hits, people = (np.array([found[label][at] for label in labels], dtype=np.int64) for at in (0, 1))
    place = np.arange(len(labels), dtype=np.int64)
    column = np.full(len(labels), ALL if table.crossed else 0, dtype=np.int64)
    yield Added(day, table, _increase(place, column, hits, people), labels)
    every, most = np.full(1, ALL, dtype=np.int64), np.array([people.max()])
    yield Added(day, table, _increase(every, column[:1], hits.sum(keepdims=True), most), labels)
    yield Added(day, STATUS, _increase(every, every, hits.sum(keepdims=True), most), None)


def _increase(row: I64, column: I64, hits: I64, people: I64) -> Increase:
    nothing = np.zeros(len(row), dtype=np.int64)
    return Increase(row, column, dict.fromkeys(MEASURES, nothing) | {"hits": hits}, (people, people))


def _read(path: Path, day: date | None, of: str | None) -> tuple[Table, list[_Row]]:
    """What the file's rows are totals of, and the rows."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = (line for line in file if line.strip() and not line.startswith("#"))  # GA4 begins with remarks
            rows = list(csv.reader(lines, strict=True))
    except OSError as error:
        raise Invalid(f"cannot read `{path}`: {(error.strerror or 'input/output error').lower()}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise Invalid(f"`{path}` is no CSV in UTF-8: export it so") from error
    if len(rows) < 2 or len(rows) > MOST_ROWS:
        raise Invalid(f"`{path}` holds no totals: its first line must name the columns, and it may have {MOST_ROWS:,} rows")
    where = _columns(rows[0], of)
    if "day" not in where and day is None:
        raise Invalid("no column says the day: give `--day`, and export one day at a time")
    kind = next(name for name in _DIMENSIONS if name in where)
    return _DIMENSIONS[kind], [_row(row, number, where, kind, day) for number, row in enumerate(rows[1:], 2)]


def _columns(heading: Sequence[str], of: str | None) -> dict[str, int]:
    where: dict[str, int] = {}
    for place, text in enumerate(heading):
        plain = " ".join(re.sub(r"[_.]", " ", text).lower().split())
        if _NAMES_PERSON.search(plain):
            raise Refused(f"the column {place + 1} could tell people apart: export totals without it; nothing was taken in")
        said = next((name for name, words in _WORDS.items() if plain in words), None)
        if said is None and plain == "name" and of:
            said = of
        if said is not None:
            where.setdefault(said, place)
        elif plain not in _BESIDE:
            raise Refused(f"nothing is known of the column {place + 1}: export totals without it; nothing was taken in")
    if of and of not in where and "page" in where:
        where[of] = where.pop("page")  # Matomo calls every first column `label`
    kinds = [name for name in _DIMENSIONS if name in where]
    if len(kinds) != 1:
        raise Invalid("the file must be of one thing: pages, referrers, campaigns or countries; say which with `--of`")
    if "visitors" not in where:
        raise Refused("no column says of how many visitors a row is: nobody could know that it is of enough people")
    return where


def _row(row: Sequence[str], number: int, where: dict[str, int], kind: str, day: date | None) -> _Row:
    if len(row) <= max(where.values()):
        raise Invalid(f"row {number} has too few columns: export the file again")
    if any(_PERSONAL.search(cell) for cell in row):
        raise Refused(f"row {number} holds what could be a person's address or mark: export totals without it; nothing was taken in")
    visitors = _count(row[where["visitors"]], number)
    hits = _count(row[where["hits"]], number) if "hits" in where else visitors
    of_day = (_day(row[where["day"]], number) if "day" in where else day) or EPOCH
    return _Row((of_day - EPOCH).days, _name(kind, row[where[kind]]), max(hits, visitors), visitors)


def _name(kind: str, text: str) -> str:
    if kind == "page":
        return names.page(text.partition("?")[0] or "/").name
    return names.shown(text.strip() or names.NONE)[: names.LONGEST_NAME]


def _count(text: str, number: int) -> int:
    plain = text.strip().replace(",", "").removesuffix(".0")
    if not plain.isascii() or not plain.isdigit() or len(plain) > 15:
        raise Invalid(f"row {number} has no whole number where one belongs: export the file again")
    return int(plain)


def _day(text: str, number: int) -> date:
    for form in ("%Y-%m-%d", "%Y%m%d"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise Invalid(f"row {number} has no day as `2026-05-31`: export it by day")
