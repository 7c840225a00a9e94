"""What a list itself says about its people (place, age, since when), as parts of a standing code; computed once per distinct value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from upheld.errors import Invalid
from upheld.gate.lists import ROW, OpenList
from upheld.gate.mapping import ColumnMap
from upheld.gate.patterns import day, days, is_age
from upheld.gate.regions import region_of
from upheld.gate.verdicts import COARSE
from upheld.gate.workbench import Workbench
from upheld.policy.uses import Choice, Standing

GROUPS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("place", "region"): ("region", "country", "state"),
    ("years", "age"): ("age", "birth date"),
    ("origin", "since"): ("version", "collected"),
    ("service", "served"): ("served",),
}
"""Which columns together say one fact, and the kind of dimension it is of."""

EARLIEST_ZONE = timedelta(hours=14)
"""A list's day began so long before it began in UTC, somewhere."""

MOST = 500_000
"""More distinct values than this in one fact's columns are no facts."""

Standings = NDArray[np.int64]


class Coding(Protocol):
    """What turns a standing into its code; additive, as codes of mixed radix are."""

    def standing_code(self, standing: Standing) -> int:
        """The code of a standing."""
        ...


@dataclass(frozen=True, slots=True)
class Times:
    """What the facts are read against: today, and from when each version of the policy applied (oldest first)."""

    today: date
    versions: tuple[tuple[str, datetime], ...]
    sources: tuple[str, ...]


def stranger(topics: Sequence[str], **facts: Any) -> Standing:  # noqa: ANN401 - the standing's own fields
    """The standing of somebody who is not known: nothing was chosen on any topic."""
    unset: Choice = "unset"
    return Standing(choices=dict.fromkeys(topics, unset), **facts)


def standings(
    opened: OpenList, mapping: ColumnMap, bench: Workbench, coding: Coding, topics: Sequence[str], times: Times, asked: Collection[str]
) -> tuple[Standings | int, Counter[str]]:
    """The standing code of every row as if its person were not known (`COARSE` added as to a person's); one number if none says anything.

    Only the kinds of facts in `asked` are looked at: others cannot change the decision. Also in how many rows a fact stands, by its role,
    that counts as not given: an age that cannot be read, a day of collecting that is still to come.
    """
    base = coding.standing_code(stranger(topics))
    unread: Counter[str] = Counter()
    parts = []
    for (group, kind), roles in GROUPS.items():
        if kind not in asked:
            continue
        places = [(role, place) for role in roles if (place := mapping.place(role)) is not None]
        if places:
            code = partial(_code, coding, topics, base)
            parts.append(_part(group, places, opened, bench, code, times, unread))
    if not parts:
        return base, unread
    total: exp.Expr = exp.Literal.number(base)
    query = exp.select(exp.column(ROW, table="list")).from_(opened.relation.subquery("list"))
    for table, keys in parts:
        same = exp.and_(*(exp.EQ(this=_text(key, place, "list"), expression=exp.column(f"k{place}", table=table)) for key, place in keys))
        query = query.join(exp.to_table(table), on=same, join_type="inner")
        total = exp.Add(this=total, expression=exp.column("part", table=table))
    found = bench.arrays(query.select(exp.cast(total, "BIGINT").as_("code")))
    codes = np.full(opened.rows, base, dtype=np.int64)
    codes[found[ROW]] = found["code"]
    for table, _ in parts:
        bench.drop(table)
    return codes, unread


def _code(coding: Coding, topics: Sequence[str], base: int, facts: dict[str, Any]) -> int:
    """What facts add to the code of somebody of whom nothing is known."""
    return coding.standing_code(stranger(topics, **facts)) - base


def _part(
    group: str,
    places: list[tuple[str, int]],
    opened: OpenList,
    bench: Workbench,
    code: Callable[[dict[str, Any]], int],
    times: Times,
    unread: Counter[str],
) -> tuple[str, list[tuple[str, int]]]:
    """A table from the distinct texts of a fact's columns to its part of the code; `unread` grows by the rows that give none."""
    texts = [_text(role, place, "list").as_(f"k{place}") for role, place in places]
    keys = [exp.column(f"k{place}") for _, place in places]
    told = exp.select(*texts).from_(opened.relation.subquery("list")).subquery("told")
    rows = bench.rows(exp.select(*keys, exp.Count(this=exp.Star())).from_(told).group_by(*keys).limit(MOST + 1))
    if len(rows) > MOST:
        raise Invalid(f"the columns mapped to `{places[0][0]}` hold too many different values: map them with `--map COLUMN=nothing`")
    roles = [role for role, _ in places]
    known: dict[str, int] = {}
    parts = np.empty(len(rows), dtype=np.int64)
    for at, row in enumerate(rows):
        said = dict(zip(roles, row[:-1], strict=True))
        facts = fact(group, said, times)
        unread.update(dict.fromkeys(_not_given(said, facts, times), row[-1]))
        key = repr(sorted(facts.items(), key=str))
        if key not in known:
            known[key] = code(facts) or (COARSE if facts.get("region") else 0)
        parts[at] = known[key]
    columns: dict[str, NDArray[Any]] = {
        f"k{place}": np.array([row[at] for row in rows], dtype=object) for at, (_, place) in enumerate(places)
    }
    table = f"fact_{group}"
    bench.put(table, {**columns, "part": parts})
    return table, places


def _text(role: str, place: int, table: str) -> exp.Expr:
    text: exp.Expr = exp.Coalesce(this=exp.cast(exp.column(f"c{place}", table=table), "VARCHAR"), expressions=[exp.Literal.string("")])
    # The time of day would make every row's value its own; the day alone can only mean an earlier version.
    return exp.Left(this=text, expression=exp.Literal.number(10)) if role in {"collected", "birth date"} else text


def _not_given(said: Mapping[str, str], facts: Mapping[str, Any], times: Times) -> list[str]:
    """The roles of a row whose text counts as not given."""
    found = [role for role in ("age",) if said.get(role, "").strip() and not is_age(said[role])]
    return found + [role for role in ("collected",) if "since" not in facts and _to_come(day(said.get(role, "")), times)]


def fact(group: str, texts: Mapping[str, str], times: Times) -> dict[str, Any]:
    """What the texts of one group's columns say, as fields of a `Standing`; what cannot be read is unknown."""
    if group == "place":
        return {"region": region_of(texts.get("region"), texts.get("country"), texts.get("state"))}
    if group == "years":
        return {"age": age_of(texts.get("age", ""), texts.get("birth date", ""), times.today)}
    if group == "service":
        said = texts["served"].strip().casefold()
        return {"served": True if said in {"true", "yes", "1", "y", "t"} else False if said in {"false", "no", "0", "n", "f"} else None}
    version = _version(texts.get("version", ""), texts.get("collected", ""), times)
    return {"since": dict.fromkeys(times.sources, version)} if version else {}


def age_of(age: str, born: str, today: date) -> int | None:
    """The age in whole years. Given twice, or as a date that reads two ways, the younger; None if it cannot be read."""
    ages = []
    if age.strip().isdecimal() and int(age) <= 130:
        ages.append(int(age))
    ages += [today.year - on.year - ((today.month, today.day) < (on.month, on.day)) for on in days(born) if on <= today]
    return min(ages, default=None)


def _version(version: str, collected: str, times: Times) -> str | None:
    """The version that the list names; else the one in force on the day. Unknown ones name none, which means the earliest.

    A day that is still to come names none either: nothing can have been collected then, so nobody knows under which version it was.
    """
    names = [name for name, _ in times.versions]
    if version.strip() in names:
        return version.strip()
    on = day(collected)
    if on is None or _to_come(on, times):
        return None
    at = datetime.combine(on, time(), UTC) - EARLIEST_ZONE
    return next((name for name, since in reversed(times.versions) if since <= at), None)


def _to_come(on: date | None, times: Times) -> bool:
    """Whether a day has begun nowhere yet: it may be tomorrow already somewhere, but no later."""
    return on is not None and on > times.today + timedelta(days=1)
