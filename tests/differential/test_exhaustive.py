"""Two whole policies, exhaustively: every class of use for every class of person, and every raw value, NULL included, on each engine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from sqlglot import exp

from tests.differential import classes
from tests.differential.harness import row_of
from upheld.engines import Engine
from upheld.policy import residual, sql
from upheld.policy.asking import ask
from upheld.policy.compiled import Policy
from upheld.policy.decide import decide
from upheld.policy.table import Table
from upheld.policy.uses import Decision, Standing, Use

LEAST = {"northgate": 10_000, "thirtyfive": 10_000}
POLICIES = {"northgate": "policies/northgate.md", "thirtyfive": "benches/policies/thirtyfive.md"}


ONE_IN = 23
"""The table answers every question (it is held equal to the reference by tests of its own), the reference every so many again."""


@dataclass(frozen=True)
class Questions:
    """All questions to one policy, with the answers."""

    history: tuple[Policy, ...]
    table: Table
    asked: tuple[tuple[Use, tuple[Standing, ...], tuple[Decision, ...]], ...]


@cache
def questions(name: str) -> Questions:
    history = (Policy.read(Path(__file__).parents[2] / POLICIES[name]),)
    table, chance = Table(history), random.Random(35)
    asked, seen, said = [], 0, set()
    for use in classes.uses(history[0]):
        formulas = tuple(dict.fromkeys(residual.remains(history, use).values()))
        people = tuple(classes.standings(history, table, use, chance, raw=formulas not in said))  # the same SQL needs them once
        said.add(formulas)
        answers = tuple(table.decide(use, person) for person in people)
        for person, answer in zip(people, answers, strict=True):
            seen += 1
            if not seen % ONE_IN:
                assert answer == decide(history, use, person)
        asked.append((use, people, answers))
    return Questions(history, table, tuple(asked))


@pytest.mark.parametrize("name", POLICIES)
def test_every_class_and_every_raw_value_is_decided_like_the_reference(engine: Engine, name: str) -> None:
    every, wrong, compared = questions(name), [], 0
    put(engine, every)
    for at, (use, people, answers) in enumerate(every.asked):
        expected = [tuple(item in answer.permitted for item in ask(every.history[0], use).asked) for answer in answers]
        allowed = [answer.allowed for answer in answers]
        predicates = list(sql.residuals(every.history, use, engine.dialect).values())
        whole = [sql.residual(every.history, use, engine.dialect), sql.bit_test(every.table, use, "code", engine.dialect)]
        found = answered(engine, at, [*predicates, *whole])
        for person, expect, all_of in zip(range(len(people)), expected, allowed, strict=True):
            compared += 1
            if found[person] != (*expect, all_of, all_of):
                wrong.append(f"{use} for {people[person]}: sql {found[person]}, reference {expect} and {all_of}")
    assert wrong == []
    assert compared > LEAST[name]
    print(f"{engine.dialect}, {name}: {len(every.asked)} uses, {compared:,} rows, {len(wrong)} wrong")  # noqa: T201


def put(engine: Engine, every: Questions) -> None:
    columns = sql.standing_columns(every.history)
    rows = (
        (at, person, every.table.standing_code(standing), *row_of(every.history, standing).values())
        for at, (_, people, _) in enumerate(every.asked)
        for person, standing in enumerate(people)
    )
    engine.put("asked", {"use": "integer", "person": "integer", "code": "integer", **columns}, rows)


def answered(engine: Engine, use: int, predicates: Sequence[exp.Expr]) -> dict[int, tuple[bool, ...]]:
    marks = [exp.case().when(each, exp.Literal.number(1)).else_(exp.Literal.number(0)) for each in predicates]
    query = exp.select("person", *(exp.alias_(mark, f"mark_{at}") for at, mark in enumerate(marks))).from_("asked")
    its_own = exp.EQ(this=exp.column("use"), expression=exp.Literal.number(use))
    return {row[0]: tuple(mark == 1 for mark in row[1:]) for row in engine.rows(query.where(its_own))}
