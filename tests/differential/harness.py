"""Asking an engine and the reference the same questions, and comparing every answer."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import cast

from sqlglot import exp

from upheld.engines import Engine, deciding
from upheld.policy import residual as compiler
from upheld.policy import sql
from upheld.policy.asking import ask
from upheld.policy.compiled import Policy
from upheld.policy.decide import decide
from upheld.policy.table import Table
from upheld.policy.terms import REGION_PARENTS, within
from upheld.policy.uses import CHOICES, Choice, Decision, Standing, Use

Decide = Callable[[Sequence[Policy], Use, Standing], Decision]
FORMS = ("predicates", "bits", "join")
STRANGERS = 5


@dataclass
class Count:
    """What was compared so far: rows (a use for a standing) and answers (one for each form)."""

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


@dataclass
class Asked:
    """A history and many standings, put on an engine as the table `standings`, numbered from 0 and with their standing codes."""

    engine: Engine
    history: Sequence[Policy]
    standings: Sequence[Standing]
    decided: Decide = decide
    strangers: bool = False  # also put rows whose codes are none; nothing may be permitted for them

    def __post_init__(self) -> None:
        self.table = Table(self.history)
        columns = sql.standing_columns(self.history)
        rows = (row_of(self.history, each) for each in self.standings)
        codes = map(self.table.standing_code, self.standings)
        numbered = [(at, code, *(row[column] for column in columns)) for at, (code, row) in enumerate(zip(codes, rows, strict=True))]
        if self.strangers:
            unknown = (None,) * len(columns)
            codes_of_nobody = (None, -1, self.table.size, self.table.size + 1, 2**62)
            assert len(codes_of_nobody) == STRANGERS
            numbered += [(-1 - at, code, *unknown) for at, code in enumerate(codes_of_nobody)]
        self.engine.put("standings", {"id": "integer", "code": "integer", **columns}, numbered)

    def by_predicates(self, use: Use) -> dict[int, tuple[str, ...]]:
        """Which items the residual predicates permit, for each standing."""
        found = self._marked(sql.residuals(self.history, use, self.engine.dialect))
        return {at: items for at, items in found.items() if at >= 0}

    def by_bits(self, use: Use) -> dict[int, tuple[str, ...]]:
        """Which items the bit tests permit, for each standing."""
        items = ask(self.history[-1], use).asked
        return self._marked({item: sql.bit_test(self.table, use, "code", self.engine.dialect, item) for item in items})

    def by_join(self, use: Use) -> dict[int, Decision]:
        """The whole decision on each standing, from the exported table."""
        pairs = deciding.decided(deciding.Standings(self.engine, "standings"), self.table, use, ["id"])
        return {key[0]: found for some in pairs for key, found in some if found is not None}

    def selected(self, predicate: exp.Expr) -> set[int]:
        """The standings that a predicate selects, as a release selects them."""
        return {row[0] for row in self.engine.rows(exp.select("id").from_("standings").where(predicate))}

    def compare(self, use: Use, count: Count, forms: Collection[str] = FORMS) -> None:
        """Every form against `decided`, for every standing."""
        expected = [self.decided(self.history, use, standing) for standing in self.standings]
        allowed = {at for at, decision in enumerate(expected) if decision.allowed}
        dialect = self.engine.dialect
        if "predicates" in forms:
            self._check("predicates", use, {at: each.permitted for at, each in enumerate(expected)}, self.by_predicates(use), count)
            found = self.selected(sql.residual(self.history, use, dialect))
            self._check("residual", use, allowed, {at for at in found if at >= 0}, count)
        if "bits" in forms:
            items = {at: each.permitted for at, each in enumerate(expected)} | {-1 - at: () for at in range(STRANGERS * self.strangers)}
            self._check("bits", use, items, self.by_bits(use), count)
            self._check("bit test", use, allowed, self.selected(sql.bit_test(self.table, use, "code", dialect)), count)
        if "join" in forms:
            self._check("join", use, dict(enumerate(expected)), self.by_join(use), count)
        count.rows += len(expected)

    def _marked(self, predicates: Mapping[str, exp.Expr]) -> dict[int, tuple[str, ...]]:
        marks = [exp.case().when(found.copy(), exp.Literal.number(1)).else_(exp.Literal.number(0)) for found in predicates.values()]
        query = exp.select("id", *(exp.alias_(mark, f"item_{at}") for at, mark in enumerate(marks))).from_("standings")
        return {row[0]: tuple(item for item, mark in zip(predicates, row[1:], strict=True) if mark == 1) for row in self.engine.rows(query)}

    def _check(self, form: str, use: Use, expected: object, found: object, count: Count) -> None:
        count.answers += len(self.standings)
        if found != expected:
            at = next(at for at in range(-STRANGERS, len(self.standings)) if _at(found, at) != _at(expected, at))
            said = f"says {_at(found, at)}, the reference {_at(expected, at)}"
            whom = self.standings[at] if at >= 0 else "a code that is none"
            count.wrong.append(f"{self.engine.dialect}, {form}: {use} for {whom}: {said}")


def _at(answers: object, at: int) -> object:
    return answers.get(at) if isinstance(answers, dict) else at in cast("set[int]", answers)


def recombined(people: Sequence[Standing], many: int) -> Iterator[Standing]:
    """People who each have one fact of this person and another of that: drawn people are dear, these are cheap."""
    chance = random.Random(len(people))

    def one_of(facts: str) -> object:
        return getattr(chance.choice(people), facts)

    for _ in range(many):
        mixed = dict(cast("Mapping[str, Choice]", one_of("choices")))
        mixed.update({topic: choice for topic, choice in cast("Mapping[str, Choice]", one_of("choices")).items() if chance.random() < 0.5})
        facts = {name: one_of(name) for name in ("region", "age", "served", "since")}
        yield Standing(mixed, **facts)  # type: ignore[arg-type]


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
