"""Faults planted in the compiler and the table, one at a time: each is noticed by comparing with the reference."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.policy.worlds import policy_of, questions
from upheld.policy import asking, candidates, compiled, dims, row, table
from upheld.policy.decide import decide
from upheld.policy.document import Document
from upheld.policy.statements import Collect, Place, Rule
from upheld.policy.uses import Decision, Standing, Use

MODULES = (compiled, asking, dims, candidates, row, table)
"""Each after those it imports from."""

EXAMPLES = 400
"""So many random histories, each with a few uses and people, notice every fault."""

FAULTS: dict[str, tuple[ModuleType, str, str]] = {
    "drop a forbid": (compiled, 'if rule.effect == "forbid")', 'if rule.effect == "forbid")[:-1]'),
    "drop an allow": (compiled, 'if rule.effect == "allow")', 'if rule.effect == "allow")[:-1]'),
    "forget what a topic stops": (compiled, "case Topic():", "case Topic() if False:"),
    "a topic stops who opted in": (compiled, 'Condition("opted out", topic.name)', 'Condition("opted in", topic.name)'),
    "forget the except of purposes": (compiled, " - self._purposes(rule, rule.purposes_except)", ""),
    "forget the except of items": (compiled, " - self._items(rule, rule.items_except)", ""),
    "a forbid may forbid rights": (compiled, 'purposes=purposes - set(words.expand_purpose("rights")) if forbids', "purposes=purposes if forbids"),  # noqa: E501
    "a forbid without `to` binds ourselves only": (compiled, "frozenset(RECIPIENTS) if forbids else", "frozenset() if forbids else"),
    "an allow without `to` allows everyone": (compiled, 'frozenset({"ourselves"})\n        return', "frozenset(RECIPIENTS)\n        return"),  # noqa: E501
    "forget the built-in allow": (compiled, "(_built_in(self.vocabulary), *self._compiled())", "(*self._compiled(),)"),
    "forget `when`": (compiled, "when=rule.when", "when=()"),
    "forget `unless`": (compiled, "unless=rule.unless", "unless=()"),
    "forget the smallest totals": (compiled, "totals=rule.totals", "totals=None"),
    "forget the cap": (compiled, "at_most=rule.at_most", "at_most=None"),
    "forget items together": (compiled, "together=together", "together=None"),
    "forget the choosing items of a permit": (compiled, "chosen_by=self._items(rule, rule.chosen_by)", "chosen_by=frozenset()"),
    "lose a not": (dims, "fact != condition.negated for value", "fact for value"),
    "lose a not about the recipient": (row, "fact != condition.negated", "fact"),
    "<= for <": (dims, "int(age) < limit", "int(age) <= limit"),
    "a birthday too late": (dims, "bisect_right(self.thresholds, fact)", "bisect_right(self.thresholds, fact - 1)"),
    "an unknown age is grown up": (dims, 'None if condition.kind == "under" else False', "False"),
    "an unknown age is a child": (dims, 'None if condition.kind == "under" else False', "True"),
    "an unknown choice is none": (dims, '"unknown": None}', '"unknown": False}'),
    "an unset choice is in": (dims, '"unset": False', '"unset": wanted == "in"'),
    "an unset choice is unknown": (dims, '"unset": False', '"unset": None'),
    "in for out": (dims, 'wanted = "in" if condition.kind == "opted in"', 'wanted = "in" if condition.kind == "opted out"'),
    "an unknown region is outside": (dims, "within(None if region is None else str(region), str(condition.value))", "within(region, condition.value) or False"),  # noqa: E501
    "whoever may be served is": (dims, "None if served is None else bool(served)", "served is not False"),
    "a missing choice is unset": (row, 'choices.get(topic, "unknown")', 'choices.get(topic, "unset")'),
    "forget where the person is": (row, "0 if regions is None else regions[region]", "0"),
    "forget how old the person is": (row, "place += ages[age]", "place += 0"),
    "a permit for one of the purposes": (candidates, "reduce(and_, (self.covering[purpose] for purpose in purposes), every)", "reduce(or_, (self.covering[purpose] for purpose in purposes), 0)"),  # noqa: E501
    "forget the purpose of a permit": (candidates, "every & ~covering)", "0)"),
    "forget the recipient of a permit": (candidates, "every & ~self.allowed_to[to]", "0"),
    "forget the item of a permit": (candidates, "0 if shown is None else every & ~self.allowed_using[shown]", "0"),
    "forget the choosing items": (candidates, "every & ~chosen_by)", "0)"),
    "totals are as good as individual": (candidates, "small if totals else self.totals", "small if totals else 0"),
    "one person too few": (candidates, "people < rule.totals", "people < rule.totals - 1"),
    "one person too many": (candidates, "people < rule.totals", "people <= rule.totals"),
    "a forbid must cover all purposes": (candidates, "reduce(or_, (self.touching[purpose] for purpose in purposes), 0)", "reduce(and_, (self.touching[purpose] for purpose in purposes))"),  # noqa: E501
    "forget the recipient of a forbid": (candidates, "touching & self.forbidden_to[to] & hit", "touching & hit"),
    "forget the items of a forbid": (candidates, "touching & self.forbidden_to[to] & hit", "touching & self.forbidden_to[to]"),
    "a forbid overlooks what people are chosen by": (candidates, "(self.forbidden_using[item] for item in chosen)", "(self.forbidden_using[item] for item in ())"),  # noqa: E501
    "one of two items together is enough": (candidates, "touched & one and touched & other", "touched & one or touched & other"),
    "items together are looked for among those shown": (row, "touched = chosen | {", "touched = frozenset() | {"),
    "a forbid that may bite does not": (row, "return fact is None or fact is wanted", "return fact is wanted"),
    "a permit that may hold holds": (row, "if truth == each.wanted)", "if all(map(_unrefuted, truth, each.wanted)))"),
    "the use spares a forbid too soon": (row, "is (at >= len(rule.when))", "is not (at < len(rule.when))"),
    "forget the form": (row, '"as totals": lambda _, totals: totals', '"as totals": lambda _, totals: True'),
    "an unknown contract is one": (row, "lambda use, _: use.under_contract", "lambda use, _: use.under_contract is not False"),
    "an unknown vetting is one": (row, "lambda use, _: use.vetted", "lambda use, _: use.vetted is not False"),
    "an unknown legal process is one": (row, "lambda use, _: use.legal_process", "lambda use, _: use.legal_process is not False"),
    "forget the earlier versions": (row, "for number in range(len(self._history)):", "for number in range(len(self._history))[-1:]:"),
    "forget the later versions": (row, "for number in range(len(self._history)):", "for number in range(len(self._history))[:1]:"),
    "a version too late": (row, "if version <= number}", "if version < number}"),
    "an unknown version is the latest": (dims, "self.digits.get(fact, 0)", "self.digits.get(fact, self.size - 1)"),
    "the wrong digit of a code": (row, "code // dim.stride % dim.size", "code // dim.stride % 2"),
    "digits run together": (dims, "stride *= dim.size", "stride *= dim.size - 1"),
    "forget what a role may": (asking, "None if purposes <= covered else own[0][0]", "None"),
    "a role may if it may a part": (asking, "None if purposes <= covered", "None if purposes & covered"),
}  # fmt: skip

Case = tuple[tuple[Document, ...], Use, Standing, Decision]


@cache
def cases() -> tuple[Case, ...]:
    """Always the same random questions, with the answers of the reference."""
    found: list[Case] = []

    @given(questions())
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def collect(asked):
        history, uses, people = asked
        documents = tuple(policy.document for policy in history)
        found.extend((documents, use, person, decide(history, use, person)) for use in uses for person in people)

    collect()
    collected = Collect("c", Place(1, 1), "", "order", ("name",))
    allow = Rule("a", Place(1, 1), "", "allow", ("rights",), recipients=("the person",), items=("any",))
    policy = policy_of([collected, allow, Rule("f", Place(1, 1), "", "forbid", ("any",), items=("any",))])
    rights, nobody = Use("rights", ("order.name",), "the person"), Standing()
    found.append(((policy.document,), rights, nobody, decide([policy], rights, nobody)))
    return tuple(found)


@contextmanager
def planted(module: ModuleType, right: str, wrong: str) -> Iterator[None]:
    """The modules with one fault in them."""
    sources = {each: inspect.getsource(each) for each in MODULES}
    assert right in sources[module], f"the fault cannot be planted: `{right}` is no longer in {module.__name__}"
    try:
        load({**sources, module: sources[module].replace(right, wrong, 1)})
        yield
    finally:
        load(sources)


def load(sources: dict[ModuleType, str]) -> None:
    for module, source in sources.items():
        exec(compile(source, str(module.__file__), "exec"), module.__dict__)


def mistake() -> str | None:
    """The first question that the table answers otherwise than the reference did, by a decision or by a code."""
    tables: dict[tuple[str, ...], object] = {}
    for documents, use, person, expected in cases():
        key = tuple(document.hash for document in documents)
        if key not in tables:
            tables[key] = table.Table([compiled.Policy(document) for document in documents])
        asked = tables[key]
        if asked.decide(use, person) != expected or asked.decide_code(use, asked.standing_code(person)) != expected:
            return f"{use} for {person}"
    return None


def test_without_a_fault_every_answer_is_that_of_the_reference():
    assert len(cases()) > EXAMPLES
    assert mistake() is None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_noticed(fault):
    cases()  # before anything is planted
    with planted(*FAULTS[fault]):
        try:
            noticed = mistake() is not None
        except (AssertionError, ArithmeticError, LookupError, TypeError, ValueError):
            noticed = True  # it does not even run
    assert noticed, f"nobody noticed: {fault}"
