"""A rule as a list of tests on plain fields, for engines that know no trees, no three truths and no sets of sets."""

from __future__ import annotations

from dataclasses import dataclass

from tests.differential.foreign.questions import AS_FEW, NOTHING, Question
from upheld.policy.compiled import CompiledRule
from upheld.policy.statements import Condition
from upheld.policy.terms import REGION_PARENTS, within

OLDEST = 200


@dataclass(frozen=True, slots=True)
class Test:
    """One test on one field: its value (or, for `any` and `all`, its values) is among these."""

    field: str
    how: str  # "one", "any", "all"
    values: tuple[object, ...]


def tests(rule: CompiledRule) -> list[Test]:
    """All of these must pass: certainly for a permit, possibly for a forbid."""
    permits = rule.effect == "allow"
    found = [Test("purpose", "one", tuple(sorted(rule.purposes))), Test("recipient", "one", tuple(sorted(rule.recipients)))]
    if permits:
        found.append(Test("item", "one", (*sorted(rule.items), NOTHING)))
        found.append(Test("chosen", "all", tuple(sorted(rule.items | rule.chosen_by))))
    else:
        found.append(Test("reached", "any", tuple(sorted(rule.items))))
        found += [Test("touched", "any", tuple(sorted(side))) for side in rule.together or ()]
    if rule.totals is not None:
        found += [Test("form", "one", ("totals",)), Test("people", "one", (AS_FEW, *range(rule.totals, 101)))]
    for at, condition in enumerate((*rule.when, *rule.unless)):
        found.append(_condition(condition, wanted=at < len(rule.when), unknown=not permits))
    return found


def fields(question: Question) -> dict[str, object]:
    """The question as the flat fields that the tests read."""
    facts = question.facts()
    chosen = facts["chosen"]
    assert isinstance(chosen, list)
    choices = facts.pop("choices")
    assert isinstance(choices, dict)
    return {**facts, **{f"choice {topic}": choice for topic, choice in choices.items()}, "reached": [*chosen, facts["item"]]}


def _condition(condition: Condition, *, wanted: bool, unknown: bool) -> Test:
    """The values for which a condition is found as wanted, or is unknown."""
    right = wanted is not condition.negated
    match condition.kind, condition.value:
        case "opted in" | "opted out" as kind, topic:
            chose = kind.removeprefix("opted ")
            values = [choice for choice in ("unset", "in", "out") if (choice == chose) is right]
            return Test(f"choice {topic}", "one", (*values, *["unknown"] * unknown))
        case "under" | "known under" as kind, int(years):
            ages = list(range(years) if right else range(years, OLDEST))
            vague = unknown if kind == "under" else not right
            return Test("age", "one", (*ages, *[-1] * vague))
        case "in", str(outer):
            truths = {region: within(region, outer) for region in ("anywhere", *REGION_PARENTS)}
            return Test("region", "one", tuple(each for each, truth in truths.items() if truth is right or (truth is None and unknown)))
        case "as totals", _:
            return Test("form", "one", ("totals",) if right else ("individual",))
    names = {"under contract": "contract", "vetted": "vetted", "serves": "served", "legal process": "process"}
    return Test(names[condition.kind], "one", ("yes" if right else "no", *["unknown"] * unknown))
