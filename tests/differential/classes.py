"""Representatives: one use of each class that a policy can tell apart, and for each use one standing of each class, plus all raw values."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from tests.differential.harness import regions
from upheld.policy import residual, sql
from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.predicate import columns
from upheld.policy.table import Table
from upheld.policy.terms import RECIPIENTS, REGION_PARENTS
from upheld.policy.uses import CHOICES, Standing, Use


def uses(policy: Policy) -> list[Use]:
    """One use for each class of purposes, recipients, forms and facts, of one item of each class; and some near each permit."""
    items = tuple(_classes(policy.vocabulary.items, [some for rule in policy.rules for some in _item_sets(rule)]))
    found = []
    for purpose in _classes(policy.vocabulary.purposes, [rule.purposes for rule in policy.rules]):
        for to in _classes(tuple(RECIPIENTS), [rule.recipients for rule in policy.rules]):
            for known in (True, None):
                facts: Mapping[str, bool | None] = {"vetted": known, "under_contract": known, "legal_process": known}
                found.append(Use(purpose, items, to, **facts))
                if known:
                    found += [Use(purpose, (), to, items, people, **facts) for people in (None, 9)]
    for rule in policy.allows:
        purpose, to, some = min(rule.purposes), min(rule.recipients), tuple(sorted(rule.items))[:4]
        for chosen_by in dict.fromkeys((tuple(sorted(rule.chosen_by)), items[-1:])):
            facts = {"vetted": True, "under_contract": True, "legal_process": True}
            found.append(Use(purpose, some, to, chosen_by=chosen_by, **facts))
            if chosen_by:
                found.append(Use(purpose, (), to, chosen_by=chosen_by, **facts))
    return list(dict.fromkeys(found))


def standings(history: Sequence[Policy], table: Table, use: Use, chance: random.Random, *, raw: bool) -> Iterator[Standing]:
    """One standing of each class that the table or the SQL says the use depends on, other facts at random; `raw`: and all raw values."""
    asked = {sql.column_of(dim.name) for dim in table.row(use).dims}
    asked |= frozenset().union(*map(columns, residual.remains(history, use).values()))
    topics = list(dict.fromkeys(topic for policy in history for topic in policy.vocabulary.topics))
    ages = [None, *sorted(age for age in residual.domains(history)["age"] if isinstance(age, int))]
    some: dict[str, Sequence[object]] = {sql.choice_column(topic): CHOICES for topic in topics}
    some |= {"region": regions(history), "age": ages, "served": (True, False, None)}
    free = {name: values for name, values in some.items() if name not in asked}
    bound = {name: values for name, values in some.items() if name in asked}
    for values in product(*bound.values()):
        row = dict(zip(bound, values, strict=True)) | {name: chance.choice(values) for name, values in free.items()}
        yield _standing(topics, row)
    if not raw:
        return
    every: dict[str, Sequence[object]] = {
        **{sql.choice_column(topic): CHOICES for topic in topics},
        "region": (None, "anywhere", *REGION_PARENTS),
        "age": (None, *range(121), 2**31 - 1),
        "served": (True, False, None),
    }
    for name in sorted(asked):
        for value in every[name]:
            yield _standing(topics, {other: chance.choice(values) for other, values in some.items()} | {name: value})


def _standing(topics: Sequence[str], row: Mapping[str, object]) -> Standing:
    choices = {topic: row[sql.choice_column(topic)] for topic in topics}
    return Standing(choices, row["region"], row["age"], row["served"])  # type: ignore[arg-type]


def _item_sets(rule: CompiledRule) -> tuple[frozenset[str], ...]:
    return (rule.items, rule.chosen_by, *(rule.together or ()))


def _classes(words: Sequence[str], sets: Sequence[frozenset[str]]) -> list[str]:
    found: dict[tuple[bool, ...], str] = {}
    for word in words:
        found.setdefault(tuple(word in some for some in sets), word)
    return list(found.values())
