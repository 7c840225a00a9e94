"""Faults planted in the SQL compiler, one at a time: each is noticed by comparing with the reference."""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from types import ModuleType

import pytest

from tests.differential import harness, traps
from upheld import engines
from upheld.policy import predicate, residual, sql, sql_dialects
from upheld.policy.compiled import Policy
from upheld.policy.decide import decide
from upheld.policy.uses import Decision, Standing, Use

COMPILER = (predicate, sql_dialects, residual, sql)
"""The modules of the compiler, each after those it imports from."""

FAULTS: dict[str, tuple[ModuleType, str, str]] = {
    "drop a forbid": (residual, "for rule in self.policy.forbids)", "for rule in self.policy.forbids[:-1])"),
    "drop all forbids": (residual, "And((allowed, *escaped))", "And((allowed,))"),
    "drop a permit": (residual, "for rule in self.policy.allows)", "for rule in self.policy.allows[:-1])"),
    "lose a not": (residual, "truth = truth is not condition.negated", "truth = truth is not False"),
    "turn a condition round": (residual, "truth = truth is not condition.negated", "truth = truth is condition.negated"),
    "<= for <": (residual, "(age < years) is truth", "(age <= years) is truth"),
    "< for >= in a band": (sql, "from_ = exp.GTE(", "from_ = exp.GT("),
    "<= for < in a band": (sql, "exp.LT(", "exp.LTE("),
    "forget a permit's purpose": (residual, "not self.question.purposes <= rule.purposes or", "False or"),
    "a permit for one of the purposes": (residual, "question.purposes <= rule.purposes", "question.purposes & rule.purposes"),
    "a forbid must cover all purposes": (residual, "if not self.question.purposes & rule", "if not self.question.purposes <= rule"),
    "forget a forbid's purpose": (residual, "if not self.question.purposes & rule.purposes or", "if False or"),
    "forget a permit's recipient": (residual, "<= rule.purposes or self.use.to not in rule.recipients", "<= rule.purposes"),
    "forget a forbid's recipient": (residual, "& rule.purposes or self.use.to not in rule.recipients", "& rule.purposes"),
    "forget a permit's items": (residual, "if item is not None and item not in rule.items:", "if False:"),
    "forget what people are chosen by, permitting": (residual, "each not in covered]", "False]"),
    "forget what people are chosen by, forbidding": (residual, "asked = {*self.question.chosen, ", "asked = {"),
    "forget items together": (residual, "rule.together or ())", "())"),
    "one side of items together is enough": (residual, "sides = (asked & rule.items, ", "sides = (touched, "),
    "NULL choice treated as not opted out": (residual, "{UNSET, IN, OUT} - {chose}", "{UNSET, IN, OUT, NOT_KNOWN} - {chose}"),
    "NULL choice treated as allowed, in the text": (sql, "if null in values:", "if column.startswith('choice_') or null in values:"),
    "NULL age treated as grown up": (sql, "if null in values:", "if column == 'age' or null in values:"),
    "NULL age treated as a child": (residual, "(isinstance(age, int) and age < years) is truth", "(age is None or age < years) is truth"),
    "unknown region treated as outside": (residual, "region) is truth)", "region) in {truth, None})"),
    "NULL served treated as served": (residual, 'Is("served", frozenset({truth}))', 'Is("served", frozenset({truth, None}))'),
    "unset treated as in": (residual, "frozenset({chose} if truth", "frozenset({chose, UNSET} if truth"),
    "in for out": (residual, "IN, OUT, UNSET, NOT_KNOWN = 1, 2, 0, 3", "IN, OUT, UNSET, NOT_KNOWN = 2, 1, 0, 3"),
    "unknown vetting treated as vetted": (residual, "self.use.vetted is truth", "self.use.vetted in {truth, None}"),
    "unknown contract treated as a contract": (residual, "self.use.under_contract is truth", "self.use.under_contract is not (not truth)"),
    "unknown legal process treated as shown": (residual, "self.use.legal_process is truth", "self.use.legal_process is not (not truth)"),
    "OR for AND in a permit": (residual, "return And(\n", "return Or(\n"),
    "OR for AND between permits and forbids": (residual, "And((allowed, *escaped))", "Or((allowed, *escaped))"),
    "AND for OR between permits": (residual, "allowed = Or(", "allowed = And("),
    "OR for AND in the text": (sql, "return both(expression", "return either(expression"),
    "AND for OR in the text": (sql, "return either(expression", "return both(expression"),
    "union for intersection": (predicate, "seen & part.values if kind is And", "seen | part.values if kind is And"),
    "make smaller without looking": (predicate, " and cells.truth(tried) == truth", ""),
    "forget `unless` of a permit": (residual, "condition in rule.unless", "condition in ()"),
    "forget `unless` of a forbid": (
        residual,
        "truth=True, totals=totals) for condition in rule.unless",
        "truth=True, totals=totals) for condition in ()",
    ),
    "forget the earlier version": (residual, "for at, policy in enumerate(history)]", "for at, policy in [*enumerate(history)][-1:]]"),
    "forget the later version": (residual, "for at, policy in enumerate(history)]", "for at, policy in [*enumerate(history)][:1]]"),
    "a version too early": (residual, "range(self.at + 1, self.last + 1)", "range(self.at, self.last + 1)"),
    "NULL version treated as the latest": (sql, "0 if column.startswith", "1 if column.startswith"),
    "forget that items are shown individually": (residual, "not (totals and (", "not ((True) and ("),
    "one person too few in totals": (residual, "self.use.people >= rule.totals", "self.use.people >= rule.totals - 1"),
    "a condition on totals always true": (residual, "_constant(totals is truth)", "_constant(truth)"),
    "forget what the staff role may": (residual, "if question.barred is not None:", "if False:"),
    "the wrong bit": (sql_dialects, "exp.paren(index), expression=number(1)", "exp.paren(index), expression=number(2)"),
    "places of a row run together": (sql, "weight *= dim.size", "weight *= 1"),
    "the wrong digit of a code": (sql_dialects, "expression=number(stride))", "expression=number(stride - 1))"),
    "a code beyond the last is wrapped round": (sql, "return exp.case().when(is_code, found).else_(otherwise)", "return found"),
    "bits of one item for all": (sql, "decision.allowed if item is None else", "bool(decision.permitted) if item is None else"),
}  # fmt: skip


@contextmanager
def planted(module: ModuleType, right: str, wrong: str) -> Iterator[None]:
    """The compiler with one fault in it."""
    sources = {each: inspect.getsource(each) for each in COMPILER}
    assert sources[module].count(right) >= 1, f"the fault cannot be planted: `{right}` is no longer in {module.__name__}"
    whole = {each: dict(each.__dict__) for each in COMPILER}
    try:
        _load({**sources, module: sources[module].replace(right, wrong, 1)})
        yield
    finally:
        for each, names in whole.items():  # the very classes as before: other tests hold them
            each.__dict__.clear()
            each.__dict__.update(names)


def _load(sources: dict[ModuleType, str]) -> None:
    for module, source in sources.items():
        exec(compile(source, str(module.__file__), "exec"), module.__dict__)


@cache
def _cases() -> tuple[tuple[tuple[Policy, ...], tuple[Use, ...], tuple[Standing, ...]], ...]:
    history = traps.history()
    found = []
    for some in (history, history[:1]):
        people = random.Random(7).sample([*harness.representatives(some)], 300)
        people += [replace(each, since={}) for each in people[:30]]
        found.append((some, traps.USES, tuple(people)))
    return tuple(found)


@cache
def _decide(history: tuple[Policy, ...], use: Use, at: int) -> Decision:
    people = next(people for some, _, people in _cases() if some == history)
    return decide(history, use, people[at])


def mistakes() -> list[str]:
    """What the SQL, executed on SQLite, gets wrong: the first mistake, or none."""
    engine, count = engines.opened("sqlite"), harness.Count()
    for history, uses, people in _cases():
        numbers = {id(person): at for at, person in enumerate(people)}

        def known(some: Sequence[Policy], use: Use, person: Standing, numbers: dict[int, int] = numbers) -> Decision:
            return _decide(tuple(some), use, numbers[id(person)])

        asked = harness.Asked(engine, history, people, known, strangers=True)
        for use in uses:
            forms = harness.FORMS if asked.table.row(use).size <= 200 else harness.FORMS[:1]
            asked.compare(use, count, forms)
            if count.wrong:
                return count.wrong
    engine.close()
    return []


def test_without_a_fault_there_is_nothing_to_notice() -> None:
    assert mistakes() == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_noticed(fault: str) -> None:
    with planted(*FAULTS[fault]):
        try:
            found = mistakes()
        except Exception as error:  # noqa: BLE001 - a compiler that breaks down is noticed, too
            found = [repr(error)]
    assert found != [], f"`{fault}` went unnoticed"
    assert "SyntaxError" not in found[0], f"`{fault}` is no fault of meaning: {found[0]}"
