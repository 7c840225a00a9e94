"""Asking an engine and the reference the same questions, and comparing every answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from sqlglot import exp

from upheld.engines import Engine
from upheld.policy import residual as compiler
from upheld.policy import sql
from upheld.policy.compiled import Policy
from upheld.policy.decide import decide
from upheld.policy.terms import REGION_PARENTS, within
from upheld.policy.uses import CHOICES, Decision, Standing, Use

Decide = Callable[[Sequence[Policy], Use, Standing], Decision]


@dataclass
class Count:
    """What was compared so far."""

    rows: int = 0
    answers: int = 0
    wrong: list[str] = field(default_factory=list)


def row_of(history: Sequence[Policy], standing: Standing) -> dict[str, object]:
    """A standing as a row of the standing columns, NULL for what is unknown."""
    row: dict[str, object] = dict.fromkeys(sql.standing_columns(history))
    for topic, choice in standing.choices.items():
        row[sql.choice_column(topic)] = None if choice == "unknown" else CHOICES.index(choice)
    versions = [policy.version for policy in history]
    for source, version in standing.since.items():
        if len(history) > 1:
            row[sql.since_column(source)] = versions.index(version)
    return row | {"region": standing.region, "age": standing.age, "served": standing.served}


def put(engine: Engine, history: Sequence[Policy], standings: Sequence[Standing]) -> None:
    """Make the table `standings` of them, numbered from 0."""
    columns = sql.standing_columns(history)
    rows = ((at, *(row[column] for column in columns)) for at, row in enumerate(row_of(history, each) for each in standings))
    engine.put("standings", {"id": "integer", **columns}, rows)


def permitted_by_sql(engine: Engine, history: Sequence[Policy], use: Use) -> dict[int, tuple[str, ...]]:
    """For each standing of the table at least one item of the use is permitted for: which."""
    predicates = sql.residuals(history, use, engine.dialect)
    marks = [exp.case().when(found.copy(), exp.Literal.number(1)).else_(exp.Literal.number(0)) for found in predicates.values()]
    query = exp.select("id", *(exp.alias_(mark, f"item_{at}") for at, mark in enumerate(marks))).from_("standings")
    return {row[0]: tuple(item for item, mark in zip(predicates, row[1:], strict=True) if mark == 1) for row in engine.rows(query)}


def selected_by_sql(engine: Engine, history: Sequence[Policy], use: Use) -> set[int]:
    """The standings for which everything asked is permitted, selected as a release selects them."""
    query = exp.select("id").from_("standings").where(sql.residual(history, use, engine.dialect))
    return {row[0] for row in engine.rows(query)}


def compare(
    engine: Engine, history: Sequence[Policy], uses: Iterable[Use], standings: Sequence[Standing], decided: Decide = decide
) -> Count:
    """Both SQL forms against `decided`, for every use and every standing."""
    count = Count()
    put(engine, history, standings)
    for use in uses:
        items, selected = permitted_by_sql(engine, history, use), selected_by_sql(engine, history, use)
        for at, standing in enumerate(standings):
            decision = decided(history, use, standing)
            count.rows += 1
            count.answers += 1 + len(decision.permitted) + len(decision.refused)
            if items[at] != decision.permitted or (at in selected) != decision.allowed:
                count.wrong.append(f"{engine.dialect}: {use} for {standing}: sql {items[at]}, reference {decision.permitted}")
    return count


def representatives(history: Sequence[Policy]) -> Iterator[Standing]:
    """One standing of every class that the history can tell apart: all choices, bands of age, regions that matter, and what is unknown."""
    topics = list(dict.fromkeys(topic for policy in history for topic in policy.vocabulary.topics))
    sources = list(dict.fromkeys(source for policy in history for source in policy.vocabulary.sources)) if len(history) > 1 else []
    versions = [policy.version for policy in history]
    bands = sorted(band for band in compiler.domains(history)["age"] if isinstance(band, int))
    ages: list[int | None] = [None, *bands]
    for choices in product(CHOICES, repeat=len(topics)):
        for region, age, served in product(regions(history), ages, (True, False, None)):
            for since in product(versions, repeat=len(sources)):
                yield Standing(dict(zip(topics, choices, strict=True)), region, age, served, dict(zip(sources, since, strict=True)))


def regions(history: Sequence[Policy]) -> list[str | None]:
    """One region of each class that the conditions of the history tell apart, and None."""
    outers = {
        str(condition.value)
        for policy in history
        for rule in policy.rules
        for condition in (*rule.when, *rule.unless)
        if condition.kind == "in"
    }
    found: dict[tuple[bool | None, ...], str] = {}
    for region in ("anywhere", *REGION_PARENTS):
        found.setdefault(tuple(within(region, outer) for outer in sorted(outers)), region)
    return [None, *found.values()]


def raw_values(history: Sequence[Policy], around: Standing) -> Iterator[Standing]:
    """`around` with every value that each single fact may have."""

    def but(**facts: object) -> Standing:
        same: Mapping[str, object] = {name: getattr(around, name) for name in ("choices", "region", "age", "served", "since")}
        return Standing(**{**same, **facts})  # type: ignore[arg-type]

    for topic in history[-1].vocabulary.topics:
        yield but(choices={name: choice for name, choice in around.choices.items() if name != topic})
        for choice in CHOICES:
            yield but(choices={**around.choices, topic: choice})
    for region in (None, "anywhere", *REGION_PARENTS):
        yield but(region=region)
    for age in (None, *range(121), 2**31 - 1):
        yield but(age=age)
    for served in (True, False, None):
        yield but(served=served)
    if len(history) > 1:
        for source in history[-1].vocabulary.sources:
            yield but(since={name: version for name, version in around.since.items() if name != source})
            for policy in history:
                yield but(since={**around.since, source: policy.version})
