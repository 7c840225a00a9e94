"""Looking for everybody in a file: which records are, or may be, theirs. Found by the blind index, for reading whole tables takes too long.

Out go line numbers, places, verdicts and words, never a stored value. Nothing is changed but the ledger, which says the counts.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from upheld.choices.files import held, people_in, read
from upheld.errors import Conflict, Invalid
from upheld.gate.indexed import Finder
from upheld.gate.searching import Wanted
from upheld.ledger.actions import append
from upheld.people.actions import Keeper
from upheld.record import Actor, Record
from upheld.requests.given import identifiers_of, missing
from upheld.requests.looking import LOOKED, Match, match_of

HEAD = ("line", "system", "table", "verdict", "bits", "evidence")


@dataclass(frozen=True, slots=True)
class LookedMany:
    """What became of a file: people looked for, those with a record, records that are or may be theirs, rows that said too little."""

    people: int
    found: int
    same: int
    review: int
    rejected: int
    out: Path


def look_many(
    record: Record,
    keeper: Keeper,
    finder: Finder,
    path: Path,
    out: Path,
    columns: Mapping[str, str],
    *,
    at: datetime,
    actor: Actor,
    advance: Callable[[int], None] = lambda _: None,
) -> LookedMany:
    """Look for everybody in a CSV or Parquet file and write what was found to `out`, whole or not at all. Raises `Failed` if a system does.

    `Conflict` if `out` is there already, `Invalid` if no column names people.
    """
    if out.exists():
        raise Conflict(f"`{out}` is there already: name another file, or move it away")
    refused: list[tuple[int, str]] = []
    file = read(path, lambda line, reason: refused.append((line, reason)))
    where = people_in(file.columns, columns, str(path))
    verdicts: Counter[str] = Counter()
    people = found = 0
    unfinished = out.with_name(f".{out.name}.part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.writer(lines)
            writer.writerow(HEAD)
            for line, row in file.rows:
                identifiers = identifiers_of(held(row, where), keeper.keys)
                if not identifiers:
                    refused.append((line, f"too little to find anybody: {missing(held(row, where), keeper.keys)}"))
                    continue
                matches = [match_of(one) for one in finder.find(Wanted(identifiers))]
                verdicts.update(one.verdict for one in matches)
                people, found = people + 1, found + bool(matches)
                writer.writerows(_line(line, one) for one in sorted(matches, key=lambda one: (one.verdict != "same", -one.weight)))
                advance(1)
            writer.writerows((line, "", "", "rejected", "", reason) for line, reason in sorted(refused))
        unfinished.replace(out)
    except OSError as error:
        raise Invalid(f"cannot write `{out}`: {(error.strerror or 'input/output error').lower()}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    with record.transaction() as tx:
        append(tx, LOOKED, {"same": verdicts["same"], "review": verdicts["to review"], "silent": 0}, at, actor)
    return LookedMany(people, found, verdicts["same"], verdicts["to review"], len(refused), out)


def _line(line: int, one: Match) -> tuple[object, ...]:
    said = [*([one.why] if one.why else []), *(f"{of}: {words} ({bits:+.1f})" for of, words, bits in one.reasons)]
    return line, one.system, one.table, one.verdict, f"{one.weight:.1f}", "; ".join(said)
