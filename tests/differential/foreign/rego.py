"""A policy in Rego, evaluated by regorus: one `permits` or `bites` rule a statement, allowed if something permits and nothing bites."""

from __future__ import annotations

import json
from collections.abc import Iterable

import hobofan_regorus

from tests.differential.foreign.questions import AS_FEW, NOTHING, Question
from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.statements import Condition
from upheld.policy.terms import REGION_PARENTS

_HEAD = """package upheld
import rego.v1

default allow := false

allow if {
    count(permits) > 0
    count(bites) == 0
}

answer := {"allow": allow, "permits": permits, "bites": bites}

certainly_in(region) if region in data.above[input.region]
possibly_in(region) if certainly_in(region)
possibly_in(region) if input.region in data.above[region]
"""


class Rego:
    """A policy as a Rego module, loaded once."""

    def __init__(self, policy: Policy) -> None:
        self.text = "\n".join([_HEAD, *(_rule(rule) for rule in policy.rules)])
        self.engine = hobofan_regorus.Engine()
        self.engine.add_policy("upheld.rego", self.text)
        self.engine.add_data_json(json.dumps({"above": {region: _above(region) for region in ("anywhere", *REGION_PARENTS)}}))

    def asked(self, question: Question) -> tuple[bool, frozenset[str]]:
        """Whether Rego allows it, and the clauses that determined it: those that permit, or those that bite."""
        self.engine.set_input_json(json.dumps(question.facts()))
        answer = json.loads(self.engine.eval_rule_as_json("data.upheld.answer"))
        return answer["allow"], frozenset(answer["permits"] if answer["allow"] else answer["bites"])


def _rule(rule: CompiledRule) -> str:
    permits = rule.effect == "allow"
    parts = [f"input.purpose in {_set(rule.purposes)}", f"input.recipient in {_set(rule.recipients)}"]
    if permits:
        parts.append(f"input.item in {_set(rule.items | {NOTHING})}")
        parts.append(f"every each in input.chosen {{ each in {_set(rule.items | rule.chosen_by)} }}")
    else:
        parts.append(f"some each in array.concat(input.chosen, [input.item])\n    each in {_set(rule.items)}")
        for at, side in enumerate(rule.together or ()):
            parts.append(f"some side{at} in input.touched\n    side{at} in {_set(side)}")
    if rule.totals is not None:
        parts += ['input.form == "totals"', f"input.people in {{{AS_FEW}}} | {{n | some n in [input.people]; n >= {rule.totals}}}"]
    parts += [_wanted(condition, sure=permits) for condition in rule.when]
    parts += [_wanted(Condition(each.kind, each.value, not each.negated), sure=permits) for each in rule.unless]
    return f"{'permits' if permits else 'bites'} contains {json.dumps(rule.clause)} if {{\n    " + "\n    ".join(parts) + "\n}\n"


def _wanted(condition: Condition, *, sure: bool) -> str:
    """The condition certainly, or possibly, holds."""
    if condition.negated:  # certainly not: not possibly
        return f"not {_fact(condition, sure=not sure)}"
    return _fact(condition, sure=sure)


def _fact(condition: Condition, *, sure: bool) -> str:
    match condition.kind, condition.value:
        case "opted in" | "opted out" as kind, str(topic):
            return f"input.choices[{json.dumps(topic)}] in {_either(kind.removeprefix('opted '), sure=sure)}"
        case "under", years:
            return f"input.age in {_ages(years, sure=sure)}"
        case "known under", years:
            return f"input.age in {_ages(years, sure=True)}"
        case "in", str(region):
            return f"{'certainly' if sure else 'possibly'}_in({json.dumps(region)})"
        case "as totals", _:
            return 'input.form == "totals"'
    names = {"under contract": "contract", "vetted": "vetted", "serves": "served", "legal process": "process"}
    return f"input.{names[condition.kind]} in {_either('yes', sure=sure)}"


def _either(word: str, *, sure: bool) -> str:
    return _set([word] if sure else [word, "unknown"])


def _ages(years: object, *, sure: bool) -> str:
    return f"numbers.range({0 if sure else -1}, {int(str(years)) - 1})"


def _above(region: str) -> list[str]:
    found, at = [region], REGION_PARENTS.get(region)
    while at is not None:
        found, at = [*found, at], REGION_PARENTS.get(at)
    return found


def _set(names: Iterable[str]) -> str:
    return "{" + ", ".join(json.dumps(name) for name in sorted(names)) + "}" if names else "set()"
